//! Why a signed value is not taken.

use crate::time::Timestamp;

/// Why a signed value is not taken.
///
/// # Security
///
/// This is for the developer and the log. **A client is not told which it was**: to whoever made the
/// value up, each answer says how far they came. Answer all of them alike, with one refusal.
///
/// ```
/// use testudo::signing::{SignatureError, Signer, SigningSecrets};
///
/// let secrets = SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
/// let signer = Signer::new(&secrets);
/// assert_eq!(signer.unsign("ada"), Err(SignatureError::Malformed));
/// assert_eq!(signer.unsign("ada:made-up"), Err(SignatureError::BadSignature));
/// # Ok::<(), testudo::signing::SigningSecretsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// It has not the form of what was asked for. Nothing, or not enough, was signed.
    #[error("expected a signed value as it was made, unchanged")]
    Malformed,
    /// No secret or key that is in use made this signature for this value and this purpose.
    #[error("the signature does not belong to the value")]
    BadSignature,
    /// It is genuine, and its time is over.
    #[error("the signed value counted until just before {ended_at}")]
    Expired {
        /// The first moment at which it counted no more.
        ended_at: Timestamp,
    },
    /// It is genuine, and was signed in a second that is still to come: the clocks differ.
    #[error("the value was signed at {signed_at}, which is still to come")]
    FromTheFuture {
        /// When it says that it was signed.
        signed_at: Timestamp,
    },
}
