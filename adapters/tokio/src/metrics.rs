//! What operators see of the workers.
//!
//! | metric | labels | what it tells |
//! |---|---|---|
//! | [`EVENTS`] | `consumer`, `outcome`: `taken` or `failed` | how many events were handed on |
//! | [`MESSAGES`] | `outcome`: `delivered`, `postponed` or `given_up` | how many attempts to deliver a message ended, and how |

/// Counts events that were handed on.
pub const EVENTS: &str = "testudo_events_total";
/// Counts attempts to deliver a message.
pub const MESSAGES: &str = "testudo_messages_total";
