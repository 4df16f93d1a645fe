//! Authenticating a request by its access token: one read, one hash, no write.

use crate::command::{FindSession, FindSessionWithUser, OwnedSession, Standing};
use crate::model::{Session, User};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;
use crate::token::AccessToken;

/// Authenticates a request and returns its session.
///
/// The session, and with it the extra claims given at sign-in, comes with one keyed read; signing out,
/// signing out everywhere and deactivation take effect with the next request.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], [`Refusal::RevokedToken`], [`Refusal::ExpiredToken`].
pub fn authenticate(access_token: &str, now: Timestamp) -> Step<Result<Session, Refusal>> {
    let Ok(token) = AccessToken::parse(access_token) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    ask(FindSession { id: token.session() }, move |found| {
        Step::Done(check_found(&token, found, now))
    })
}

/// Authenticates a request and returns its session and the user's whole record.
///
/// # Errors
///
/// As [`authenticate`].
pub fn authenticate_user(
    access_token: &str,
    now: Timestamp,
) -> Step<Result<(Session, User), Refusal>> {
    let Ok(token) = AccessToken::parse(access_token) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    ask(FindSessionWithUser { id: token.session() }, move |found| {
        Step::Done(check_found_with_user(&token, found, now))
    })
}

pub(super) fn check_found(
    token: &AccessToken,
    found: Option<OwnedSession>,
    now: Timestamp,
) -> Result<Session, Refusal> {
    let OwnedSession { session, standing } = found.ok_or(Refusal::InvalidToken)?;
    check(token, &session, &standing, now)?;
    Ok(session)
}

pub(super) fn check_found_with_user(
    token: &AccessToken,
    found: Option<(Session, User)>,
    now: Timestamp,
) -> Result<(Session, User), Refusal> {
    let (session, user) = found.ok_or(Refusal::InvalidToken)?;
    check(token, &session, &user.standing(), now)?;
    Ok((session, user))
}

/// Whether the token opens the session now.
///
/// The secret is compared first: only who holds a genuine token learns what became of the session.
fn check(
    token: &AccessToken,
    session: &Session,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), Refusal> {
    if token.generation != session.generation || token.digest() != session.access_digest {
        return Err(Refusal::InvalidToken);
    }
    if session.is_revoked(standing) {
        return Err(Refusal::RevokedToken);
    }
    if now >= session.access_expires_at {
        return Err(Refusal::ExpiredToken);
    }
    Ok(())
}
