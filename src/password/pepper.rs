//! A keyed step before hashing, under a key that is not in the database.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{HashError, PasswordHash};

/// A key of the application, and the name that it has in stored hashes.
///
/// Before a password is hashed it becomes the base64 of its HMAC-SHA-256 under this key. Whoever has
/// the database alone cannot even start guessing (NIST SP 800-63B-4 3.1.1.2).
///
/// # Security
///
/// The key comes from a random generator and is kept apart from the database: in a vault, a hardware
/// module or at least the environment of the process. **Without it no hash behind it can be verified
/// ever again**, so it is backed up as carefully as the database, and elsewhere.
pub struct Pepper {
    id: String,
    keyed: Hmac<Sha256>,
}

impl Pepper {
    /// The fewest bytes a key may have; NIST asks for 14.
    pub const MIN_KEY_BYTES: usize = 32;

    /// A pepper of this id, which is no secret and never to be given to another key.
    ///
    /// # Errors
    ///
    /// [`HashError::Settings`] for an id that is not 1 to 32 lower-case letters, digits or hyphens,
    /// and for a key that is shorter than [`Pepper::MIN_KEY_BYTES`] or obviously not random.
    pub fn new(id: &str, key: &[u8]) -> Result<Self, HashError> {
        let named = (1..=MAX_ID_BYTES).contains(&id.len())
            && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !named {
            return Err(HashError::Settings {
                expected: "the id of a pepper to be 1 to 32 lower-case letters, digits or hyphens",
            });
        }
        let distinct: std::collections::BTreeSet<_> = key.iter().collect();
        if key.len() < Self::MIN_KEY_BYTES || distinct.len() < LEAST_DISTINCT_BYTES {
            return Err(UNFIT_KEY);
        }
        // HMAC takes keys of any length.
        let keyed = Hmac::new_from_slice(key).map_err(|_| UNFIT_KEY)?;
        Ok(Self { id: id.to_owned(), keyed })
    }

    /// The name of this pepper in stored hashes.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is hashed in place of the password: 43 characters, whatever the password is.
    ///
    /// Text rather than bytes, since bcrypt would stop at a NUL among them.
    pub(super) fn season(&self, password: &[u8]) -> Zeroizing<String> {
        let mac = self.keyed.clone().chain_update(password).finalize().into_bytes();
        Zeroizing::new(STANDARD_NO_PAD.encode(mac))
    }

    /// The hash of a seasoned password as it is stored, with the id of this pepper.
    pub(super) fn mark(&self, hash: &PasswordHash) -> Result<PasswordHash, HashError> {
        let hash = hash.as_stored();
        if !hash.starts_with('$') {
            return Err(HashError::Settings {
                expected: "a preferred hasher whose hashes begin with $ when there is a pepper",
            });
        }
        Ok(PasswordHash::from_stored(format!("{PREFIX}{}{hash}", self.id)))
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Pepper({}, [redacted])", self.id)
    }
}

/// The pepper for new hashes, and those that older hashes are behind.
///
/// To rotate, make the new pepper the current one and keep the old one here. A hash behind an old
/// pepper, or behind none, verifies as before and is answered as outdated, so that it is replaced at
/// the next sign-in. When an old pepper is taken out, the hashes still behind it cannot be read any
/// more and their owners need a new password.
///
/// ```
/// use testudo::password::{HasherChain, Pepper, Peppers};
///
/// # let (new_key, old_key) = (*b"Y2Wq5u0cTb1yX8zGf4mJ7kP3sD9vL6nR", *b"mJ7kP3sD9vL6nR2tB8hY2Wq5u0cTb1yX");
/// let current = Pepper::new("2026-07", &new_key)?;
/// let old = Pepper::new("2025-01", &old_key)?;
/// let chain = HasherChain::standard().peppered(Peppers::new(current).accepting(old)?);
/// # Ok::<(), testudo::password::HashError>(())
/// ```
#[derive(Debug)]
pub struct Peppers {
    current: Pepper,
    old: Vec<Pepper>,
}

impl Peppers {
    /// One pepper, for new hashes.
    #[must_use]
    pub const fn new(current: Pepper) -> Self {
        Self { current, old: Vec::new() }
    }

    /// Verifies hashes behind `old` as well.
    ///
    /// # Errors
    ///
    /// [`HashError::Settings`] when there is a pepper of that id already.
    pub fn accepting(mut self, old: Pepper) -> Result<Self, HashError> {
        if self.find(&old.id).is_some() {
            return Err(HashError::Settings { expected: "every pepper to have an id of its own" });
        }
        self.old.push(old);
        Ok(self)
    }

    pub(super) const fn current(&self) -> &Pepper {
        &self.current
    }

    pub(super) fn find(&self, id: &str) -> Option<&Pepper> {
        std::iter::once(&self.current).chain(&self.old).find(|pepper| pepper.id == id)
    }
}

/// The id of the pepper that a stored hash is behind, and that hash. `None` if it is behind none.
pub(super) fn behind(stored: &str) -> Option<(&str, &str)> {
    let rest = stored.strip_prefix(PREFIX)?;
    // The dollar sign that ends the id begins the hash.
    Some(rest.find('$').map_or((rest, ""), |end| rest.split_at(end)))
}

/// `$pepper$<id>` stands before the hash of the seasoned password, which begins with `$`.
const PREFIX: &str = "$pepper$";

const MAX_ID_BYTES: usize = 32;
const LEAST_DISTINCT_BYTES: usize = 8;

const UNFIT_KEY: HashError = HashError::Settings {
    expected: "the key of a pepper to be 32 or more bytes from a random generator",
};

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = *b"wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
    const OTHER_KEY: [u8; 32] = *b"Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";

    fn pepper(id: &str) -> Pepper {
        Pepper::new(id, &KEY).unwrap()
    }

    #[test]
    fn a_seasoned_password_is_the_base64_of_its_hmac() {
        // Made by Python's `hmac.digest(key, "pässwörd ✓".encode(), "sha256")`.
        assert_eq!(
            *pepper("a").season("pässwörd ✓".as_bytes()),
            "SeoQLfpDigSBQh3wRr4FJHQIbNeJU1WHFhzfuLJCQFw"
        );
    }

    #[test]
    fn every_byte_of_password_and_key_counts() {
        let season = |password: &[u8]| pepper("a").season(password).to_string();
        let (long, longer) = ([b'a'; 200], [b'a'; 201]);
        let seasoned: std::collections::BTreeSet<_> =
            [b"" as &[u8], b"\0", b"a", b"a\0", b"\0a", &long, &longer].map(season).into();
        assert_eq!(seasoned.len(), 7);
        assert!(seasoned.iter().all(|text| text.len() == 43 && !text.contains('\0')));
        let other = Pepper::new("a", &OTHER_KEY).unwrap();
        assert_ne!(*other.season(b"a"), season(b"a"));
    }

    #[test]
    fn the_id_is_read_back_from_a_marked_hash() {
        let marked = pepper("2026-07").mark(&PasswordHash::from_stored("$x$y".into())).unwrap();
        assert_eq!(marked.as_stored(), "$pepper$2026-07$x$y");
        assert_eq!(behind(marked.as_stored()), Some(("2026-07", "$x$y")));
    }

    #[test]
    fn a_hash_that_would_run_into_the_id_is_refused() {
        for hash in ["", "x$y", "é"] {
            let refused = pepper("a").mark(&PasswordHash::from_stored(hash.into()));
            assert!(matches!(refused, Err(HashError::Settings { .. })), "{hash}");
        }
    }

    #[test]
    fn what_is_behind_no_pepper_is_told_apart() {
        for stored in ["", "$", "$pepper", "pepper$a$x", " $pepper$a$x", "$argon2id$v=19"] {
            assert_eq!(behind(stored), None, "{stored}");
        }
        assert_eq!(behind("$pepper$"), Some(("", "")));
        assert_eq!(behind("$pepper$a"), Some(("a", "")));
        assert_eq!(behind("$pepper$$x"), Some(("", "$x")));
        assert_eq!(behind("$pepper$é$x"), Some(("é", "$x")));
    }

    #[test]
    fn ids_and_keys_that_are_none_are_refused() {
        for id in ["", "A", "a b", "a$b", "a_b", "é", &"a".repeat(33)] {
            assert!(matches!(Pepper::new(id, &KEY), Err(HashError::Settings { .. })), "{id}");
        }
        assert!(Pepper::new(&"a".repeat(32), &KEY).is_ok());
        for key in [&KEY[..31], &[7; 32], &[]] {
            assert_eq!(Pepper::new("a", key).unwrap_err(), UNFIT_KEY);
        }
    }

    #[test]
    fn an_id_names_one_pepper() {
        let peppers = Peppers::new(pepper("new")).accepting(pepper("old")).unwrap();
        assert_eq!(peppers.current().id(), "new");
        assert_eq!(peppers.find("new").map(Pepper::id), Some("new"));
        assert_eq!(peppers.find("old").map(Pepper::id), Some("old"));
        assert!(peppers.find("older").is_none());
        for taken in ["new", "old"] {
            let peppers = Peppers::new(pepper("new")).accepting(pepper("old")).unwrap();
            assert!(matches!(peppers.accepting(pepper(taken)), Err(HashError::Settings { .. })));
        }
    }

    #[test]
    fn peppers_show_their_ids_and_no_key() {
        let shown = format!("{:?}", Peppers::new(pepper("new")));
        assert_eq!(shown, "Peppers { current: Pepper(new, [redacted]), old: [] }");
    }
}
