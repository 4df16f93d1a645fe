//! What a client shows for a step.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::JsonObject;
use crate::secret::Secret;

/// What is to be done next, in terms that a client shows without knowing the step.
#[derive(Clone)]
pub struct ClientHint {
    /// The step.
    pub step_name: String,
    /// A heading.
    pub title: String,
    /// What is expected, in a sentence or two.
    pub description: String,
    /// Whether the step may be skipped.
    pub skippable: bool,
    /// What is to be filled in. None in a phase that only wants to be begun: advance without data.
    pub fields: Vec<Field>,
    /// What else there is to know.
    pub extra: JsonObject,
    /// What is shown to whom it belongs, and not to who resumes.
    pub revealed: Option<Revealed>,
}

/// A secret that its owner is shown once.
#[derive(Clone, Debug)]
pub enum Revealed {
    /// The seed of an authenticator app.
    Totp(RevealedSeed),
    /// Recovery codes.
    RecoveryCodes(Vec<Secret<String>>),
}

/// The seed of an authenticator app, as its owner is shown it once.
#[derive(Clone, Debug)]
pub struct RevealedSeed {
    /// In base32, to be typed.
    pub secret: Secret<String>,
    /// As the address that a QR code holds (`otpauth://totp/…`).
    pub provisioning_uri: Secret<String>,
    /// That code, as a picture in SVG.
    pub qr_svg: Secret<String>,
}

impl From<RevealedSeed> for Revealed {
    fn from(seed: RevealedSeed) -> Self {
        Self::Totp(seed)
    }
}

/// One thing to fill in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What it is called in the data.
    pub name: String,
    /// What it takes.
    pub field_type: FieldType,
    /// Whether it must be there.
    pub required: bool,
    /// What people call it.
    pub label: String,
    /// An example.
    pub placeholder: Option<String>,
    /// What is accepted.
    pub validation: Validation,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldType {
    /// A text.
    Text,
    /// An e-mail address.
    Email,
    /// A password, not to be shown.
    Password,
    /// A code that somebody copies from elsewhere.
    Code,
    /// A JSON number.
    Number,
    /// A date as a text, `2026-11-23` (RFC 3339 full-date).
    Date,
    /// One of the choices, by its value.
    Choice,
    /// A JSON boolean.
    Checkbox,
}

/// What a field accepts. Clients may check it; the server does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validation {
    /// A regular expression that the whole text matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How many characters it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// How many it has at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// How many it has at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// The least number, or the earliest date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// The greatest number, or the latest date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// What there is to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// One of a few answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What stands in the data.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl ClientHint {
    /// A hint without fields.
    #[must_use]
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            step_name: String::new(),
            title: title.into(),
            description: description.into(),
            skippable: false,
            fields: Vec::new(),
            extra: JsonObject::new(),
            revealed: None,
        }
    }

    /// The same with one field more.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same with something else to know. No secrets: it is shown again whenever the step is.
    ///
    /// What stands under the name of a field, pages fill in; what is called `…_url`, they link to.
    #[must_use]
    pub fn extra(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The same, saying that the phase may be begun again, by an advance without data, and what a button for that is
    /// called: `extra.again`.
    #[must_use]
    pub fn again(self, label: &str) -> Self {
        self.extra("again", label)
    }

    /// The same, showing a secret to whom it belongs, this once.
    #[must_use]
    pub fn revealing(self, secret: impl Into<Revealed>) -> Self {
        Self { revealed: Some(secret.into()), ..self }
    }
}

impl Field {
    /// A field that must be there.
    #[must_use]
    pub fn required(
        name: impl Into<String>,
        field_type: FieldType,
        label: impl Into<String>,
    ) -> Self {
        let (name, label) = (name.into(), label.into());
        let (placeholder, validation) = (None, Validation::default());
        Self { name, field_type, required: true, label, placeholder, validation }
    }

    /// The same field, which may be left out.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same with an example.
    #[must_use]
    pub fn placeholder(self, example: impl Into<String>) -> Self {
        Self { placeholder: Some(example.into()), ..self }
    }

    /// The same with what it accepts.
    #[must_use]
    pub fn validation(self, validation: Validation) -> Self {
        Self { validation, ..self }
    }
}

/// Shows that a secret is revealed, and not what it is.
impl fmt::Debug for ClientHint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClientHint")
            .field("step_name", &self.step_name)
            .field("fields", &self.fields)
            .field("revealed", &self.revealed)
            .finish_non_exhaustive()
    }
}
