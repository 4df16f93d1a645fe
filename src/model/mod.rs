//! The records that stores keep. No flow lives here.

mod attempt;
mod client;
mod email;
mod ids;
mod session;
mod user;

pub use attempt::{AttemptCounter, AttemptKey, AttemptLimit, AttemptVerdict, WindowEnd};
pub use client::Client;
pub use email::{Email, EmailError, EmailKey};
pub use ids::{Digest, Epoch, EventId, SessionId, UserId, Version};
pub use session::{EndReason, Ended, Lifetime, Method, Session};
pub use user::User;

/// A JSON object of the application's: a user's profile, a session's extra claims.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
