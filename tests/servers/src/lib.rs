//! Throwaway database servers for tests: Postgres, MariaDB, Redis, and a Redis Cluster of three masters; with
//! replicas that take over, where a test asks for them.
//!
//! A server that a test starts has its own directory and its own port on 127.0.0.1, answers when `start` returns,
//! and is gone, with its directory, when it is dropped **and when the process of the test dies**, whatever killed it:
//! a shell that waits for the end of a pipe cleans up behind it. All of it works as root too (Postgres then runs as
//! an unprivileged user). It needs Linux: what runs is found in `/proc`.
//!
//! | | |
//! |---|---|
//! | [`Postgres::start`], [`MariaDb::start`], [`Redis::start`], [`RedisCluster::start`] | a server of one's own, to kill and to stop |
//! | [`RedisCluster::start_with_tls`] | one that takes TLS |
//! | [`Postgres::standby`], [`Redis::follow`], [`RedisCluster::start_with_replicas`] | a replica, which takes over for good |
//! | [`Postgres::shared`], … | the URL of a server that all tests use: named by a [variable](variables), or started for this process |
//! | [`Database::postgres`], [`Database::mysql`] | an empty database for one test on the shared server, dropped with the value |
//! | [`Proxy`](proxy::Proxy) | a network between that misbehaves on command |
//! | [`Port`] | a port to listen on, which stays one's own while nobody listens |
//! | [`unique_name`] | what a test prefixes its keys with on a shared Redis |
//!
//! The binary `testudo-test-servers -- COMMAND…` starts one of each, names them in the variables, and runs a command
//! among them. That is how `tests/run` runs the tests, as each of them is a process.
//!
//! A test that needs one of these servers says so: `real_server` is in its path (the name of its file or of a
//! module), by which `TESTUDO_WITHOUT_SERVERS=1 tests/run` leaves it out.
//!
//! ```no_run
//! use testudo_test_servers::{Options, Postgres};
//!
//! let postgres = Postgres::start_with(&Options::durable())?;
//! // … write something and have it acknowledged …
//! postgres.kill_9()?;
//! postgres.restart()?;
//! // … it is still there, at the same `postgres.url()`.
//! # Ok::<(), testudo_test_servers::Error>(())
//! ```

mod database;
mod error;
mod mariadb;
mod options;
mod place;
mod port;
mod postgres;
mod program;
pub mod proxy;
mod redis;
mod redis_cluster;
mod server;
pub mod variables;

pub use database::{Database, unique_name};
pub use error::Error;
pub use mariadb::MariaDb;
pub use options::Options;
pub use port::Port;
pub use postgres::Postgres;
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use server::Server;
