//! No word that everybody would try first on this service or for this user.

use super::look_alike::{folded, letter};
use super::{PasswordContext, PasswordValidator, ValidationError};
use crate::password::Password;

/// Refuses the [words of the context](PasswordContext::word) and their obvious variants (ASVS 5.0
/// 6.2.11, NIST SP 800-63B-4 3.1.1.2).
///
/// A variant is the word, once or repeated, in any case and with look-alikes for letters, with spaces,
/// dots, hyphens and underscores anywhere, and with up to six digits or signs around it. A password
/// that has more to it than that is taken, even if the word is in it.
///
/// ```
/// use testudo::password::Password;
/// use testudo::password::validation::{NotContextWord, PasswordContext, PasswordValidator};
///
/// let context = PasswordContext::new().word("Testudo").email("ada.lovelace@example.com");
/// let accepts = |typed: &str| NotContextWord.validate(&Password::from(typed), &context).is_ok();
/// assert!(!accepts("TESTUDO2026!"));
/// assert!(!accepts("t3stud0t3stud0"));
/// assert!(!accepts("Ada Lovelace"));
/// assert!(accepts("a testudo eats lettuce"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotContextWord;

/// The most characters around a word that leave it obvious: a date, or a year and a sign.
const DECORATION: usize = 6;

impl PasswordValidator for NotContextWord {
    fn validate(
        &self,
        password: &Password,
        context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError> {
        let mut typed = folded(password.expose());
        typed.retain(|&char| !is_separator(char));
        let Some(word) = context.words().find(|word| is_variant(&typed, word)) else {
            return Ok(());
        };
        let message = format!("expected a password that is not a variant of \"{word}\"");
        Err(ValidationError::new("password_context_word", message, self.help_text())
            .with_param("word", word))
    }

    fn help_text(&self) -> String {
        "The password must not be your name or that of this service with a few characters changed."
            .to_owned()
    }
}

/// Whether `typed`, folded and without separators, is an obvious variant of `word`.
///
/// Linear in both: a decoration can start in few places, and each try reads the password once.
fn is_variant(typed: &[char], word: &str) -> bool {
    let mut word = folded(word);
    word.retain(|&char| !is_separator(char));
    if word.is_empty() {
        return false;
    }
    (0..=DECORATION).any(|start| {
        let Some((before, rest)) = typed.split_at_checked(start) else {
            return false;
        };
        let Some(mut after) = strip(rest, &word) else {
            return false;
        };
        while let Some(rest) = strip(after, &word) {
            after = rest;
        }
        before.len() + after.len() <= DECORATION
            && before.iter().chain(after).all(|char| !char.is_alphabetic())
    })
}

/// What follows the word at the start of a text.
fn strip<'a>(text: &'a [char], word: &[char]) -> Option<&'a [char]> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let same = start.iter().zip(word).all(|(typed, meant)| letter(*typed) == letter(*meant));
    same.then_some(rest)
}

fn is_separator(char: char) -> bool {
    char.is_whitespace() || matches!(char, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refuses(typed: &str, word: &str) -> bool {
        let context = PasswordContext::new().word(word);
        NotContextWord.validate(&Password::from(typed), &context).is_err()
    }

    #[test]
    fn the_word_is_refused_in_every_obvious_variant() {
        for variant in [
            "testudo",
            "TESTUDO",
            "Testudo1",
            "testudo123456",
            "123testudo456",
            "!testudo!",
            "t3stud0",
            "t3stud01!",
            "7e$7ud0",
            "testudotestudo",
            "Testudo-Testudo-1",
            "t.e.s.t.u.d.o",
            "testudo \u{1f422}",
        ] {
            assert!(refuses(variant, "Testudo"), "{variant}");
        }
        assert!(refuses("acme-corp-2026", "Acme Corp"));
        assert!(refuses("CAFÉ2026", "cafe\u{301}"));
        assert!(refuses("20262026", "2026"));
    }

    #[test]
    fn a_password_that_has_more_to_it_is_taken() {
        for password in [
            "testudo1234567",
            "1234testudo567",
            "testudinate",
            "my testudo",
            "testudo x",
            "odutset",
            "testud",
            "",
        ] {
            assert!(!refuses(password, "Testudo"), "{password}");
        }
    }

    #[test]
    fn a_word_without_a_character_matches_nothing() {
        for word in ["", " ", "-", "._."] {
            assert!(!refuses("whatever", word), "{word:?}");
            assert!(!refuses("", word), "{word:?}");
        }
    }

    #[test]
    fn local_parts_are_words_with_and_without_their_tag() {
        let context = PasswordContext::new().email("ada.l+news@example.com");
        for variant in ["ada.l+news", "AdaL+News1", "4da_l_2026"] {
            let verdict = NotContextWord.validate(&Password::from(variant), &context);
            assert!(verdict.is_err(), "{variant}");
        }
    }

    proptest! {
        #[test]
        fn decoration_counts_up_to_six_wherever_it_stands(
            before in "[0-9#?%]{0,8}",
            after in "[0-9#?%]{0,8}",
            times in 1_usize..4,
        ) {
            let typed = format!("{before}{}{after}", "turtle".repeat(times));
            prop_assert_eq!(refuses(&typed, "Turtle"), before.len() + after.len() <= 6);
        }

        #[test]
        fn no_input_makes_it_panic(typed in any::<String>(), word in any::<String>()) {
            let _ = refuses(&typed, &word);
        }
    }
}
