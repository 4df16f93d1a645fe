//! Testudo's records in SQL databases, by [sqlx].
//!
//! One feature and one module for each database:
//!
//! * `sqlite`: `SqliteStore`, the records in one file, with SQLite built in.
//! * `mysql`: `MySqlStore`, the records in a database of MySQL or MariaDB, for any number of nodes.
//! * `postgres`: `PostgresStore`, the records in PostgreSQL, for any number of nodes.
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use testudo::flow::{Login, RegisterUser};
//! use testudo::{Client, KeyRing, Policy, Settings, password::HasherChain};
//! use testudo_driver::{Auth, InlineHashing};
//! use testudo_sqlx::SqliteStore;
//!
//! let store = SqliteStore::open("testudo.db").await?;
//! let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
//! let settings = Settings::new(Policy::default(), keys).expect("a policy that holds");
//! let auth = Auth::new(store, InlineHashing::new(HasherChain::standard()), settings);
//!
//! let here = Client::unknown();
//! auth.register_user(RegisterUser::new("ada@example.com", "correct horse".into()), &here).await?;
//! let signed_in = auth.login(Login::new("ada@example.com", "correct horse".into()), &here).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The stores run within a tokio runtime.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

#[cfg(test)]
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod laws;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#[cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, unused_imports, reason = "not every database needs all of it")
)]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "mysql")]
pub use mysql::MySqlStore;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use sql::{FieldType, NameError, Naming, PendingMigration, UserTable, UserTableError};

#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
