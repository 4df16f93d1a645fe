//! Links, and the flows that send and take them.

use testudo::flow::admin::{reopen_account as reopen_by_admin, send_password_reset};
use testudo::flow::{
    ResetPassword, change_email, close_account, reopen_account, request_email_change,
    request_email_verification, request_password_reset, reset_password, undo_email_change,
    unsubscribe, unsubscribe_token, verify_email,
};
use testudo::message::MessageKind;
use testudo::testing::World;
use testudo::{Env, Refusal, Secret, Step};

use super::{CANARY_NEW_PASSWORD, CANARY_PASSWORD, Printed, Secrets, watch};
use crate::{ADA, NEW_EMAIL, ada, mailed};

/// Runs each of the flows, on a copy, and hands its links on from one to the other.
pub(super) fn use_links(
    world: &World,
    access: &str,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> World {
    let mut office = Office { world: world.clone(), printed, secrets };
    office.run(|env| request_email_verification(access, env));
    let token = office.link(MessageKind::EmailVerification);
    office.run(|env| verify_email(token.expose(), env));
    office.run(|env| request_email_change(access, NEW_EMAIL, env));
    let token = office.link(MessageKind::EmailChange);
    office.run(|env| change_email(token.expose(), env));
    let token = office.link(MessageKind::EmailChanged);
    office.run(|env| undo_email_change(token.expose(), env));
    office.run(|env| request_password_reset(ADA, env));
    office.run(|env| send_password_reset(ada(), env));
    let token = office.link(MessageKind::PasswordReset);
    for new_password in ["short", CANARY_NEW_PASSWORD, CANARY_PASSWORD] {
        let request = ResetPassword { token: token.clone(), new_password: new_password.into() };
        office.printed.debug(&request);
        let env = office.world.env();
        // Refused for its form, taken, and refused since the link was used.
        let _ = watch(reset_password(request, env), &mut office.world, office.printed);
    }
    let access = office.world.login(ADA, CANARY_NEW_PASSWORD).tokens;
    office.secrets.add_tokens(&access);
    office.run(|env| close_account(access.access.expose(), env));
    let token = office.link(MessageKind::AccountClosed);
    office.run(|env| reopen_by_admin(ada(), env));
    let env = office.world.env();
    let step = reopen_account(token.expose(), env);
    watch(step, &mut office.world, office.printed).unwrap_err();
    let (user, now) = (office.world.tables().users().next().unwrap().id, office.world.now());
    let token = unsubscribe_token(user, "news", now, office.world.settings()).unwrap();
    office.secrets.add_link(token.expose());
    office.run(|env| unsubscribe(token.expose(), env));
    for user in office.world.tables().users() {
        office.secrets.add_hash(&user.password);
    }
    office.world
}

/// A world, what was printed of it, and what must not have been.
struct Office<'a> {
    world: World,
    printed: &'a mut Printed,
    secrets: &'a mut Secrets,
}

impl Office<'_> {
    fn run<T: std::fmt::Debug>(&mut self, flow: impl FnOnce(Env) -> Step<Result<T, Refusal>>) {
        let env = self.world.env();
        watch(flow(env), &mut self.world, self.printed).unwrap();
        for message in self.world.messages() {
            self.printed.debug(&message);
        }
    }

    fn link(&mut self, kind: MessageKind) -> Secret<String> {
        let token = mailed(&self.world, kind);
        self.secrets.add_link(token.expose());
        token
    }
}

#[test]
fn addresses_that_are_asked_for_are_masked_in_what_is_recorded() {
    let mut world = crate::world_with_ada();
    let access = world.login(ADA, crate::PASSWORD).tokens.access;
    world.run(|env| request_password_reset("canary-Zq7@example.com", env)).unwrap();
    let new = "canary-Vt9@example.com";
    world.run(|env| request_email_change(access.expose(), new, env)).unwrap();
    let token = mailed(&world, MessageKind::EmailChange);
    world.run(|env| change_email(token.expose(), env)).unwrap();
    let token = mailed(&world, MessageKind::EmailChanged);
    world.run(|env| undo_email_change(token.expose(), env)).unwrap();
    let events = world.tables().events();
    assert!(events.len() >= 6);
    for event in events {
        let text = serde_json::to_string(&event).unwrap() + &format!("{event:?}");
        assert!(!text.contains("canary") && !text.contains(ADA), "{text}");
    }
}
