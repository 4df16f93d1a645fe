//! The records that stores keep. No flow lives here.

mod api_key;
mod attempt;
mod client;
mod email;
mod factors;
mod ids;
mod invitation;
mod onboarding;
mod session;
mod user;

pub use api_key::{ApiKey, ApiKeyState};
pub use attempt::{AttemptCounter, AttemptKey, AttemptLimit, AttemptVerdict, WindowEnd};
pub use client::Client;
pub use email::{Email, EmailError, EmailKey};
pub use factors::{AcceptedTerms, TotpFactor};
pub use ids::{
    ApiKeyId, Digest, Epoch, EventId, InvitationId, LinkSerial, MessageId, OnboardingId, SessionId,
    UserId, Version,
};
pub use invitation::Invitation;
pub use onboarding::OnboardingSession;
pub use session::{EndReason, Ended, Lifetime, Method, Session};
pub use user::{PreviousEmail, User};

/// A JSON object of the application's: a user's profile, a session's extra claims.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
