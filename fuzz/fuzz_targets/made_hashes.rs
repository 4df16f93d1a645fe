//! Hashes that the library makes itself.
//!
//! Law: whatever hasher makes the hash, with or without a pepper, the password matches it (and it is
//! current), no other password does, and no password that this hasher takes matches it after one
//! character of it was changed, added or taken away.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
use testudo::password::{
    Argon2id, Bcrypt, HasherChain, Password, PasswordHash, Pbkdf2Sha256, Pepper, Peppers, Salt,
    WorkBuffer,
};
use testudo::testing::InsecureHasher;

#[derive(Arbitrary, Debug)]
struct Trial {
    hasher: Scheme,
    is_peppered: bool,
    edit: Edit,
    place: u8,
    salt: [u8; 16],
    other: String,
    password: String,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Scheme {
    Argon2id,
    Bcrypt,
    Pbkdf2,
    Insecure,
}

#[derive(Arbitrary, Debug)]
enum Edit {
    Replace(char),
    Insert(char),
    Remove,
    CutOff,
}

fuzz_target!(|trial: Trial| {
    let (chain, mut work) = (trial.chain(), WorkBuffer::new());
    let password = Password::from(trial.password.as_str());
    let request = HashPassword { password: password.clone(), salt: Salt::new(trial.salt) };
    let Ok(stored) = chain.hash(&request, &mut work).expect("a reply") else {
        assert!(trial.may_be_refused(), "{:?} refused a password", trial.hasher);
        return;
    };
    let mut verify = |typed: &str, stored: &str| {
        let against = Against::Stored(PasswordHash::from_stored(stored.to_owned()));
        let request = VerifyPassword { password: Password::from(typed), against };
        chain.verify(&request, &mut work).expect("a verdict")
    };
    let verdict = verify(&trial.password, stored.as_stored());
    assert_eq!(verdict, PasswordVerdict::Valid { outdated: false });

    let same = Password::from(trial.other.as_str()).normalized().same_as(&password.normalized());
    let verdict = verify(&trial.other, stored.as_stored());
    assert_eq!(matches!(verdict, PasswordVerdict::Valid { .. }), same, "of another password");

    let changed = trial.changed(stored.as_stored());
    if changed != stored.as_stored() && !trial.means_the_same(&changed, stored.as_stored()) {
        let verdict = verify(&trial.password, &changed);
        assert!(!matches!(verdict, PasswordVerdict::Valid { .. }), "{changed} was matched");
    }
});

impl Trial {
    fn chain(&self) -> HasherChain {
        let chain = match self.hasher {
            Scheme::Argon2id => HasherChain::new(Argon2id::cheap_for_tests()),
            Scheme::Bcrypt => HasherChain::new(Bcrypt::cheap_for_tests()),
            Scheme::Pbkdf2 => HasherChain::new(Pbkdf2Sha256::cheap_for_tests()),
            Scheme::Insecure => HasherChain::new(InsecureHasher::current()),
        };
        if !self.is_peppered {
            return chain;
        }
        let key = b"a pepper of tests, and of nothing else";
        chain.peppered(Peppers::new(Pepper::new("p1", key).expect("a pepper")))
    }

    /// What bcrypt cannot take whole, what HMAC would take for a shorter key, and what is too long for
    /// a password. Behind a pepper, every password is short and has no NUL.
    fn may_be_refused(&self) -> bool {
        let password = self.password.as_str();
        let awkward = match self.hasher {
            Scheme::Bcrypt => password.len() > 24 || password.contains('\0'),
            Scheme::Pbkdf2 => password.ends_with('\0'),
            Scheme::Argon2id | Scheme::Insecure => false,
        };
        password.len() > Password::MAX_BYTES || (awkward && !self.is_peppered)
    }

    fn changed(&self, stored: &str) -> String {
        let place = usize::from(self.place) % stored.len();
        let (before, after) = stored.split_at(place);
        match self.edit {
            Edit::Replace(with) => format!("{before}{with}{}", &after[1..]),
            Edit::Insert(what) => format!("{before}{what}{after}"),
            Edit::Remove => format!("{before}{}", &after[1..]),
            Edit::CutOff => before.to_owned(),
        }
    }

    /// bcrypt's `2a`, `2b` and `2y` are one algorithm.
    fn means_the_same(&self, changed: &str, stored: &str) -> bool {
        self.hasher == Scheme::Bcrypt
            && ["$2a$", "$2y$"].iter().any(|version| changed.replace(version, "$2b$") == stored)
    }
}
