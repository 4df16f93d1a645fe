//! Records in SQL databases.
