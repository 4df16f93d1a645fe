//! The forms in which hashes of PBKDF2 are stored.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{MALFORMED, Scheme};
use crate::password::HashError;
use crate::password::stored::{adapted_base64, decimal, fields, hexadecimal, parameters};

/// A stored hash that was read. Its iterations are not yet checked.
pub(super) struct Stored {
    pub(super) form: Form,
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    /// What the salt is if it is not the text, but the base64 of bytes.
    decoded_salt: Option<Vec<u8>>,
    pub(super) output: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The PHC string format: what new hashes are written in.
    Phc,
    /// Of another system.
    Foreign,
}

const MOST_SALT_BYTES: usize = 128;
const OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

impl Stored {
    pub(super) fn read(scheme: &Scheme, stored: &str) -> Result<Self, HashError> {
        let read = if let Some(rest) = stored.strip_prefix(scheme.modular) {
            if rest.starts_with("i=") { Self::phc(scheme, stored) } else { Self::passlib(rest) }
        } else if let Some(rest) = stored.strip_prefix(scheme.django) {
            Self::django(scheme, rest)
        } else {
            stored.strip_prefix(scheme.werkzeug).and_then(Self::werkzeug)
        };
        read.filter(|read| {
            read.iterations > 0
                && (1..=MOST_SALT_BYTES).contains(&read.salt.len())
                && OUTPUT_BYTES.contains(&read.output.len())
        })
        .ok_or(MALFORMED)
    }

    /// The salts that the hash may have been made with.
    pub(super) fn salts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.salt.as_slice()).chain(self.decoded_salt.as_deref())
    }

    fn phc(scheme: &Scheme, stored: &str) -> Option<Self> {
        let parsed = phc::PasswordHash::new(stored).ok()?;
        if parsed.algorithm.as_str() != scheme.modular.trim_matches('$') {
            return None;
        }
        let [iterations, length] = parameters(&parsed.params, ["i", "l"])?;
        let output = parsed.hash?.as_bytes().to_vec();
        if length.is_some_and(|length| usize::try_from(length) != Ok(output.len())) {
            return None;
        }
        let (iterations, salt) = (iterations?, parsed.salt?.to_vec());
        Some(Self { form: Form::Phc, iterations, salt, decoded_salt: None, output })
    }

    fn passlib(rest: &str) -> Option<Self> {
        let [iterations, salt, output] = fields(rest, '$')?;
        Self::foreign(iterations, adapted_base64(salt)?, adapted_base64(output)?)
    }

    fn django(scheme: &Scheme, rest: &str) -> Option<Self> {
        let [iterations, salt, output] = fields(rest, '$')?;
        let decoded_salt = STANDARD.decode(salt).ok().filter(|_| scheme.salt_may_be_base64);
        let read = Self::foreign(iterations, salt.into(), STANDARD.decode(output).ok()?)?;
        Some(Self { decoded_salt, ..read })
    }

    fn werkzeug(rest: &str) -> Option<Self> {
        let [iterations, salt, output] = fields(rest, '$')?;
        Self::foreign(iterations, salt.into(), hexadecimal(output)?)
    }

    fn foreign(iterations: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<Self> {
        let iterations = decimal(iterations)?;
        Some(Self { form: Form::Foreign, iterations, salt, decoded_salt: None, output })
    }
}
