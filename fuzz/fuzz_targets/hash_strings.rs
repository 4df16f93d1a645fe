//! Reading stored hashes that anybody may have written.
//!
//! Law: nothing panics, and every answer is a verdict. A string of no known scheme is never matched,
//! nor is any string by a password that is longer than passwords may be. A string that one password
//! matches is not matched by that password with something behind it, before it or in it changed.
//!
//! The input is a password, a line feed, and a stored string (the text behind the last line feed).
//! Strings that ask for more work than a fuzzer has time for are only looked at: see `is_cheap`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testudo::command::{Against, PasswordVerdict, VerifyPassword};
use testudo::password::{
    Argon2id, Bcrypt, Hasher, HasherChain, Password, PasswordHash, Pbkdf2Sha256, Pepper, Peppers,
    WorkBuffer,
};
use testudo::testing::InsecureHasher;

fuzz_target!(|input: &str| {
    let (password, stored) = input.rsplit_once('\n').unwrap_or(("", input));
    let chain = chain();
    let scheme = chain.identify(stored);
    for hasher in
        [&Argon2id::default() as &dyn Hasher, &Bcrypt::default(), &Pbkdf2Sha256::default()]
    {
        assert!(!hasher.is_current(stored) || hasher.recognises(stored));
    }
    if !is_cheap(stored) {
        return;
    }
    let matches = |password: &str| {
        let request = VerifyPassword {
            password: Password::from(password),
            against: Against::Stored(PasswordHash::from_stored(stored.to_owned())),
        };
        let verdict = chain.verify(&request, &mut WorkBuffer::new()).expect("a verdict");
        matches!(verdict, PasswordVerdict::Valid { .. })
    };
    if !matches(password) {
        return;
    }
    assert!(scheme.is_some(), "a hash of no known scheme was matched");
    assert!(password.len() <= Password::MAX_BYTES, "a password beyond the bound matched");
    assert!(!matches(&format!("{password}x")), "the end of the password does not count");
    assert!(!matches(&format!("x{password}")), "its beginning does not count");
    assert!(!matches(&format!("{password}\0")), "a NUL behind it does not count");
    if let Some((last, _)) = password.char_indices().next_back() {
        assert!(!matches(&password[..last]), "its last character does not count");
    }
});

/// Every scheme, and a pepper. What is spent on nobody costs nothing.
fn chain() -> HasherChain {
    let pepper = Pepper::new("p1", b"a pepper of tests, and of nothing else").expect("a pepper");
    HasherChain::new(InsecureHasher::current()).reading_all().peppered(Peppers::new(pepper))
}

/// Whether comparing with this string costs a few milliseconds at most.
///
/// Honest settings cost a second, and what is beyond the bounds is refused before any work: there are
/// tests for both, in `tests/hostile_hashes.rs`. Here every number that the string holds is multiplied
/// (two to its power, where it is a logarithm), which no scheme's work exceeds by much. A number that
/// is no `u32` makes every string malformed, which costs nothing.
fn is_cheap(stored: &str) -> bool {
    let is_bcrypt = stored.contains("bcrypt") || stored.contains("$2");
    let numbers = stored.split(['$', ':', ',']).filter_map(|field| {
        let (name, value) = field.split_once('=').unwrap_or(("", field));
        let number = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty();
        let value = value.parse::<u64>().unwrap_or(u64::MAX);
        number.then_some(if is_bcrypt || name == "ln" { exponent(value) } else { value.max(1) })
    });
    numbers.fold(1, u64::saturating_mul) <= if is_bcrypt { 1 << 6 } else { 1 << 15 }
}

fn exponent(value: u64) -> u64 {
    u32::try_from(value).ok().and_then(|value| 1u64.checked_shl(value)).unwrap_or(u64::MAX)
}
