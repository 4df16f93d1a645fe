//! A code on its way to an address, as it is kept until it comes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::super::{Progress, Turn};
use crate::keys::{KeyId, MasterKey, Purpose};
use crate::secret::Secret;
use crate::time::{Duration, Timestamp};

/// What is kept of a code: a MAC of it under the key ring, bound to the address and to this very challenge.
///
/// A plain hash of one of a million codes would tell it to who reads the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SentCode {
    key: KeyId,
    challenge: String,
    mac: String,
    at: Timestamp,
    /// The first moment at which it counts no more.
    pub(super) until: Timestamp,
}

impl SentCode {
    /// A new code of six random digits, and what is kept of it.
    pub(super) fn new(turn: &mut Turn) -> (Secret<String>, Self) {
        let code = Secret::new(format!("{:06}", turn.env.new_number() % 1_000_000));
        let challenge = STANDARD_NO_PAD.encode(turn.env.new_token_secret());
        let (key, address) = (turn.env.keys().newest(), turn.user().email.key());
        let mac = mac(key, address.as_str(), &challenge, code.expose());
        let (at, policy) = (turn.env.now, turn.env.policy());
        let until = at + policy.email_code_lifetime;
        (code, Self { key: key.id(), challenge, mac: STANDARD_NO_PAD.encode(mac), at, until })
    }

    /// The same, and no code is right.
    pub(super) fn for_nobody(self, turn: &mut Turn) -> Self {
        Self { mac: STANDARD_NO_PAD.encode(turn.env.new_token_secret()), ..self }
    }

    /// Whether this is the code, in time that tells nothing of it.
    pub(super) fn is(&self, typed: &str, turn: &Turn) -> bool {
        let mut code = Zeroizing::new(String::with_capacity(typed.len()));
        code.extend(typed.chars().filter(|letter| !letter.is_whitespace()));
        let address = turn.user().email.key();
        let Some(key) = turn.env.keys().find(self.key) else { return false };
        let mac = mac(key, address.as_str(), &self.challenge, &code);
        let kept = STANDARD_NO_PAD.decode(&self.mac).unwrap_or_default();
        kept.ct_eq(&mac).into()
    }

    /// How long to wait before another one is sent.
    pub(super) fn wait(&self, progress: &Progress<'_>) -> Duration {
        let cooldown = progress.settings().policy().email_code_cooldown;
        // A clock that goes back lets nobody wait for longer.
        (self.at + cooldown).since(progress.now()).min(cooldown)
    }
}

fn mac(key: &MasterKey, address: &str, challenge: &str, code: &str) -> [u8; 32] {
    key.mac(Purpose::EmailCode, &[address.as_bytes(), challenge.as_bytes(), code.as_bytes()])
}
