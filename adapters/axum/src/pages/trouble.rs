//! What is wrong with a form, to be shown with it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use testudo::{FieldError, Refusal};
use testudo_driver::AuthError;

use super::browser::Browser;
use super::failure::Failure;
use crate::problem::WrongField;

/// Why a form comes back.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) errors: Vec<WrongField>,
    retry_after: Option<u64>,
}

impl Trouble {
    /// What a flow says against a form.
    ///
    /// # Errors
    ///
    /// What is no matter of the form's, as a page.
    pub(super) fn of(error: AuthError, browser: &Browser) -> Result<Self, Failure> {
        let message = match &error {
            AuthError::Refused(refusal) => words(refusal),
            _ => return Err(browser.fail(error)),
        };
        let problem = browser.testudo().problem(error);
        let status = match problem.status() {
            // What was typed does not fit: no challenge of HTTP's.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            status if status.is_server_error() => return Err(browser.fail_as(&problem)),
            status => status,
        };
        let retry_after = problem.retry_after();
        let message = message.unwrap_or_else(|| match retry_after {
            Some(seconds) => format!("Too many attempts. Try again in {}.", span(seconds)),
            None => sentence(problem.detail()),
        });
        Ok(Self { status, message, errors: problem.errors().to_vec(), retry_after })
    }

    /// What a step says against what was said to it.
    pub(super) fn with(errors: impl IntoIterator<Item = FieldError>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: CHECK.to_owned(),
            errors: errors.into_iter().map(WrongField::from).collect(),
            retry_after: None,
        }
    }

    /// The same for the answer's headers.
    pub(super) fn tell(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

const CHECK: &str = "Please check what you entered.";

/// Where people are told something else than programs.
fn words(refusal: &Refusal) -> Option<String> {
    let words = match refusal {
        Refusal::RateLimited { .. } => return None,
        Refusal::Invalid(_) | Refusal::InvalidPassword => CHECK,
        Refusal::InvalidCredentials => "The e-mail address or the password is wrong.",
        Refusal::InvalidToken | Refusal::ExpiredToken | Refusal::RevokedToken => {
            "This link does not work any more. It may have been used before, or be too old."
        }
        Refusal::Busy => "Somebody changed the same at the same time. Try again.",
        Refusal::RegistrationClosed => "Nobody can register here by themselves.",
        _ => return Some(sentence(&refusal.to_string())),
    };
    Some(words.to_owned())
}

/// What programs are told, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(letters).collect();
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

/// A name of programs', as words.
pub(super) fn title(name: &str) -> String {
    let words = sentence(&name.replace(['_', '-'], " "));
    words.trim_end_matches('.').to_owned()
}

/// How long to wait, as people say it.
fn span(seconds: u64) -> String {
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => match seconds.div_ceil(60) {
            minutes @ ..=90 => format!("{minutes} minutes"),
            minutes => format!("{} hours", minutes.div_ceil(60)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_told_too_short() {
        for (seconds, expected) in [
            (1, "a second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (600, "10 minutes"),
            (601, "11 minutes"),
            (5401, "2 hours"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn what_programs_are_told_becomes_a_sentence() {
        assert_eq!(sentence("expected a value"), "Expected a value.");
        assert_eq!(sentence("élan!"), "Élan!");
        assert_eq!(sentence(""), ".");
    }
}
