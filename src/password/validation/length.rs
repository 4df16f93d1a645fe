//! A minimum of characters.

use super::{PasswordContext, PasswordValidator, UnfitSetting, ValidationError};
use crate::password::Password;

/// Refuses passwords with fewer than a number of Unicode code points, 8 unless said otherwise.
///
/// Each code point counts as one character, whatever its length in bytes (NIST SP 800-63B-4 3.1.1.2).
///
/// ```
/// use testudo::password::validation::MinimumLength;
///
/// assert_eq!(MinimumLength::new(12)?.code_points(), 12);
/// assert!(MinimumLength::new(7).is_err());
/// # Ok::<(), testudo::password::validation::UnfitSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumLength(usize);

impl MinimumLength {
    /// The least that any minimum may be (ASVS 5.0 6.2.1, NIST SP 800-63B-4 3.1.1.2).
    pub const LEAST: usize = 8;

    /// 15 code points, for passwords that are the only factor (NIST SP 800-63B-4 3.1.1.2).
    pub const SINGLE_FACTOR: Self = Self(15);

    /// A minimum of that many code points.
    ///
    /// # Errors
    ///
    /// [`UnfitSetting`] below [`MinimumLength::LEAST`].
    pub fn new(code_points: usize) -> Result<Self, UnfitSetting> {
        if code_points < Self::LEAST {
            return Err(UnfitSetting {
                setting: "minimum length",
                expected: "expected at least 8 code points",
            });
        }
        Ok(Self(code_points))
    }

    /// The fewest code points of a password.
    #[must_use]
    pub const fn code_points(self) -> usize {
        self.0
    }
}

impl Default for MinimumLength {
    fn default() -> Self {
        Self(Self::LEAST)
    }
}

impl PasswordValidator for MinimumLength {
    fn validate(
        &self,
        password: &Password,
        _context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError> {
        if password.code_points() >= self.0 {
            return Ok(());
        }
        let message = format!("expected at least {} characters", self.0);
        Err(ValidationError::new("password_too_short", message, self.help_text())
            .with_param("min_length", self.0))
    }

    fn help_text(&self) -> String {
        format!("The password must have at least {} characters.", self.0)
    }

    fn min_length(&self) -> Option<usize> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_in_code_points_and_not_in_bytes() {
        let accepts = |typed: &str| {
            let password = Password::from(typed);
            MinimumLength::default().validate(&password, &PasswordContext::new()).is_ok()
        };
        assert!(!accepts("seven77"));
        assert!(accepts("eight888"));
        assert!(!accepts(&"\u{1f422}".repeat(7)));
        assert!(accepts(&"\u{1f422}".repeat(8)));
    }

    #[test]
    fn a_minimum_below_8_is_refused_when_it_is_made() {
        assert_eq!(MinimumLength::new(8), Ok(MinimumLength::default()));
        assert_eq!(
            MinimumLength::new(7).unwrap_err().to_string(),
            "minimum length: expected at least 8 code points"
        );
    }
}
