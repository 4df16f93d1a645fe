//! Recovery codes: what opens an account whose second factor is lost. Each counts once (ASVS 5.0 6.5.1).

use zeroize::Zeroizing;

use crate::env::Env;
use crate::model::{Digest, User, UserId};
use crate::secret::Secret;

/// The symbols of Crockford's base 32: no i, l, o or u.
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many symbols a code has: 140 bits. With more than 112 a plain digest of it may be kept (ASVS 5.0 6.5.2).
pub(crate) const LENGTH: usize = 28;

/// How many symbols stand together.
const GROUP: usize = 4;

/// A new set of codes, and the digests to store. The codes are shown once, and kept nowhere.
pub(crate) fn generate(user: UserId, env: &mut Env) -> (Vec<Secret<String>>, Vec<Digest>) {
    let codes = std::iter::repeat_with(|| Code::new(env)).take(User::MAX_RECOVERY_CODES);
    codes.map(|code| (code.print(), code.digest(user))).unzip()
}

/// The codes that are left once the one that was typed is spent; `None` if it is none of them.
///
/// # Security
///
/// The code is spent once the rest is stored, and not before: commit it as a replacement of the user at the
/// version that was read. The attempt is to be counted before this is called.
pub(crate) fn spend(codes: &[Digest], user: UserId, text: &str) -> Option<Vec<Digest>> {
    let typed = Code::read(text)?.digest(user);
    // Every digest is compared, in constant time each.
    let rest: Vec<_> = codes.iter().filter(|code| **code != typed).copied().collect();
    (rest.len() < codes.len()).then_some(rest)
}

/// A code in its one canonical form: the symbols alone, in lower case.
struct Code(Zeroizing<[u8; LENGTH]>);

impl Code {
    fn new(env: &mut Env) -> Self {
        let mut code = env.new_recovery_code();
        code.iter_mut().for_each(|random| *random = symbol(*random));
        Self(code)
    }

    /// Reads what people type: in any case, in any groups, with O for 0 and I or L for 1.
    fn read(text: &str) -> Option<Self> {
        let mut code = Zeroizing::new([0; LENGTH]);
        let mut places = code.iter_mut();
        for char in text.chars().filter(|char| !is_separator(*char)) {
            *places.next()? = canonical(char)?;
        }
        places.next().is_none().then_some(Self(code))
    }

    fn print(&self) -> Secret<String> {
        let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
        for group in self.0.chunks(GROUP) {
            if !text.is_empty() {
                text.push('-');
            }
            text.extend(group.iter().copied().map(char::from));
        }
        Secret::new(text)
    }

    /// Bound to its owner: the digest of one account's code is noise in every other's record.
    fn digest(&self, user: UserId) -> Digest {
        let mut bound = Zeroizing::new(Vec::with_capacity(LABEL.len() + 16 + LENGTH));
        bound.extend_from_slice(LABEL);
        bound.extend_from_slice(user.as_uuid().as_bytes());
        bound.extend_from_slice(&self.0[..]);
        Digest::of(&bound)
    }
}

/// What digests begin with. Never change it: all codes would die. All that follows has a fixed length.
const LABEL: &[u8] = b"testudo/v1/recovery-code";

/// The symbol of the lower five bits: all are equally likely.
fn symbol(random: u8) -> u8 {
    SYMBOLS.iter().copied().nth(usize::from(random & 31)).unwrap_or_default()
}

fn canonical(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    u8::try_from(symbol).ok().filter(|symbol| SYMBOLS.contains(symbol))
}

/// White space, and all the dashes that a keyboard or a word processor makes of one.
fn is_separator(char: char) -> bool {
    char.is_whitespace() || matches!(char, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::entropy::Entropy;
    use crate::env::Settings;
    use crate::keys::KeyRing;
    use crate::model::Client;
    use crate::policy::Policy;
    use crate::time::Timestamp;

    const ADA: UserId = UserId::from_uuid(Uuid::from_u128(1));
    const BOB: UserId = UserId::from_uuid(Uuid::from_u128(2));

    fn ten(seed: u8) -> (Vec<String>, Vec<Digest>) {
        let keys = KeyRing::parse("a-secret-of-the-tests-x7Kq2Wn9Rt4Yb6Zc").unwrap();
        let settings = Arc::new(Settings::new(Policy::default(), keys).unwrap());
        let now = Timestamp::from_millis(0);
        let mut env = Env::new(now, Entropy::from_seed([seed; 32]), Client::unknown(), settings);
        let (codes, digests) = generate(ADA, &mut env);
        (codes.iter().map(|code| code.expose().clone()).collect(), digests)
    }

    #[test]
    fn there_are_ten_codes_in_groups_and_all_symbols_occur() {
        let (codes, digests) = ten(1);
        assert_eq!((codes.len(), digests.len()), (10, 10));
        for code in &codes {
            let groups: Vec<_> = code.split('-').collect();
            assert_eq!(groups.len(), 7);
            assert!(groups.iter().all(|group| group.len() == 4));
        }
        let symbols = |seed| ten(seed).0.concat().replace('-', "").into_bytes();
        let seen: BTreeSet<u8> = (0..20).flat_map(symbols).collect();
        assert_eq!(seen, SYMBOLS.iter().copied().collect());
        assert!(codes.iter().all(|code| !ten(2).0.contains(code)));
    }

    #[test]
    fn each_code_counts_once_and_leaves_the_others() {
        let (codes, mut left) = ten(1);
        for (spent, code) in (1..).zip(&codes) {
            left = spend(&left, ADA, code).unwrap();
            assert_eq!(left.len(), 10 - spent);
            assert_eq!(spend(&left, ADA, code), None);
        }
    }

    #[test]
    fn a_code_is_its_owners_and_of_its_set() {
        let (codes, digests) = ten(1);
        assert_eq!(spend(&digests, BOB, &codes[0]), None);
        let (_, replaced) = ten(2);
        assert_eq!(spend(&replaced, ADA, &codes[0]), None);
    }

    #[test]
    fn what_has_not_the_form_of_a_code_is_none() {
        let (codes, digests) = ten(1);
        let shorter = codes[0].get(1..).unwrap();
        let [missing, added, other, long] = [
            shorter.to_owned(),
            format!("{}0", codes[0]),
            format!("u{shorter}"),
            codes[0].repeat(1000),
        ];
        for text in ["", "123456", "123 456", "------", &missing, &added, &other, &long] {
            assert_eq!(spend(&digests, ADA, text), None, "{text}");
        }
        let all_digits = Code::read(&"7".repeat(LENGTH)).unwrap();
        assert_eq!(spend(&[all_digits.digest(ADA)], ADA, "777777"), None);
    }

    proptest! {
        /// Case, groups, and the letters that are taken for digits make no other code of one.
        #[test]
        fn a_code_counts_however_it_is_typed(
            seed: u8,
            which in 0..10_usize,
            typing in proptest::collection::vec((any::<bool>(), 0..6_usize, 0..2_usize), LENGTH),
        ) {
            let (codes, digests) = ten(seed);
            let symbols = codes[which].chars().filter(|char| *char != '-');
            let mut text = String::new();
            for (symbol, (upper, between, alike)) in symbols.zip(typing) {
                let typed = match (symbol, alike) {
                    ('0', 0) => 'o',
                    ('1', 0) => 'l',
                    ('1', 1) => 'i',
                    (symbol, _) => symbol,
                };
                text.push(if upper { typed.to_ascii_uppercase() } else { typed });
                text.push_str(["", "", "-", " ", "\u{2013}", "\u{a0}"][between]);
            }
            let expected: Vec<_> =
                digests.iter().copied().filter(|digest| *digest != digests[which]).collect();
            prop_assert_eq!(spend(&digests, ADA, &text), Some(expected));
        }

        #[test]
        fn one_wrong_symbol_makes_it_none(seed: u8, which in 0..10_usize, place in 0..LENGTH, by in 1..32_usize) {
            let (codes, digests) = ten(seed);
            let mut code = codes[which].replace('-', "").into_bytes();
            let symbol = SYMBOLS.iter().position(|symbol| *symbol == code[place]).unwrap();
            code[place] = SYMBOLS[(symbol + by) % 32];
            prop_assert_eq!(spend(&digests, ADA, &String::from_utf8(code).unwrap()), None);
        }
    }
}
