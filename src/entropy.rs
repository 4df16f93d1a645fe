//! Randomness without a source of it: a stream of bytes from a seed that the driver hands over.

use std::fmt;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// All the randomness one flow may use: a ChaCha20 key stream.
///
/// # Security
///
/// The seed must come from the operating system's generator, be fresh for every flow and be shown to
/// nobody: session ids, salts and token secrets come from it (ASVS 5.0 11.5.1, NIST SP 800-63B-4
/// 3.2.12). Each value drawn is independent of the others, and the state is wiped on drop. It stays in
/// one place until then: a flow moves from question to question, and a move leaves a copy behind.
pub struct Entropy(Box<ChaCha20Rng>);

impl Entropy {
    /// The stream that belongs to `seed`: the same seed always gives the same bytes.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Box::new(ChaCha20Rng::from_seed(seed)))
    }

    /// The next `N` bytes of the stream.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Entropy([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_another_seed_another() {
        let draw = |seed: u8| Entropy::from_seed([seed; 32]).bytes::<32>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn two_draws_differ() {
        let mut entropy = Entropy::from_seed([7; 32]);
        assert_ne!(entropy.bytes::<32>(), entropy.bytes::<32>());
    }
}
