//! Authenticating a request by its access token: one read at most, no write.

use super::presented::{Found, FoundWithUser, find, find_with_user};
use crate::command::Standing;
use crate::env::Settings;
use crate::model::{Session, User};
use crate::refusal::Refusal;
use crate::step::Step;
use crate::time::Timestamp;
use crate::token::Access;
use crate::token::backend::Presented;

/// Authenticates a request and returns its session.
///
/// The session, and with it the extra claims given at sign-in, comes with one keyed read; signing out,
/// signing out everywhere and deactivation take effect with the next request.
///
/// Where the [backend](crate::token::backend::TokenBackend::trusts_signed_access) takes signed tokens at
/// their word, nothing is asked: the session is as it was when the token was issued, and what ended it since
/// takes effect when the token expires.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], [`Refusal::RevokedToken`], [`Refusal::ExpiredToken`].
pub fn authenticate(
    access_token: &str,
    settings: &Settings,
    now: Timestamp,
) -> Step<Result<Session, Refusal>> {
    let tokens = settings.tokens();
    match tokens.read_access(access_token, now) {
        Ok(Presented::Signed(session)) if tokens.trusts_signed_access() => Step::Done(Ok(*session)),
        Ok(token) => find(token, tokens.records(), move |token, found| {
            Step::Done(check_found(&token, found, now).map(|found| found.session))
        }),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

/// Authenticates a request and returns its session and the user's whole record, as they are now.
///
/// # Errors
///
/// As [`authenticate`].
pub fn authenticate_user(
    access_token: &str,
    settings: &Settings,
    now: Timestamp,
) -> Step<Result<(Session, User), Refusal>> {
    let tokens = settings.tokens();
    match tokens.read_access(access_token, now) {
        Ok(token) => find_with_user(token, tokens.records(), move |token, found| {
            let found = check_found_with_user(&token, found, now);
            Step::Done(found.map(|found| (found.session, found.user)))
        }),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

pub(super) fn check_found(
    token: &Presented<Access>,
    found: Option<Found>,
    now: Timestamp,
) -> Result<Found, Refusal> {
    let found = found.ok_or(Refusal::InvalidToken)?;
    check(token, &found.session, &found.standing, now)?;
    Ok(found)
}

pub(super) fn check_found_with_user(
    token: &Presented<Access>,
    found: Option<FoundWithUser>,
    now: Timestamp,
) -> Result<FoundWithUser, Refusal> {
    let found = found.ok_or(Refusal::InvalidToken)?;
    check(token, &found.session, &found.user.standing(), now)?;
    Ok(found)
}

/// Whether the token opens the session now.
///
/// The proof comes first: only who holds a genuine token learns what became of the session.
fn check(
    token: &Presented<Access>,
    session: &Session,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), Refusal> {
    let is_current = match token {
        Presented::Opaque(token) => {
            token.generation == session.generation && token.digest() == session.access_digest
        }
        Presented::Signed(claimed) => claimed.generation == session.generation,
    };
    if !is_current {
        return Err(Refusal::InvalidToken);
    }
    if session.is_revoked(standing) {
        return Err(Refusal::RevokedToken);
    }
    // A signed token was held against the clock when it was read.
    let is_opaque = matches!(token, Presented::Opaque(_));
    if is_opaque && now >= session.access_expires_at {
        return Err(Refusal::ExpiredToken);
    }
    Ok(())
}
