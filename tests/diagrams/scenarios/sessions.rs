//! Signing in, staying signed in, signing out.

use testudo::flow::{
    ExternalLogin, Login, RegisterUser, SessionPage, authenticate, authenticate_user,
    end_other_sessions, external_login, list_sessions, login, logout, logout_all, refresh,
    register_user, revoke_session, sweep,
};
use testudo::password::PasswordHash;
use testudo::testing::World;
use testudo::{Client, Duration, Policy};

use super::{ADA, BOB, Flow, PASSWORD, flow, said, scenario, signed_in, simple, way, with_ada};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow(
            "login",
            "Counts the attempt, looks, verifies, and settles in one commit. Nobody and the wrong password take the \
             same way.",
            [
                sign_in(with_ada, PASSWORD),
                sign_in(with_ada, "a wrong guess"),
                sign_in(outdated, PASSWORD),
                sign_in(elsewhere, PASSWORD),
                sign_in(legacy, PASSWORD),
                sign_in(owing, PASSWORD),
            ],
        ),
        flow(
            "external_login",
            "Lets somebody in whom another service vouches for. What is owed here is paid here.",
            [
                scenario(
                    || (with_ada(), ()),
                    |(), world, env| external_login(ada(world), env),
                    way,
                ),
                scenario(|| (owing(), ()), |(), world, env| external_login(ada(world), env), way),
            ],
        ),
        flow(
            "register_user",
            "Makes an account for an application that has forms of its own.",
            [scenario(
                || (with_ada(), ()),
                |(), _, env| register_user(RegisterUser::new(BOB, PASSWORD.into()), env),
                |_| "an account",
            )],
        ),
        flow(
            "authenticate",
            "Finds the session of an access token.",
            [scenario(
                signed_in,
                |access, world, _| authenticate(access.expose(), world.settings(), world.now()),
                |_| "the session",
            )],
        ),
        flow(
            "authenticate_user",
            "The same, with its user.",
            [scenario(
                signed_in,
                |access, world, _| {
                    authenticate_user(access.expose(), world.settings(), world.now())
                },
                |_| "session and user",
            )],
        ),
        flow(
            "refresh",
            "Exchanges a refresh token for its one successor. A spent one ends the session.",
            [exchange(0), exchange(1), exchange(60), asking_more()],
        ),
        flow(
            "logout",
            "Ends one session.",
            [scenario(
                signed_in,
                |access, _, env| logout(access.expose(), env),
                said("the session has ended"),
            )],
        ),
        flow(
            "logout_all",
            "Ends all sessions of a user with one write.",
            [scenario(
                signed_in,
                |access, _, env| logout_all(access.expose(), env),
                said("all have ended"),
            )],
        ),
        flow(
            "end_other_sessions",
            "Ends all but this one.",
            [scenario(
                signed_in,
                |access, _, env| end_other_sessions(access.expose(), env),
                said("the others have ended"),
            )],
        ),
        flow(
            "list_sessions",
            "Shows a user's live sessions.",
            [scenario(
                signed_in,
                |access, world, _| {
                    let page = SessionPage::default();
                    list_sessions(access.expose(), page, world.settings(), world.now())
                },
                |_| "the sessions",
            )],
        ),
        flow(
            "revoke_session",
            "Ends another session of the same user.",
            [scenario(
                || {
                    let (mut world, access) = signed_in();
                    let phone = world.login(ADA, PASSWORD).session.id;
                    (world, (access, phone))
                },
                |(access, phone), _, env| revoke_session(access.expose(), *phone, env),
                said("it has ended"),
            )],
        ),
        flow(
            "sweep",
            "Removes what has no meaning any more, in batches.",
            [simple(
                with_ada,
                |world| sweep(100, world.settings().policy(), world.now()),
                "how many went",
            )],
        ),
    ]
}

fn sign_in(prepare: fn() -> World, password: &'static str) -> super::Scenario {
    scenario(
        move || (prepare(), ()),
        move |(), _, env| login(Login::new(ADA, password.into()), env),
        way,
    )
}

fn ada(world: &World) -> ExternalLogin {
    ExternalLogin::new(world.tables().users().next().unwrap().id)
}

fn outdated() -> World {
    let mut world = with_ada();
    world.change_user(ADA, |user| user.password = World::stored_hash(PASSWORD, false));
    world
}

/// Ada signs in with a device that she never signed in with.
fn elsewhere() -> World {
    let (mut world, _) = signed_in();
    let ip = "192.0.2.1".parse().unwrap();
    world.set_client(Client::unknown().with_ip(ip).with_user_agent("another"));
    world
}

fn legacy() -> World {
    let mut world = with_ada();
    world.set_policy(Policy { consult_legacy: true, ..Policy::default() });
    world.change_user(ADA, |user| user.password = PasswordHash::legacy());
    world.set_legacy_password(ADA, PASSWORD);
    world
}

/// Ada has not accepted the terms.
fn owing() -> World {
    let mut world = with_ada();
    world.set_policy(Policy { terms: Some("2026-11".into()), ..Policy::default() });
    world
}

/// The first refresh token, after the session was refreshed so often and `secs` went by.
fn exchange(secs: u64) -> super::Scenario {
    scenario(
        move || {
            let mut world = with_ada();
            let first = world.login(ADA, PASSWORD).tokens.refresh;
            if secs > 0 {
                world.run(|env| refresh(first.expose(), env)).unwrap();
                world.advance(Duration::from_secs(secs));
            }
            (world, first)
        },
        |token, _, env| refresh(token.expose(), env),
        |_| "a pair of tokens",
    )
}

/// The policy asks more than it did when the session began.
fn asking_more() -> super::Scenario {
    scenario(
        || {
            let mut world = with_ada();
            let token = world.login(ADA, PASSWORD).tokens.refresh;
            world.set_policy(Policy { terms: Some("2026-11".into()), ..Policy::default() });
            (world, token)
        },
        |token, _, env| refresh(token.expose(), env),
        |_| "a pair of tokens",
    )
}
