//! Tokens as texts, written anew after `src/token/opaque.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A token of this prefix and body, with a checksum that fits. Behind `tda_` and `tdr_` stand 16 bytes of
/// the session's id, 4 of the generation and 32 of the secret; behind `tdk_` 16 of the key's id and 32 of
/// the secret.
#[must_use]
pub fn token_text(prefix: &str, body: &[u8]) -> String {
    let mut crc = crc32fast::Hasher::new();
    crc.update(prefix.as_bytes());
    crc.update(body);
    let with_checksum = [body, &crc.finalize().to_be_bytes()].concat();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(with_checksum))
}

/// The generation and the secret in the text of a token, if it has the length of one.
#[must_use]
pub fn token_parts(text: &str) -> Option<(u32, [u8; 32])> {
    let body = URL_SAFE_NO_PAD.decode(text.get(4..)?).ok()?;
    let generation = u32::from_be_bytes(body.get(16..20)?.try_into().ok()?);
    Some((generation, body.get(20..52)?.try_into().ok()?))
}
