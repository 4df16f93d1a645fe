//! Which new passwords are taken, as data.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::password::validation::{
    MinimumLength, NotCommon, NotContextWord, NotNumeric, NotSimilar, UnfitSetting, Validators,
};

/// The built-in rules for new passwords. Rules of your own are added in code, to
/// [`Settings::with_validators`](crate::Settings::with_validators).
///
/// How long a password may be is no setting: [`Password::MAX_BYTES`](crate::password::Password::MAX_BYTES).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordRules {
    /// The fewest code points. Default: 8, and no fewer (ASVS 5.0 6.2.1).
    pub min_length: usize,
    /// Whether common passwords are refused. Default: yes.
    pub refuse_common: bool,
    /// Whether numbers are refused. Default: yes.
    pub refuse_numeric: bool,
    /// How similar to address and profile a password may be, as a share from 0.1 to 1. Default: 0.7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_similarity: Option<f64>,
    /// Words that no password may be, in any spelling, beside the user's own (ASVS 5.0 6.1.2). Default: none.
    pub context_words: Vec<String>,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: MinimumLength::default().code_points(),
            refuse_common: true,
            refuse_numeric: true,
            max_similarity: Some(0.7),
            context_words: Vec::new(),
        }
    }
}

impl PasswordRules {
    pub(super) fn validators(&self, errors: &mut Vec<ConfigError>) -> Option<Validators> {
        let length = fit("min_length", MinimumLength::new(self.min_length), errors);
        let similar = match self.max_similarity.map(NotSimilar::from_share) {
            Some(made) => Some(fit("max_similarity", made, errors)?),
            None => None,
        };
        let mut validators = Validators::none().with(length?);
        if self.refuse_common {
            validators = validators.with(NotCommon::default());
        }
        if self.refuse_numeric {
            validators = validators.with(NotNumeric);
        }
        if let Some(similar) = similar {
            validators = validators.with(similar);
        }
        Some(validators.with(NotContextWord))
    }
}

fn fit<T>(
    setting: &str,
    made: Result<T, UnfitSetting>,
    errors: &mut Vec<ConfigError>,
) -> Option<T> {
    let wrong =
        |error: UnfitSetting| ConfigError::new(format!("passwords.{setting}"), error.expected);
    made.map_err(|error| errors.push(wrong(error))).ok()
}
