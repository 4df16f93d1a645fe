//! What is asked for with an invitation.

use crate::flow::credentials::parse_email;
use crate::model::{Email, JsonObject};
use crate::refusal::{FieldError, Refusal};
use crate::time::Duration;

/// A request for an invitation.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The only address that may accept it, as typed; `None` for whoever has the link.
    pub email: Option<String>,
    /// How many accounts may be made with it: 1 to 1000, and 1 where there is an address.
    pub seats: u32,
    /// After what time it counts no more: a second to 90 days. Default 7 days.
    pub expires_in: Option<Duration>,
    /// What the application wants to know when it is accepted, such as a team.
    pub data: JsonObject,
}

impl Invite {
    /// How many accounts may be made with one invitation.
    pub const MOST_SEATS: u32 = 1000;

    /// How long an invitation counts at most.
    pub const LONGEST: Duration = Duration::from_days(90);

    /// How long an invitation counts that does not say.
    pub const USUAL: Duration = Duration::from_days(7);

    /// An invitation of one address.
    #[must_use]
    pub fn bound(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..Self::open(1) }
    }

    /// An invitation of whoever has the link, until so many accounts were made.
    #[must_use]
    pub fn open(seats: u32) -> Self {
        Self { email: None, seats, expires_in: None, data: JsonObject::new() }
    }
}

/// A request that is acceptable.
#[derive(Clone, Debug)]
pub(in crate::flow) struct Accepted {
    pub(super) email: Option<Email>,
    pub(super) seats: u32,
    pub(super) lifetime: Duration,
    pub(super) data: JsonObject,
}

/// The request, if it is acceptable; else all that is wrong with it.
pub(in crate::flow) fn accept(request: Invite) -> Result<Accepted, Refusal> {
    let Invite { email, seats, expires_in, data } = request;
    let most = if email.is_some() { 1 } else { Invite::MOST_SEATS };
    let (email, mut errors) = match email.as_deref().map(parse_email) {
        Some((email, errors)) => (email, errors),
        None => (None, Vec::new()),
    };
    if !(1..=most).contains(&seats) {
        let message = match most {
            1 => "expected 1 seat for an invitation of one address".to_owned(),
            _ => format!("expected 1 to {most} seats"),
        };
        errors.push(FieldError::new("seats", "invalid_seats", message));
    }
    let lifetime = expires_in.unwrap_or(Invite::USUAL);
    if !(Duration::from_secs(1)..=Invite::LONGEST).contains(&lifetime) {
        let message = "expected a second to 90 days";
        errors.push(FieldError::new("expires_in", "invalid_span", message));
    }
    if errors.is_empty() {
        Ok(Accepted { email, seats, lifetime, data })
    } else {
        Err(Refusal::Invalid(errors))
    }
}
