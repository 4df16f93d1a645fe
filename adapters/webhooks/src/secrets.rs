//! The signature of a webhook, from both ends.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use testudo::{Duration, Timestamp};
use zeroize::Zeroizing;

/// What stands before a secret's base64.
const PREFIX: &str = "whsec_";

/// What stands before a signature: HMAC-SHA256.
const VERSION: &str = "v1,";

/// One or more secrets that sender and receiver share, newest first.
///
/// The sender signs with all of them, so that a receiver may change over at any time; a receiver takes a signature
/// under any of them.
///
/// ```
/// use testudo::Timestamp;
/// use testudo_webhooks::Secrets;
///
/// let secrets: Secrets = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4f9Q2xVb7Lw=".parse()?;
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let signature = secrets.sign("018f6b1e", now, b"{}");
/// assert!(secrets.verify("018f6b1e", "1700000000", &signature, b"{}", now).is_ok());
/// assert!(secrets.verify("018f6b1e", "1700000000", &signature, b"{ }", now).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Secrets(Vec<Hmac<Sha256>>);

/// A text holds no secrets of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ and 24 to 64 random bytes as base64, several separated by commas")]
#[non_exhaustive]
pub struct NotASecret;

/// Why a request is not to be believed. Answer it with 400 or 401, and do not act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverified {
    /// The time is no number, or further away than [`Secrets::TOLERANCE`]: it may be an old request once more.
    #[error("expected a webhook-timestamp of the last five minutes")]
    Timestamp,
    /// No signature is under a secret that is known here.
    #[error("expected a webhook-signature under a known secret")]
    Signature,
}

impl Secrets {
    /// How far a request's time may be from the receiver's.
    pub const TOLERANCE: Duration = Duration::from_minutes(5);

    /// The value of `webhook-signature`: one signature for each secret, separated by spaces.
    ///
    /// `id` is the value of `webhook-id`, without a dot, and `at` the moment that `webhook-timestamp` tells in whole
    /// seconds.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let seconds = seconds(at).to_string();
        let signatures = self.0.iter().map(|key| {
            let tag = over(key, id, &seconds, body).finalize().into_bytes();
            format!("{VERSION}{}", STANDARD.encode(tag))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }

    /// Whether a request comes from who has the secret, and is no old one once more. `id`, `timestamp` and
    /// `signature` are the headers of these names.
    ///
    /// What was verified may still come twice: tell repeats by `id`.
    ///
    /// # Errors
    ///
    /// When it is not to be believed.
    ///
    /// # Security
    ///
    /// `body` is the body byte for byte as it came, before anything parsed it. Signatures are compared in constant
    /// time.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let told: u64 = timestamp.parse().map_err(|_| Unverified::Timestamp)?;
        if told.abs_diff(seconds(now)) > Self::TOLERANCE.as_secs() {
            return Err(Unverified::Timestamp);
        }
        let given = signature.split(' ').filter_map(|one| one.strip_prefix(VERSION));
        // More are never sent, and each costs a hash for each secret.
        let mut given = given.take(8).filter_map(|one| STANDARD.decode(one).ok());
        let fits = |tag: &[u8]| {
            let under = |key| over(key, id, timestamp, body).verify_slice(tag).is_ok();
            self.0.iter().any(under)
        };
        if given.any(|tag| fits(&tag)) { Ok(()) } else { Err(Unverified::Signature) }
    }
}

fn seconds(at: Timestamp) -> u64 {
    at.as_millis() / 1000
}

/// The MAC over what is signed: `id.timestamp.body`. Neither id nor timestamp has a dot in it.
fn over(key: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

impl std::str::FromStr for Secrets {
    type Err = NotASecret;

    fn from_str(list: &str) -> Result<Self, NotASecret> {
        let keys: Result<Vec<_>, _> = list.split(',').map(|text| key(text.trim())).collect();
        keys.map(Self)
    }
}

fn key(text: &str) -> Result<Hmac<Sha256>, NotASecret> {
    let encoded = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| NotASecret)?);
    if !(24..=64).contains(&bytes.len()) {
        return Err(NotASecret);
    }
    Hmac::new_from_slice(&bytes).map_err(|_| NotASecret)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({}, [redacted])", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const TWO: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn secrets(list: &str) -> Secrets {
        list.parse().unwrap()
    }

    /// The example that the specification gives.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let at = Timestamp::from_millis(1_614_265_330_000);
        let body = br#"{"test": 2432232314}"#;
        let signature = secrets(ONE).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_receiver_may_change_its_secret_at_any_time() {
        let (now, both) = (Timestamp::from_millis(5_000), secrets(&format!("{TWO},{ONE}")));
        let signature = both.sign("id", now, b"body");
        for receiver in [secrets(ONE), secrets(TWO), both] {
            assert_eq!(receiver.verify("id", "5", &signature, b"body", now), Ok(()));
        }
        let old = secrets(ONE).sign("id", now, b"body");
        let refused = secrets(TWO).verify("id", "5", &old, b"body", now);
        assert_eq!(refused, Err(Unverified::Signature));
    }

    #[test]
    fn an_old_request_is_not_believed_once_more() {
        let secrets = secrets(ONE);
        let signature = secrets.sign("id", Timestamp::from_millis(1_000_000), b"");
        let verified = |now: u64| {
            secrets.verify("id", "1000", &signature, b"", Timestamp::from_millis(now * 1000))
        };
        for (now, expected) in [
            (1000, Ok(())),
            (1300, Ok(())),
            (700, Ok(())),
            (1301, Err(Unverified::Timestamp)),
            (699, Err(Unverified::Timestamp)),
        ] {
            assert_eq!(verified(now), expected, "at {now}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let short = format!("{PREFIX}{}", STANDARD.encode([7; 23]));
        let long = format!("{PREFIX}{}", STANDARD.encode([7; 65]));
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!", &short, &long] {
            assert_eq!(text.parse::<Secrets>().unwrap_err(), NotASecret, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_was_changed_is_believed(
            id in "[a-z0-9-]{1,40}",
            body in prop::collection::vec(any::<u8>(), 0..200),
            place in any::<prop::sample::Index>(),
            bit in 0..8u8,
        ) {
            let (secrets, now) = (secrets(ONE), Timestamp::from_millis(1_700_000_000_000));
            let signature = secrets.sign(&id, now, &body);
            prop_assert!(secrets.verify(&id, "1700000000", &signature, &body, now).is_ok());
            let mut whole = [id.as_bytes(), &body].concat();
            let place = place.index(whole.len());
            whole[place] ^= 1 << bit;
            let (other_id, other_body) = whole.split_at(id.len());
            let other_id = String::from_utf8_lossy(other_id);
            let verified = secrets.verify(&other_id, "1700000000", &signature, other_body, now);
            prop_assert_eq!(verified, Err(Unverified::Signature));
            let verified = secrets.verify(&id, "1700000001", &signature, &body, now);
            prop_assert_eq!(verified, Err(Unverified::Signature));
        }

        #[test]
        fn no_header_makes_it_panic(timestamp in ".*", signature in ".*") {
            let now = Timestamp::from_millis(0);
            prop_assert!(secrets(ONE).verify("id", &timestamp, &signature, b"", now).is_err());
        }
    }
}
