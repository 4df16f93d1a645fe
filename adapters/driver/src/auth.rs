//! The facade that applications hold.

use std::fmt;
use std::sync::Arc;

use testudo::command::Swept;
use testudo::event::EventRecord;
use testudo::flow::{
    self, ChangePassword, EventPage, ExternalLogin, Login, Refreshed, RegisterUser, SessionPage,
    Sessions,
};
use testudo::model::{Session, SessionId, User};
use testudo::onboarding::{Answers, SignIn};
use testudo::{Client, Entropy, Env, Refusal, Settings, Step, Timestamp};

use crate::application::SharedApplication;
use crate::legacy::SharedLegacy;
use crate::{
    Admin, Application, Clock, Fault, FaultKind, Hashing, Legacy, NoApplication, NoLegacy,
    SharedHashing, SharedStore, Store, SystemClock, drive, observe,
};

/// Authentication over a store and a hasher: every flow as one async method.
///
/// ```
/// use std::sync::Arc;
/// use testudo::flow::{Login, RegisterUser};
/// use testudo::{Client, KeyRing, Policy, Settings, password::HasherChain};
/// use testudo_driver::{Auth, InlineHashing};
/// use testudo_memory::MemoryStore;
///
/// # smol::block_on(async {
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let settings = Settings::new(Policy::default(), keys).expect("a policy that holds");
/// let hashing = InlineHashing::new(HasherChain::standard());
/// let auth = Auth::new(MemoryStore::new(), hashing, settings);
///
/// let here = Client::unknown();
/// auth.register_user(RegisterUser::new("ada@example.com", "correct horse".into()), &here).await?;
/// let request = Login::new("ada@example.com", "correct horse".into());
/// let signed_in = auth.login(request, &here).await?.signed_in()?;
/// let (_, user) = auth.authenticate_user(signed_in.tokens.access.expose()).await?;
/// assert_eq!(user.email.as_str(), "ada@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Auth<S, H> {
    store: S,
    hashing: H,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    legacy: SharedLegacy,
    application: SharedApplication,
}

/// Why a call did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The answer is no. The refusal says why, and what the caller may do.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The world did not answer. Nothing was granted; trying again later is safe.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Puts a store, a hasher and the settings together, with the system's clock.
    pub fn new(store: S, hashing: H, settings: Settings) -> Self {
        Self {
            store,
            hashing,
            settings: Arc::new(settings),
            clock: Arc::new(SystemClock),
            legacy: SharedLegacy::new(NoLegacy),
            application: SharedApplication::new(NoApplication),
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// With a system that accounts come from, to ask for passwords that still live there.
    #[must_use]
    pub fn with_legacy(self, legacy: impl Legacy + 'static) -> Self {
        Self { legacy: SharedLegacy::new(legacy), ..self }
    }

    /// With what answers the questions of the application's own onboarding steps.
    #[must_use]
    pub fn with_application(self, application: impl Application + 'static) -> Self {
        Self { application: SharedApplication::new(application), ..self }
    }

    /// The same behind one type, whatever the store and the hasher are: for what is to work with any.
    #[must_use]
    pub fn shared(self) -> Auth<SharedStore, SharedHashing>
    where
        S: 'static,
        H: 'static,
    {
        let Self { store, hashing, settings, clock, legacy, application } = self;
        let (store, hashing) = (SharedStore::new(store), SharedHashing::new(hashing));
        Auth { store, hashing, settings, clock, legacy, application }
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// What time it is, by this clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes an account: [`flow::register_user`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn register_user(
        &self,
        request: RegisterUser,
        client: &Client,
    ) -> Result<User, AuthError> {
        self.run("register_user", client, |env| flow::register_user(request, env)).await
    }

    /// Signs in with a password: [`flow::login`]. Whoever owes something more goes on with
    /// [`Auth::advance_onboarding`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn login(&self, request: Login, client: &Client) -> Result<SignIn, AuthError> {
        self.run("login", client, |env| flow::login(request, env)).await
    }

    /// Opens a session for somebody whom another service vouches for: [`flow::external_login`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn external_login(
        &self,
        request: ExternalLogin,
        client: &Client,
    ) -> Result<SignIn, AuthError> {
        self.run("external_login", client, |env| flow::external_login(request, env)).await
    }

    /// Authenticates a request by its access token: [`flow::authenticate`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn authenticate(&self, access_token: &str) -> Result<Session, AuthError> {
        self.finish(
            "authenticate",
            flow::authenticate(access_token, &self.settings, self.clock.now()),
        )
        .await
    }

    /// Authenticates a request and reads its user: [`flow::authenticate_user`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn authenticate_user(
        &self,
        access_token: &str,
    ) -> Result<(Session, User), AuthError> {
        self.finish(
            "authenticate_user",
            flow::authenticate_user(access_token, &self.settings, self.clock.now()),
        )
        .await
    }

    /// Exchanges a refresh token for the next pair: [`flow::refresh`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<Refreshed, AuthError> {
        self.run("refresh", client, |env| flow::refresh(refresh_token, env)).await
    }

    /// Ends the session of an access token: [`flow::logout`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn logout(&self, access_token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("logout", client, |env| flow::logout(access_token, env)).await
    }

    /// Ends all sessions of an access token's user: [`flow::logout_all`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn logout_all(&self, access_token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("logout_all", client, |env| flow::logout_all(access_token, env)).await
    }

    /// Ends all sessions of an access token's user but its own: [`flow::end_other_sessions`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn end_other_sessions(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<(), AuthError> {
        let flow = |env| flow::end_other_sessions(access_token, env);
        self.run("end_other_sessions", client, flow).await
    }

    /// Changes the profile of an access token's user: [`flow::update_profile`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn update_profile(
        &self,
        access_token: &str,
        answers: Answers,
        client: &Client,
    ) -> Result<User, AuthError> {
        let flow = |env| flow::update_profile(access_token, answers, env);
        self.run("update_profile", client, flow).await
    }

    /// Changes the password of an access token's user: [`flow::change_password`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn change_password(
        &self,
        access_token: &str,
        request: ChangePassword,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("change_password", client, |env| flow::change_password(access_token, request, env))
            .await
    }

    /// Lists the sessions of an access token's user: [`flow::list_sessions`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn list_sessions(
        &self,
        access_token: &str,
        page: SessionPage,
    ) -> Result<Sessions, AuthError> {
        self.finish(
            "list_sessions",
            flow::list_sessions(access_token, page, &self.settings, self.clock.now()),
        )
        .await
    }

    /// Lists what happened to an access token's user: [`flow::list_events`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn list_events(
        &self,
        access_token: &str,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, AuthError> {
        self.finish(
            "list_events",
            flow::list_events(access_token, page, &self.settings, self.clock.now()),
        )
        .await
    }

    /// Ends a session of an access token's user: [`flow::revoke_session`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn revoke_session(
        &self,
        access_token: &str,
        session: SessionId,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("revoke_session", client, |env| flow::revoke_session(access_token, session, env))
            .await
    }

    /// Removes what has no meaning any more, batch by batch until nothing is left: [`flow::sweep`].
    ///
    /// # Errors
    ///
    /// A fault. What was removed before stays so.
    pub async fn sweep(&self) -> Result<Swept, Fault> {
        const BATCH: u32 = 1000;
        let step = flow::sweep(BATCH, self.settings.policy(), self.clock.now());
        self.drive("sweep", step).await
    }

    /// What administrators do, to any account.
    pub const fn admin(&self) -> Admin<'_, S, H> {
        Admin::new(self)
    }

    /// Runs a flow, the library's or one of your own, in surroundings of its own. Spans and metrics tell it by
    /// `name`.
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault; also when the operating system gives no randomness.
    pub async fn run<T>(
        &self,
        name: &'static str,
        client: &Client,
        flow: impl FnOnce(Env) -> Step<Result<T, Refusal>>,
    ) -> Result<T, AuthError> {
        let env = self.env(client.clone())?;
        self.finish(name, flow(env)).await
    }

    pub(crate) async fn finish<T>(
        &self,
        name: &'static str,
        step: Step<Result<T, Refusal>>,
    ) -> Result<T, AuthError> {
        observe::flow(name, async { Ok(self.answer_all(step).await??) }).await
    }

    pub(crate) async fn drive<T>(&self, name: &'static str, step: Step<T>) -> Result<T, Fault> {
        observe::flow(name, self.answer_all(step)).await
    }

    async fn answer_all<T>(&self, step: Step<T>) -> Result<T, Fault> {
        drive(step, &self.store, &self.hashing, &self.legacy, &self.application).await
    }

    /// A failing random generator is a fault; there is nothing to fall back on (ASVS 5.0 11.5.2).
    fn env(&self, client: Client) -> Result<Env, Fault> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| Fault::new(FaultKind::Internal, error))?;
        let entropy = Entropy::from_seed(seed);
        Ok(Env::new(self.clock.now(), entropy, client, Arc::clone(&self.settings)))
    }
}

impl<S, H> fmt::Debug for Auth<S, H> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Auth").field("settings", &self.settings).finish_non_exhaustive()
    }
}
