//! Events as signed HTTP requests to other systems, in the format of [Standard Webhooks].
//!
//! [`Webhook`] is an [`EventHandler`](testudo_driver::EventHandler): give each a worker of its own, so that one
//! that does not answer holds up nobody else. [`Secrets::verify`] is for the other end.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod endpoint;
mod secrets;
mod webhook;

pub use endpoint::{Endpoint, NotAnEndpoint};
pub use secrets::{NotASecret, Secrets, Unverified};
pub use webhook::Webhook;
