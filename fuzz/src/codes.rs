//! What an authenticator app shows.

use testudo::Timestamp;
use totp_rs::{Builder, Secret};

/// The code of a seed, in base32, at a moment.
#[must_use]
pub fn code_of(seed: &str, now: Timestamp) -> String {
    let seed = Secret::try_from_base32(seed).expect("a seed");
    let totp = Builder::new().with_secret(seed).build_noncompliant();
    totp.generate(now.as_millis() / 1000).to_string()
}
