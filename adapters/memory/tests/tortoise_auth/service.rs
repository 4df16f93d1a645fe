//! An onboarding service over the memory store, with a clock that stands still.

use std::future::Future;
use std::sync::{Arc, Barrier};

use serde_json::Value;
use smol::block_on;
use testudo::command::{FindOnboarding, FindUser, UserKey};
use testudo::event::{Event, EventRecord};
use testudo::flow::{Login, SignedIn};
use testudo::message::{Message, MessageKind};
use testudo::model::{Email, JsonObject, OnboardingSession, User};
use testudo::onboarding::{
    Advance, Onboarding, OnboardingResult, Revealed, SignIn, StartOnboarding,
};
use testudo::password::{Argon2id, HasherChain};
use testudo::token::OnboardingToken;
use testudo::{Client, Duration, KeyRing, Policy, Refusal, Secret, Settings, Timestamp};
use testudo_driver::conformance::ManualClock;
use testudo_driver::{Auth, AuthError, Clock as _, InlineHashing, Store as _};
use testudo_memory::MemoryStore;

pub(crate) use serde_json::json;

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse";
const SECRET: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(crate) type Came = Result<OnboardingResult, Refusal>;

pub(crate) struct Service {
    pub(crate) auth: Auth<MemoryStore, InlineHashing>,
    client: Client,
    clock: ManualClock,
}

impl Service {
    /// The standard steps in their standard order.
    pub(crate) fn new() -> Self {
        Self::with(Policy::default(), Onboarding::standard())
    }

    pub(crate) fn of_steps<const N: usize>(steps: [&str; N]) -> Self {
        Self::with(Policy::default(), Onboarding::standard().sign_up(steps))
    }

    pub(crate) fn with(policy: Policy, onboarding: Onboarding) -> Self {
        let settings = Settings::new(policy, keys()).unwrap().with_onboarding(onboarding).unwrap();
        let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
        let clock = ManualClock::at(NOW);
        let auth = Auth::new(MemoryStore::new(), hashing, settings);
        let auth = auth.with_clock(Arc::new(clock.clone()));
        Self { auth, client: Client::unknown(), clock }
    }

    /// The same, asked from an address of the network.
    pub(crate) fn from(self, client: Client) -> Self {
        Self { client, ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    pub(crate) fn start(&self, email: &str) -> OnboardingResult {
        block_on(self.starting(email)).unwrap()
    }

    pub(crate) async fn starting(&self, email: &str) -> Came {
        refusal(self.auth.start_onboarding(StartOnboarding::new(email), &self.client)).await
    }

    /// Says something to the current step.
    pub(crate) fn advance(&self, token: &Secret<String>, data: Value) -> Came {
        block_on(self.advancing(token, data))
    }

    pub(crate) async fn advancing(&self, token: &Secret<String>, data: Value) -> Came {
        let advance = Advance::with(object(data));
        refusal(self.auth.advance_onboarding(token.expose(), advance, &self.client)).await
    }

    pub(crate) fn skip(&self, token: &Secret<String>) -> Came {
        let skipping = self.auth.advance_onboarding(token.expose(), Advance::skip(), &self.client);
        block_on(refusal(skipping))
    }

    pub(crate) fn resume(&self, token: &Secret<String>) -> Came {
        block_on(self.resuming(token))
    }

    pub(crate) async fn resuming(&self, token: &Secret<String>) -> Came {
        refusal(self.auth.resume_onboarding(token.expose(), &self.client)).await
    }

    /// Begins, and gives the token.
    pub(crate) fn begin(&self, email: &str) -> Secret<String> {
        self.start(email).session_token
    }

    /// Begins and registers.
    pub(crate) fn registered(&self, email: &str) -> Secret<String> {
        let token = self.begin(email);
        accepted(self.advance(&token, registration(email)));
        token
    }

    /// Begins, registers and has a code sent, which is given too.
    pub(crate) fn sent(&self, email: &str) -> (Secret<String>, String) {
        let token = self.registered(email);
        accepted(self.advance(&token, json!({})));
        (token, self.mailed_code())
    }

    /// Begins, registers and verifies.
    pub(crate) fn verified(&self, email: &str) -> (Secret<String>, OnboardingResult) {
        let (token, code) = self.sent(email);
        let verified = accepted(self.advance(&token, json!({ "code": code })));
        (token, verified)
    }

    /// Has the seed of an authenticator app shown.
    pub(crate) fn shown_seed(&self, token: &Secret<String>) -> Secret<String> {
        let shown = accepted(self.advance(token, json!({})));
        match shown.hint().unwrap().revealed.clone() {
            Some(Revealed::Totp(seed)) => seed.secret,
            other => panic!("{other:?}"),
        }
    }

    /// An account with an authenticator app, whose seed is given.
    pub(crate) fn enrolled(&self, email: &str) -> Secret<String> {
        let (token, _) = self.verified(email);
        let seed = self.shown_seed(&token);
        accepted(self.advance(&token, json!({"code": self.code_of(&seed)})));
        assert!(self.skip(&token).unwrap().completed().is_some());
        self.wait(Duration::from_secs(30));
        seed
    }

    /// What an authenticator app with this seed shows now.
    pub(crate) fn code_of(&self, seed: &Secret<String>) -> String {
        let seed = totp_rs::Secret::try_from_base32(seed.expose()).unwrap();
        let app = totp_rs::Builder::new().with_secret(seed).build_noncompliant();
        app.generate(self.now().as_millis() / 1000).to_string()
    }

    /// A code that the app does not show, nor did it, nor will it soon.
    pub(crate) fn wrong_code_of(&self, seed: &Secret<String>) -> String {
        let here = self.now();
        let near: Vec<_> = (0..9_u32)
            .map(|step| {
                self.clock.set(Timestamp::from_millis(
                    here.as_millis() + u64::from(step) * 30_000 - 120_000,
                ));
                self.code_of(seed)
            })
            .collect();
        self.clock.set(here);
        (0..).map(|n: u32| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }

    pub(crate) fn sign_in(&self, email: &str) -> Result<SignIn, Refusal> {
        block_on(refusal(self.auth.login(Login::new(email, PASSWORD.into()), &self.client)))
    }

    pub(crate) fn is_let_in(&self, signed_in: &SignedIn) -> bool {
        block_on(self.auth.authenticate(signed_in.tokens.access.expose())).is_ok()
    }

    pub(crate) fn user(&self, email: &str) -> Option<User> {
        let email: Email = email.parse().unwrap();
        let key = UserKey::Email(email.key().clone());
        block_on(self.auth.store().find_user(FindUser { key })).unwrap()
    }

    /// The record of a session, as who reads the database finds it.
    pub(crate) fn record(&self, token: &Secret<String>) -> Option<OnboardingSession> {
        let id = OnboardingToken::parse(token.expose()).unwrap().id();
        block_on(self.auth.store().find_onboarding(FindOnboarding { id })).unwrap()
    }

    /// All events, the first one first.
    pub(crate) fn events(&self) -> Vec<EventRecord> {
        let first = Timestamp::from_millis(0);
        let all = self.auth.store().take_events("test".to_owned(), first, first, usize::MAX);
        block_on(all).unwrap().events
    }

    /// The names of all events.
    pub(crate) fn event_names(&self) -> Vec<&'static str> {
        self.events().iter().map(|record| record.event.kind().as_str()).collect()
    }

    pub(crate) fn count_events(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        self.events().iter().filter(|record| is_meant(&record.event)).count()
    }

    pub(crate) fn mail(&self) -> Vec<Message> {
        let now = self.now();
        let taken = block_on(self.auth.store().take_messages(now, now, 10_000)).unwrap();
        taken.iter().map(|taken| taken.message.open(&keys()).unwrap()).collect()
    }

    pub(crate) fn count_mail(&self, kind: MessageKind) -> usize {
        self.mail().iter().filter(|message| message.kind == kind).count()
    }

    /// The code that was sent last.
    pub(crate) fn mailed_code(&self) -> String {
        let mut codes = self.mail().into_iter().filter_map(|message| message.code);
        codes.next_back().unwrap().expose().clone()
    }
}

/// What must be accepted.
pub(crate) fn accepted(came: Came) -> OnboardingResult {
    let result = came.unwrap();
    assert_eq!(result.errors(), []);
    result
}

/// What was wrong: a code for each.
pub(crate) fn errors(came: Came) -> Vec<String> {
    came.unwrap().errors().iter().map(|error| error.code.to_string()).collect()
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "password_confirm": PASSWORD})
}

pub(crate) fn field_names(result: &OnboardingResult) -> Vec<&str> {
    result.hint().unwrap().fields.iter().map(|field| field.name.as_str()).collect()
}

fn object(data: Value) -> JsonObject {
    let Value::Object(data) = data else { panic!("{data} is no object") };
    data
}

fn keys() -> KeyRing {
    KeyRing::parse(SECRET).unwrap()
}

/// Does the same on so many threads at once.
pub(crate) fn in_parallel<T: Send>(count: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let work = || {
            barrier.wait();
            work()
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

pub(crate) async fn refusal<T>(
    outcome: impl Future<Output = Result<T, AuthError>>,
) -> Result<T, Refusal> {
    outcome.await.map_err(|error| match error {
        AuthError::Refused(refusal) => refusal,
        fault => panic!("{fault}"),
    })
}
