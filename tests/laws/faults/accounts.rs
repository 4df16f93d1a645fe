//! The flows by which people look after their own accounts.

use testudo::flow::admin::{reopen_account as reopen_by_admin, send_password_reset};
use testudo::flow::{
    ResetPassword, change_email, close_account, reopen_account, request_email_change,
    request_email_verification, request_password_reset, reset_password, undo_email_change,
    unsubscribe, unsubscribe_token, verify_email,
};
use testudo::message::MessageKind;
use testudo::testing::World;
use testudo::{Client, Duration, Env, Refusal, Secret, Step};

use super::{Case, NEW};
use crate::{ADA, NEW_EMAIL, ada, mailed, world_with_session};

pub(super) fn cases() -> Vec<Case> {
    let (mut session, start) = world_with_session();
    session.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    let access = start.tokens.access;
    let mut cases = cases_of_resets(&session);
    cases.extend(cases_of_addresses(&session, &access));
    let mut closed = session.clone();
    closed.run(|env| close_account(access.expose(), env)).unwrap();
    let reopening = mailed(&closed, MessageKind::AccountClosed);
    let user = start.session.user;
    let wish = unsubscribe_token(user, "news", session.now(), session.settings()).unwrap();
    cases.extend([
        case("closing", &session, &access, close_account),
        case("opening again", &closed, &reopening, reopen_account),
        Case::new("opening again by an administrator", closed, |world| {
            Ok(world.try_run(|env| reopen_by_admin(ada(), env))?.map(drop))
        }),
        case("unsubscribing", &session, &wish, unsubscribe),
    ]);
    cases
}

/// A flow that takes a token.
fn case<T: 'static>(
    name: &'static str,
    world: &World,
    token: &Secret<String>,
    flow: impl Fn(&str, Env) -> Step<Result<T, Refusal>> + 'static,
) -> Case {
    let token = token.clone();
    Case::new(name, world.clone(), move |world| {
        Ok(world.try_run(|env| flow(token.expose(), env))?.map(drop))
    })
}

fn cases_of_resets(session: &World) -> Vec<Case> {
    let ask = |email: &'static str| {
        move |world: &mut World| world.try_run(|env| request_password_reset(email, env))
    };
    let reset = |token: &str, env| {
        let token = Secret::new(token.to_owned());
        reset_password(ResetPassword { token, new_password: NEW.into() }, env)
    };
    let mut sent = session.clone();
    sent.run(|env| request_password_reset(ADA, env)).unwrap();
    let token = mailed(&sent, MessageKind::PasswordReset);
    let mut superseded = sent.clone();
    superseded.run(|env| request_password_reset(ADA, env)).unwrap();
    let mut expired = sent.clone();
    expired.advance(Duration::from_days(1));
    vec![
        Case::new("request of a reset", session.clone(), ask(ADA)),
        Case::new("request of a reset, unknown", session.clone(), ask("nobody@example.com")),
        Case::new("request of a reset by an administrator", session.clone(), |world| {
            world.try_run(|env| send_password_reset(ada(), env))
        }),
        case("reset", &sent, &token, reset),
        case("reset, superseded link", &superseded, &token, reset),
        case("reset, expired link", &expired, &token, reset),
    ]
}

fn cases_of_addresses(session: &World, access: &Secret<String>) -> Vec<Case> {
    let mut sent = session.clone();
    sent.run(|env| request_email_verification(access.expose(), env)).unwrap();
    let verification = mailed(&sent, MessageKind::EmailVerification);
    sent.run(|env| request_email_change(access.expose(), NEW_EMAIL, env)).unwrap();
    let change = mailed(&sent, MessageKind::EmailChange);
    let mut changed = sent.clone();
    changed.run(|env| change_email(change.expose(), env)).unwrap();
    let way_back = mailed(&changed, MessageKind::EmailChanged);
    let move_to =
        |to: &'static str| move |access: &str, env: Env| request_email_change(access, to, env);
    let mut taken = session.clone();
    taken.register(NEW_EMAIL, super::PASSWORD);
    vec![
        case("request of a verification", session, access, request_email_verification),
        case("verification", &sent, &verification, verify_email),
        case("request of another address", session, access, move_to(NEW_EMAIL)),
        case("request of a taken address", &taken, access, move_to(NEW_EMAIL)),
        case("change of address", &sent, &change, change_email),
        case("way back", &changed, &way_back, undo_email_change),
    ]
}
