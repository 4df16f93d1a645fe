//! What administrators do.

use testudo::command::UserKey;
use testudo::flow::admin::{self, ImportUser, SetPassword, UserPage};
use testudo::flow::{
    ApiKeyPage, CreateApiKey, EventPage, InvitationPage, Invite, SessionPage, close_account,
    create_api_key,
};
use testudo::model::Email;
use testudo::testing::World;
use testudo::{Env, Refusal, Step};

use super::onboarding::with_totp;
use super::{ADA, BOB, Flow, NEW, Scenario, flow, scenario, signed_in, simple, with_ada};

pub(super) fn flows() -> Vec<Flow> {
    let mut flows = users();
    flows.extend(others());
    flows
}

fn users() -> Vec<Flow> {
    vec![
        flow(
            "find_user",
            "Looks a user up.",
            [to_ada(with_ada, |key, _| admin::find_user(key), "the user")],
        ),
        flow(
            "list_users",
            "Lists users.",
            [simple(with_ada, |_| admin::list_users(UserPage::default()), "the users")],
        ),
        flow(
            "import_users",
            "Brings accounts along.",
            [scenario(
                || (with_ada(), ()),
                |(), _, env| {
                    let emails = [ADA, BOB].map(|email| ImportUser::new(email, None));
                    admin::import_users(emails.into(), env)
                },
                |_| "what became of each",
            )],
        ),
        flow(
            "activate",
            "Lets an account be used again.",
            [to_ada(
                || {
                    let mut world = with_ada();
                    world.change_user(ADA, |user| user.is_active = false);
                    world
                },
                admin::activate,
                "active",
            )],
        ),
        flow(
            "deactivate",
            "Closes an account to its user. All sessions end.",
            [to_ada(with_ada, admin::deactivate, "inactive")],
        ),
        flow(
            "set_password",
            "Gives an account another password. All sessions end.",
            [to_ada(
                with_ada,
                |user, env| {
                    let request = SetPassword { user, password: NEW.into(), must_change: true };
                    admin::set_password(request, env)
                },
                "set",
            )],
        ),
        flow(
            "send_password_reset",
            "Mails a user the link that sets a password.",
            [to_ada(with_ada, admin::send_password_reset, "a letter is on its way")],
        ),
        flow(
            "reset_second_factor",
            "Takes a lost second factor away. All sessions end.",
            [
                to_ada(|| with_totp().0, admin::reset_second_factor, "there is none any more"),
                to_ada(with_ada, admin::reset_second_factor, "there is none any more"),
            ],
        ),
        flow(
            "reopen_account: by an administrator",
            "Opens an account that its owner closed.",
            [to_ada(
                || {
                    let (mut world, access) = signed_in();
                    world.run(|env| close_account(access.expose(), env)).unwrap();
                    world
                },
                admin::reopen_account,
                "open again",
            )],
        ),
    ]
}

fn others() -> Vec<Flow> {
    vec![
        flow(
            "user_sessions",
            "Lists a user's sessions.",
            [scenario(
                || (signed_in().0, ()),
                |(), world, _| admin::user_sessions(ada(), SessionPage::default(), world.now()),
                |_| "the sessions",
            )],
        ),
        flow(
            "end_session",
            "Ends one session.",
            [scenario(
                || {
                    let (world, _) = signed_in();
                    let id = world.tables().sessions().next().unwrap().id;
                    (world, id)
                },
                |id, _, env| admin::end_session(*id, env),
                |_| "it has ended",
            )],
        ),
        flow(
            "end_sessions",
            "Ends all of a user's sessions with one write.",
            [to_ada(with_ada, admin::end_sessions, "all have ended")],
        ),
        flow(
            "user_api_keys",
            "Lists a user's keys.",
            [scenario(
                || (with_ada(), ()),
                |(), world, _| admin::user_api_keys(ada(), ApiKeyPage::default(), world.now()),
                |_| "the keys",
            )],
        ),
        flow(
            "revoke_api_key: by an administrator",
            "Ends a key.",
            [scenario(
                || {
                    let (mut world, access) = signed_in();
                    let request = CreateApiKey::new("any");
                    let made = world.run(|env| create_api_key(access.expose(), request, env));
                    (world, made.unwrap().0.id)
                },
                |id, _, env| admin::revoke_api_key(*id, env),
                |_| "it has ended",
            )],
        ),
        flow(
            "invite: by an administrator",
            "Invites somebody in nobody's name.",
            [scenario(
                || (with_ada(), ()),
                |(), _, env| admin::invite(Invite::bound(BOB), env),
                |_| "an invitation",
            )],
        ),
        flow(
            "list_invitations: by an administrator",
            "Lists invitations.",
            [simple(
                with_ada,
                |_| admin::list_invitations(None, InvitationPage::default()),
                "the invitations",
            )],
        ),
        flow(
            "revoke_invitation: by an administrator",
            "Takes an invitation back.",
            [scenario(
                || {
                    let mut world = with_ada();
                    let invited = world.run(|env| admin::invite(Invite::open(1), env)).unwrap();
                    (world, invited.invitation.id)
                },
                |id, _, env| admin::revoke_invitation(*id, env),
                |_| "taken back",
            )],
        ),
        flow(
            "list_events: by an administrator",
            "Lists what happened.",
            [simple(with_ada, |_| admin::list_events(None, EventPage::default()), "the events")],
        ),
    ]
}

fn ada() -> UserKey {
    UserKey::Email(ADA.parse::<Email>().unwrap().key().clone())
}

fn to_ada<T: 'static>(
    prepare: fn() -> World,
    flow: fn(UserKey, Env) -> Step<Result<T, Refusal>>,
    granted: &'static str,
) -> Scenario {
    scenario(move || (prepare(), ()), move |(), _, env| flow(ada(), env), move |_| granted)
}
