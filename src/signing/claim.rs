//! What is claimed, and the proof that it was signed.

use std::fmt;
use std::marker::PhantomData;

use super::ClaimPurpose;
use crate::model::{Epoch, UserId};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What a link says on behalf of the application: whose account it is about, one text, and until when
/// it counts.
///
/// The text is the exact thing that is claimed, such as the canonical key of the e-mail address that a
/// link verifies. `Debug` does not show it.
///
/// ```
/// use testudo::Timestamp;
/// use testudo::signing::Claim;
///
/// let until = Timestamp::from_millis(1_700_000_000_000);
/// let claim = Claim::new("ada@example.com", until)?;
/// assert_eq!(claim.text(), "ada@example.com");
/// assert!(!format!("{claim:?}").contains("ada"));
/// # Ok::<(), testudo::signing::ClaimTooLong>(())
/// ```
///
/// # Security
///
/// A claim that somebody *made* proves nothing; one that was verified is a [`SignedClaim`].
#[derive(Clone)]
pub struct Claim {
    account: Option<Account>,
    text: Secret<String>,
    expires_at: Timestamp,
}

/// An account, and the epoch under which something is claimed about it.
///
/// Who acts on the claim compares the epoch with that of the account, and raises it in the commit by
/// which it acts, guarded by the one that was read. So a link counts once, and not at all once the
/// password was changed otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub user: UserId,
    /// Its epoch when the claim was made.
    pub epoch: Epoch,
}

/// The text of a claim is longer than [`Claim::MAX_TEXT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {} bytes of text in a claim", Claim::MAX_TEXT_BYTES)]
pub struct ClaimTooLong;

impl Claim {
    /// The most bytes that the text of a claim may have, so that a link stays a link.
    pub const MAX_TEXT_BYTES: usize = 1024;

    /// The claim of this text until just before `expires_at`, about no account: an invitation.
    ///
    /// # Errors
    ///
    /// [`ClaimTooLong`] when the text has more than [`Claim::MAX_TEXT_BYTES`].
    pub fn new(text: impl Into<String>, expires_at: Timestamp) -> Result<Self, ClaimTooLong> {
        let text = Secret::new(text.into());
        if text.expose().len() > Self::MAX_TEXT_BYTES {
            return Err(ClaimTooLong);
        }
        Ok(Self { account: None, text, expires_at })
    }

    /// The claim about an account of a text that is known to be short: a number, or an address. A longer
    /// one would make a token that nothing reads.
    pub(crate) fn about_account(account: Account, text: &str, expires_at: Timestamp) -> Self {
        Self { account: Some(account), text: Secret::new(text.to_owned()), expires_at }
    }

    /// The claim of a text that is never too long, because the library made it: an id, or the canonical key
    /// of an address.
    pub(crate) fn of(text: impl fmt::Display, expires_at: Timestamp) -> Self {
        Self { account: None, text: Secret::new(text.to_string()), expires_at }
    }

    /// The same claim about an account, as it is now.
    #[must_use]
    pub fn about(self, user: UserId, epoch: Epoch) -> Self {
        Self { account: Some(Account { user, epoch }), ..self }
    }

    /// The account that it is about, if any.
    #[must_use]
    pub const fn account(&self) -> Option<Account> {
        self.account
    }

    /// What is claimed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.expose()
    }

    /// The first moment at which it counts no more.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Claim")
            .field("account", &self.account)
            .field("text", &self.text)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// A claim that was signed for the purpose `P` and had not expired. Nothing but
/// [`PurposeSigner::verify`](super::PurposeSigner::verify) makes one.
///
/// What acts on a claim takes this type, so that neither a claim that nobody signed nor one for
/// another purpose compiles there.
///
/// ```
/// use testudo::signing::{PasswordReset, SignedClaim};
///
/// fn whose_password(claim: &SignedClaim<PasswordReset>) -> Option<testudo::signing::Account> {
///     claim.claim().account()
/// }
/// ```
///
/// # Security
///
/// That it is genuine does not make it new: compare the epoch of its [`Account`], and change it when
/// you act.
#[derive(Clone)]
pub struct SignedClaim<P: ClaimPurpose> {
    claim: Claim,
    purpose: PhantomData<P>,
}

impl<P: ClaimPurpose> SignedClaim<P> {
    pub(super) const fn new(claim: Claim) -> Self {
        Self { claim, purpose: PhantomData }
    }

    /// What was signed.
    #[must_use]
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }
}

impl<P: ClaimPurpose> fmt::Debug for SignedClaim<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignedClaim")
            .field("purpose", &P::PURPOSE)
            .field("claim", &self.claim)
            .finish()
    }
}
