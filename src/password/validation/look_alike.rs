//! When two texts are the same to somebody who plays with case and look-alike characters.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The text without case (Unicode canonical caseless matching, D145), in NFC.
pub(super) fn folded(text: &str) -> Zeroizing<Vec<char>> {
    let chars = || text.nfd().default_case_fold().nfc();
    // Reserved at once, so that growing leaves no copies behind.
    let mut folded = Zeroizing::new(Vec::with_capacity(chars().count()));
    folded.extend(chars());
    folded
}

/// The folded text with look-alikes as one letter: equal for all that differ in nothing else.
pub(super) fn skeleton(text: &str) -> Zeroizing<String> {
    let folded = folded(text);
    let letters = || folded.iter().copied().map(letter);
    let mut skeleton = Zeroizing::new(String::with_capacity(letters().map(char::len_utf8).sum()));
    skeleton.extend(letters());
    skeleton
}

/// The letter that a folded character is written for, or itself.
///
/// No two digits stand for the same letter: years and counts would be taken for one another. The
/// bundled list is written in these letters, so a change here means generating it anew.
pub(super) const fn letter(typed: char) -> char {
    match typed {
        '4' | '@' => 'a',
        '8' => 'b',
        '(' | '{' | '[' | '<' => 'c',
        '3' => 'e',
        '9' => 'g',
        '1' | 'l' | '!' | '|' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_composition_and_look_alikes_make_no_difference() {
        for (one, other) in [
            ("P@$$W0RD!", "password1"),
            ("Cafe\u{301}", "CAFÉ"),
            ("STRASSE", "straße"),
            ("He||o", "hello"),
        ] {
            assert_eq!(*skeleton(one), *skeleton(other), "{one} {other}");
        }
        assert_ne!(*skeleton("cafe"), *skeleton("café"));
    }

    #[test]
    fn digits_stay_apart() {
        let mut letters: Vec<_> = ('0'..='9').map(letter).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 10);
    }

    proptest! {
        #[test]
        fn the_skeleton_of_a_skeleton_is_itself(text in "\\PC{0,40}") {
            let once = skeleton(&text);
            prop_assert_eq!(&*skeleton(&once), &*once);
        }

        #[test]
        fn nothing_grows_after_it_was_reserved(text in any::<String>()) {
            let (folded, skeleton) = (folded(&text), skeleton(&text));
            prop_assert_eq!(folded.capacity(), folded.len());
            prop_assert_eq!(skeleton.capacity(), skeleton.len());
        }
    }
}
