//! A sign-in on its way, and the batches that it may end in.

use super::{Login, SignedIn};
use crate::command::{Commit, PasswordVerdict, Write};
use crate::env::Env;
use crate::event::{Event, EventRecord, LimitName, LoginFailure};
use crate::flow::attempts::Reservation;
use crate::message::{Message, MessageKind};
use crate::model::{Email, JsonObject, Method, User, UserId};
use crate::password::{Password, PasswordHash};
use crate::token::backend::{Records, Unprintable};
use crate::token::issue::{self, Grant};

/// A request on its way, with what was found out so far.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) email: Email,
    pub(super) password: Password,
    pub(super) new_password: Option<Password>,
    remember: bool,
    claims: JsonObject,
    pub(super) network: Option<Reservation>,
    pub(super) account: Option<Reservation>,
    /// What the password was held against, and how it compared.
    pub(super) verified: Option<(Option<PasswordHash>, PasswordVerdict)>,
    /// The hash that is to replace an outdated one, if it can be made.
    pub(super) rehashed: Option<Option<PasswordHash>>,
    /// The hash of the new password, where one is due.
    pub(super) changed: Option<PasswordHash>,
    /// Whether the owner is to be told of a device, if that was found out.
    pub(super) is_new_device: Option<bool>,
}

/// What happens to the stored hash as its owner comes in.
#[derive(Debug)]
pub(super) enum Upgrade {
    /// The same password under the current settings.
    Rehashed(PasswordHash),
    /// Another password.
    Changed(PasswordHash),
}

impl Attempt {
    pub(super) fn new(email: Email, request: Login) -> Self {
        let Login { email: _, password, new_password, remember, claims } = request;
        Self {
            email,
            password,
            new_password,
            remember,
            claims,
            network: None,
            account: None,
            verified: None,
            rehashed: None,
            changed: None,
            is_new_device: None,
        }
    }

    pub(super) fn verdict_on(&self, stored: Option<&PasswordHash>) -> Option<PasswordVerdict> {
        let (against, verdict) = self.verified.as_ref()?;
        (against.as_ref() == stored).then_some(*verdict)
    }

    /// The batch of a sign-in. The user is written first: where users and sessions are kept apart, a
    /// crash in between must not leave a session whose password check was not confirmed.
    pub(super) fn granted(
        &mut self,
        user: User,
        upgrade: Option<Upgrade>,
        env: &mut Env,
    ) -> Result<(Commit, SignedIn), Unprintable> {
        let policy = env.policy();
        let lifetime = if self.remember { policy.remembered_session } else { policy.session };
        let methods = vec![Method::Password];
        let was = user.version;
        let password_rehashed = matches!(upgrade, Some(Upgrade::Rehashed(_)));
        let changed = matches!(upgrade, Some(Upgrade::Changed(_)));
        let login = Event::UserLogin { methods: methods.clone(), password_rehashed };
        let user = match upgrade {
            None => User { version: was.next(), ..user },
            Some(Upgrade::Rehashed(password)) => User { password, version: was.next(), ..user },
            Some(Upgrade::Changed(password)) => user.with_new_password(password, env.now),
        };
        let user = User { last_login: Some(env.now), ..user };
        let grant = Grant { methods, lifetime, claims: self.claims.clone() };
        let (session, tokens) = issue::open(&user, grant, env)?;
        let mut batch =
            Commit::new().write(Write::ReplaceUser { user: Box::new(user.clone()), was });
        if env.tokens().records() == Records::Every {
            batch = batch.write(Write::InsertSession(Box::new(session.clone())));
        }
        batch.writes.extend(self.account.as_ref().map(Reservation::clear));
        batch.writes.extend(self.network.as_ref().map(Reservation::refund));
        if changed {
            let notice = Message::to_owner(MessageKind::PasswordChanged, &user).seal(env);
            let event = env.event(Some(user.id), None, Event::PasswordChanged);
            batch = batch.event(event).message(notice);
        }
        if self.is_new_device == Some(true) {
            batch = batch.message(Message::to_owner(MessageKind::NewDevice, &user).seal(env));
        }
        batch = batch.event(env.event(Some(user.id), Some(session.id), login));
        Ok((batch, SignedIn { user, session, tokens }))
    }

    /// The batch of a right password that is not enough.
    pub(super) fn owing(&self, user: &User, env: &mut Env) -> Commit {
        let reason = LoginFailure::PasswordChangeRequired;
        self.taken_back().event(self.failed(Some(user.id), reason, env))
    }

    /// The batch of a right password when no session can be opened.
    pub(super) fn taken_back(&self) -> Commit {
        let mut batch = Commit::new();
        batch.writes.extend(self.account.as_ref().map(Reservation::refund));
        batch.writes.extend(self.network.as_ref().map(Reservation::refund));
        batch
    }

    /// The batch of a sign-in that failed.
    pub(super) fn rejected(
        &self,
        user: Option<UserId>,
        reason: LoginFailure,
        env: &mut Env,
    ) -> Commit {
        let mut batch = Commit::new().event(self.failed(user, reason, env));
        let limits =
            [(&self.network, LimitName::LoginNetwork), (&self.account, LimitName::LoginAccount)];
        for (reservation, limit) in limits {
            if reservation.as_ref().is_some_and(|reservation| reservation.is_last) {
                batch = batch.event(env.event(user, None, Event::RateLimitExceeded { limit }));
            }
        }
        batch
    }

    fn failed(&self, user: Option<UserId>, reason: LoginFailure, env: &mut Env) -> EventRecord {
        let email = self.email.key().masked();
        env.event(user, None, Event::UserLoginFailed { email, reason })
    }
}
