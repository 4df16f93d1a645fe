//! Testudo's records in Redis.
