//! The seed of an authenticator app: made, sealed, shown once, and held against codes.

use std::fmt;

use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use super::{label, qr};
use crate::env::Env;
use crate::keys::KeyRing;
use crate::model::UserId;
use crate::onboarding::RevealedSeed;
use crate::sealed::{self, Unopened};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What an authenticator app and the server share.
///
/// 160 bits, as RFC 4226 4 (R6) recommends; nothing shorter is ever read.
pub(crate) struct Seed(pub(super) Secret<[u8; Seed::BYTES]>);

impl Seed {
    /// How long a seed is.
    pub(crate) const BYTES: usize = 20;

    /// For how many seconds there is one code (RFC 6238 5.2).
    const STEP_SECS: u64 = 30;

    /// A new one.
    pub(crate) fn new(env: &mut Env) -> Self {
        Self(env.new_totp_seed())
    }

    /// What is stored of it: encrypted for one account, so that it is noise in every other's record.
    pub(crate) fn seal(&self, owner: UserId, env: &mut Env) -> Vec<u8> {
        sealed::seal(self.0.expose(), |keys| &keys.totp_seeds, owner.as_uuid().as_bytes(), env)
    }

    /// The seed that was sealed for this account.
    pub(crate) fn open(sealed: &[u8], owner: UserId, keys: &KeyRing) -> Result<Self, Unopened> {
        let place = owner.as_uuid().as_bytes();
        let seed = sealed::open(sealed, |keys| &keys.totp_seeds, place, keys)?;
        let seed = <[u8; Self::BYTES]>::try_from(&seed[..]).map_err(|_| Unopened::Changed)?;
        Ok(Self(Secret::new(seed)))
    }

    /// The seed as its owner takes it over: to be typed, to be followed as a link, to be scanned.
    ///
    /// The app shows it under the names of the service and of the account.
    pub(crate) fn reveal(&self, account: &str, service_name: &str) -> RevealedSeed {
        let named = self
            .builder()
            .with_account_name(label::account(account))
            .with_issuer(Some(label::issuer(service_name)))
            .build_noncompliant();
        // Its only error is an account without a name, or with a colon in it, and labels are neither.
        let uri = Secret::new(named.to_url().unwrap_or_default());
        RevealedSeed {
            secret: Secret::new(named.secret().to_base32()),
            qr_svg: qr::svg(uri.expose()),
            provisioning_uri: uri,
        }
    }

    /// The step that a code is of, if that is at most `skew` away from now.
    ///
    /// Of two steps with the same code it is the later one: where a code counts once, both are spent by it. All
    /// steps are looked at, and codes compared in constant time, so that how long it takes tells nothing.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp, skew: u8) -> Option<u64> {
        let code = six_digits(code)?;
        let totp = self.one_step();
        let current = now.as_millis() / 1000 / Self::STEP_SECS;
        let skew = u64::from(skew);
        let steps = current.saturating_sub(skew)..=current.saturating_add(skew);
        steps.fold(None, |latest, step| {
            totp.check(&code, step.saturating_mul(Self::STEP_SECS)).or(latest)
        })
    }

    /// Checks a code against a single step.
    fn one_step(&self) -> Totp {
        self.builder().with_skew(0).build_noncompliant()
    }

    /// SHA-1, six digits and 30 seconds. What `build` would check holds of every seed.
    fn builder(&self) -> Builder {
        Builder::new().with_secret(*self.0.expose())
    }
}

/// Whether a text has the form of a code, right or wrong.
pub(crate) fn is_code(text: &str) -> bool {
    six_digits(text).is_some()
}

/// A code as typed, without the spaces that apps show in it.
fn six_digits(text: &str) -> Option<Zeroizing<String>> {
    let typed = text.chars().filter(|char| !char.is_whitespace());
    let mut code = Zeroizing::new(String::with_capacity(CODE_DIGITS));
    for char in typed {
        if !char.is_ascii_digit() || code.len() == CODE_DIGITS {
            return None;
        }
        code.push(char);
    }
    (code.len() == CODE_DIGITS).then_some(code)
}

const CODE_DIGITS: usize = 6;

impl fmt::Debug for Seed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seed([redacted])")
    }
}
