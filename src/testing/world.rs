//! A deterministic world in memory.

mod answering;

use super::faults::{Mishap, Plan, WorldFault};
use super::insecure_hasher::InsecureHasher;
use crate::command::{Commit, Consult, FindUser, HashPassword, Placement, UserKey, Write};
use crate::flow::{self, Login, RegisterUser, SignedIn};
use crate::message::{Message, MessageKind};
use crate::model::{Client, Email, EmailKey, Session, User};
use crate::onboarding::{Onboarding, SignIn};
use crate::password::{Password, PasswordHash, Salt, WorkBuffer};
use crate::reference::Tables;
use crate::token::backend::{OpaqueBackend, TokenBackend};
use crate::{
    Duration, Entropy, Env, KeyRing, Policy, Refusal, Secret, Settings, Step, Timestamp, drive,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that surrounds flows, in memory and under a test's control: records, clock, randomness,
/// client, settings, faults.
///
/// Two worlds that are treated alike behave alike, bit for bit. A clone is a snapshot: what happens to
/// one of the two does not happen to the other.
#[derive(Clone, Debug)]
pub struct World {
    tables: Tables,
    placement: Placement,
    now: Timestamp,
    runs: u64,
    client: Client,
    keys: Secret<String>,
    api_key_scopes: Vec<String>,
    onboarding: Onboarding,
    settings: Arc<Settings>,
    tokens: Backend,
    legacy: BTreeMap<EmailKey, Secret<String>>,
    application: Option<fn(&Consult) -> serde_json::Value>,
    plan: Plan,
    trace: Vec<&'static str>,
    carried_out: usize,
    hashes: usize,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// The secret that a new world has.
    pub const SECRET: &str = "a-secret-of-tests-and-of-nothing-else-7Kq2";

    /// A world with no records, at the start of 2026, with the default policy and an unknown client.
    #[must_use]
    pub fn new() -> Self {
        let keys = Secret::new(Self::SECRET.to_owned());
        Self {
            tables: Tables::new(),
            placement: Placement::together(0),
            now: Timestamp::from_millis(1_767_225_600_000),
            runs: 0,
            client: Client::unknown(),
            settings: settings(Policy::default(), &keys, opaque, &[], Onboarding::standard()),
            tokens: opaque,
            api_key_scopes: Vec::new(),
            onboarding: Onboarding::standard(),
            keys,
            legacy: BTreeMap::new(),
            application: None,
            plan: Plan::default(),
            trace: Vec::new(),
            carried_out: 0,
            hashes: 0,
        }
    }

    /// Lets the parts of the records live in several stores from now on: a commit is carried out store by store, and
    /// each of them counts as a command that may fail ([`World::fail`]). An [`Explorer`](super::Explorer) lets others come
    /// in between.
    pub const fn set_placement(&mut self, placement: Placement) {
        self.placement = placement;
    }

    /// Which part of the records lives in which store.
    #[must_use]
    pub const fn placement(&self) -> &Placement {
        &self.placement
    }

    /// What time it is.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass.
    pub fn advance(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    /// Sets the clock, back as well as forth.
    pub const fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Lets flows from now on be asked for by another client.
    pub fn set_client(&mut self, client: Client) {
        self.client = client;
    }

    /// The policy and the keys.
    #[must_use]
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Changes the policy for flows that start from now on.
    ///
    /// # Panics
    ///
    /// When the rules do not hold together.
    pub fn set_policy(&mut self, policy: Policy) {
        self.settings = settings(
            policy,
            &self.keys,
            self.tokens,
            &self.api_key_scopes,
            self.onboarding.clone(),
        );
    }

    /// Declares the scopes that API keys may have, for flows that start from now on.
    pub fn set_api_key_scopes<const N: usize>(&mut self, scopes: [&str; N]) {
        self.api_key_scopes = scopes.map(str::to_owned).to_vec();
        self.set_policy(self.settings.policy().clone());
    }

    /// Changes the steps of onboarding for flows that start from now on.
    ///
    /// # Panics
    ///
    /// When they do not go with the policy.
    pub fn set_onboarding(&mut self, onboarding: Onboarding) {
        self.onboarding = onboarding;
        self.set_policy(self.settings.policy().clone());
    }

    /// Changes the key ring for flows that start from now on: secrets separated by commas, newest
    /// first.
    ///
    /// # Panics
    ///
    /// When they make no key ring.
    pub fn set_keys(&mut self, secrets: &str) {
        self.keys = Secret::new(secrets.to_owned());
        self.set_policy(self.settings.policy().clone());
    }

    /// Changes the form of tokens for flows that start from now on. The backend is made of the key ring,
    /// and made again when that changes.
    pub fn set_tokens(&mut self, tokens: Backend) {
        self.tokens = tokens;
        self.set_policy(self.settings.policy().clone());
    }

    /// Gives an address a password in the system that accounts come from.
    ///
    /// # Panics
    ///
    /// When the address is none.
    pub fn set_legacy_password(&mut self, email: &str, password: &str) {
        let email: Email = email.parse().expect("an e-mail address");
        self.legacy.insert(email.key().clone(), Secret::new(password.to_owned()));
    }

    /// Lets an application answer what steps of its own ask.
    pub fn set_application(&mut self, answer: fn(&Consult) -> serde_json::Value) {
        self.application = Some(answer);
    }

    /// Surroundings for one flow that starts now, with randomness of its own.
    pub fn env(&mut self) -> Env {
        self.runs = self.runs.wrapping_add(1);
        let mut seed = [0; 32];
        for (place, byte) in seed.iter_mut().zip(self.runs.to_be_bytes()) {
            *place = byte;
        }
        let entropy = Entropy::from_seed(seed);
        Env::new(self.now, entropy, self.client.clone(), Arc::clone(&self.settings))
    }

    /// Runs a flow to its end.
    ///
    /// # Panics
    ///
    /// When a command fails: see [`World::try_run`] for runs in which one is meant to.
    pub fn run<T>(&mut self, flow: impl FnOnce(Env) -> Step<T>) -> T {
        self.try_run(flow).expect("a run without a fault")
    }

    /// Runs a flow until it ends or a command fails.
    ///
    /// # Errors
    ///
    /// The fault, as planned with [`World::fail`].
    pub fn try_run<T>(&mut self, flow: impl FnOnce(Env) -> Step<T>) -> Result<T, WorldFault> {
        let step = flow(self.env());
        drive(step, self)
    }

    /// Makes an account, active and not verified.
    ///
    /// # Panics
    ///
    /// When that is refused.
    pub fn register(&mut self, email: &str, password: &str) -> User {
        let request = RegisterUser::new(email, password.into());
        self.run(|env| flow::register_user(request, env)).expect("an account that can be made")
    }

    /// Signs in.
    ///
    /// # Panics
    ///
    /// When that is refused, or something is owed: run [`flow::login`] where it may be.
    pub fn login(&mut self, email: &str, password: &str) -> SignedIn {
        let request = Login::new(email, password.into());
        let signed_in = self.run(|env| flow::login(request, env));
        signed_in.and_then(SignIn::signed_in).expect("a sign-in that succeeds and owes nothing")
    }

    /// Authenticates a request, now.
    ///
    /// # Errors
    ///
    /// As [`flow::authenticate`].
    pub fn authenticate(&mut self, access_token: &str) -> Result<Session, Refusal> {
        let (settings, now) = (Arc::clone(&self.settings), self.now);
        self.run(|_| flow::authenticate(access_token, &settings, now))
    }

    /// Changes a user's record as an application would: in a commit, guarded by its version, which
    /// goes up by one.
    ///
    /// # Panics
    ///
    /// When nobody has this address.
    pub fn change_user(&mut self, email: &str, change: impl FnOnce(&mut User)) -> User {
        let email: Email = email.parse().expect("an e-mail address");
        let key = UserKey::Email(email.key().clone());
        let mut user = self.tables.find_user(&FindUser { key }).expect("an account to change");
        let was = user.version;
        change(&mut user);
        user.version = was.next();
        let write = Write::ReplaceUser { user: Box::new(user.clone()), was };
        let batch = Commit { writes: vec![write], ..Commit::default() };
        self.tables.commit(batch).expect("a change that applies");
        user
    }

    /// A stored hash of a password. One that is not `current` is replaced at the next sign-in.
    ///
    /// # Panics
    ///
    /// When the password is longer than [`Password::MAX_BYTES`].
    #[must_use]
    pub fn stored_hash(password: &str, current: bool) -> PasswordHash {
        let hasher = if current { InsecureHasher::current() } else { InsecureHasher::outdated() };
        let request = HashPassword { password: Password::from(password), salt: Salt::new([7; 16]) };
        let hashed = hasher.chain().hash(&request, &mut WorkBuffer::new());
        hashed.expect("memory").expect("a password of fit length")
    }

    /// The records.
    #[must_use]
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// All messages that wait to be sent, oldest first, those to nobody left out.
    ///
    /// # Panics
    ///
    /// When one does not open, which one that a flow sealed always does.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let keys = KeyRing::parse(self.keys.expose()).expect("secrets that make a key ring");
        let opened = self.tables.messages().map(|sealed| sealed.open(&keys).expect("a message"));
        opened.filter(|message| message.kind != MessageKind::Decoy).collect()
    }

    /// Lets the `k`-th command from now on, counted from 1, go wrong.
    pub fn fail(&mut self, k: usize, mishap: Mishap) {
        self.plan.add(self.carried_out.saturating_add(k), mishap);
    }

    /// The names of all commands so far, in their order, failed ones included.
    #[must_use]
    pub fn trace(&self) -> &[&'static str] {
        &self.trace
    }

    /// The names of the commands since this was last called.
    pub fn take_trace(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.trace)
    }

    /// How many password hashes were computed so far, those spent on nobody included.
    #[must_use]
    pub const fn hashes(&self) -> usize {
        self.hashes
    }
}

/// How a world comes by the form of its tokens.
pub type Backend = fn(&KeyRing) -> Arc<dyn TokenBackend>;

fn opaque(_: &KeyRing) -> Arc<dyn TokenBackend> {
    Arc::new(OpaqueBackend)
}

fn settings(
    policy: Policy,
    keys: &Secret<String>,
    tokens: Backend,
    api_key_scopes: &[String],
    onboarding: Onboarding,
) -> Arc<Settings> {
    let keys = KeyRing::parse(keys.expose()).expect("secrets that make a key ring");
    let tokens = tokens(&keys);
    let settings = Settings::new(policy, keys).expect("a policy that holds together");
    let settings = settings.with_tokens(tokens).with_api_key_scopes(api_key_scopes);
    Arc::new(settings.with_onboarding(onboarding).expect("steps that go with the policy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_ada() -> World {
        let mut world = World::new();
        world.register("ada@example.com", "correct horse");
        world
    }

    #[test]
    fn worlds_that_are_treated_alike_are_alike() {
        let (mut one, mut other) = (with_ada(), with_ada());
        let tokens = |world: &mut World| {
            world.login("ada@example.com", "correct horse").tokens.access.expose().clone()
        };
        assert_eq!(tokens(&mut one), tokens(&mut other));
        assert_eq!(one.tables(), other.tables());
        assert_ne!(tokens(&mut one), tokens(&mut one), "each flow has randomness of its own");
    }

    #[test]
    fn a_clone_is_a_snapshot() {
        let mut world = with_ada();
        let before = world.clone();
        world.login("ada@example.com", "correct horse");
        assert_ne!(before.tables(), world.tables());
    }

    #[test]
    fn the_planned_command_fails_before_or_after_it_is_carried_out() {
        for (mishap, users) in [(Mishap::Before, 0), (Mishap::After, 1)] {
            let mut world = World::new();
            world.fail(2, mishap);
            let request = RegisterUser::new("ada@example.com", "correct horse".into());
            let fault = world.try_run(|env| flow::register_user(request, env)).unwrap_err();
            assert_eq!(fault, WorldFault::Planned { number: 2, command: "Commit", mishap });
            assert_eq!(world.tables().users().count(), users);
            assert_eq!(world.trace(), ["HashPassword", "Commit"]);
        }
    }

    #[test]
    fn a_planned_conflict_changes_nothing_and_counts_from_the_next_command() {
        let mut world = with_ada();
        let before = world.clone();
        world.fail(2, Mishap::Conflict);
        let request = RegisterUser::new("eve@example.com", "correct horse".into());
        let refused = world.run(|env| flow::register_user(request, env));
        assert_eq!(refused, Err(Refusal::EmailTaken));
        assert_eq!(before.tables(), world.tables());
    }

    #[test]
    fn hashes_are_counted_whoever_they_are_spent_on() {
        let mut world = with_ada();
        assert_eq!(world.hashes(), 1);
        let request = Login::new("nobody@example.com", "guess".into());
        let _ = world.run(|env| flow::login(request, env)).unwrap_err();
        assert_eq!(world.hashes(), 2);
    }
}
