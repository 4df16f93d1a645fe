//! A store with everything that flows need besides.

pub(super) mod newcomer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use testudo::command::{HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
use testudo::event::Event;
use testudo::flow::{Login, Refreshed, RegisterUser, SignedIn};
use testudo::message::Message;
use testudo::model::{Session, SessionId, User};
use testudo::onboarding::Onboarding;
use testudo::password::{Argon2id, HasherChain, PasswordHash};
use testudo::token::Tokens;
use testudo::{Client, KeyRing, Policy, Refusal, Settings};

use super::manual_clock::ManualClock;
use super::observe::Observe;
use super::race::let_others_go_on;
use super::records::NOW;
use crate::{Auth, AuthError, Clock as _, Fault, Hashing, InlineHashing, Store};

pub(super) const ADA: &str = "ada@example.com";
pub(super) const SECRET: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
pub(super) const RIGHT: &str = "correct horse";

/// A store with everything that flows need besides: cheap hashing that is counted, and a clock that
/// stands still.
pub(super) struct World<S> {
    pub(super) auth: Auth<S, CountedHashing>,
    pub(super) clock: ManualClock,
    verified: Arc<AtomicU32>,
}

impl<S: Store> World<S> {
    pub(super) fn new(store: S) -> Self {
        Self::with(store, Policy::default())
    }

    pub(super) fn with(store: S, policy: Policy) -> Self {
        let keys = KeyRing::parse(SECRET).expect("a key ring");
        Self::set(store, Settings::new(policy, keys).expect("a policy that holds"))
    }

    /// Where people sign up by these steps.
    pub(super) fn with_steps<const N: usize>(store: S, policy: Policy, steps: [&str; N]) -> Self {
        let keys = KeyRing::parse(SECRET).expect("a key ring");
        let settings = Settings::new(policy, keys).expect("a policy that holds");
        let settings = settings.with_onboarding(Onboarding::standard().sign_up(steps));
        Self::set(store, settings.expect("an order that can be"))
    }

    fn set(store: S, settings: Settings) -> Self {
        let chain = HasherChain::new(Argon2id::cheap_for_tests());
        let (clock, verified) = (ManualClock::at(NOW), Arc::default());
        let hashing =
            CountedHashing { hashing: InlineHashing::new(chain), verified: Arc::clone(&verified) };
        let auth = Auth::new(store, hashing, settings).with_clock(Arc::new(clock.clone()));
        Self { auth, clock, verified }
    }

    pub(super) const fn store(&self) -> &S {
        self.auth.store()
    }

    /// How many passwords were compared.
    pub(super) fn verified(&self) -> u32 {
        self.verified.load(Ordering::SeqCst)
    }

    pub(super) async fn register(&self, email: &str) -> Result<User, Refusal> {
        let request = RegisterUser::new(email, RIGHT.into());
        refusal_of(self.auth.register_user(request, &Client::unknown()).await)
    }

    pub(super) async fn login(&self, request: Login) -> Result<SignedIn, Refusal> {
        refusal_of(self.auth.login(request, &Client::unknown()).await)?.signed_in()
    }

    pub(super) async fn sign_in(&self, email: &str) -> Result<SignedIn, Refusal> {
        self.login(Login::new(email, RIGHT.into())).await
    }

    /// The first session of a new user.
    pub(super) async fn signed_in(&self) -> SignedIn {
        self.register(ADA).await.expect("the address is free");
        self.sign_in(ADA).await.expect("the password is right")
    }

    pub(super) async fn refresh(&self, tokens: &Tokens) -> Result<Refreshed, Refusal> {
        refusal_of(self.auth.refresh(tokens.refresh.expose(), &Client::unknown()).await)
    }

    pub(super) async fn check(&self, tokens: &Tokens) -> Result<Session, Refusal> {
        refusal_of(self.auth.authenticate(tokens.access.expose()).await)
    }

    pub(super) async fn logout(&self, tokens: &Tokens) -> Result<(), Refusal> {
        refusal_of(self.auth.logout(tokens.access.expose(), &Client::unknown()).await)
    }

    pub(super) async fn logout_all(&self, tokens: &Tokens) -> Result<(), Refusal> {
        refusal_of(self.auth.logout_all(tokens.access.expose(), &Client::unknown()).await)
    }

    pub(super) async fn assert_dead(&self, tokens: &Tokens) {
        assert!(self.check(tokens).await.is_err());
        assert!(self.refresh(tokens).await.is_err());
    }

    pub(super) async fn stored(&self, id: SessionId) -> Session {
        self.store().session(id).await.expect("the session is there").session
    }

    /// All messages so far, those to nobody included.
    pub(super) async fn mail(&self) -> Vec<Message> {
        let (keys, now) = (KeyRing::parse(SECRET).expect("a key ring"), self.clock.now());
        let taken = self.store().take_messages(now, now, 1000).await.expect("a store that works");
        taken.iter().map(|taken| taken.message.open(&keys).expect("a sealed message")).collect()
    }

    /// All codes that were sent to an address so far, in the order in which they were.
    pub(super) async fn codes(&self) -> Vec<String> {
        let mail = self.mail().await.into_iter();
        mail.filter_map(|message| Some(message.code?.expose().clone())).collect()
    }

    pub(super) async fn events(&self) -> Vec<Event> {
        self.store().events().await.into_iter().map(|record| record.event).collect()
    }
}

/// The decision of a flow; a fault of the store fails the test.
pub(super) fn refusal_of<T>(outcome: Result<T, AuthError>) -> Result<T, Refusal> {
    outcome.map_err(|error| match error {
        AuthError::Refused(refusal) => refusal,
        AuthError::Fault(fault) => panic!("the store must not fail: {fault}"),
    })
}

pub(super) fn count<T>(outcomes: &[Result<T, Refusal>], refusal: &Refusal) -> usize {
    outcomes.iter().filter(|outcome| outcome.as_ref().err() == Some(refusal)).count()
}

pub(super) fn texts(tokens: &Tokens) -> (&str, &str) {
    (tokens.access.expose(), tokens.refresh.expose())
}

/// Hashing that counts, and lets others go on meanwhile as a pool would.
pub(super) struct CountedHashing {
    hashing: InlineHashing,
    verified: Arc<AtomicU32>,
}

impl Hashing for CountedHashing {
    async fn verify_password(&self, command: VerifyPassword) -> Result<PasswordVerdict, Fault> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        let_others_go_on().await;
        self.hashing.verify_password(command).await
    }

    async fn hash_password(
        &self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Fault> {
        let_others_go_on().await;
        self.hashing.hash_password(command).await
    }
}
