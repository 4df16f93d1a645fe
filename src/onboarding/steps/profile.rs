//! Filling in what the application wants to know.

mod field;

pub use field::{Kind, ProfileField};

use super::super::{ClientHint, Need, OnboardingStep, Progress, Turn, Turned};
use crate::model::JsonObject;
use crate::step::Step;

/// Fields that the application declares, and no others, go into the profile.
///
/// With a required field it cannot be skipped, with optional ones alone it can, and without any it is passed
/// over. At sign-in it is needed by who lacks a required field.
///
/// ```
/// use testudo::onboarding::steps::{Profile, ProfileField};
///
/// let profile = Profile::new([
///     ProfileField::text("name", "Your name").length(1, 80),
///     ProfileField::choice("size", "T-shirt", [("s", "Small"), ("l", "Large")]).optional(),
///     ProfileField::date("born", "Birthday").range("1900-01-01", "2026-12-31").optional(),
/// ]);
/// # let _ = profile;
/// ```
///
/// # Security
///
/// What is not declared is not written, whatever is sent: no role, no mark of verification (ASVS 5.0 8.2.3).
#[derive(Clone, Debug, Default)]
pub struct Profile {
    fields: Vec<ProfileField>,
}

impl Profile {
    /// Its name.
    pub const NAME: &str = "profile";

    /// A step with these fields, in this order.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = ProfileField>) -> Self {
        Self { fields: fields.into_iter().collect() }
    }

    /// Whether a profile lacks a field that it must have.
    fn is_incomplete(&self, profile: &JsonObject) -> bool {
        self.fields.iter().any(|field| field.is_required() && !profile.contains_key(field.name()))
    }
}

impl OnboardingStep for Profile {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if self.is_incomplete(&progress.user().profile) {
            Need::Required
        } else if progress.is_sign_up() && !self.fields.is_empty() {
            Need::Offered
        } else {
            Need::No
        }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        let hint = ClientHint::new("Your profile", "Tell us a little about yourself.");
        self.fields.iter().fold(hint, |hint, field| hint.field(field.field()))
    }

    fn profile_fields(&self) -> &[ProfileField] {
        &self.fields
    }

    fn advance(&self, mut turn: Turn) -> Step<Turned> {
        let mut filled_in = JsonObject::new();
        let mut errors = Vec::new();
        for field in &self.fields {
            match field.read(turn.answers()) {
                Ok(Some(value)) => {
                    filled_in.insert(field.name().to_owned(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return turn.fail(errors);
        }
        turn.profile_mut().extend(filled_in);
        turn.done()
    }
}
