//! Giving an account another password.

use crate::command::{Commit, Conflict, FindUser, HashPassword, UserKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::credentials;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// A request for another password of somebody's.
#[derive(Debug)]
pub struct SetPassword {
    /// Whose.
    pub user: UserKey,
    /// The new password.
    pub password: Password,
    /// Whether the user must choose another one at the next sign-in: the thing to do with a password
    /// that somebody else has seen.
    pub must_change: bool,
}

type Outcome = Result<User, Refusal>;

/// Gives an account another password, which must satisfy the rules for passwords.
///
/// All its sessions end. Guesses that were counted against it are forgotten, and so is the hard stop:
/// they were guesses at another password. The account's address is told that it was changed, not what it is.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Invalid`] with all that is wrong with the password,
/// [`Refusal::Busy`].
pub fn set_password(request: SetPassword, env: Env) -> Step<Outcome> {
    look(request, None, env)
}

fn look(request: SetPassword, new_hash: Option<PasswordHash>, env: Env) -> Step<Outcome> {
    ask(FindUser { key: request.user.clone() }, move |found| {
        let Some(user) = found else { return Step::Done(Err(Refusal::NotFound)) };
        let (email, profile) = (user.email.as_str(), &user.profile);
        let errors =
            credentials::unfit("password", &request.password, email, profile, env.settings());
        if !errors.is_empty() {
            return Step::Done(Err(Refusal::Invalid(errors)));
        }
        match new_hash {
            Some(hash) => settle(request, user, hash, env),
            None => hash(request, user, env),
        }
    })
}

/// Hashes the password, once: after a conflict the same hash will do.
fn hash(request: SetPassword, user: User, mut env: Env) -> Step<Outcome> {
    let command = HashPassword { password: request.password.clone(), salt: env.new_salt() };
    ask(command, move |hashed| match hashed {
        Ok(hash) => settle(request, user, hash, env),
        Err(reason) => Step::Done(Err(credentials::unhashable("password", reason))),
    })
}

fn settle(request: SetPassword, user: User, hash: PasswordHash, mut env: Env) -> Step<Outcome> {
    let must_change = request.must_change;
    let was = user.version;
    let user = user.with_new_password(hash.clone(), env.now);
    let user = User { must_change_password: must_change, ..user };
    let event = env.event(Some(user.id), None, Event::PasswordSet { must_change });
    let notice = Message::to_owner(MessageKind::PasswordChanged, &user).seal(&mut env);
    let batch = Commit::new()
        .write(Write::ReplaceUser { user: Box::new(user.clone()), was })
        .write(Write::ClearAttempts(AttemptKey::login_account(user.email.key())))
        .event(event)
        .message(notice);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(user)),
        Err(Conflict) if env.retries.spend() => look(request, Some(hash), env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
