//! Changing a password from within a session: prove the current one, then set the new one.

use super::attempts::{self, Reservation};
use super::credentials;
use super::own_account::Asker;
use super::presented::FoundWithUser;
use crate::command::{
    Against, Commit, Conflict, HashPassword, PasswordVerdict, VerifyPassword, Write,
};
use crate::env::Env;
use crate::event::{Event, LimitName, LoginFailure};
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, Session, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// A request for another password.
#[derive(Debug)]
pub struct ChangePassword {
    /// The current password as typed.
    pub current: Password,
    /// The new one as typed.
    pub new: Password,
}

type Outcome = Result<(), Refusal>;

/// Changes the password of an access token's user, who proves the current one once more.
///
/// All other sessions of the user end; this one goes on, with the tokens that it has. A guess at the
/// current password counts as one at signing in, so that a stolen session buys no guesses.
///
/// Where nothing is recorded ([`Records::Nothing`](crate::token::backend::Records)) this session cannot be
/// told from the others, and ends with them: at the next refresh. The account's address is told.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::InvalidPassword`],
/// [`Refusal::Invalid`] with all that is wrong with the new password, [`Refusal::RateLimited`],
/// [`Refusal::PasswordStopped`], [`Refusal::Busy`].
pub fn change_password(access_token: &str, request: ChangePassword, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, request, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, request: ChangePassword, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| match fit(&request, &found.user, &env) {
        Ok(()) => count(asker, request, found, env),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// What can be said of the request before any secret is looked at.
fn fit(request: &ChangePassword, user: &User, env: &Env) -> Result<(), Refusal> {
    let ChangePassword { current, new } = request;
    let (email, profile) = (user.email.as_str(), &user.profile);
    let mut errors: Vec<_> =
        credentials::too_long("current_password", current).into_iter().collect();
    errors.extend(credentials::unfit(NEW_PASSWORD, new, email, profile, env.settings()));
    if new.is_same_as(current) {
        errors.push(credentials::unchanged(NEW_PASSWORD));
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(errors)) }
}

const NEW_PASSWORD: &str = "new_password";

fn count(asker: Asker, request: ChangePassword, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let key = AttemptKey::login_account(found.user.email.key());
    let command = attempts::count(&key, env.policy().login_account, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            let ChangePassword { current, new } = request;
            let change = Change { current, new, reservation, proved: None, new_hash: None };
            verify(asker, change, found, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn verify(asker: Asker, mut change: Change, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let stored = &found.user.password;
    if change.proved.as_ref() == Some(stored) {
        return hash(asker, change, found, env);
    }
    let against =
        if stored.is_usable() { Against::Stored(stored.clone()) } else { Against::Nobody };
    let give_back = attempts::give_back([&change.reservation]);
    ask(VerifyPassword { password: change.current.clone(), against }, move |verdict| {
        match decide(&found.user, verdict) {
            Ok(()) => {
                change.proved = Some(found.user.password.clone());
                hash(asker, change, found, env)
            }
            Err(reason) => reject(&change, &found.session, reason, env),
        }
    })
    .on_fault(give_back)
}

/// The whole policy: the current password must be right.
fn decide(user: &User, verdict: PasswordVerdict) -> Result<(), LoginFailure> {
    match verdict {
        _ if !user.password.is_usable() => Err(LoginFailure::UnusablePassword),
        PasswordVerdict::Valid { .. } => Ok(()),
        PasswordVerdict::Invalid => Err(LoginFailure::WrongPassword),
        PasswordVerdict::Unreadable => Err(LoginFailure::UnreadableHash),
    }
}

/// Hashes the new password, once: after a conflict the same hash will do.
fn hash(asker: Asker, mut change: Change, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    if let Some(hash) = change.new_hash.clone() {
        return settle(asker, change, found, hash, env);
    }
    let command = HashPassword { password: change.new.clone(), salt: env.new_salt() };
    let give_back = attempts::give_back([&change.reservation]);
    ask(command, move |hashed| match hashed {
        Ok(hash) => {
            change.new_hash = Some(hash.clone());
            settle(asker, change, found, hash, env)
        }
        Err(reason) => {
            let refusal = credentials::unhashable(NEW_PASSWORD, reason);
            let batch = Commit::new().write(change.reservation.refund());
            ask(batch, |_| Step::Done(Err(refusal)))
        }
    })
    .on_fault(give_back)
}

/// Writes user and session. The user comes first: where the two are kept apart, a crash in between
/// ends this session as well, and lets no other one live.
fn settle(
    asker: Asker,
    change: Change,
    FoundWithUser { session, user, record }: FoundWithUser,
    hash: PasswordHash,
    mut env: Env,
) -> Step<Outcome> {
    let was = user.version;
    let user = user.with_new_password(hash, env.now);
    let event = env.event(Some(user.id), Some(session.id), Event::PasswordChanged);
    let notice = Message::to_owner(MessageKind::PasswordChanged, &user).seal(&mut env);
    let session = Session { epoch: user.epoch, version: session.version.next(), ..session };
    let batch = Commit::new().write(Write::ReplaceUser { user: Box::new(user), was });
    let batch = record.write(session, batch).write(change.reservation.clear());
    let batch = batch.event(event).message(notice);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(asker, change, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The session must still stand, and the current password be right, if another hash is stored by now.
fn look_again(asker: Asker, change: Change, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| verify(asker, change, found, env))
}

/// Records the failure. The attempt stays counted.
fn reject(change: &Change, session: &Session, reason: LoginFailure, mut env: Env) -> Step<Outcome> {
    let (user, id) = (Some(session.user), Some(session.id));
    let failed = env.event(user, id, Event::PasswordChangeFailed { reason });
    let mut batch = Commit::new().event(failed);
    if change.reservation.is_last {
        let limit = LimitName::LoginAccount;
        batch = batch.event(env.event(user, id, Event::RateLimitExceeded { limit }));
    }
    ask(batch, |_| Step::Done(Err(Refusal::InvalidPassword)))
}

/// A change on its way, with what was found out so far.
#[derive(Debug)]
struct Change {
    current: Password,
    new: Password,
    reservation: Reservation,
    /// The stored hash that the current password was found to be right for.
    proved: Option<PasswordHash>,
    new_hash: Option<PasswordHash>,
}
