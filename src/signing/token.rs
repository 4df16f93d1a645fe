//! The text of a signed claim: `tdl_…`.
//!
//! After the prefix stand, in base64url without padding: the key id (8 bytes), the expiry in
//! milliseconds (8, big-endian), whether there is an account (1), if so the user id (16) and the epoch
//! (8), the text (what is left), and the MAC of all that (32).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Account, Claim, SignatureError};
use crate::keys::{KeyId, MasterKey, Purpose};
use crate::model::{Epoch, UserId};
use crate::secret::Secret;
use crate::time::Timestamp;

const PREFIX: &str = "tdl_";
const MAC_BYTES: usize = 32;
const NO_ACCOUNT: u8 = 0;
const ACCOUNT: u8 = 1;
const MAX_BODY_BYTES: usize = 8 + 8 + 1 + 16 + 8 + Claim::MAX_TEXT_BYTES + MAC_BYTES;
/// The same in base64url without padding.
const MAX_BODY_CHARS: usize = (MAX_BODY_BYTES * 8).div_ceil(6);

/// A claim with its MAC, not yet looked at: it becomes a claim by [`Token::open`] alone.
pub(super) struct Token {
    key: KeyId,
    claim: Claim,
    mac: Secret<[u8; MAC_BYTES]>,
}

impl Token {
    /// Signs a claim.
    pub(super) fn seal(claim: Claim, key: &MasterKey, purpose: Purpose) -> Self {
        let mac = mac(&claim, key, purpose);
        Self { key: key.id(), claim, mac }
    }

    /// The id of the key that it says it was signed with.
    pub(super) const fn key(&self) -> KeyId {
        self.key
    }

    /// The claim, if this key signed it for this purpose.
    pub(super) fn open(self, key: &MasterKey, purpose: Purpose) -> Option<Claim> {
        mac(&self.claim, key, purpose).same_as(&self.mac).then_some(self.claim)
    }

    /// The token as a text.
    pub(super) fn print(&self) -> Secret<String> {
        let mut body = Zeroizing::new(Vec::with_capacity(MAX_BODY_BYTES));
        body.extend_from_slice(&self.key.to_bytes());
        body.extend_from_slice(&self.claim.expires_at().as_millis().to_be_bytes());
        match self.claim.account() {
            None => body.push(NO_ACCOUNT),
            Some(Account { user, epoch }) => {
                body.push(ACCOUNT);
                body.extend_from_slice(user.as_uuid().as_bytes());
                body.extend_from_slice(&epoch.get().to_be_bytes());
            }
        }
        body.extend_from_slice(self.claim.text().as_bytes());
        body.extend_from_slice(self.mac.expose());
        let mut text = String::with_capacity(PREFIX.len() + MAX_BODY_CHARS);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(body.as_slice(), &mut text);
        Secret::new(text)
    }

    /// Reads what [`Token::print`] writes, and nothing else.
    pub(super) fn parse(text: &str) -> Result<Self, SignatureError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
        if encoded.len() > MAX_BODY_CHARS {
            return Err(SignatureError::Malformed);
        }
        let body = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SignatureError::Malformed)?;
        Self::from_body(&Zeroizing::new(body)).ok_or(SignatureError::Malformed)
    }

    fn from_body(body: &[u8]) -> Option<Self> {
        let (body, mac) = body.split_last_chunk::<MAC_BYTES>()?;
        let (key, body) = body.split_first_chunk::<8>()?;
        let (millis, body) = body.split_first_chunk::<8>()?;
        let (has_account, body) = body.split_first()?;
        let (account, text) = match *has_account {
            NO_ACCOUNT => (None, body),
            ACCOUNT => {
                let (user, body) = body.split_first_chunk::<16>()?;
                let (epoch, text) = body.split_first_chunk::<8>()?;
                let user = UserId::from_uuid(Uuid::from_bytes(*user));
                (Some((user, Epoch::new(u64::from_be_bytes(*epoch)))), text)
            }
            _ => return None,
        };
        let claim = Claim::new(std::str::from_utf8(text).ok()?, moment(*millis)?).ok()?;
        let claim = match account {
            Some((user, epoch)) => claim.about(user, epoch),
            None => claim,
        };
        Some(Self { key: KeyId::from_bytes(*key), claim, mac: Secret::new(*mac) })
    }
}

/// The moment, unless it is one that cannot be told.
fn moment(millis: [u8; 8]) -> Option<Timestamp> {
    let millis = u64::from_be_bytes(millis);
    let moment = Timestamp::from_millis(millis);
    (moment.as_millis() == millis).then_some(moment)
}

/// Each field is a part of its own, of which the MAC takes the length first, so that no two claims
/// give the same input; a claim about no account has empty parts there.
fn mac(claim: &Claim, key: &MasterKey, purpose: Purpose) -> Secret<[u8; MAC_BYTES]> {
    let millis = claim.expires_at().as_millis().to_be_bytes();
    let account = claim
        .account()
        .map(|Account { user, epoch }| (user.as_uuid().into_bytes(), epoch.get().to_be_bytes()));
    let (user, epoch): (&[u8], &[u8]) = match &account {
        Some((user, epoch)) => (user, epoch),
        None => (&[], &[]),
    };
    let key_id = key.id().to_bytes();
    let parts = [PREFIX.as_bytes(), &key_id, &millis, user, epoch, claim.text().as_bytes()];
    Secret::new(key.mac(purpose, &parts))
}
