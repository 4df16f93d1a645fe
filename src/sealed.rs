//! Encrypting what stores keep: under a key of the ring, for one use and one place.
//!
//! XChaCha20-Poly1305 with a random nonce. What is authenticated besides names the place, so that what stands in
//! one row is noise in another.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::env::Env;
use crate::keys::{KeyId, KeyRing, Seals};

/// How many bytes a nonce has.
pub(crate) const NONCE_BYTES: usize = 24;

/// Which of the keys of a ring.
pub(crate) type Use = fn(&Seals) -> &XChaCha20Poly1305;

/// Why something does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// The key that sealed it is not in the ring.
    UnknownKey,
    /// It was changed, or sealed for another use or place.
    Changed,
}

/// Encrypts under the newest key. The id of the key and the nonce stand in front.
pub(crate) fn seal(plain: &[u8], of: Use, place: &[u8], env: &mut Env) -> Vec<u8> {
    let nonce = env.new_nonce();
    let key = env.keys().newest();
    let mut sealed = key.id().to_bytes().to_vec();
    sealed.extend_from_slice(&nonce);
    let payload = Payload { msg: plain, aad: place };
    // Its only error is a text of hundreds of gigabytes; what is not sealed will not open.
    sealed.extend(of(key.seals()).encrypt(&XNonce::from(nonce), payload).unwrap_or_default());
    sealed
}

/// Decrypts what was sealed for the same use and place.
pub(crate) fn open(
    sealed: &[u8],
    of: Use,
    place: &[u8],
    keys: &KeyRing,
) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let (key, sealed) = sealed.split_first_chunk::<8>().ok_or(Unopened::Changed)?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Unopened::Changed)?;
    let key = keys.find(KeyId::from_bytes(*key)).ok_or(Unopened::UnknownKey)?;
    let payload = Payload { msg: sealed, aad: place };
    let plain = of(key.seals()).decrypt(&XNonce::from(*nonce), payload);
    plain.map(Zeroizing::new).map_err(|_| Unopened::Changed)
}

/// Whether what was sealed should be sealed again, under the newest key.
pub(crate) fn is_of_an_older_key(sealed: &[u8], keys: &KeyRing) -> bool {
    let key = sealed.first_chunk::<8>().map(|key| KeyId::from_bytes(*key));
    key != Some(keys.newest().id())
}
