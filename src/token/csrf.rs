//! Texts by which a page shows that it was made for a session, where cookies carry the session's tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::keys::{KeyRing, MasterKey, Purpose};
use crate::model::SessionId;
use crate::secret::Secret;

/// The text for a session's pages, to be sent back with what changes something (ASVS 5.0 3.5.1).
///
/// It holds for as long as the session and the key do, and is good for nothing by itself.
///
/// ```
/// use testudo::KeyRing;
/// use testudo::token::csrf;
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let session = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse()?;
/// let text = csrf::token_for(session, &keys);
/// assert!(csrf::is_token_for(session, text.expose(), &keys));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn token_for(session: SessionId, keys: &KeyRing) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(tag(session, keys.newest())))
}

/// Whether a text was made for this session, under any key of the ring. Compared in constant time.
#[must_use]
pub fn is_token_for(session: SessionId, text: &str, keys: &KeyRing) -> bool {
    let Ok(presented) = URL_SAFE_NO_PAD.decode(text) else { return false };
    keys.all().any(|key| tag(session, key).ct_eq(presented.as_slice()).into())
}

fn tag(session: SessionId, key: &MasterKey) -> [u8; 32] {
    key.mac(Purpose::Csrf, &[session.as_uuid().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";

    fn session(number: u128) -> SessionId {
        SessionId::from_uuid(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_text_is_for_one_session_and_survives_a_rotation_of_keys() {
        let old = KeyRing::parse(OLD).unwrap();
        let rotated = KeyRing::parse(&format!("Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh,{OLD}")).unwrap();
        let text = token_for(session(1), &old);
        assert!(is_token_for(session(1), text.expose(), &old));
        assert!(is_token_for(session(1), text.expose(), &rotated));
        assert!(!is_token_for(session(2), text.expose(), &old));
        let newer = token_for(session(1), &rotated);
        assert!(!is_token_for(session(1), newer.expose(), &old));
    }

    #[test]
    fn what_is_no_such_text_is_for_no_session() {
        let keys = KeyRing::parse(OLD).unwrap();
        let text = token_for(session(1), &keys);
        let whole = text.expose().as_str();
        let (first, rest) = whole.split_at(1);
        for wrong in ["", "x", "!", first, rest, &format!("{whole}="), &whole.to_lowercase()] {
            assert!(!is_token_for(session(1), wrong, &keys), "{wrong:?}");
        }
    }
}
