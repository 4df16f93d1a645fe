//! PBKDF2 (RFC 8018), for hashes that an application brings along.

mod imported;
mod sha256;
mod stored;

pub use self::imported::{Pbkdf2Sha1, Pbkdf2Sha512};
pub use self::sha256::Pbkdf2Sha256;

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use self::stored::Stored;
use super::HashError;
use super::hasher::{bounded, same, whole_as_hmac_key};

/// PBKDF2 with one hash function, and the prefixes that stored hashes of it have.
struct Scheme {
    /// Of the PHC string format, and of passlib.
    modular: &'static str,
    django: &'static str,
    werkzeug: &'static str,
    /// Whether the salt in Django's form may be base64, which is how tortoise-auth writes it.
    salt_may_be_base64: bool,
    /// How many bytes of output cost the iterations once.
    block_bytes: usize,
    most_iterations: u32,
    /// Password, salt, iterations, output.
    compute: fn(&[u8], &[u8], u32, &mut [u8]),
}

const SHA1: Scheme = Scheme {
    modular: "$pbkdf2$",
    django: "pbkdf2_sha1$",
    werkzeug: "pbkdf2:sha1:",
    salt_may_be_base64: false,
    block_bytes: 20,
    most_iterations: Pbkdf2Sha1::MAX_ITERATIONS,
    compute: pbkdf2_hmac::<Sha1>,
};

const SHA256: Scheme = Scheme {
    modular: "$pbkdf2-sha256$",
    django: "pbkdf2_sha256$",
    werkzeug: "pbkdf2:sha256:",
    salt_may_be_base64: true,
    block_bytes: 32,
    most_iterations: Pbkdf2Sha256::MAX_ITERATIONS,
    compute: pbkdf2_hmac::<Sha256>,
};

const SHA512: Scheme = Scheme {
    modular: "$pbkdf2-sha512$",
    django: "pbkdf2_sha512$",
    werkzeug: "pbkdf2:sha512:",
    salt_may_be_base64: false,
    block_bytes: 64,
    most_iterations: Pbkdf2Sha512::MAX_ITERATIONS,
    compute: pbkdf2_hmac::<Sha512>,
};

const MALFORMED: HashError = HashError::Malformed {
    expected: "$pbkdf2-<sha>$i=<iterations>,l=<length>$<salt>$<hash> in PHC string format, \
               or $pbkdf2-<sha>$<iterations>$<salt>$<hash> of passlib, \
               or pbkdf2_<sha>$<iterations>$<salt>$<hash in base64>, \
               or pbkdf2:<sha>:<iterations>$<salt>$<hash in hexadecimal>, with at least one \
               iteration, a salt of 1 to 128 bytes and a hash of 16 to 64",
};

impl Scheme {
    fn recognises(&self, stored: &str) -> bool {
        [self.modular, self.django, self.werkzeug].iter().any(|prefix| stored.starts_with(prefix))
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, HashError> {
        let stored = self.open(stored)?;
        whole_as_hmac_key(password)?;
        Ok(stored.salts().any(|salt| {
            let output = self.derive(password, salt, stored.iterations, stored.output.len());
            same(&output, &stored.output)
        }))
    }

    /// Reads a stored hash, if its cost is within the bounds.
    fn open(&self, stored: &str) -> Result<Stored, HashError> {
        let stored = Stored::read(self, stored)?;
        self.within_bounds(&stored)?;
        Ok(stored)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        Ok(vec![("iterations", self.open(stored)?.iterations.into())])
    }

    fn derive(
        &self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        let mut output = Zeroizing::new(vec![0; length]);
        (self.compute)(password, salt, iterations, &mut output);
        output
    }

    fn within_bounds(&self, stored: &Stored) -> Result<(), HashError> {
        let blocks = stored.output.len().div_ceil(self.block_bytes);
        let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
        let iterations = u64::from(stored.iterations).saturating_mul(blocks);
        bounded("iterations", iterations, self.most_iterations)
    }
}
