//! No password that resembles what is known about its user.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use super::{PasswordContext, PasswordValidator, UnfitSetting, ValidationError};
use crate::password::Password;

/// Refuses passwords that resemble one of the [attributes](PasswordContext::attribute) of the user,
/// or a word in one.
///
/// Similarity is the share of characters that two texts have in common, in whatever order: twice the
/// number in common over the number in both. It is what Python's
/// `difflib.SequenceMatcher.quick_ratio()` says, and 0.7 or more is refused, as Django's
/// `UserAttributeSimilarityValidator` does. Case makes no difference, and both are compared in NFC.
///
/// # Security
///
/// Time is linear in the attributes, whatever the password (CVE-2021-45115): what is too short or too
/// long to reach the threshold is not compared.
///
/// ```
/// use testudo::password::Password;
/// use testudo::password::validation::{NotSimilar, PasswordContext, PasswordValidator};
///
/// let context = PasswordContext::new().email("ada.lovelace@example.com");
/// let similar = Password::from("Lovelace1815");
/// let error = NotSimilar::default().validate(&similar, &context).unwrap_err();
/// assert_eq!(error.params["attribute"], "email");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotSimilar {
    threshold: f64,
}

impl NotSimilar {
    /// Refuses what is similar by at least this share, from 0.1 to 1. Less is stricter.
    ///
    /// # Errors
    ///
    /// [`UnfitSetting`] for any other number.
    pub fn from_share(threshold: f64) -> Result<Self, UnfitSetting> {
        if !(0.1..=1.0).contains(&threshold) {
            return Err(UnfitSetting {
                setting: "similarity",
                expected: "expected a share from 0.1 to 1",
            });
        }
        Ok(Self { threshold })
    }
}

impl Default for NotSimilar {
    fn default() -> Self {
        Self { threshold: 0.7 }
    }
}

impl PasswordValidator for NotSimilar {
    fn validate(
        &self,
        password: &Password,
        context: &PasswordContext<'_>,
    ) -> Result<(), ValidationError> {
        let typed = Zeroizing::new(password.normalized().expose().to_lowercase());
        let typed = Sorted::from(typed.as_str());
        let mut attributes = context.attributes();
        let Some((name, _)) = attributes.find(|(_, value)| typed.resembles(value, self.threshold))
        else {
            return Ok(());
        };
        let message = format!("expected a password that is less similar to the {name}");
        Err(ValidationError::new("password_too_similar", message, self.help_text())
            .with_param("attribute", name))
    }

    fn help_text(&self) -> String {
        "The password must not be similar to your e-mail address or your other personal information."
            .to_owned()
    }
}

/// The characters of a text in order, which is all that similarity depends on.
struct Sorted(Zeroizing<Vec<char>>);

impl From<&str> for Sorted {
    fn from(text: &str) -> Self {
        // Reserved at once, so that growing leaves no copies behind.
        let mut chars = Zeroizing::new(Vec::with_capacity(text.chars().count()));
        chars.extend(text.chars());
        chars.sort_unstable();
        Self(chars)
    }
}

impl Sorted {
    /// Whether it is similar to a value, or to a word in it.
    fn resembles(&self, value: &str, threshold: f64) -> bool {
        let value = value.nfc().collect::<String>().to_lowercase();
        let words = value.split(|char| !is_word_character(char));
        words.chain([value.as_str()]).any(|part| {
            self.could_reach(threshold, part) && self.similarity(&Self::from(part)) >= threshold
        })
    }

    /// Whether the lengths alone allow for the similarity. It bounds the work: what is compared is at
    /// most as many times as long as the part as the inverse of the threshold.
    fn could_reach(&self, threshold: f64, part: &str) -> bool {
        let (own, part) = (self.0.len(), part.chars().count());
        part > 0 && share(own.min(part), own + part) >= threshold
    }

    /// Twice the number of characters in common over the number of both: `quick_ratio()`.
    fn similarity(&self, other: &Self) -> f64 {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = 0;
        while let (Some(first), Some(second)) = (one.peek(), two.peek()) {
            let order = first.cmp(second);
            common += usize::from(order.is_eq());
            if order.is_le() {
                one.next();
            }
            if order.is_ge() {
                two.next();
            }
        }
        share(common, self.0.len() + other.0.len())
    }
}

/// Two empty texts are the same text.
fn share(common: usize, both: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if both == 0 { 1.0 } else { 2.0 * float(common) / float(both) }
}

/// Whether Python's `\w` matches: letters (L), numbers (N) and the underscore.
fn is_word_character(char: char) -> bool {
    // Rust takes marks and circled letters for alphabetic too.
    let circled = matches!(char, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    char == '_' || (char.is_alphanumeric() && !is_combining_mark(char) && !circled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    const PAIRS: &str = include_str!("../../../tests/vectors/similarity/pairs.jsonl");
    const WORD_CHARACTERS: &str =
        include_str!("../../../tests/vectors/similarity/word_characters.json");

    /// A row that `tests/vectors/similarity/generate.py` made.
    #[derive(Deserialize)]
    struct Pair {
        password: String,
        value: String,
        /// What difflib says of the two as they are.
        quick_ratio: f64,
        /// Whether Django refuses the password for a user with this one attribute.
        similar: bool,
        /// Whether Django refuses it for the address and its parts, and tortoise-auth for the address.
        email: Option<[bool; 2]>,
    }

    fn pairs() -> impl Iterator<Item = Pair> {
        PAIRS.lines().map(|line| serde_json::from_str(line).unwrap())
    }

    fn refuses(password: &str, context: &PasswordContext<'_>) -> bool {
        NotSimilar::default().validate(&Password::from(password), context).is_err()
    }

    #[test]
    fn similarity_is_what_difflib_says() {
        assert!(pairs().count() >= 5000);
        for pair in pairs() {
            let (password, value) =
                (Sorted::from(pair.password.as_str()), Sorted::from(pair.value.as_str()));
            for ratio in [password.similarity(&value), value.similarity(&password)] {
                assert!(
                    (ratio - pair.quick_ratio).abs() < 1e-12,
                    "{:?} {:?}: {ratio}, expected {}",
                    pair.password,
                    pair.value,
                    pair.quick_ratio
                );
            }
        }
    }

    #[test]
    fn verdicts_on_attributes_are_those_of_django() {
        let mut refused = 0;
        // An empty password is for the minimum length to refuse; Django finds it similar to whatever
        // begins or ends with a sign.
        for pair in pairs().filter(|pair| !pair.password.is_empty()) {
            let context = PasswordContext::new().attribute("value", &pair.value);
            refused += usize::from(pair.similar);
            assert_eq!(
                refuses(&pair.password, &context),
                pair.similar,
                "{:?} {:?}",
                pair.password,
                pair.value
            );
        }
        assert!(refused >= 1000, "{refused}");
    }

    #[test]
    fn verdicts_on_addresses_are_those_of_django_and_never_laxer_than_those_of_tortoise_auth() {
        let (mut rows, mut refused) = (0, 0);
        for pair in pairs() {
            let Some([django, tortoise_auth]) = pair.email else { continue };
            let verdict = refuses(&pair.password, &PasswordContext::new().email(&pair.value));
            assert_eq!(verdict, django, "{:?} {:?}", pair.password, pair.value);
            assert!(verdict >= tortoise_auth, "{:?} {:?}", pair.password, pair.value);
            rows += 1;
            refused += usize::from(verdict);
        }
        assert!(refused >= 200 && rows - refused >= 200, "{refused} of {rows}");
    }

    #[test]
    fn words_are_split_where_python_splits_them() {
        let ranges: Vec<(u32, u32, bool)> = serde_json::from_str(WORD_CHARACTERS).unwrap();
        assert!(ranges.len() > 500);
        for (first, last, is_word) in ranges {
            for char in (first..=last).filter_map(char::from_u32) {
                assert_eq!(is_word_character(char), is_word, "U+{:04X}", u32::from(char));
            }
        }
    }

    #[test]
    fn composed_and_decomposed_texts_are_the_same() {
        let context = PasswordContext::new().attribute("name", "ée\u{301}ée\u{301}ée\u{301}éé");
        assert!(refuses("éééééééé", &context));
    }

    #[test]
    fn the_first_similar_attribute_is_named() {
        let context = PasswordContext::new()
            .attribute("name", "Ada")
            .attribute("city", "Marylebone")
            .attribute("street", "Marylebone Road");
        let password = Password::from("marylebone1");
        let error = NotSimilar::default().validate(&password, &context).unwrap_err();
        assert_eq!(error.params["attribute"], "city");
        assert!(error.message.ends_with("to the city"));
    }

    #[test]
    fn the_threshold_is_a_share_from_a_tenth_to_all() {
        for unfit in [0.0, 0.099, 1.001, -0.5, f64::NAN, f64::INFINITY] {
            assert!(NotSimilar::from_share(unfit).is_err(), "{unfit}");
        }
        let context = PasswordContext::new().attribute("name", "lovelace");
        let refuses = |threshold, typed: &str| {
            let rule = NotSimilar::from_share(threshold).unwrap();
            rule.validate(&Password::from(typed), &context).is_err()
        };
        assert!(refuses(1.0, "ecalevol"));
        assert!(!refuses(1.0, "lovelace1"));
        assert!(refuses(0.1, "e2345678"));
        assert!(!refuses(0.1, "12345678"));
    }

    proptest! {
        #[test]
        fn work_is_linear_in_the_attribute(
            length in 1_usize..4096,
            value in "(\\w{1,300} ?){1,20}",
            threshold in 0.1_f64..=1.0,
        ) {
            let password = Sorted::from("x".repeat(length).as_str());
            let words = value.split(|char| !is_word_character(char)).chain([value.as_str()]);
            let read: usize = words
                .filter(|word| password.could_reach(threshold, word))
                .map(|word| length + word.chars().count())
                .sum();
            // Twice for the value and its words, and each time by the inverse of the threshold.
            let most = 4.0 / threshold * f64::from(u32::try_from(value.chars().count()).unwrap());
            prop_assert!(f64::from(u32::try_from(read).unwrap()) <= most);
        }

        #[test]
        fn what_is_not_compared_would_not_have_been_similar(
            password in "[ab]{0,30}",
            value in "[ab]{1,30}",
            threshold in 0.1_f64..=1.0,
        ) {
            let (one, two) = (Sorted::from(password.as_str()), Sorted::from(value.as_str()));
            prop_assert!(one.could_reach(threshold, &value) || one.similarity(&two) < threshold);
        }
    }
}
