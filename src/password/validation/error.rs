//! What is wrong with a password, or with a rule for passwords.

use serde_json::{Map, Value};

use crate::refusal::FieldError;

/// Why a password was not taken.
///
/// It never holds any of the password, and may be shown to whoever chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ValidationError {
    /// A stable name for what is wrong, such as `password_too_short`.
    pub code: &'static str,
    /// The same for people: what was expected.
    pub message: String,
    /// The figures and names in the message, for those who word or translate it themselves.
    pub params: Map<String, Value>,
    /// The rule in one sentence, as it is shown to people before they choose.
    pub help_text: String,
}

impl ValidationError {
    /// A failure without parameters.
    ///
    /// `help_text` is the [`help_text`](super::PasswordValidator::help_text) of the rule.
    #[must_use]
    pub fn new(
        code: &'static str,
        message: impl Into<String>,
        help_text: impl Into<String>,
    ) -> Self {
        let (message, help_text) = (message.into(), help_text.into());
        Self { code, message, params: Map::new(), help_text }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// The failure as one of a form's: that of the field with the password.
    ///
    /// ```
    /// use testudo::password::Password;
    /// use testudo::password::validation::{PasswordContext, Validators};
    ///
    /// let short = Password::from("short");
    /// let failures =
    ///     Validators::standard().validate(&short, &PasswordContext::new()).unwrap_err();
    /// let error = failures[0].clone().in_field("new_password");
    /// assert_eq!(error.field, "new_password");
    /// assert_eq!(error.message, "expected at least 8 characters");
    /// ```
    #[must_use]
    pub fn in_field(self, field: &'static str) -> FieldError {
        FieldError::new(field, self.code, self.message)
    }
}

/// A rule was to be made with a setting that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {expected}")]
#[non_exhaustive]
pub struct UnfitSetting {
    /// The setting.
    pub setting: &'static str,
    /// What it should have been.
    pub expected: &'static str,
}
