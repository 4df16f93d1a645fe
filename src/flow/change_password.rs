//! Changing a password from within a session: prove the current one, then set the new one.

use super::attempts::{self, Reservation};
use super::authenticate::check_found_with_user;
use super::credentials;
use crate::command::{
    Against, Commit, Conflict, FindSessionWithUser, HashPassword, PasswordVerdict, VerifyPassword,
    Write,
};
use crate::env::Env;
use crate::event::{Event, LimitName, LoginFailure};
use crate::model::{AttemptKey, Session, SessionId, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

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
/// # Errors
///
/// As [`authenticate`](super::authenticate), and [`Refusal::InvalidPassword`],
/// [`Refusal::Invalid`] with all that is wrong with the new password, [`Refusal::RateLimited`],
/// [`Refusal::PasswordStopped`], [`Refusal::Busy`].
pub fn change_password(access_token: &str, request: ChangePassword, env: Env) -> Step<Outcome> {
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, request, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, request: ChangePassword, env: Env) -> Step<Outcome> {
    ask(FindSessionWithUser { id: token.session() }, move |found| {
        let (session, user) = match check_found_with_user(&token, found, env.now) {
            Ok(found) => found,
            Err(refusal) => return Step::Done(Err(refusal)),
        };
        match fit(&request, &user, &env) {
            Ok(()) => count(request, session, user, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
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

fn count(request: ChangePassword, session: Session, user: User, env: Env) -> Step<Outcome> {
    let key = AttemptKey::login_account(user.email.key());
    let command = attempts::count(&key, env.policy().login_account, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            let ChangePassword { current, new } = request;
            let change = Change { current, new, reservation, proved: None, new_hash: None };
            verify(change, session, user, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn verify(mut change: Change, session: Session, user: User, env: Env) -> Step<Outcome> {
    if change.proved.as_ref() == Some(&user.password) {
        return hash(change, session, user, env);
    }
    let against = if user.password.is_usable() {
        Against::Stored(user.password.clone())
    } else {
        Against::Nobody
    };
    ask(VerifyPassword { password: change.current.clone(), against }, move |verdict| {
        match decide(&user, verdict) {
            Ok(()) => {
                change.proved = Some(user.password.clone());
                hash(change, session, user, env)
            }
            Err(reason) => reject(&change, &session, reason, env),
        }
    })
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
fn hash(mut change: Change, session: Session, user: User, mut env: Env) -> Step<Outcome> {
    if let Some(hash) = change.new_hash.clone() {
        return settle(change, session, user, hash, env);
    }
    let command = HashPassword { password: change.new.clone(), salt: env.new_salt() };
    ask(command, move |hashed| match hashed {
        Ok(hash) => {
            change.new_hash = Some(hash.clone());
            settle(change, session, user, hash, env)
        }
        Err(reason) => {
            let refusal = credentials::unhashable(NEW_PASSWORD, reason);
            let batch = Commit::new().write(change.reservation.refund());
            ask(batch, |_| Step::Done(Err(refusal)))
        }
    })
}

/// Writes user and session. The user comes first: where the two are kept apart, a crash in between
/// ends this session as well, and lets no other one live.
fn settle(
    change: Change,
    session: Session,
    user: User,
    hash: PasswordHash,
    mut env: Env,
) -> Step<Outcome> {
    let id = session.id;
    let (user_was, session_was) = (user.version, session.version);
    let user = user.with_new_password(hash, env.now);
    let session = Session { epoch: user.epoch, version: session_was.next(), ..session };
    let event = env.event(Some(user.id), Some(id), Event::PasswordChanged);
    let batch = Commit::new()
        .write(Write::ReplaceUser { user: Box::new(user), was: user_was })
        .write(Write::ReplaceSession { session: Box::new(session), was: session_was })
        .write(change.reservation.clear())
        .event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(id, change, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first takes nothing from the change: the token is not
/// held against the next generation. That the session still stands is, and so is the password, if
/// another hash of it is stored by now.
fn look_again(id: SessionId, change: Change, env: Env) -> Step<Outcome> {
    ask(FindSessionWithUser { id }, move |found| match found {
        Some((session, user)) if !session.is_revoked(&user.standing()) => {
            verify(change, session, user, env)
        }
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
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
