//! Signing in somebody whom another service vouches for.

use super::entrance::{Arrival, Circumstances, Way, let_in, way};
use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{Event, LoginFailure};
use crate::model::{JsonObject, Method, User, UserId};
use crate::onboarding::SignIn;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// A sign-in that another service has done: an OpenID provider, say.
#[derive(Clone, Debug)]
pub struct ExternalLogin {
    /// Whose account its identity belongs to, as the application has noted.
    pub user: UserId,
    /// Keep the session for longer: [`Policy::remembered_session`](crate::Policy::remembered_session).
    pub remember: bool,
    /// What is to travel with the session.
    pub claims: JsonObject,
}

impl ExternalLogin {
    /// An ordinary sign-in to this account.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self { user, remember: false, claims: JsonObject::new() }
    }
}

type Outcome = Result<SignIn, Refusal>;

/// Opens a session for somebody whom another service vouches for.
///
/// Nothing is asked of them here, so it does not matter whether the account has a password, or whether that is to be
/// changed. What the account [owes](crate::owed) otherwise they pay, as after [`login`](super::login()). The
/// session's method is [`Method::Federated`].
///
/// # Errors
///
/// [`Refusal::InvalidCredentials`] where there is no such account or it is deactivated or closed, told apart in the
/// events; [`Refusal::Invalid`] for claims that do not fit into a token; [`Refusal::Busy`].
///
/// # Security
///
/// The caller has verified what the other service says: its signature, that it is meant for this application, and
/// that it answers a sign-in which this browser began. Which account an identity belongs to is found by the pair of
/// issuer and subject, never by an e-mail address, which others may come to own (ASVS 5.0 6.8.1).
pub fn external_login(request: ExternalLogin, env: Env) -> Step<Outcome> {
    let key = UserKey::Id(request.user);
    ask(FindUser { key }, move |user| match user {
        Some(user) if user.may_be_used() => grant(request, user, env),
        Some(user) => reject(&user, env),
        None => Step::Done(Err(Refusal::InvalidCredentials)),
    })
}

/// Lets them in, unless something is owed: a second factor of this account, say, which the other service knows
/// nothing of.
fn grant(request: ExternalLogin, user: User, mut env: Env) -> Step<Outcome> {
    let arrival = Arrival {
        methods: vec![Method::Federated],
        auth_time: env.now,
        remember: request.remember,
        claims: request.claims.clone(),
    };
    let was = user.version;
    let user = User { version: was.next(), ..user };
    let (batch, outcome) = match way(&user, &arrival, &mut env) {
        Way::In(cleared) => {
            let circumstances = Circumstances::default();
            match let_in(user, Some(was), arrival, circumstances, cleared, &mut env) {
                Ok((batch, signed_in)) => (batch, Ok(SignIn::Completed(Box::new(signed_in)))),
                Err(unprintable) => return Step::Done(Err(unprintable.into())),
            }
        }
        Way::Owing(pending) => {
            // The user is written too, so that nothing was decided about an account that is another by now.
            let batch = Commit::new().write(Write::ReplaceUser { user: Box::new(user), was });
            let (batch, shown) = pending.open(batch, &mut env);
            (batch, shown.map(|shown| SignIn::Owing(Box::new(shown))))
        }
    };
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(outcome),
        Err(Conflict) if env.retries.spend() => external_login(request, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

fn reject(user: &User, mut env: Env) -> Step<Outcome> {
    let (email, reason) = (user.email.key().masked(), LoginFailure::Inactive);
    let event = env.event(Some(user.id), None, Event::UserLoginFailed { email, reason });
    ask(Commit::new().event(event), |_| Step::Done(Err(Refusal::InvalidCredentials)))
}
