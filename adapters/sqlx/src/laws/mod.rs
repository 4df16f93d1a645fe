//! What holds for the stores of all databases, beyond the suite of all stores.

pub(crate) mod fixtures;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod lost_answers;
pub(crate) mod own_users;
pub(crate) mod records;
pub(crate) mod sweeping;
