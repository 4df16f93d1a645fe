//! Handlers of events, and the registry of them.

mod handler_fn;
mod handlers;

pub use handler_fn::handler_fn;
pub use handlers::{EventHandlers, HandlerId, OnFailure};
