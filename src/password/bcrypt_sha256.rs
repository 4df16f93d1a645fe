//! bcrypt of a digest, as Django and passlib put it together.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::stored::{decimal, fields};
use super::{Bcrypt, HashError, Verifier, WorkBuffer};

/// bcrypt of the SHA-256 of a password, for hashes that an application brings along.
///
/// Digests let bcrypt take passwords of any length, NUL characters included. Read are
///
/// - `bcrypt_sha256$$2b$12$…`, Django's: bcrypt of the digest in hexadecimal;
/// - `$bcrypt-sha256$v=2,t=2b,r=12$<salt>$<hash>`, passlib's since 1.7.3: bcrypt of the base64 of an
///   HMAC that the salt is the key of;
/// - `$bcrypt-sha256$2b,12$<salt>$<hash>`, also of `2a`, passlib's before that: bcrypt of the digest
///   in base64.
///
/// The cost is bounded as that of [`Bcrypt`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BcryptSha256;

impl Verifier for BcryptSha256 {
    fn name(&self) -> &'static str {
        "bcrypt-sha256"
    }

    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with(DJANGO) || stored.starts_with(PASSLIB)
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        let stored = Stored::parse(stored).ok_or(MALFORMED)?;
        let digest = stored.digest(password)?;
        Bcrypt::default().verify(digest.as_bytes(), &stored.bcrypt, work).map_err(of_this_scheme)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        let stored = Stored::parse(stored).ok_or(MALFORMED)?;
        Bcrypt::default().parameters(&stored.bcrypt).map_err(of_this_scheme)
    }
}

/// What bcrypt says of a string within a stored hash, as it is said of the whole.
fn of_this_scheme(error: HashError) -> HashError {
    if matches!(error, HashError::Malformed { .. }) { MALFORMED } else { error }
}

const DJANGO: &str = "bcrypt_sha256$";
const PASSLIB: &str = "$bcrypt-sha256$";

const HASH_CHARACTERS: usize = 31;

const MALFORMED: HashError = HashError::Malformed {
    expected: "bcrypt_sha256$ and a bcrypt hash, or $bcrypt-sha256$v=2,t=2b,r=<cost>$<salt>$<hash>, \
               or $bcrypt-sha256$2b,<cost>$<salt>$<hash>, with 22 characters of salt and 31 of hash",
};

/// A stored hash that was read: a bcrypt hash, and what it is the hash of.
struct Stored<'a> {
    bcrypt: String,
    of: Of<'a>,
}

enum Of<'a> {
    HexDigest,
    Base64Digest,
    Base64Hmac { key: &'a str },
}

impl<'a> Stored<'a> {
    fn parse(stored: &'a str) -> Option<Self> {
        if let Some(bcrypt) = stored.strip_prefix(DJANGO) {
            // Only what Django writes: `bcrypt$` is a prefix of its other hasher.
            let bcrypt = bcrypt.starts_with('$').then(|| bcrypt.to_owned())?;
            return Some(Self { bcrypt, of: Of::HexDigest });
        }
        let [settings, salt, hash] = fields(stored.strip_prefix(PASSLIB)?, '$')?;
        // A bcrypt string has a fixed length, so this settles that of the salt as well.
        if hash.len() != HASH_CHARACTERS {
            return None;
        }
        let (variant, cost, of) = match fields(settings, ',') {
            Some(["v=2", "t=2b", cost]) => {
                ("2b", cost.strip_prefix("r=")?, Of::Base64Hmac { key: salt })
            }
            Some(_) => return None,
            None => match fields(settings, ',')? {
                [variant @ ("2a" | "2b"), cost] => (variant, cost, Of::Base64Digest),
                _ => return None,
            },
        };
        Some(Self { bcrypt: format!("${variant}${:02}${salt}{hash}", decimal(cost)?), of })
    }

    /// What bcrypt gets: 64 or 44 characters without a NUL, and so never too much.
    fn digest(&self, password: &[u8]) -> Result<Zeroizing<String>, HashError> {
        Ok(Zeroizing::new(match self.of {
            Of::HexDigest => hexadecimal(&Sha256::digest(password)),
            Of::Base64Digest => STANDARD.encode(Sha256::digest(password)),
            Of::Base64Hmac { key } => {
                // HMAC takes keys of any length.
                let keyed =
                    Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| MALFORMED)?;
                STANDARD.encode(keyed.chain_update(password).finalize().into_bytes())
            }
        }))
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    let mut text = String::with_capacity(digest.len().saturating_mul(2));
    for byte in digest {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by Django 5.2 with python's bcrypt 5.0, and by passlib 1.7.4.
    const DJANGO_HEX: &str =
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuQx/MB7qdtsyUIWL3PtBt1gDTOfutTSS";
    const DJANGO_LONG: &str =
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuugx2ZcUdj4MifIXvs/QwBsAizByf4XWu";
    const DJANGO_NUL: &str =
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuu9L9OfUs9F74zk2lLltZHjsngJvSteCG";
    const VERSION_1: &str =
        "$bcrypt-sha256$2b,4$abcdefghijklmnopqrstuu$KPLMmERjQV6WEN49KZr59v3hQBI.KXm";
    const VERSION_1_LONG: &str =
        "$bcrypt-sha256$2b,4$abcdefghijklmnopqrstuu$2sX9banSixnuzlI3NLRgtBFvl6cbLPS";
    const VERSION_2: &str =
        "$bcrypt-sha256$v=2,t=2b,r=4$abcdefghijklmnopqrstuu$wWGPLHsTsvhLNWKaF70/PMvqssxkSXe";
    const VERSION_2_LONG: &str =
        "$bcrypt-sha256$v=2,t=2b,r=4$abcdefghijklmnopqrstuu$h8nAJ0bfuW52TLpQTzF.4On0WASTfAa";

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        BcryptSha256.verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_django_and_passlib_verify() {
        let long = "a".repeat(100);
        for (password, stored) in [
            ("pässwörd ✓", DJANGO_HEX),
            (&long, DJANGO_LONG),
            ("a\0b", DJANGO_NUL),
            ("pässwörd ✓", VERSION_1),
            ("pässwörd ✓", &VERSION_1.replace("2b", "2a")),
            (&long, VERSION_1_LONG),
            ("pässwörd ✓", VERSION_2),
            (&long, VERSION_2_LONG),
        ] {
            assert_eq!(verify(password, stored), Ok(true), "{stored}");
            assert_eq!(verify("another", stored), Ok(false), "{stored}");
        }
    }

    #[test]
    fn every_byte_counts_beyond_the_seventy_second_and_after_a_nul() {
        for stored in [DJANGO_LONG, VERSION_1_LONG, VERSION_2_LONG] {
            assert_eq!(verify(&"a".repeat(99), stored), Ok(false), "{stored}");
            assert_eq!(verify(&format!("{}b", "a".repeat(99)), stored), Ok(false), "{stored}");
        }
        for password in ["a", "a\0", "a\0c", "a\0b\0"] {
            assert_eq!(verify(password, DJANGO_NUL), Ok(false), "{password:?}");
        }
    }

    #[test]
    fn costs_beyond_the_bound_are_refused_before_any_work() {
        for stored in [
            DJANGO_HEX.replace("$04$", "$31$"),
            VERSION_1.replace(",4$", ",31$"),
            VERSION_2.replace("r=4", "r=31"),
        ] {
            let refused = HashError::TooCostly { what: "bcrypt cost", asked: 31, most: 16 };
            assert_eq!(verify("password", &stored), Err(refused), "{stored}");
        }
    }

    #[test]
    fn malformed_hashes_are_refused() {
        for stored in [
            "".into(),
            "bcrypt_sha256$".into(),
            "$bcrypt-sha256$".into(),
            "$bcrypt-sha256$$$".into(),
            DJANGO_HEX.replace("$$", "$"),
            DJANGO_HEX.replace("$$", "$bcrypt$$"),
            DJANGO_HEX.replace("$2b$", "$2x$"),
            DJANGO_HEX.replace("$2b$", "$2$"),
            DJANGO_HEX.replace("$04$", "$4$"),
            DJANGO_HEX.replace("TSS", "TS"),
            DJANGO_HEX.replace("TSS", "Té"),
            VERSION_1.replace("2b,", "2y,"),
            VERSION_1.replace("2b,", "2x,"),
            VERSION_1.replace("2b,", ""),
            VERSION_1.replace(",4", ",04"),
            VERSION_1.replace(",4", ",3"),
            VERSION_1.replace(",4", ",-4"),
            VERSION_1.replace(",4", ",100"),
            VERSION_1.replace("abc", "é."),
            VERSION_1.replace("abcd", "é.b"),
            VERSION_1.replace("tuu", "tuv"),
            VERSION_1.replace("uu$K", "u$uK"),
            VERSION_1.replace("$KPL", "$"),
            VERSION_1.replace("$KPL", "$é."),
            VERSION_1.replace("$KPL", "$$PL"),
            VERSION_2.replace("v=2", "v=1"),
            VERSION_2.replace("v=2", "v=3"),
            VERSION_2.replace("t=2b", "t=2a"),
            VERSION_2.replace("t=2b,", ""),
            VERSION_2.replace("r=4", "4"),
            VERSION_2.replace("r=4", "r="),
            VERSION_2.replace("r=4", "r=4,x=1"),
            format!("{VERSION_2}$"),
            format!(" {VERSION_2}"),
        ] {
            assert_eq!(verify("password", &stored), Err(MALFORMED), "{stored}");
        }
    }

    proptest! {
        #[test]
        fn no_stored_string_panics(
            stored in r"(bcrypt_sha256\$|\$bcrypt-sha256\$(v=2,t=2b,r=4|2[ab],4)?)\$\PC{0,60}"
        ) {
            let _ = verify("password", &stored);
        }
    }
}
