//! An application with pages, a clock and a mailbox.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use testudo::command::UserKey;
use testudo::flow::RegisterUser;
use testudo::flow::admin::SetPassword;
use testudo::model::Email;
use testudo::onboarding::Onboarding;
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, Duration, KeyRing, Policy, Settings, Timestamp};
use testudo_axum::{Cookies, Testudo, envelope};
use testudo_driver::{Auth, Clock, Courier, InlineHashing, Letter, Letters, UndeliveredError};
use testudo_memory::MemoryStore;
use testudo_tokio::MessageWorker;

use crate::browser::{Browser, ORIGIN, Page};

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Site {
    pub(crate) testudo: Testudo,
    pub(crate) app: Router,
    clock: Arc<ManualClock>,
    mailbox: Mailbox,
}

#[derive(Debug)]
struct ManualClock(AtomicU64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Clone, Default)]
struct Mailbox(Arc<Mutex<Vec<Letter>>>);

impl Courier for Mailbox {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        self.0.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default(), Onboarding::standard())
    }

    pub(crate) fn with(policy: Policy, onboarding: Onboarding) -> Self {
        let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x").unwrap();
        let settings = Settings::new(policy, keys).unwrap().with_service_name("Example");
        let settings = settings.with_onboarding(onboarding).unwrap();
        let hashing = InlineHashing::new(quick());
        let clock = Arc::new(ManualClock(AtomicU64::new(1_700_000_000_000)));
        let auth = Auth::new(MemoryStore::new(), hashing, settings);
        let testudo = Testudo::new(auth.with_clock(Arc::<ManualClock>::clone(&clock)));
        let app = Router::new()
            .nest("/auth", testudo.routes())
            .merge(testudo.pages(Cookies::for_origin(ORIGIN).unwrap()))
            .layer(axum::middleware::from_fn(envelope));
        Self { testudo, app, clock, mailbox: Mailbox::default() }
    }

    pub(crate) async fn with_user() -> Self {
        let site = Self::new();
        site.register(EMAIL).await;
        site
    }

    pub(crate) async fn register(&self, email: &str) {
        let request = RegisterUser::new(email, PASSWORD.into());
        self.testudo.auth().register_user(request, &Client::unknown()).await.unwrap();
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.app)
    }

    /// Has an administrator ask for another password at the next sign-in.
    pub(crate) async fn require_password_change(&self, email: &str) {
        let user = UserKey::Email(email.parse::<Email>().unwrap().key().clone());
        let request = SetPassword { user, password: PASSWORD.into(), must_change: true };
        self.testudo.auth().admin().set_password(request, &Client::unknown()).await.unwrap();
    }

    /// A browser that is signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
        assert_eq!(page.location(), "/account");
        browser
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(by.as_millis(), Ordering::SeqCst);
    }

    /// The code that an authenticator app shows.
    pub(crate) fn code_of_app(&self, uri: &str) -> String {
        let totp = totp_rs::Totp::from_url(uri).unwrap();
        totp.generate(self.clock.now().as_millis() / 1000).to_string()
    }

    /// All letters so far.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let auth = Arc::clone(self.testudo.auth());
        let worker = MessageWorker::new(auth, Letters::new(ORIGIN), self.mailbox.clone());
        worker.drain().await.unwrap();
        self.mailbox.0.lock().unwrap().clone()
    }

    pub(crate) async fn last_letter(&self) -> Letter {
        self.letters().await.pop().unwrap()
    }

    /// The page that the last letter links to.
    pub(crate) async fn link(&self) -> String {
        let link = self.last_letter().await.link.unwrap();
        link.expose().strip_prefix(ORIGIN).unwrap().to_owned()
    }

    /// Every path that there is something at.
    pub(crate) fn paths(&self) -> BTreeSet<String> {
        let router: Router = self.testudo.pages(Cookies::for_origin(ORIGIN).unwrap());
        let shown = format!("{router:?}");
        let quoted = shown.split('"').skip(1).step_by(2);
        let own = quoted.filter(|text| text.starts_with('/') && !text.contains('{'));
        own.map(str::to_owned).collect()
    }
}

/// The cheapest that is allowed: what is tried here is something else.
fn quick() -> HasherChain {
    HasherChain::new(Argon2id::new(19_456, 2, 1).unwrap())
}

pub(crate) async fn sign_in(browser: &mut Browser, email: &str, password: &str) -> Page {
    browser.fill("/signin", "/signin", &[("email", email), ("password", password)]).await
}
