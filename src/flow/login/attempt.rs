//! A sign-in on its way, and the batches that it may end in.

use super::Login;
use crate::command::{Commit, PasswordVerdict, Write};
use crate::env::Env;
use crate::event::{Event, LimitName, LoginFailure};
use crate::flow::SignedIn;
use crate::flow::attempts::{Reservation, give_back};
use crate::flow::entrance::{Arrival, Circumstances, let_in};
use crate::flow::onboarding::Pending;
use crate::model::{Email, JsonObject, Method, User, UserId};
use crate::onboarding::OnboardingResult;
use crate::owed::Cleared;
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::token::backend::Unprintable;

/// A request on its way, with what was found out so far.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) email: Email,
    pub(super) password: Password,
    remember: bool,
    claims: JsonObject,
    pub(super) network: Option<Reservation>,
    pub(super) account: Option<Reservation>,
    /// What the password was held against, and how it compared.
    pub(super) verified: Option<(Option<PasswordHash>, PasswordVerdict)>,
    /// The hash that is to replace an outdated one, if it can be made.
    pub(super) rehashed: Option<Option<PasswordHash>>,
    /// Whether the owner is to be told of a device, if that was found out.
    pub(super) is_new_device: Option<bool>,
}

impl Attempt {
    pub(super) fn new(email: Email, request: Login) -> Self {
        let Login { email: _, password, remember, claims } = request;
        Self {
            email,
            password,
            remember,
            claims,
            network: None,
            account: None,
            verified: None,
            rehashed: None,
            is_new_device: None,
        }
    }

    pub(super) fn verdict_on(&self, stored: Option<&PasswordHash>) -> Option<PasswordVerdict> {
        let (against, verdict) = self.verified.as_ref()?;
        (against.as_ref() == stored).then_some(*verdict)
    }

    /// How they came.
    pub(super) fn arrival(&self, env: &Env) -> Arrival {
        Arrival {
            methods: vec![Method::Password],
            auth_time: env.now,
            remember: self.remember,
            claims: self.claims.clone(),
        }
    }

    /// The batch of a sign-in.
    pub(super) fn granted(
        &self,
        user: &User,
        rehashed: Option<PasswordHash>,
        cleared: Cleared,
        env: &mut Env,
    ) -> Result<(Commit, SignedIn), Unprintable> {
        let circumstances = Circumstances {
            password_rehashed: rehashed.is_some(),
            is_new_device: self.is_new_device == Some(true),
        };
        let (arrival, was) = (self.arrival(env), Some(user.version));
        let user = next(user, rehashed);
        let (batch, signed_in) = let_in(user, was, arrival, circumstances, cleared, env)?;
        Ok((self.succeeded(batch), signed_in))
    }

    /// The batch of a right password that is not enough. The record of the user is written, so that nothing was
    /// decided about an account that is another by now.
    pub(super) fn pending(
        &self,
        user: &User,
        rehashed: Option<PasswordHash>,
        pending: Pending,
        env: &mut Env,
    ) -> (Commit, Result<OnboardingResult, Refusal>) {
        let (was, user) = (user.version, Box::new(next(user, rehashed)));
        let batch = Commit::new().write(Write::ReplaceUser { user, was });
        let (batch, shown) = pending.open(batch, env);
        (self.succeeded(batch), shown)
    }

    /// The password was right: what was counted against its account is forgotten, and what was counted against
    /// the network is taken back.
    fn succeeded(&self, batch: Commit) -> Commit {
        batch
            .write_all(self.account.as_ref().map(Reservation::clear))
            .write_all(self.network.as_ref().map(Reservation::refund))
    }

    /// The batch of an attempt that was none, or that was right when no session can be opened.
    pub(super) fn taken_back(&self) -> Commit {
        give_back(self.account.iter().chain(&self.network))
    }

    /// The batch of a sign-in that failed.
    pub(super) fn rejected(
        &self,
        user: Option<UserId>,
        reason: LoginFailure,
        env: &mut Env,
    ) -> Commit {
        let email = self.email.key().masked();
        let failed = env.event(user, None, Event::UserLoginFailed { email, reason });
        let mut batch = Commit::new().event(failed);
        let limits =
            [(&self.network, LimitName::LoginNetwork), (&self.account, LimitName::LoginAccount)];
        for (reservation, limit) in limits {
            if reservation.as_ref().is_some_and(|reservation| reservation.is_last) {
                batch = batch.event(env.event(user, None, Event::RateLimitExceeded { limit }));
            }
        }
        batch
    }
}

/// The record of the user after this sign-in.
pub(super) fn next(user: &User, rehashed: Option<PasswordHash>) -> User {
    let password = rehashed.unwrap_or_else(|| user.password.clone());
    User { password, version: user.version.next(), ..user.clone() }
}
