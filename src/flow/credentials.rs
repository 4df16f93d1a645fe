//! Reading addresses and passwords from requests.

use crate::model::Email;
use crate::password::Password;
use crate::policy::Policy;
use crate::refusal::{FieldError, Refusal};

/// An address and a password that are presented together: bounded, but not judged.
///
/// What is refused here is refused by its form alone, so that the answer says nothing about accounts.
pub(super) fn presented(email: &str, password: &Password) -> Result<Email, Refusal> {
    let (email, mut errors) = parse_email(email);
    errors.extend(too_long(password));
    accept(email, errors)
}

/// An address and a password for a new account. All that is wrong is listed.
pub(super) fn chosen(
    email: &str,
    password: Option<&Password>,
    policy: &Policy,
) -> Result<Email, Refusal> {
    let (email, mut errors) = parse_email(email);
    if let Some(password) = password {
        errors.extend(too_long(password).or_else(|| too_short(password, policy)));
    }
    accept(email, errors)
}

fn accept(email: Option<Email>, errors: Vec<FieldError>) -> Result<Email, Refusal> {
    match email {
        Some(email) if errors.is_empty() => Ok(email),
        _ => Err(Refusal::Invalid(errors)),
    }
}

fn parse_email(text: &str) -> (Option<Email>, Vec<FieldError>) {
    match text.parse() {
        Ok(email) => (Some(email), Vec::new()),
        Err(error) => (None, vec![FieldError::new("email", "invalid_email", error)]),
    }
}

fn too_long(password: &Password) -> Option<FieldError> {
    password.is_too_long().then(|| {
        let message = format!("expected at most {} bytes", Password::MAX_BYTES);
        FieldError::new("password", "password_too_long", message)
    })
}

fn too_short(password: &Password, policy: &Policy) -> Option<FieldError> {
    let min = policy.min_password_length;
    (password.code_points() < min).then(|| {
        let message = format!("expected at least {min} characters");
        FieldError::new("password", "password_too_short", message)
    })
}
