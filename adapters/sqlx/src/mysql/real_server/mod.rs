//! Tests on a real server.

mod connections;
mod counting;
mod events;
mod faults;
mod interrupted;
mod messages;
mod opening;
mod own_users;
mod plans;
mod refreshing;
mod tampered;
