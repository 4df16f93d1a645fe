//! A new password without the old one: a link is asked for, and used once.

mod complete;
mod request;

pub use complete::{ResetPassword, reset_password};
pub use request::request_password_reset;
pub(super) use request::send;

use super::links;
use crate::env::Env;
use crate::message::{Message, MessageKind, SealedMessage};
use crate::model::{LinkSerial, User};
use crate::signing::PasswordReset;

/// The message with the link by which an account, as it is, gets a new password.
///
/// It goes to the address as the account spells it, never to the one that was typed: two spellings that
/// are taken for the same may be mailboxes of two people (CVE-2019-19844).
pub(super) fn link(user: &User, env: &mut Env) -> SealedMessage {
    let until = env.now + env.policy().password_reset_lifetime;
    let token = links::token::<PasswordReset>(user, &text(user.reset_serial), until, env);
    let message = Message::to_owner(MessageKind::PasswordReset, user);
    message.with_token(token, until).seal(env)
}

/// Whether an account may be given a new password by a link that anybody may ask for.
pub(super) fn is_open_to(user: &User, env: &Env) -> bool {
    let has_password = user.password.is_usable() || user.password.is_legacy();
    user.may_be_used() && (has_password || env.policy().reset_unusable_passwords)
}

/// What a link claims: to be the last one.
fn text(serial: LinkSerial) -> String {
    serial.get().to_string()
}
