//! Signing claims, each for one purpose.

use std::marker::PhantomData;

use super::token::Token;
use super::{Claim, SignatureError, SignedClaim};
use crate::keys::{KeyRing, Purpose};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What a claim is signed for. The purposes are different types, so that a claim for one is never
/// taken for that of another; and each has a sub-key of its own, so that its signature is none there.
///
/// The list is closed: nobody gives a claim the key of something else.
pub trait ClaimPurpose: Copy + Send + Sync + sealed::Listed + 'static {
    /// The purpose, as the key ring knows it.
    const PURPOSE: Purpose;
}

mod sealed {
    pub trait Listed {}
}

/// Declares a purpose: the same name as in [`Purpose`].
macro_rules! purpose {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl sealed::Listed for $name {}

        impl ClaimPurpose for $name {
            const PURPOSE: Purpose = Purpose::$name;
        }
    };
}

purpose! {
    /// Setting a new password without the old one.
    PasswordReset
}

purpose! {
    /// Showing that an account's address is its owner's.
    EmailVerification
}

purpose! {
    /// Moving an account to another address: the text is the new one.
    EmailChange
}

purpose! {
    /// Taking an account back to the address that it had before: the text is that address.
    EmailUndo
}

purpose! {
    /// Opening an account again that its owner closed.
    AccountReopening
}

purpose! {
    /// Registering at an address that was invited.
    Invitation
}

purpose! {
    /// Getting no more of some mail, without signing in.
    Unsubscribe
}

/// Signs claims for the purpose `P` as short texts that are safe in URLs, and reads them.
///
/// A token is `tdl_` and 49 bytes (73 about an account) and the text of the claim, in base64url. It is signed with the newest
/// key of the ring; what an older key signed is taken while that is in the ring.
///
/// ```
/// use testudo::model::{Epoch, UserId};
/// use testudo::signing::{Claim, EmailVerification, PasswordReset, PurposeSigner, SignatureError};
/// use testudo::{Duration, KeyRing, Timestamp};
/// # let user: UserId = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse()?;
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let claim = Claim::new("ada@example.com", now + Duration::from_minutes(30))?;
/// let claim = claim.about(user, Epoch::FIRST);
///
/// let link = PurposeSigner::<EmailVerification>::new(&keys).sign(claim);
/// let read = PurposeSigner::<EmailVerification>::new(&keys).verify(link.expose(), now)?;
/// assert_eq!(read.claim().text(), "ada@example.com");
///
/// let other = PurposeSigner::<PasswordReset>::new(&keys).verify(link.expose(), now);
/// assert_eq!(other.unwrap_err(), SignatureError::BadSignature);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// The claim is signed and not encrypted: whoever holds the token reads it. The token is a secret of
/// who it is for; it goes to the one address that it is meant for, and into no log.
#[derive(Clone, Copy, Debug)]
pub struct PurposeSigner<'k, P: ClaimPurpose> {
    keys: &'k KeyRing,
    purpose: PhantomData<P>,
}

impl<'k, P: ClaimPurpose> PurposeSigner<'k, P> {
    /// Signs with the newest of these keys, and takes what any of them signed.
    #[must_use]
    pub const fn new(keys: &'k KeyRing) -> Self {
        Self { keys, purpose: PhantomData }
    }

    /// The token of a claim, for who it is for.
    #[must_use]
    pub fn sign(&self, claim: Claim) -> Secret<String> {
        Token::seal(claim, self.keys.newest(), P::PURPOSE).print()
    }

    /// The claim of a token that is genuine, for this purpose, and counts at `now`: strictly before
    /// it expires. One text is read as one claim only: no other case, padding, white space or spelling
    /// of the same bits is taken.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Malformed`] for what no [`PurposeSigner`] printed,
    /// [`SignatureError::BadSignature`] when no key of the ring signed it for this purpose, and
    /// [`SignatureError::Expired`].
    ///
    /// # Security
    ///
    /// A token is taken as often as it is presented. What must happen once is guarded by something
    /// that it changes: see [`Account`](super::Account).
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<SignedClaim<P>, SignatureError> {
        let claim = self.genuine(token)?;
        if now >= claim.expires_at() {
            return Err(SignatureError::Expired { ended_at: claim.expires_at() });
        }
        Ok(SignedClaim::new(claim))
    }

    /// The claim of a token that is genuine, for this purpose, whether or not its time is over.
    pub(crate) fn genuine(&self, token: &str) -> Result<Claim, SignatureError> {
        let token = Token::parse(token)?;
        let key = self.keys.find(token.key()).ok_or(SignatureError::BadSignature)?;
        token.open(key, P::PURPOSE).ok_or(SignatureError::BadSignature)
    }
}
