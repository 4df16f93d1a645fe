//! When a flow refuses somebody who is signed in.

use testudo::Refusal;
use testudo_driver::AuthError;

use crate::pages::browser::Browser;
use crate::pages::failure::Failure;
use crate::pages::trouble::Trouble;

/// What is wrong with a form on the page at `path`.
///
/// # Errors
///
/// What is no matter of the form's. Whose sign-in is too long ago signs in once more, and comes back to `path`; whose
/// session is over, too.
pub(super) fn trouble(error: AuthError, browser: &Browser, path: &str) -> Result<Trouble, Failure> {
    match error {
        AuthError::Refused(
            Refusal::StepUpRequired
            | Refusal::InvalidToken
            | Refusal::ExpiredToken
            | Refusal::RevokedToken,
        ) => Err(Failure::from(browser.go(&browser.sign_in_again_for(path)))),
        error => Trouble::of(error, browser),
    }
}
