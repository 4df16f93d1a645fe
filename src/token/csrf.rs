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

/// The text for a form, to be sent back with it: bound to the browser that it is shown in, by a random text that only
/// that browser has (in a cookie), and to the session of who is signed in there, if somebody is.
///
/// So a page before the sign-in has one as well, and none of before counts after it.
///
/// ```
/// use testudo::KeyRing;
/// use testudo::token::csrf;
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let text = csrf::form_token("text of the cookie", None, &keys);
/// assert!(csrf::is_form_token("text of the cookie", None, text.expose(), &keys));
/// assert!(!csrf::is_form_token("text of another", None, text.expose(), &keys));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// The browser's text has at least 128 bits of randomness, and no other site can set the cookie.
#[must_use]
pub fn form_token(browser: &str, session: Option<SessionId>, keys: &KeyRing) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(form_tag(browser, session, keys.newest())))
}

/// Whether a text was made for a form of this browser and session, under any key of the ring. Compared in constant
/// time.
#[must_use]
pub fn is_form_token(
    browser: &str,
    session: Option<SessionId>,
    text: &str,
    keys: &KeyRing,
) -> bool {
    let Ok(presented) = URL_SAFE_NO_PAD.decode(text) else { return false };
    keys.all().any(|key| form_tag(browser, session, key).ct_eq(presented.as_slice()).into())
}

/// Of three parts, and so never the tag of a session.
fn form_tag(browser: &str, session: Option<SessionId>, key: &MasterKey) -> [u8; 32] {
    let session = session.as_ref().map_or(&[][..], |id| id.as_uuid().as_bytes());
    key.mac(Purpose::Csrf, &[b"form", browser.as_bytes(), session])
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
    fn the_text_of_a_form_is_for_one_browser_and_one_session() {
        let keys = KeyRing::parse(OLD).unwrap();
        let places =
            [("ada", None), ("ada", Some(session(1))), ("ada", Some(session(2))), ("eve", None)];
        for (browser, owner) in places {
            let text = form_token(browser, owner, &keys);
            for (other, whose) in places {
                let is_same = (browser, owner) == (other, whose);
                assert_eq!(is_form_token(other, whose, text.expose(), &keys), is_same);
            }
            assert!(owner.is_none_or(|id| !is_token_for(id, text.expose(), &keys)));
        }
        assert!(!is_form_token("ada", None, "", &keys));
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
