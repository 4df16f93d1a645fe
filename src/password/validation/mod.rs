//! Which passwords are good enough to be taken.
//!
//! [`Validators`] is the list of rules that a new password is held against. There is no rule on which
//! kinds of characters it must have (ASVS 5.0 6.2.5): what makes a password weak is that it is short,
//! that others use it, or that it can be guessed from what is known about the account.
//!
//! | validator | refuses | code |
//! | --- | --- | --- |
//! | [`Validators`] itself | more than [`Password::MAX_BYTES`] | `password_too_long` |
//! | [`MinimumLength`] | fewer code points than a minimum, at least 8 | `password_too_short` |
//! | [`NotCommon`] | common passwords, in any case and with look-alikes | `password_too_common` |
//! | [`NotNumeric`] | numbers | `password_entirely_numeric` |
//! | [`NotSimilar`] | what resembles the e-mail address or the profile | `password_too_similar` |
//! | [`NotContextWord`] | the service's or the user's name, hardly changed | `password_context_word` |
//!
//! Passwords are checked when they are chosen. One that was taken stays valid when the rules change.

mod common;
mod context;
mod context_word;
mod error;
mod length;
mod look_alike;
mod numeric;
mod similarity;

pub use self::common::NotCommon;
pub use self::context::PasswordContext;
pub use self::context_word::NotContextWord;
pub use self::error::{UnfitSetting, ValidationError};
pub use self::length::MinimumLength;
pub use self::numeric::NotNumeric;
pub use self::similarity::NotSimilar;

use std::fmt;
use std::sync::Arc;

use super::Password;

/// One rule that a new password must satisfy.
///
/// # Security
///
/// Passwords come from strangers. An implementor must uphold all of this:
///
/// - **Nothing of the password in the error**: neither message nor parameters repeat any of it.
/// - **Linear time.** Passwords have up to [`Password::MAX_BYTES`], attributes whatever length the
///   application allows.
/// - **Whole passwords.** One that merely contains something common may still be a good one (NIST SP
///   800-63B-4 3.1.1.2).
/// - **No state.** The same arguments give the same answer.
///
/// ```
/// use testudo::password::Password;
/// use testudo::password::validation::{
///     PasswordContext, PasswordValidator, ValidationError, Validators,
/// };
///
/// #[derive(Debug)]
/// struct NotOnTheMotherboard;
///
/// impl PasswordValidator for NotOnTheMotherboard {
///     fn validate(
///         &self,
///         password: &Password,
///         _context: &PasswordContext<'_>,
///     ) -> Result<(), ValidationError> {
///         if password.expose() == "correct horse battery staple" {
///             let message = "expected a password that is not in a comic";
///             return Err(ValidationError::new("password_in_comic", message, self.help_text()));
///         }
///         Ok(())
///     }
///
///     fn help_text(&self) -> String {
///         "The password must not be printed in a comic.".into()
///     }
/// }
///
/// let validators = Validators::standard().with(NotOnTheMotherboard);
/// let password = Password::from("correct horse battery staple");
/// let failures = validators.validate(&password, &PasswordContext::new()).unwrap_err();
/// assert_eq!(failures[0].code, "password_in_comic");
/// ```
pub trait PasswordValidator: Send + Sync + fmt::Debug {
    /// Whether the password satisfies the rule, for the account that `context` describes.
    ///
    /// # Errors
    ///
    /// What is wrong with the password, without any of it.
    fn validate(
        &self,
        password: &Password,
        context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError>;

    /// The rule in one sentence, for people who are about to choose a password.
    fn help_text(&self) -> String;

    /// The fewest characters that a password needs by this rule, if it is about that: forms show it.
    fn min_length(&self) -> Option<usize> {
        None
    }
}

/// The rules that a new password is held against, each of them every time.
///
/// ```
/// use testudo::password::Password;
/// use testudo::password::validation::{PasswordContext, Validators};
///
/// let validators = Validators::standard();
/// let context = PasswordContext::new().email("ada.lovelace@example.com").word("Testudo");
/// let codes = |typed: &str| -> Vec<_> {
///     match validators.validate(&Password::from(typed), &context) {
///         Ok(()) => Vec::new(),
///         Err(failures) => failures.iter().map(|failure| failure.code).collect(),
///     }
/// };
/// assert!(codes("correct horse battery staple").is_empty());
/// assert_eq!(codes("P@ssw0rd"), ["password_too_common"]);
/// assert_eq!(codes("lovelace1815"), ["password_too_similar"]);
/// assert_eq!(codes("t3stud0!2026"), ["password_context_word"]);
/// assert_eq!(codes("1815"), ["password_too_short", "password_entirely_numeric"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Validators(Vec<Arc<dyn PasswordValidator>>);

impl Validators {
    /// No rule at all yet. What is too long to be hashed is refused nevertheless.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The fewest characters that a password needs, if a rule says so.
    #[must_use]
    pub fn min_length(&self) -> Option<u32> {
        let longest = self.0.iter().filter_map(|rule| rule.min_length()).max();
        longest.and_then(|length| u32::try_from(length).ok())
    }

    /// At least 8 code points, and neither common, nor a number, nor derived from the account.
    #[must_use]
    pub fn standard() -> Self {
        Self::none()
            .with(MinimumLength::default())
            .with(NotCommon::default())
            .with(NotNumeric)
            .with(NotSimilar::default())
            .with(NotContextWord)
    }

    /// What NIST SP 800-63B-4 3.1.1.2 asks for: at least 15 code points where the password is the
    /// only factor, 8 where a second one is mandatory, and nothing common or derived from the account.
    ///
    /// Numbers are taken: to refuse them would be a rule on the kinds of characters, and NIST wants
    /// none.
    #[must_use]
    pub fn nist(second_factor_mandatory: bool) -> Self {
        let length = if second_factor_mandatory {
            MinimumLength::default()
        } else {
            MinimumLength::SINGLE_FACTOR
        };
        Self::none()
            .with(length)
            .with(NotCommon::default())
            .with(NotSimilar::default())
            .with(NotContextWord)
    }

    /// Adds a rule after the others.
    #[must_use]
    pub fn with(mut self, validator: impl PasswordValidator + 'static) -> Self {
        self.0.push(Arc::new(validator));
        self
    }

    /// Holds a password against every rule.
    ///
    /// # Errors
    ///
    /// All failures, in the order of the rules. A password beyond [`Password::MAX_BYTES`] fails for
    /// that alone, and no rule has to deal with it.
    pub fn validate(
        &self,
        password: &Password,
        context: &PasswordContext<'_>,
    ) -> Result<(), Vec<ValidationError>> {
        if password.is_too_long() {
            return Err(vec![too_long()]);
        }
        let failures: Vec<_> = self
            .0
            .iter()
            .filter_map(|validator| validator.validate(password, context).err())
            .collect();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Every rule in one sentence, in their order.
    pub fn help_texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|validator| validator.help_text())
    }
}

fn too_long() -> ValidationError {
    let most = Password::MAX_BYTES;
    let help_text = format!("The password must have at most {most} bytes.");
    ValidationError::new("password_too_long", format!("expected at most {most} bytes"), help_text)
        .with_param("max_bytes", most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(validators: &Validators, typed: &str, context: &PasswordContext<'_>) -> Vec<String> {
        let verdict = validators.validate(&Password::from(typed), context);
        verdict.err().into_iter().flatten().map(|failure| failure.code.to_owned()).collect()
    }

    #[test]
    fn every_failure_is_collected_with_all_that_a_form_needs() {
        let context = PasswordContext::new().attribute("phone", "5550123").word("5550123");
        let failures =
            Validators::standard().validate(&Password::from("5550123"), &context).unwrap_err();
        let codes: Vec<_> = failures.iter().map(|failure| failure.code).collect();
        assert_eq!(
            codes,
            [
                "password_too_short",
                "password_entirely_numeric",
                "password_too_similar",
                "password_context_word",
            ]
        );
        assert_eq!(failures[0].params["min_length"], 8);
        assert_eq!(failures[2].params["attribute"], "phone");
        assert_eq!(failures[3].params["word"], "5550123");
        for failure in failures {
            assert!(Validators::standard().help_texts().any(|text| text == failure.help_text));
        }
    }

    #[test]
    fn nothing_but_the_length_of_an_overlong_password_is_looked_at() {
        #[derive(Debug)]
        struct Unreachable;
        impl PasswordValidator for Unreachable {
            fn validate(
                &self,
                _: &Password,
                _: &PasswordContext<'_>,
            ) -> Result<(), ValidationError> {
                panic!("an overlong password reached a rule")
            }
            fn help_text(&self) -> String {
                String::new()
            }
        }
        let context = PasswordContext::new();
        let (longest, overlong) =
            ("x".repeat(Password::MAX_BYTES), "x".repeat(Password::MAX_BYTES + 1));
        let validators = Validators::none().with(Unreachable);
        assert_eq!(codes(&validators, &overlong, &context), ["password_too_long"]);
        assert_eq!(codes(&Validators::none(), &longest, &context), [""; 0]);
    }

    #[test]
    fn the_nist_preset_asks_for_15_or_with_a_second_factor_for_8() {
        let context = PasswordContext::new();
        let (fourteen, fifteen) = ("wet obelisk 14", "wet obelisk 150");
        assert_eq!(codes(&Validators::nist(false), fourteen, &context), ["password_too_short"]);
        assert_eq!(codes(&Validators::nist(false), fifteen, &context), [""; 0]);
        assert_eq!(codes(&Validators::nist(true), "wet obel", &context), [""; 0]);
        assert_eq!(codes(&Validators::nist(true), "wet obe", &context), ["password_too_short"]);
        for common in ["passwordpassword", "123456789012345"] {
            assert_eq!(
                codes(&Validators::nist(false), common, &context),
                ["password_too_common"],
                "{common}"
            );
        }
    }

    #[test]
    fn sixty_four_emoji_are_a_password() {
        let context = PasswordContext::new().email("ada@example.com").word("Testudo");
        let emoji: String = ('\u{1f600}'..).take(64).collect();
        assert_eq!(emoji.len(), 256);
        for validators in [Validators::standard(), Validators::nist(false), Validators::nist(true)]
        {
            assert_eq!(codes(&validators, &emoji, &context), [""; 0]);
        }
    }

    proptest! {
        #[test]
        fn no_kind_of_character_is_asked_for_or_refused(
            chars in prop::collection::vec(any::<char>(), 15..64),
        ) {
            // U+FFFC, so that it is neither a number nor on a list by chance.
            let typed: String = chars.into_iter().chain(['\u{fffc}']).collect();
            let context = PasswordContext::new().email("ada@example.com");
            for validators in [Validators::standard(), Validators::nist(false)] {
                prop_assert_eq!(codes(&validators, &typed, &context), [""; 0]);
            }
        }

        #[test]
        fn one_character_repeated_is_refused_for_nothing_but_being_guessable(
            repeated in any::<char>(),
            times in 15_usize..64,
        ) {
            let typed: String = std::iter::repeat_n(repeated, times).collect();
            let refused = codes(&Validators::standard(), &typed, &PasswordContext::new());
            prop_assert!(
                refused.is_empty()
                    || refused.contains(&"password_too_common".to_owned())
                    || refused == ["password_entirely_numeric"],
                "{:?}", refused
            );
        }

        #[test]
        fn no_failure_repeats_the_password(typed in "\\PC{0,40}", email in "[a-z]{4,9}@[a-z]{4,9}\\.com") {
            // A marker that stands in no message, help text or attribute by chance.
            let typed = format!("{typed}\u{2603}");
            let context = PasswordContext::new().email(&email).attribute("name", "Ada");
            let failures = Validators::standard().validate(&Password::from(typed.as_str()), &context);
            let shown = format!("{failures:?}");
            prop_assert!(!shown.contains('\u{2603}'), "{shown}");
        }
    }
}
