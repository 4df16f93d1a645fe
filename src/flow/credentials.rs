//! Reading addresses and passwords from requests.

use crate::command::Unhashable;
use crate::env::Settings;
use crate::model::{Email, JsonObject};
use crate::password::Password;
use crate::password::validation::PasswordContext;
use crate::refusal::{FieldError, Refusal};

/// An address and a password that are presented together: bounded, but not judged.
///
/// What is refused here is refused by its form alone, so that the answer says nothing about accounts.
pub(crate) fn presented(email: &str, password: &Password) -> Result<Email, Refusal> {
    let (email, mut errors) = parse_email(email);
    errors.extend(too_long("password", password));
    accept(email, errors)
}

/// An address and a password for a new account. All that is wrong is listed.
pub(crate) fn chosen(
    email: &str,
    password: Option<&Password>,
    profile: &JsonObject,
    settings: &Settings,
) -> Result<Email, Refusal> {
    let (parsed, mut errors) = parse_email(email);
    if let Some(password) = password {
        errors.extend(unfit("password", password, email, profile, settings));
    }
    accept(parsed, errors)
}

/// What is wrong with a password that somebody wants to have from now on.
pub(crate) fn unfit(
    field: &'static str,
    password: &Password,
    email: &str,
    profile: &JsonObject,
    settings: &Settings,
) -> Vec<FieldError> {
    let context = PasswordContext::new().email(email).profile(profile);
    let context = settings.context_words().iter().fold(context, |context, word| context.word(word));
    let failures = settings.validators().validate(password, &context).err();
    failures.into_iter().flatten().map(|failure| failure.in_field(field)).collect()
}

/// A password that is the same as the one before, where another was asked for.
pub(crate) fn unchanged(field: &'static str) -> FieldError {
    FieldError::new(field, "password_unchanged", "expected another password than the current one")
}

/// A password that satisfies every rule but that of the hasher.
pub(crate) fn unhashable(field: &'static str, reason: Unhashable) -> Refusal {
    Refusal::Invalid(vec![unhashable_field(field, reason)])
}

/// The same, as what is wrong with a field.
pub(crate) fn unhashable_field(field: &'static str, reason: Unhashable) -> FieldError {
    let code = match reason {
        Unhashable::TooLong { .. } => "password_too_long",
        Unhashable::Unsupported { .. } => "password_unsupported",
    };
    FieldError::new(field, code, reason)
}

/// An address on its own.
pub(crate) fn address(field: &'static str, text: &str) -> Result<Email, Refusal> {
    let read = text.parse::<Email>();
    read.map_err(|error| Refusal::Invalid(vec![FieldError::new(field, "invalid_email", error)]))
}

/// A password beyond what anybody looks at.
pub(crate) fn too_long(field: &'static str, password: &Password) -> Option<FieldError> {
    password.is_too_long().then(|| {
        let message = format!("expected at most {} bytes", Password::MAX_BYTES);
        FieldError::new(field, "password_too_long", message)
    })
}

pub(crate) fn parse_email(text: &str) -> (Option<Email>, Vec<FieldError>) {
    match text.parse() {
        Ok(email) => (Some(email), Vec::new()),
        Err(error) => (None, vec![FieldError::new("email", "invalid_email", error)]),
    }
}

fn accept(email: Option<Email>, errors: Vec<FieldError>) -> Result<Email, Refusal> {
    match email {
        Some(email) if errors.is_empty() => Ok(email),
        _ => Err(Refusal::Invalid(errors)),
    }
}
