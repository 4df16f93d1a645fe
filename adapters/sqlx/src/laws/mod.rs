//! What holds for the stores of all databases, beyond the suite of all stores.

pub(crate) mod fixtures;
pub(crate) mod own_users;
pub(crate) mod records;
pub(crate) mod sweeping;
