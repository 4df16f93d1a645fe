//! The rules for new passwords.
//!
//! Law: nothing panics and nothing takes long, however long the password and whatever is known about
//! the user. What is refused of a stranger is refused of everybody; a password that is the user's
//! address, attribute or word is refused; one that is too long is refused for that alone.

#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testudo::password::Password;
use testudo::password::validation::{PasswordContext, Validators};
use unicode_normalization::UnicodeNormalization as _;

#[derive(Arbitrary, Debug)]
struct Trial {
    is_nist: bool,
    repeat_password: u8,
    repeat_attribute: u8,
    email: String,
    attribute: String,
    word: String,
    password: String,
}

/// So many bytes at most are made of an attribute by repeating it.
const LONGEST: usize = 1 << 14;

fuzz_target!(|trial: Trial| {
    let Trial { email, word, .. } = &trial;
    let password = trial.password.repeat(usize::from(trial.repeat_password).max(1));
    let most = LONGEST / trial.attribute.len().max(1);
    let attribute = trial.attribute.repeat(usize::from(trial.repeat_attribute).min(most).max(1));
    let decomposed: String = attribute.nfd().collect();
    let validators = if trial.is_nist { Validators::nist(false) } else { Validators::standard() };
    let context = PasswordContext::new().email(email).attribute("name", &decomposed).word(word);

    let of_user = codes(&validators, &password, &context);
    let of_stranger = codes(&validators, &password, &PasswordContext::new());
    assert!(of_stranger.iter().all(|code| of_user.contains(code)), "{of_stranger:?} {of_user:?}");
    assert_eq!(of_user.contains(&TOO_LONG), password.len() > Password::MAX_BYTES);
    assert!(!of_user.contains(&TOO_LONG) || of_user.len() == 1, "{of_user:?}");

    for (fact, code) in [
        (email, "password_too_similar"),
        (&attribute, "password_too_similar"),
        (word, "password_context_word"),
    ] {
        let refused = codes(&validators, fact, &context);
        let is_blank = !fact.chars().any(char::is_alphanumeric);
        assert!(refused.contains(&code) || refused.contains(&TOO_LONG) || is_blank, "{refused:?}");
    }
});

const TOO_LONG: &str = "password_too_long";

/// What is wrong with a password. A busy machine may stall one try, but not each of them.
fn codes(validators: &Validators, typed: &str, context: &PasswordContext<'_>) -> Vec<&'static str> {
    let password = Password::from(typed);
    for _ in 0..5 {
        let begun = Instant::now();
        let failures = validators.validate(&password, context).err().unwrap_or_default();
        if begun.elapsed() < Duration::from_secs(1) {
            return failures.iter().map(|failure| failure.code).collect();
        }
    }
    panic!("it takes longer than a second, again and again");
}
