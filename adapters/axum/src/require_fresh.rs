//! Routes for users who signed in a short time ago.

use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use testudo::model::{Method, Session};
use testudo::{Duration, Refusal, Timestamp};

use crate::Testudo;
use crate::current::authenticate_user;
use crate::layer::{Check, layer};

/// A layer for what changes how somebody signs in, or moves money: it lets only users through who signed in at
/// most `max_age` ago. Others are 403 `step_up_required`: they sign in again (ASVS 5.0 7.5.1).
///
/// # Security
///
/// Refreshing does not make a sign-in fresh: [`auth_time`](Session::auth_time) stays as it was.
#[must_use]
pub fn require_fresh(testudo: &Testudo, max_age: Duration) -> RequireFresh {
    RequireFresh { testudo: testudo.clone(), max_age, methods: Vec::new() }
}

/// What [`require_fresh`] gives.
#[derive(Clone, Debug)]
pub struct RequireFresh {
    testudo: Testudo,
    max_age: Duration,
    methods: Vec<Method>,
}

impl RequireFresh {
    /// The sign-in must have been by this method, and by all others that are named.
    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    fn admits(&self, session: &Session, now: Timestamp) -> bool {
        // A session that nobody proved anything for is never fresh.
        let is_proved = !session.methods.is_empty();
        let is_by_all = self.methods.iter().all(|method| session.methods.contains(method));
        is_proved && is_by_all && now - session.auth_time <= self.max_age
    }
}

layer!(RequireFresh);

impl Check for RequireFresh {
    async fn check(&self, parts: &mut Parts) -> Result<(), Response> {
        let testudo = &self.testudo;
        let found = authenticate_user(parts, testudo).await;
        let session = found.map_err(|problem| problem.into_response())?.session;
        if self.admits(&session, testudo.auth().now()) {
            return Ok(());
        }
        Err(testudo.problem(Refusal::StepUpRequired.into()).into_response())
    }
}
