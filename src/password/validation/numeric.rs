//! No numbers.

use super::{PasswordContext, PasswordValidator, ValidationError};
use crate::password::Password;

/// Refuses passwords that are digits throughout, of whatever script: dates and telephone numbers.
///
/// Digits are the code points of the general categories Nd, Nl and No.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotNumeric;

impl PasswordValidator for NotNumeric {
    fn validate(
        &self,
        password: &Password,
        _context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError> {
        let typed = password.expose();
        if typed.is_empty() || !typed.chars().all(char::is_numeric) {
            return Ok(());
        }
        let message = "expected a password that is not a number";
        Err(ValidationError::new("password_entirely_numeric", message, self.help_text()))
    }

    fn help_text(&self) -> String {
        "The password must not consist of digits alone.".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_any_script_are_a_number_and_one_other_character_makes_a_password() {
        let accepts = |typed: &str| {
            NotNumeric.validate(&Password::from(typed), &PasswordContext::new()).is_ok()
        };
        for number in ["18151210", "١٨١٥١٢١٠", "１８１５１２１０", "१८१५१२१०"]
        {
            assert!(!accepts(number), "{number}");
            assert!(accepts(&format!("{number}.")), "{number}.");
        }
        assert!(accepts(""), "an empty password is for the minimum length to refuse");
    }
}
