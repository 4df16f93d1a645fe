//! Setting a new password by a link: read the link, look, hash, commit.

use super::text;
use crate::command::{Commit, Conflict, FindUser, HashPassword, UserKey, Write};
use crate::env::Env;
use crate::event::{DeadLink, Event};
use crate::flow::credentials;
use crate::flow::links::Link;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, User, UserId};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::signing;
use crate::step::{Step, ask};

/// A request to set a new password by a link.
#[derive(Debug)]
pub struct ResetPassword {
    /// What the link carries.
    pub token: Secret<String>,
    /// The new password as typed.
    pub new_password: Password,
}

type Outcome = Result<(), Refusal>;

/// Sets a new password by the link that
/// [`request_password_reset`](super::request_password_reset) mailed, and ends all sessions.
///
/// A link counts once, and not at all once another one was asked for, the password or the address was
/// changed, somebody signed out everywhere, or the account was deactivated or closed. A password that is
/// not acceptable leaves it as good as it was. Guesses that were counted against the account are
/// forgotten, and so is the hard stop: they were guesses at another password.
///
/// Nobody is signed in by it, the address is not verified by it, and what is deactivated or closed stays
/// so. The account's address is told.
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for every link that does not count, whatever the reason: events say which it
/// was ([`Event::PasswordResetFailed`]). [`Refusal::Invalid`] with all that is wrong with the new password,
/// [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET: programs that look at mail follow its links. A page that shows the form
/// keeps the token out of what it sends elsewhere (`Referrer-Policy: no-referrer`).
pub fn reset_password(request: ResetPassword, env: Env) -> Step<Outcome> {
    let ResetPassword { token, new_password } = request;
    match Link::genuine::<signing::PasswordReset>(token.expose(), &env) {
        Ok(link) if link.is_over(env.now) => fail(link.user(), DeadLink::Expired, env),
        Ok(link) => look(Reset { link, new_password, new_hash: None }, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(reset: Reset, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Id(reset.link.user()) }, move |user| {
        match decide(&reset.link, user) {
            Ok(user) => judge(reset, user, env),
            Err(reason) => fail(reset.link.user(), reason, env),
        }
    })
}

/// Whether the link counts.
fn decide(link: &Link, user: Option<User>) -> Result<User, DeadLink> {
    let user = user.ok_or(DeadLink::UnknownUser)?;
    if !user.may_be_used() {
        return Err(DeadLink::Inactive);
    }
    if !link.is_of_the_epoch_of(&user) || link.text() != text(user.reset_serial) {
        return Err(DeadLink::Superseded);
    }
    Ok(user)
}

fn judge(reset: Reset, user: User, env: Env) -> Step<Outcome> {
    let (email, profile) = (user.email.as_str(), &user.profile);
    let errors =
        credentials::unfit(NEW_PASSWORD, &reset.new_password, email, profile, env.settings());
    if !errors.is_empty() {
        return Step::Done(Err(Refusal::Invalid(errors)));
    }
    match reset.new_hash.clone() {
        Some(hash) => settle(reset, user, hash, env),
        None => hash(reset, user, env),
    }
}

const NEW_PASSWORD: &str = "new_password";

/// Hashes the new password, once: after a conflict the same hash will do.
fn hash(mut reset: Reset, user: User, mut env: Env) -> Step<Outcome> {
    let command = HashPassword { password: reset.new_password.clone(), salt: env.new_salt() };
    ask(command, move |hashed| match hashed {
        Ok(hash) => {
            reset.new_hash = Some(hash.clone());
            settle(reset, user, hash, env)
        }
        Err(reason) => Step::Done(Err(credentials::unhashable(NEW_PASSWORD, reason))),
    })
}

fn settle(reset: Reset, user: User, hash: PasswordHash, mut env: Env) -> Step<Outcome> {
    let was = user.version;
    let user = user.with_new_password(hash, env.now);
    let notice = Message::to_owner(MessageKind::PasswordChanged, &user);
    let attempts = AttemptKey::login_account(user.email.key());
    let event = env.event(Some(user.id), None, Event::PasswordResetCompleted);
    let batch = Commit::new()
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .write(Write::ClearAttempts(attempts))
        .event(event)
        .message(notice.seal(&mut env));
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(reset, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Records that a genuine link came to nothing.
fn fail(user: UserId, reason: DeadLink, mut env: Env) -> Step<Outcome> {
    let failed = env.event(Some(user), None, Event::PasswordResetFailed { reason });
    ask(Commit::new().event(failed), |_| Step::Done(Err(Refusal::InvalidToken)))
}

/// A reset on its way.
#[derive(Debug)]
struct Reset {
    link: Link,
    new_password: Password,
    new_hash: Option<PasswordHash>,
}
