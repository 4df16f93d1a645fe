//! Tokens on their way to the client: the one place that knows how they get there.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use testudo::flow::{Refreshed, SignedIn};
use testudo::model::Session;
use testudo::onboarding::{OnboardingResult, OnboardingState, SignIn};
use testudo::token::{Tokens, csrf};

use crate::Testudo;
use crate::cookies::Cookies;
use crate::problem::Problem;
use crate::views::{InCookiesView, OnboardingView, SignInView, SignedInView, TokensView};

/// The answer to who signed in: user and tokens.
pub(crate) fn signed_in(testudo: &Testudo, signed_in: &SignedIn) -> Result<Response, Problem> {
    let SignedIn { user, session, tokens } = signed_in;
    let Some(cookies) = testudo.cookies() else {
        return Ok(Json(SignInView::completed(signed_in)).into_response());
    };
    let csrf_token = csrf::token_for(session.id, testudo.auth().settings().keys());
    let view = SignedInView::new(user, InCookiesView::new(tokens, &csrf_token));
    let mut response = Json(view).into_response();
    put(testudo, cookies, &mut response, session, tokens)?;
    Ok(response)
}

/// The answer to who signs in: user and tokens, or what is still owed.
pub(crate) fn sign_in(testudo: &Testudo, sign_in: &SignIn) -> Result<Response, Problem> {
    match sign_in {
        SignIn::Completed(done) => signed_in(testudo, done),
        SignIn::Owing(result) => onboarding(testudo, result),
    }
}

/// How far somebody is, and at the end the tokens.
pub(crate) fn onboarding(
    testudo: &Testudo,
    result: &OnboardingResult,
) -> Result<Response, Problem> {
    let Some(cookies) = testudo.cookies() else {
        return Ok(Json(OnboardingView::of(result)).into_response());
    };
    let OnboardingState::Completed(done) = &result.state else {
        return Ok(Json(OnboardingView::in_cookies(result, None)).into_response());
    };
    let csrf_token = csrf::token_for(done.session.id, testudo.auth().settings().keys());
    let in_cookies = InCookiesView::new(&done.tokens, &csrf_token);
    let view = OnboardingView::in_cookies(result, Some(in_cookies));
    let mut response = Json(view).into_response();
    put(testudo, cookies, &mut response, &done.session, &done.tokens)?;
    Ok(response)
}

/// The answer to who refreshed: the next pair.
pub(crate) fn refreshed(testudo: &Testudo, refreshed: &Refreshed) -> Result<Response, Problem> {
    let Some(cookies) = testudo.cookies() else {
        return Ok(Json(TokensView::from(&refreshed.tokens)).into_response());
    };
    let csrf_token = csrf::token_for(refreshed.session.id, testudo.auth().settings().keys());
    let mut response = Json(InCookiesView::new(&refreshed.tokens, &csrf_token)).into_response();
    hand_over(testudo, cookies, &mut response, refreshed)?;
    Ok(response)
}

/// The answer to who signed out: the client has tokens that are worth nothing any more.
pub(crate) fn signed_out(testudo: &Testudo) -> Result<Response, Problem> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookies) = testudo.cookies() {
        cookies.clear(&mut response)?;
    }
    Ok(response)
}

/// Puts the next pair into the browser's cookies.
pub(crate) fn hand_over(
    testudo: &Testudo,
    cookies: &Cookies,
    response: &mut Response,
    refreshed: &Refreshed,
) -> Result<(), Problem> {
    put(testudo, cookies, response, &refreshed.session, &refreshed.tokens)
}

/// Puts a pair into the browser's cookies.
pub(crate) fn put(
    testudo: &Testudo,
    cookies: &Cookies,
    response: &mut Response,
    session: &Session,
    tokens: &Tokens,
) -> Result<(), Problem> {
    // Who did not ask to be remembered is forgotten when the browser is closed.
    let ordinary = testudo.auth().settings().policy().session.idle;
    cookies.set(response, tokens, session, session.idle_timeout > ordinary)
}
