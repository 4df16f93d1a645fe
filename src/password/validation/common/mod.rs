//! No password that others use.

mod list;

use std::collections::BTreeSet;
use std::fmt;

use super::look_alike::skeleton;
use super::{PasswordContext, PasswordValidator, ValidationError};
use crate::password::Password;

/// Refuses the passwords that attackers try first, whatever their case and with look-alikes for
/// letters (ASVS 5.0 6.2.4, NIST SP 800-63B-4 3.1.1.2).
///
/// The bundled list has 21 973 entries of at least 8 characters, 5924 of them of at least 15: more than
/// 3000 for every preset. The whole password is compared, so that one that merely contains something
/// common is taken, and nothing is refused by chance as with a Bloom filter. The list is 140 kB of the
/// binary and uses no heap.
///
/// ```
/// use testudo::password::Password;
/// use testudo::password::validation::{NotCommon, PasswordContext, PasswordValidator};
///
/// let not_common = NotCommon::default().nor(["Tortoise-2026"]);
/// let accepts = |typed: &str| {
///     not_common.validate(&Password::from(typed), &PasswordContext::new()).is_ok()
/// };
/// assert!(!accepts("password"));
/// assert!(!accepts("P4$$W0RD"));
/// assert!(!accepts("tort0ise-2026"));
/// assert!(accepts("password of the cook"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NotCommon {
    more: BTreeSet<String>,
}

impl NotCommon {
    /// Refuses these as well, compared in the same way as the bundled ones.
    #[must_use]
    pub fn nor<T: AsRef<str>>(mut self, passwords: impl IntoIterator<Item = T>) -> Self {
        let skeletons =
            passwords.into_iter().map(|password| skeleton(password.as_ref()).to_string());
        self.more.extend(skeletons);
        self
    }
}

impl PasswordValidator for NotCommon {
    fn validate(
        &self,
        password: &Password,
        _context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError> {
        let skeleton = skeleton(password.expose());
        if !list::contains(&skeleton) && !self.more.contains(skeleton.as_str()) {
            return Ok(());
        }
        let message = "expected a password that is not commonly used";
        Err(ValidationError::new("password_too_common", message, self.help_text()))
    }

    fn help_text(&self) -> String {
        "The password must not be a commonly used one, nor one with letters replaced by digits or \
         signs."
            .to_owned()
    }
}

impl fmt::Debug for NotCommon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NotCommon").field("more", &self.more.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(typed: &str) -> bool {
        NotCommon::default().validate(&Password::from(typed), &PasswordContext::new()).is_err()
    }

    #[test]
    fn a_common_password_is_refused_in_every_guise() {
        for guise in ["iloveyou", "ILoveYou", "IL0VEYOU", "1l0v3y0u", "!loveyou", "i|ov3you"] {
            assert!(refuses(guise), "{guise}");
        }
        for guise in ["password123", "Passw0rd123", "P@$$w0rd!23"] {
            assert!(refuses(guise), "{guise}");
        }
        assert!(refuses("PASSWORDPASSWORD"));
    }

    #[test]
    fn only_the_whole_password_counts() {
        assert!(!refuses("my iloveyou"));
        assert!(!refuses("iloveyou, said the tortoise"));
        assert!(!refuses(" iloveyou"));
    }

    #[test]
    fn own_passwords_are_refused_besides_the_bundled_ones() {
        let not_common = NotCommon::default().nor(["Cafe\u{301} Testudo"]);
        let refuses = |typed: &str| {
            not_common.validate(&Password::from(typed), &PasswordContext::new()).is_err()
        };
        assert!(refuses("CAFÉ T3STUD0"));
        assert!(refuses("iloveyou"));
        assert!(!refuses("cafe testudo"));
    }
}
