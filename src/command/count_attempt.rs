//! Counting attempts before looking at secrets.

use crate::model::{AttemptKey, AttemptLimit};
use crate::time::Timestamp;

/// Reserves one attempt at a secret, before the secret is looked at.
///
/// The store must do what [`AttemptCounter::reserve`](crate::model::AttemptCounter::reserve) does to
/// the counter at `key` (a new one where there is none) as **one atomic operation**: of any number
/// of parallel reservations exactly as many are allowed as the limit permits. The reply is the
/// verdict of that very operation. A verdict other than `Allowed` changes nothing.
///
/// # Security
///
/// Reading the counter, adding one and writing it back is the classic defect here: parallel guesses
/// would all read the same count. When the counter cannot be written, report a fault; never answer
/// `Allowed`.
#[derive(Clone, Debug)]
pub struct CountAttempt {
    /// What is counted.
    pub key: AttemptKey,
    /// How many, and for how long.
    pub limit: AttemptLimit,
    /// The moment of the attempt.
    pub now: Timestamp,
}
