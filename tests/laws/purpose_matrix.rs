//! Every kind of token at every door, with one master secret: each opens its own and no other.

use testudo::flow::{
    AcceptInvitation, CreateApiKey, Invite, ResetPassword, accept_invitation, admin,
    authenticate_api_key, authenticate_service, authenticate_user, change_email, close_account,
    create_api_key, list_api_keys, list_events, logout, refresh, reopen_account,
    request_email_change, request_email_verification, request_password_reset, reset_password,
    undo_email_change, unsubscribe, unsubscribe_token, verify_email,
};
use testudo::message::MessageKind;
use testudo::service::ServiceTokens;
use testudo::signing::{SigningSecrets, make_token, verify_token};
use testudo::testing::World;
use testudo::{Duration, Refusal, Secret};

use super::{ADA, NEW_EMAIL, PASSWORD, mailed, worlds_with_ada};

/// A kind of token, one of it, and what it opens.
type Kind = (&'static str, Secret<String>, &'static [&'static str]);

/// A door, and what opening it takes.
type Door = (&'static str, fn(&mut World, &str) -> Result<(), Refusal>);

const SERVICE: &str = "a-service-token-2Wq5u0cTb1yX8zGf4Jm7Kp";

#[test]
fn every_kind_of_token_opens_its_own_doors_and_no_other() {
    for mut world in worlds_with_ada() {
        let kinds = kinds(&mut world);
        let mut refused = 0;
        for (kind, token, opens) in &kinds {
            for (door, open) in DOORS {
                // Each tries it in a world where all the others are good, too.
                let mut world = world.clone();
                let outcome = open(&mut world, token.expose());
                if opens.contains(&door) {
                    assert_eq!(outcome, Ok(()), "{kind} at {door}");
                } else {
                    assert_eq!(outcome, Err(Refusal::InvalidToken), "{kind} at {door}");
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, kinds.len() * DOORS.len() - 5 - (kinds.len() - 1));
    }
}

/// One of each kind, all good at once. Ada has most; Bob moved to another address, Eve closed her account.
fn kinds(world: &mut World) -> Vec<Kind> {
    let ada = world.login(ADA, PASSWORD);
    let access = ada.tokens.access;
    world.run(|env| request_email_verification(access.expose(), env)).unwrap();
    let verification = mailed(world, MessageKind::EmailVerification);
    world.run(|env| request_email_change(access.expose(), NEW_EMAIL, env)).unwrap();
    let change = mailed(world, MessageKind::EmailChange);
    world.run(|env| request_password_reset(ADA, env)).unwrap();
    let reset = mailed(world, MessageKind::PasswordReset);
    let key = CreateApiKey::new("any");
    let (_, api_key) = world.run(|env| create_api_key(access.expose(), key, env)).unwrap();
    let invited = world.run(|env| admin::invite(Invite::open(1), env)).unwrap();
    let now = world.now();
    let unsubscribing = unsubscribe_token(ada.user.id, "news", now, world.settings()).unwrap();
    let undo = moved_away(world, "bob@example.com", "bob@new.example");
    let reopening = closed(world, "eve@example.com");
    let signed = Secret::new(make_token(ADA, &signing_secrets(), now));
    vec![
        (
            "access token",
            access,
            &["authenticate", "authenticate_user", "list_api_keys", "list_events", "logout"],
        ),
        ("refresh token", ada.tokens.refresh, &["refresh"]),
        ("reset link", reset, &["reset_password"]),
        ("verification link", verification, &["verify_email"]),
        ("link to a new address", change, &["change_email"]),
        ("link to the address before", undo, &["undo_email_change"]),
        ("link of a closed account", reopening, &["reopen_account"]),
        ("link of an invitation", invited.token.unwrap(), &["accept_invitation"]),
        ("link of a list", unsubscribing, &["unsubscribe"]),
        ("API key", api_key, &["authenticate_api_key"]),
        ("service token", Secret::new(SERVICE.to_owned()), &["service"]),
        ("signed text", signed, &["verify_token"]),
    ]
}

fn moved_away(world: &mut World, from: &str, to: &str) -> Secret<String> {
    world.register(from, PASSWORD);
    let access = world.login(from, PASSWORD).tokens.access;
    world.run(|env| request_email_change(access.expose(), to, env)).unwrap();
    let change = mailed(world, MessageKind::EmailChange);
    world.run(|env| change_email(change.expose(), env)).unwrap();
    mailed(world, MessageKind::EmailChanged)
}

fn closed(world: &mut World, email: &str) -> Secret<String> {
    world.register(email, PASSWORD);
    let access = world.login(email, PASSWORD).tokens.access;
    world.run(|env| close_account(access.expose(), env)).unwrap();
    mailed(world, MessageKind::AccountClosed)
}

const DOORS: [Door; 16] = [
    ("authenticate", |world, token| world.authenticate(token).map(drop)),
    ("authenticate_user", |world, token| {
        let now = world.now();
        world.run(|env| authenticate_user(token, env.settings(), now)).map(drop)
    }),
    ("list_api_keys", |world, token| {
        let now = world.now();
        world.run(|env| list_api_keys(token, Default::default(), env.settings(), now)).map(drop)
    }),
    ("list_events", |world, token| {
        let now = world.now();
        world.run(|env| list_events(token, Default::default(), env.settings(), now)).map(drop)
    }),
    ("logout", |world, token| world.run(|env| logout(token, env))),
    ("refresh", |world, token| world.run(|env| refresh(token, env)).map(drop)),
    ("reset_password", |world, token| {
        let (token, new_password) =
            (Secret::new(token.to_owned()), "another phrase of Ada's".into());
        world.run(|env| reset_password(ResetPassword { token, new_password }, env))
    }),
    ("verify_email", |world, token| world.run(|env| verify_email(token, env))),
    ("change_email", |world, token| world.run(|env| change_email(token, env))),
    ("undo_email_change", |world, token| world.run(|env| undo_email_change(token, env))),
    ("reopen_account", |world, token| world.run(|env| reopen_account(token, env))),
    ("accept_invitation", |world, token| {
        let request = AcceptInvitation {
            token: Secret::new(token.to_owned()),
            email: Some("guest@example.com".to_owned()),
            password: PASSWORD.into(),
            profile: Default::default(),
        };
        world.run(|env| accept_invitation(request, env))
    }),
    ("unsubscribe", |world, token| world.run(|env| unsubscribe(token, env)).map(drop)),
    ("authenticate_api_key", |world, token| {
        world.run(|env| authenticate_api_key(token, None, env)).map(drop)
    }),
    ("service", |world, token| {
        let services: ServiceTokens = SERVICE.parse().unwrap();
        world.run(|env| authenticate_service(token, None, &services, env)).map(drop)
    }),
    ("verify_token", |world, token| {
        let read = verify_token(token, &signing_secrets(), world.now(), Duration::from_days(1));
        read.map(drop).map_err(|_| Refusal::InvalidToken)
    }),
];

/// The master secret once more, as texts of other systems are signed: with no purpose at all.
fn signing_secrets() -> SigningSecrets {
    SigningSecrets::new([Secret::new(World::SECRET.to_owned())]).unwrap()
}
