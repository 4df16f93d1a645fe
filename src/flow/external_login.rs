//! Signing in somebody whom another service vouches for.

use super::login::SignedIn;
use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{Event, LoginFailure};
use crate::model::{JsonObject, Method, User, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::backend::Records;
use crate::token::issue::{self, Grant};

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

type Outcome = Result<SignedIn, Refusal>;

/// Opens a session for somebody whom another service vouches for.
///
/// Nothing is asked of them here, so it does not matter whether the account has a password, or whether that is to be
/// changed. The session's method is [`Method::Federated`].
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

fn grant(request: ExternalLogin, user: User, mut env: Env) -> Step<Outcome> {
    let (batch, signed_in) = match granted(&request, user, &mut env) {
        Ok(granted) => granted,
        Err(unprintable) => return Step::Done(Err(unprintable)),
    };
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(signed_in)),
        Err(Conflict) if env.retries.spend() => external_login(request, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The user is written too, so that the session opens only if nothing has become of them meanwhile.
fn granted(
    request: &ExternalLogin,
    user: User,
    env: &mut Env,
) -> Result<(Commit, SignedIn), Refusal> {
    let policy = env.policy();
    let lifetime = if request.remember { policy.remembered_session } else { policy.session };
    let (methods, was) = (vec![Method::Federated], user.version);
    let user = User { last_login: Some(env.now), version: was.next(), ..user };
    let grant = Grant { methods: methods.clone(), lifetime, claims: request.claims.clone() };
    let (session, tokens) = issue::open(&user, grant, env)?;
    let mut batch = Commit::new().write(Write::ReplaceUser { user: Box::new(user.clone()), was });
    if env.tokens().records() == Records::Every {
        batch = batch.write(Write::InsertSession(Box::new(session.clone())));
    }
    let login = Event::UserLogin { methods, password_rehashed: false };
    batch = batch.event(env.event(Some(user.id), Some(session.id), login));
    Ok((batch, SignedIn { user, session, tokens }))
}

fn reject(user: &User, mut env: Env) -> Step<Outcome> {
    let (email, reason) = (user.email.key().masked(), LoginFailure::Inactive);
    let event = env.event(Some(user.id), None, Event::UserLoginFailed { email, reason });
    ask(Commit::new().event(event), |_| Step::Done(Err(Refusal::InvalidCredentials)))
}
