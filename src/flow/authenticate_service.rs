//! Authenticating a request of another service by its static token.

use super::attempts::{self, Reached};
use crate::command::Commit;
use crate::env::Env;
use crate::event::{Event, LimitName, ServiceFailure};
use crate::model::AttemptKey;
use crate::refusal::Refusal;
use crate::service::{ServiceName, ServiceTokens};
use crate::step::{Step, ask};

type Outcome = Result<Option<ServiceName>, Refusal>;

/// Authenticates a request by a service token, and returns the name that the service gave itself.
///
/// A token that is right is always taken, and recorded as [`Event::S2sAuthSuccess`] unless
/// [`Policy::record_service_successes`](crate::Policy::record_service_successes) says not to. One that is wrong
/// is counted under the client's network (clients without an address share a counter) and recorded as
/// [`Event::S2sAuthFailed`]; over [`Policy::service_network`](crate::Policy::service_network) nothing more is
/// recorded.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], also where no tokens are configured; [`Refusal::RateLimited`] after too many of
/// those.
///
/// # Security
///
/// The token is compared before anything is counted. That is safe, since a token is no password: it is too
/// long to be guessed, and a flood of wrong ones must not keep services out. The name is for the audit trail;
/// nothing is granted by it.
pub fn authenticate_service(
    token: &str,
    name: Option<ServiceName>,
    tokens: &ServiceTokens,
    mut env: Env,
) -> Step<Outcome> {
    if !tokens.accept(token) {
        let reason = match tokens.is_enabled() {
            true => ServiceFailure::UnknownToken,
            false => ServiceFailure::NotEnabled,
        };
        return refuse(name, reason, env);
    }
    if !env.policy().record_service_successes {
        return Step::Done(Ok(name));
    }
    let event = env.event(None, None, Event::S2sAuthSuccess { service: name.clone() });
    ask(Commit::new().event(event), move |_| Step::Done(Ok(name)))
}

fn refuse(service: Option<ServiceName>, reason: ServiceFailure, mut env: Env) -> Step<Outcome> {
    let key = AttemptKey::service_network(env.client.ip());
    let command = attempts::count(&key, env.policy().service_network, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            let mut reached = Reached::default();
            reached.note(reservation, LimitName::ServiceNetwork);
            let event = env.event(None, None, Event::S2sAuthFailed { service, reason });
            let batch = reached.report(Commit::new().event(event), None, &mut env);
            ask(batch, |_| Step::Done(Err(Refusal::InvalidToken)))
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}
