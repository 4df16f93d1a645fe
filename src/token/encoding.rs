//! How opaque tokens are written: a prefix, then the payload and a checksum in base64url without padding.
//!
//! The checksum is the CRC-32 of prefix and payload. It tells a token that was cut or mistyped from a
//! wrong one without asking a store, and lets scanners find leaked tokens; it protects nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::MalformedToken;
use crate::secret::Secret;

const CHECKSUM_BYTES: usize = 4;

/// Room for the longest body, checksum included.
const MOST_BYTES: usize = 64;

/// The text of a token, for its holder. The parts are written one after the other.
pub(super) fn print(prefix: &str, payload: &[&[u8]]) -> Secret<String> {
    let mut body = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    payload.iter().for_each(|part| body.extend_from_slice(part));
    let checksum = checksum(prefix, &body);
    body.extend_from_slice(&checksum);
    let mut text = String::with_capacity(prefix.len() + chars_of(body.len()));
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(body.as_slice(), &mut text);
    Secret::new(text)
}

/// The payload of a token. One text is read as one payload only: no other case, padding, white space or
/// spelling of the same bits is taken.
pub(super) fn read<const BYTES: usize>(
    prefix: &str,
    text: &str,
) -> Result<Zeroizing<[u8; BYTES]>, MalformedToken> {
    let encoded = text.strip_prefix(prefix).ok_or(MalformedToken)?;
    let length = BYTES + CHECKSUM_BYTES;
    if encoded.len() != chars_of(length) {
        return Err(MalformedToken);
    }
    let mut body = Zeroizing::new([0; MOST_BYTES]);
    let body = body.get_mut(..length).ok_or(MalformedToken)?;
    let written = URL_SAFE_NO_PAD.decode_slice(encoded, body).map_err(|_| MalformedToken)?;
    let (payload, found) = body.split_last_chunk::<CHECKSUM_BYTES>().ok_or(MalformedToken)?;
    if written != length || *found != checksum(prefix, payload) {
        return Err(MalformedToken);
    }
    payload.try_into().map(Zeroizing::new).map_err(|_| MalformedToken)
}

/// How long so many bytes are in base64url without padding.
const fn chars_of(bytes: usize) -> usize {
    (bytes * 8).div_ceil(6)
}

fn checksum(prefix: &str, payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(prefix.as_bytes());
    crc.update(payload);
    crc.finalize().to_be_bytes()
}
