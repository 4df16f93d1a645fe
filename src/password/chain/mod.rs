//! The hashers of an application: one for new hashes, the others for old ones.

mod inspect;

pub use self::inspect::Inspected;

use std::fmt;
use std::hint::black_box;
use std::iter::once;

use super::pepper::behind;
use super::{
    Argon2d, Argon2i, Argon2id, Bcrypt, BcryptSha256, HashError, Hasher, Password, PasswordHash,
    Pbkdf2Sha1, Pbkdf2Sha256, Pbkdf2Sha512, Pepper, Peppers, Salt, Scrypt, Verifier, WorkBuffer,
};
use crate::command::{Against, HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use crate::secret::Secret;

/// One hasher for new passwords, and any number that old ones are read with.
///
/// It carries out [`HashPassword`] and [`VerifyPassword`] and is shared by the threads that hash,
/// each of which keeps its own [`WorkBuffer`]. A password that matches a hash of any other scheme or
/// setting than the preferred one is answered as outdated, so that it is replaced while the password
/// is at hand.
///
/// # Security
///
/// Text is hashed in Unicode NFC (NIST SP 800-63B-4 3.1.1.2). Hashes that another system made may be
/// of the text as it was typed, and nothing tells them from others: where the two differ, both are
/// tried. A hash that matches only the text as typed is outdated, whatever its settings.
///
/// How long an answer takes does not tell whether there is such an account (ASVS 5.0 6.3.8): nobody,
/// an account without a password and a hash that cannot be read each cost one hash of the preferred
/// settings, and so does, on top of its own cost, an outdated hash that does not match. All of it is
/// spent twice on a password that is not in NFC. What remains is that a wrong password on an outdated
/// hash takes longer than on a current one. It shows that the account has not signed in since its
/// hashes were brought along, and ends when it does.
///
/// ```
/// use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
/// use testudo::password::{HasherChain, Password, Salt, WorkBuffer};
///
/// # fn main() -> Result<(), testudo::password::HashError> {
/// let (chain, mut work) = (HasherChain::standard(), WorkBuffer::new());
/// let password = Password::from("correct horse battery staple");
/// let salt = Salt::new([7; 16]); // Fresh for every password, from the flow's entropy.
/// let request = HashPassword { password: password.clone(), salt };
/// let stored = chain.hash(&request, &mut work)?.expect("Argon2id takes every password");
///
/// let against = Against::Stored(stored);
/// let verdict = chain.verify(&VerifyPassword { password, against }, &mut work)?;
/// assert_eq!(verdict, PasswordVerdict::Valid { outdated: false });
/// # Ok(())
/// # }
/// ```
pub struct HasherChain {
    preferred: Box<dyn Hasher>,
    others: Vec<Box<dyn Verifier>>,
    peppers: Option<Peppers>,
}

impl HasherChain {
    /// Argon2id for new passwords, and every scheme of this library for those brought along.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(Argon2id::default()).reading_all()
    }

    /// A chain that hashes with `preferred`, and reads nothing else yet.
    #[must_use]
    pub fn new(preferred: impl Hasher + 'static) -> Self {
        Self { preferred: Box::new(preferred), others: Vec::new(), peppers: None }
    }

    /// Reads hashes of another scheme as well. The first verifier that recognises a hash reads it.
    #[must_use]
    pub fn reading(mut self, other: impl Verifier + 'static) -> Self {
        self.others.push(Box::new(other));
        self
    }

    /// Reads hashes of every scheme that this library knows, in all forms that each one lists.
    #[must_use]
    pub fn reading_all(self) -> Self {
        self.reading(Argon2id::default())
            .reading(Argon2i)
            .reading(Argon2d)
            .reading(Bcrypt::default())
            .reading(BcryptSha256)
            .reading(Pbkdf2Sha1)
            .reading(Pbkdf2Sha256::default())
            .reading(Pbkdf2Sha512)
            .reading(Scrypt)
    }

    /// Puts a pepper into every new hash, and reads hashes behind any of `peppers`.
    ///
    /// Hashes without one verify as before, and are outdated.
    #[must_use]
    pub fn peppered(mut self, peppers: Peppers) -> Self {
        self.peppers = Some(peppers);
        self
    }

    /// The name of the scheme that a stored string belongs to, by its prefix alone.
    ///
    /// For a hash behind a pepper it is that of the hash itself, whether or not this chain has the
    /// pepper. `None` for an unknown scheme, and for the mark of an account without a password.
    #[must_use]
    pub fn identify(&self, stored: &str) -> Option<&'static str> {
        let hash = behind(stored).map_or(stored, |(_, hash)| hash);
        self.verifier(hash).map(Verifier::name)
    }

    /// Hashes a password with the preferred hasher.
    ///
    /// The inner result is the reply to [`HashPassword`]: [`Unhashable`] is a password beyond
    /// [`Password::MAX_BYTES`], before any work, or one that the preferred hasher cannot take.
    ///
    /// # Errors
    ///
    /// What a driver reports as a fault: [`HashError::OutOfMemory`], and [`HashError::Settings`] if
    /// there is a pepper and the preferred hasher's strings do not begin with `$`.
    pub fn hash(
        &self,
        request: &HashPassword,
        work: &mut WorkBuffer,
    ) -> Result<Result<PasswordHash, Unhashable>, HashError> {
        if request.password.is_too_long() {
            return Ok(Err(Unhashable::TooLong { most: Password::MAX_BYTES }));
        }
        let hashed = self.hash_text(request.password.normalized().expose(), &request.salt, work);
        match hashed {
            Ok(hash) => Ok(Ok(hash)),
            Err(HashError::PasswordTooLong { most }) => Ok(Err(Unhashable::TooLong { most })),
            Err(HashError::PasswordUnsupported { expected }) => {
                Ok(Err(Unhashable::Unsupported { expected }))
            }
            Err(error) => Err(error),
        }
    }

    /// Compares a password with a stored hash, or spends the same on nobody.
    ///
    /// A password beyond [`Password::MAX_BYTES`] is [`PasswordVerdict::Invalid`] without any work,
    /// and so for every account alike. One that the scheme of the stored hash cannot take, such as a
    /// long one for bcrypt, is `Invalid` too: no such hash can have been made from it.
    ///
    /// # Errors
    ///
    /// [`HashError::OutOfMemory`]: nothing was found out, and a driver reports a fault.
    pub fn verify(
        &self,
        request: &VerifyPassword,
        work: &mut WorkBuffer,
    ) -> Result<PasswordVerdict, HashError> {
        if request.password.is_too_long() {
            return Ok(PasswordVerdict::Invalid);
        }
        let readings = Readings::of(&request.password);
        match &request.against {
            Against::Stored(stored) if stored.is_usable() => {
                self.compare(&readings, stored.as_stored(), work)
            }
            Against::Stored(_) | Against::Nobody => {
                self.spend_all(&readings, work)?;
                Ok(PasswordVerdict::Invalid)
            }
        }
    }

    fn compare(
        &self,
        readings: &Readings<'_>,
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<PasswordVerdict, HashError> {
        let Some(hash) = self.open(stored) else {
            self.spend_all(readings, work)?;
            return Ok(PasswordVerdict::Unreadable);
        };
        // All of them, even if the first one matches: a right password must not be told by the time
        // it takes where it does not let anybody in, as on an inactive account.
        let results: Vec<_> = readings.iter().map(|text| hash.verify(text, work)).collect();
        let matched = results.contains(&Ok(true));
        // A match on an outdated hash is followed by the hash that replaces it, so it costs its own
        // and a preferred one. Without the same for whatever does not match, a legacy hash, which
        // is often cheaper, would be told from no account at all by its quicker answer.
        for (text, result) in readings.iter().zip(&results).skip(usize::from(matched)) {
            let paid = hash.is_current && result.is_ok();
            if !paid {
                self.spend(text, work)?;
            }
        }
        verdict(hash.is_current, &results)
    }

    /// Takes a stored hash apart, if its scheme is known and its pepper, if any, is at hand.
    fn open<'a>(&'a self, stored: &'a str) -> Option<Opened<'a>> {
        let (pepper, hash) = match behind(stored) {
            None => (None, stored),
            Some((id, hash)) => (Some(self.peppers.as_ref()?.find(id)?), hash),
        };
        let newest = self.peppers.as_ref().map(Peppers::current);
        let is_current =
            pepper.map(Pepper::id) == newest.map(Pepper::id) && self.preferred.is_current(hash);
        Some(Opened { verifier: self.verifier(hash)?, pepper, hash, is_current })
    }

    /// The first verifier that recognises a stored hash.
    fn verifier(&self, hash: &str) -> Option<&dyn Verifier> {
        let preferred: &dyn Verifier = self.preferred.as_ref();
        once(preferred)
            .chain(self.others.iter().map(AsRef::as_ref))
            .find(|verifier| verifier.recognises(hash))
    }

    fn spend_all(&self, readings: &Readings<'_>, work: &mut WorkBuffer) -> Result<(), HashError> {
        readings.iter().try_for_each(|text| self.spend(text, work))
    }

    /// Costs what a comparison with a hash of the current settings costs.
    fn spend(&self, text: &str, work: &mut WorkBuffer) -> Result<(), HashError> {
        // Nobody looks at it, but it must not be optimised away.
        match black_box(self.hash_text(text, &Salt::new([0; 16]), work)) {
            Err(error @ HashError::OutOfMemory { .. }) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn hash_text(
        &self,
        text: &str,
        salt: &Salt,
        work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        let Some(pepper) = self.peppers.as_ref().map(Peppers::current) else {
            return self.preferred.hash(text.as_bytes(), salt, work);
        };
        let seasoned = pepper.season(text.as_bytes());
        pepper.mark(&self.preferred.hash(seasoned.as_bytes(), salt, work)?)
    }
}

impl fmt::Debug for HasherChain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others.iter().map(|verifier| verifier.name()).collect();
        out.debug_struct("HasherChain")
            .field("preferred", &self.preferred.name())
            .field("reading", &others)
            .field("peppers", &self.peppers)
            .finish()
    }
}

/// The texts that one typed password may have been hashed as.
struct Readings<'a> {
    normalized: Secret<String>,
    /// As it was typed, where that differs.
    typed: Option<&'a str>,
}

impl<'a> Readings<'a> {
    fn of(password: &'a Password) -> Self {
        let normalized = password.normalized();
        let typed = Some(password.expose()).filter(|typed| *typed != normalized.expose());
        Self { normalized, typed }
    }

    /// The text in NFC first.
    fn iter(&self) -> impl Iterator<Item = &str> {
        once(self.normalized.expose().as_str()).chain(self.typed)
    }
}

/// A stored hash, and what it takes to compare a text with it.
struct Opened<'a> {
    verifier: &'a dyn Verifier,
    pepper: Option<&'a Pepper>,
    hash: &'a str,
    is_current: bool,
}

impl Opened<'_> {
    fn verify(&self, text: &str, work: &mut WorkBuffer) -> Result<bool, HashError> {
        let Some(pepper) = self.pepper else {
            return self.verifier.verify(text.as_bytes(), self.hash, work);
        };
        let seasoned = pepper.season(text.as_bytes());
        self.verifier.verify(seasoned.as_bytes(), self.hash, work)
    }
}

/// What comparing each reading of a password came to, of which the first is the text in NFC.
fn verdict(
    is_current: bool,
    results: &[Result<bool, HashError>],
) -> Result<PasswordVerdict, HashError> {
    let errors = || results.iter().filter_map(|result| result.as_ref().err());
    if let Some(error) = errors().find(|error| matches!(error, HashError::OutOfMemory { .. })) {
        return Err(error.clone());
    }
    Ok(if results.contains(&Ok(true)) {
        PasswordVerdict::Valid { outdated: !is_current || results.first() != Some(&Ok(true)) }
    } else if errors().all(HashError::is_about_password) {
        PasswordVerdict::Invalid
    } else {
        PasswordVerdict::Unreadable
    })
}

#[cfg(test)]
mod pepper_tests;
#[cfg(test)]
mod tests;
