//! What holds for the stores of all databases, beyond the suite of all stores.

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod batches;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod certificates;
pub(crate) mod fixtures;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod lost_answers;
pub(crate) mod own_users;
pub(crate) mod records;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod retries;
pub(crate) mod sweeping;
