//! Why a Redis cannot be a store.

use crate::fault::{Failed, said};

/// Why Redis cannot be opened as a store. The message says what to do, and shows no part of the address that
/// may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is none.
    #[error(
        "the address of Redis cannot be read: {0}; write redis://HOST:PORT, rediss://HOST:PORT or redis-cluster://HOST:PORT,HOST:PORT"
    )]
    Address(&'static str),
    /// The prefix cannot be one.
    #[error("a prefix is 1 to 64 letters, digits, '-', '_' or '.'")]
    Prefix,
    /// The number of buckets cannot be one.
    #[error("there are 1 to 16384 buckets")]
    BucketCount,
    /// The certificates cannot be read.
    #[error("the certificates of the authority cannot be read; give them in PEM")]
    Certificates,
    /// The records under this prefix are spread over another number of buckets.
    #[error(
        "the records under this prefix are spread over {recorded} buckets, not {wanted}; open them with {recorded}, or take another prefix"
    )]
    Buckets {
        /// As the database says.
        recorded: u32,
        /// As it was to be opened with.
        wanted: u32,
    },
    /// What stands under this prefix is of a newer version, or of another program.
    #[error(
        "what stands under this prefix was not made by this version; update this program, or take another prefix"
    )]
    OtherLayout,
    /// Redis may throw records away when memory is short.
    #[error(
        "this Redis throws keys away when memory is short (maxmemory-policy {0}); set maxmemory-policy noeviction"
    )]
    Evicts(String),
    /// Redis cannot be reached, or refused.
    #[error(
        "Redis cannot be opened: {0}; see whether it runs, whether host, port, user and password are right, and whether it is a cluster where one is named"
    )]
    Unavailable(String),
}

impl From<Failed> for OpenError {
    fn from(failed: Failed) -> Self {
        Self::Unavailable(match failed {
            Failed::Redis(error) => said(&error),
            Failed::Unanswered(why) => why.to_string(),
        })
    }
}

impl From<redis::RedisError> for OpenError {
    fn from(error: redis::RedisError) -> Self {
        Failed::from(error).into()
    }
}
