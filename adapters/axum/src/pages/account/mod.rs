//! `/account`: what somebody can see and change of their own.

mod activity;
mod authenticator;
mod closing;
mod device;
mod email;
mod overview;
mod password;
mod profile;
mod recovery_codes;
mod refused;
mod sessions;

use axum::Router;
use axum::routing::{MethodRouter, get};

use super::Pages;
use super::browser::{Answer, Browser};

pub(super) fn router() -> Router<Pages> {
    Router::new()
        .route("/account", get(overview::show))
        .route("/account/profile", back().post(profile::submit))
        .route("/account/password", back().post(password::submit))
        .route("/account/email", back().post(email::change))
        .route("/account/email/verify", back().post(email::verify))
        .route("/account/sessions/end", back().post(sessions::end))
        .route("/account/sessions/end-others", back().post(sessions::end_others))
        .route("/account/authenticator", get(authenticator::show).post(authenticator::begin))
        .route("/account/authenticator/confirm", back().post(authenticator::confirm))
        .route("/account/authenticator/remove", back().post(authenticator::remove))
        .route("/account/recovery-codes", get(recovery_codes::show).post(recovery_codes::replace))
        .route("/account/close", get(closing::show).post(closing::submit))
}

/// Who reloads the answer to a form by its address comes back to the page that it was on.
fn back() -> MethodRouter<Pages> {
    get(async |browser: Browser| -> Answer { Ok(browser.go("/account")) })
}
