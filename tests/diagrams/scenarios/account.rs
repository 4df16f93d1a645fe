//! What people do with their own accounts.

use serde_json::json;
use testudo::flow::{
    ChangePassword, EventPage, ResetPassword, change_email, change_password, close_account,
    list_events, reopen_account, request_email_change, request_email_verification,
    request_password_reset, reset_password, undo_email_change, unsubscribe, unsubscribe_token,
    update_profile, verify_email,
};
use testudo::message::MessageKind;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Answers, Onboarding};
use testudo::testing::World;
use testudo::{Duration, Secret};

use super::{ADA, BOB, Flow, NEW, PASSWORD, Scenario, flow, said, scenario, signed_in, with_ada};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow(
            "change_password",
            "Proves the current password once more, then sets another. All other sessions end.",
            [change(PASSWORD), change("a wrong guess")],
        ),
        flow(
            "request_password_reset",
            "Mails a link that sets a password, if there is anybody; the same work if there is not.",
            [forgot(ADA), forgot(BOB)],
        ),
        flow(
            "reset_password",
            "Sets a password by such a link. All sessions end, and nobody is signed in.",
            [reset(Duration::ZERO), reset(Duration::from_days(1))],
        ),
        flow(
            "request_email_verification",
            "Mails a link that verifies the account's address.",
            [scenario(
                unverified,
                |access, _, env| request_email_verification(access.expose(), env),
                said("a letter is on its way"),
            )],
        ),
        flow(
            "verify_email",
            "Verifies the address by such a link.",
            [scenario(
                || {
                    let (mut world, access) = unverified();
                    world.run(|env| request_email_verification(access.expose(), env)).unwrap();
                    let link = mailed(&world, MessageKind::EmailVerification);
                    (world, link)
                },
                |link, _, env| verify_email(link.expose(), env),
                |_| "verified",
            )],
        ),
        flow(
            "request_email_change",
            "Mails a link to another address; its owner is told instead, if it has an account.",
            [move_to("new@example.com"), move_to(BOB)],
        ),
        flow(
            "change_email",
            "Moves the account by such a link, and tells the old address the way back.",
            [scenario(moving, |link, _, env| change_email(link.expose(), env), |_| "moved")],
        ),
        flow(
            "undo_email_change",
            "Takes the account back to the address before.",
            [scenario(
                || {
                    let (mut world, link) = moving();
                    world.run(|env| change_email(link.expose(), env)).unwrap();
                    let back = mailed(&world, MessageKind::EmailChanged);
                    (world, back)
                },
                |link, _, env| undo_email_change(link.expose(), env),
                |_| "taken back",
            )],
        ),
        flow(
            "update_profile",
            "Changes the declared fields of the profile.",
            [scenario(
                || {
                    let (mut world, access) = signed_in();
                    let fields = Profile::new([ProfileField::text("name", "Name")]);
                    world.set_onboarding(Onboarding::standard().with_step(fields));
                    (world, access)
                },
                |access, _, env| {
                    let name = [("name".to_owned(), json!("Ada"))].into_iter().collect();
                    update_profile(access.expose(), Answers::new(name), env)
                },
                |_| "the account",
            )],
        ),
        flow(
            "close_account",
            "Closes the account; it is removed when the grace is over.",
            [scenario(
                signed_in,
                |access, _, env| close_account(access.expose(), env),
                |_| "closed",
            )],
        ),
        flow(
            "reopen_account",
            "Opens it again, by the link in the letter about it.",
            [scenario(
                || {
                    let (mut world, access) = signed_in();
                    world.run(|env| close_account(access.expose(), env)).unwrap();
                    let link = mailed(&world, MessageKind::AccountClosed);
                    (world, link)
                },
                |link, _, env| reopen_account(link.expose(), env),
                said("open again"),
            )],
        ),
        flow(
            "unsubscribe",
            "Records that somebody wants no more mail about a topic.",
            [scenario(
                || {
                    let world = with_ada();
                    let ada = world.tables().users().next().unwrap().id;
                    let link = unsubscribe_token(ada, "news", world.now(), world.settings());
                    (world, link.unwrap())
                },
                |link, _, env| unsubscribe(link.expose(), env),
                |_| "recorded",
            )],
        ),
        flow(
            "list_events",
            "Shows what happened to the account.",
            [scenario(
                signed_in,
                |access, world, _| {
                    let page = EventPage::default();
                    list_events(access.expose(), page, world.settings(), world.now())
                },
                |_| "the events",
            )],
        ),
    ]
}

fn change(current: &'static str) -> Scenario {
    scenario(
        signed_in,
        move |access, _, env| {
            let request = ChangePassword { current: current.into(), new: NEW.into() };
            change_password(access.expose(), request, env)
        },
        said("changed"),
    )
}

fn forgot(email: &'static str) -> Scenario {
    scenario(
        || (with_ada(), ()),
        move |(), _, env| request_password_reset(email, env),
        said("accepted, whoever it is"),
    )
}

fn reset(age: Duration) -> Scenario {
    scenario(
        move || {
            let mut world = with_ada();
            world.run(|env| request_password_reset(ADA, env)).unwrap();
            let token = mailed(&world, MessageKind::PasswordReset);
            world.advance(age);
            (world, token)
        },
        |token, _, env| {
            reset_password(ResetPassword { token: token.clone(), new_password: NEW.into() }, env)
        },
        |_| "set",
    )
}

fn unverified() -> (World, Secret<String>) {
    let (mut world, access) = signed_in();
    world.change_user(ADA, |user| user.is_verified = false);
    (world, access)
}

fn move_to(to: &'static str) -> Scenario {
    scenario(
        || {
            let (mut world, access) = signed_in();
            world.register(BOB, PASSWORD);
            (world, access)
        },
        move |access, _, env| request_email_change(access.expose(), to, env),
        said("a letter is on its way"),
    )
}

fn moving() -> (World, Secret<String>) {
    let (mut world, access) = signed_in();
    world.run(|env| request_email_change(access.expose(), "new@example.com", env)).unwrap();
    let link = mailed(&world, MessageKind::EmailChange);
    (world, link)
}

fn mailed(world: &World, kind: MessageKind) -> Secret<String> {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == kind);
    messages.pop().unwrap().token.unwrap()
}
