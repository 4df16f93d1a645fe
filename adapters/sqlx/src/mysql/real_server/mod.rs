//! Tests on a real server.

mod connections;
mod events;
mod faults;
mod interrupted;
mod lost_answers;
mod messages;
mod migrating;
mod opening;
mod own_users;
mod plans;
mod refreshing;
mod retries;
mod sweeping;
mod tampered;
mod tls;
