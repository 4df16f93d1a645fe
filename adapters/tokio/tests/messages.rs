//! Committed messages reach their courier: each once in ordinary runs, and none is lost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use testudo::command::UserKey;
use testudo::flow::RegisterUser;
use testudo::flow::admin::SetPassword;
use testudo::message::{
    BurialReason, DeadLetters, KeptMessage, ListMessages, MessageKind, MessageState,
};
use testudo::model::Email;
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, Duration, KeyRing, Policy, Settings, Timestamp};
use testudo_driver::{
    Auth, Clock, Courier, InlineHashing, Letter, Letters, Store, UndeliveredError,
};
use testudo_memory::MemoryStore;
use testudo_tokio::MessageWorker;

const SECRET: &str = "only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y";
const OTHER_SECRET: &str = "only-for-tests-too-8Kp3Lm9Xc4Vb7Nq2";

/// Keeps what it is given, after refusing some of it.
#[derive(Clone, Debug, Default)]
struct Postbox {
    letters: Arc<Mutex<Vec<Letter>>>,
    refusals_left: Arc<AtomicUsize>,
    refuses_for_good: Option<&'static str>,
}

impl Postbox {
    fn refusing(count: usize) -> Self {
        Self { refusals_left: Arc::new(AtomicUsize::new(count)), ..Self::default() }
    }

    fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }
}

impl Courier for Postbox {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        let left = self.refusals_left.load(Ordering::Relaxed);
        if left > 0 {
            self.refusals_left.store(left - 1, Ordering::Relaxed);
            return Err(UndeliveredError::new("the post is closed"));
        }
        tokio::task::yield_now().await;
        if self.refuses_for_good == Some(letter.to.as_str()) {
            return Err(UndeliveredError::permanent("nobody lives there"));
        }
        self.letters.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_700_000_000_000)))
    }

    fn move_on(&self, span: Duration) {
        self.0.fetch_add(span.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

const LEASE: Duration = MessageWorker::<MemoryStore, InlineHashing, Postbox>::LEASE;

async fn dead_letters(store: &MemoryStore) -> Vec<KeptMessage> {
    let command = ListMessages { state: Some(MessageState::Dead), after: None, limit: 100 };
    store.list_messages(command).await.unwrap()
}

async fn reasons(store: &MemoryStore) -> Vec<BurialReason> {
    dead_letters(store).await.iter().map(|kept| kept.burial.unwrap().reason).collect()
}

type TestAuth = Arc<Auth<MemoryStore, InlineHashing>>;

fn auth(store: &MemoryStore, secret: &str, clock: &Hands) -> TestAuth {
    let settings = Settings::new(Policy::default(), KeyRing::parse(secret).unwrap()).unwrap();
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    let auth = Auth::new(store.clone(), hashing, settings);
    Arc::new(auth.with_clock(Arc::new(clock.clone())))
}

async fn with_requests(store: &MemoryStore, clock: &Hands, accounts: usize) -> TestAuth {
    let auth = auth(store, SECRET, clock);
    let here = Client::unknown();
    for number in 0..accounts {
        let email = format!("user-{number}@example.com");
        let request = RegisterUser { password: None, ..RegisterUser::new(&email, "".into()) };
        auth.register_user(request, &here).await.unwrap();
        auth.request_password_reset(&email, &here).await.unwrap();
        auth.request_password_reset("nobody@example.org", &here).await.ok();
    }
    auth
}

fn worker(auth: &TestAuth, post: &Postbox) -> MessageWorker<MemoryStore, InlineHashing, Postbox> {
    MessageWorker::new(Arc::clone(auth), Letters::new("https://id.example.com"), post.clone())
}

#[tokio::test]
async fn messages_go_out_once_in_order_and_decoys_to_nobody() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    let auth = with_requests(&store, &clock, 3).await;
    worker(&auth, &post).drain().await.unwrap();
    worker(&auth, &post).drain().await.unwrap();
    let letters = post.letters.lock().unwrap().clone();
    let to: Vec<_> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, ["user-0@example.com", "user-1@example.com", "user-2@example.com"]);
    assert!(letters.iter().all(|letter| letter.kind == MessageKind::PasswordReset));
    clock.move_on(Duration::from_days(400));
    let left = store.take_messages(clock.now(), clock.now(), 100).await.unwrap();
    assert_eq!(left, [], "decoys and what was sent are forgotten");
}

#[tokio::test]
async fn what_could_not_be_delivered_is_tried_again_later_and_less_often() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::refusing(3));
    let auth = with_requests(&store, &clock, 1).await;
    let worker = worker(&auth, &post);
    for pause in [5, 10, 20] {
        worker.drain().await.unwrap();
        assert_eq!(post.count(), 0);
        let left = post.refusals_left.load(Ordering::Relaxed);
        clock.move_on(Duration::from_secs(pause - 1));
        worker.drain().await.unwrap();
        assert_eq!(post.refusals_left.load(Ordering::Relaxed), left, "tried before its time");
        clock.move_on(Duration::from_secs(1));
    }
    worker.drain().await.unwrap();
    assert_eq!(post.count(), 1);
}

#[tokio::test]
async fn several_workers_on_one_store_send_each_message_once() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    let auth = with_requests(&store, &clock, 50).await;
    let workers = [(); 4].map(|()| worker(&auth, &post));
    let [one, two, three, four] = &workers;
    let drained = tokio::join!(one.drain(), two.drain(), three.drain(), four.drain());
    assert!(drained.0.is_ok() && drained.1.is_ok() && drained.2.is_ok() && drained.3.is_ok());
    let mut ids: Vec<_> = post.letters.lock().unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(ids.len(), 50);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn a_worker_that_dies_on_the_way_loses_nothing() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    let auth = with_requests(&store, &clock, 1).await;
    // It took the message, and was never heard of again.
    let until = clock.now() + LEASE;
    assert_eq!(store.take_messages(clock.now(), until, 1).await.unwrap().len(), 1);
    worker(&auth, &post).drain().await.unwrap();
    assert_eq!(post.count(), 0, "it may still be on its way");
    clock.move_on(LEASE);
    worker(&auth, &post).drain().await.unwrap();
    assert_eq!(post.count(), 1);
}

/// One of them took it just now and is to renew its lease in three seconds.
#[tokio::test]
async fn workers_whose_clocks_are_half_a_minute_apart_send_each_message_once() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    with_requests(&store, &clock, 1).await;
    let until = clock.now() + LEASE;
    assert_eq!(store.take_messages(clock.now(), until, 1).await.unwrap().len(), 1);
    let ahead = Hands::new();
    ahead.move_on(Duration::from_secs(30 + 3));
    worker(&auth(&store, SECRET, &ahead), &post).drain().await.unwrap();
    assert_eq!(post.count(), 0, "it is still on its way");
}

#[tokio::test]
async fn a_link_that_has_expired_meanwhile_is_sent_to_nobody() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    let auth = with_requests(&store, &clock, 1).await;
    clock.move_on(Policy::default().password_reset_lifetime);
    worker(&auth, &post).drain().await.unwrap();
    assert_eq!(post.count(), 0);
    assert_eq!(reasons(&store).await, [BurialReason::Expired]);
}

#[tokio::test]
async fn a_message_whose_key_is_gone_is_kept_and_looked_at_again_later() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::default());
    let knows = with_requests(&store, &clock, 1).await;
    let knows_not = auth(&store, OTHER_SECRET, &clock);
    worker(&knows_not, &post).drain().await.unwrap();
    assert_eq!(post.count(), 0);
    worker(&knows, &post).drain().await.unwrap();
    assert_eq!(post.count(), 0, "not again at once");
    assert_eq!(store.take_messages(clock.now(), clock.now(), 9).await.unwrap(), []);
    clock.move_on(Duration::from_minutes(60));
    // The one to nobody is as unreadable.
    assert_eq!(store.take_messages(clock.now(), clock.now(), 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_refused_for_good_is_a_dead_letter_at_once_and_holds_up_nothing() {
    let (store, clock) = (MemoryStore::new(), Hands::new());
    let post = Postbox { refuses_for_good: Some("user-1@example.com"), ..Postbox::default() };
    let auth = with_requests(&store, &clock, 3).await;
    worker(&auth, &post).drain().await.unwrap();
    assert_eq!(post.count(), 2);
    assert_eq!(reasons(&store).await, [BurialReason::Refused]);
    clock.move_on(Duration::from_minutes(5));
    worker(&auth, &post).drain().await.unwrap();
    assert_eq!(post.count(), 2, "nobody tries it again");
    let revived = store.revive_messages(DeadLetters::All, clock.now()).await.unwrap();
    assert_eq!(revived.len(), 1);
    let mended = Postbox { refuses_for_good: None, ..post };
    worker(&auth, &mended).drain().await.unwrap();
    assert_eq!(mended.count(), 3);
}

#[tokio::test]
async fn what_is_not_delivered_is_given_up_after_three_days_of_attempts_and_not_before() {
    let (store, clock, post) = (MemoryStore::new(), Hands::new(), Postbox::refusing(usize::MAX));
    let auth = auth(&store, SECRET, &clock);
    let here = Client::unknown();
    let request = RegisterUser::new("ada@example.com", "correct horse".into());
    auth.register_user(request, &here).await.unwrap();
    // Its notice has no link that could expire.
    let key = UserKey::Email("ada@example.com".parse::<Email>().unwrap().key().clone());
    let request = SetPassword { user: key, password: "battery staple".into(), must_change: false };
    auth.admin().set_password(request, &here).await.unwrap();
    let begun = clock.now();
    let worker = worker(&auth, &post);
    let mut tried_for = Duration::from_secs(0);
    while dead_letters(&store).await.is_empty() {
        worker.drain().await.unwrap();
        tried_for = Duration::from_millis(clock.now().as_millis() - begun.as_millis());
        clock.move_on(Duration::from_secs(5));
        assert!(tried_for < Duration::from_days(4), "it goes on for ever");
    }
    assert!(tried_for >= Duration::from_days(3), "given up after {tried_for:?}");
    assert!(tried_for <= Duration::from_minutes(3 * 24 * 60 + 61), "{tried_for:?}");
    assert_eq!(reasons(&store).await, [BurialReason::GivenUp]);
}

/// Takes its time, and looks whether anybody else is given what it carries.
#[derive(Clone, Debug)]
struct Slow {
    store: MemoryStore,
    clock: Hands,
    seconds: u32,
}

impl Courier for Slow {
    async fn deliver(&self, _: &Letter) -> Result<(), UndeliveredError> {
        for second in 0..self.seconds {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.clock.move_on(Duration::from_secs(1));
            let now = self.clock.now();
            let taken = self.store.take_messages(now, now, 9).await.unwrap();
            assert_eq!(taken, [], "given to two after {second} s");
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_nobody_elses_for_as_long_as_it_is_on_its_way() {
    let (store, clock) = (MemoryStore::new(), Hands::new());
    let auth = auth(&store, SECRET, &clock);
    let here = Client::unknown();
    let request = RegisterUser::new("ada@example.com", "correct horse".into());
    auth.register_user(request, &here).await.unwrap();
    auth.request_password_reset("ada@example.com", &here).await.unwrap();
    for (seconds, is_delivered) in [(70, false), (50, true)] {
        let slow = Slow { store: store.clone(), clock: clock.clone(), seconds };
        let letters = Letters::new("https://id.example.com");
        let delivered = MessageWorker::new(Arc::clone(&auth), letters, slow).drain().await;
        delivered.unwrap();
        clock.move_on(Duration::from_secs(5));
        let command = ListMessages { state: None, after: None, limit: 9 };
        let kept = store.list_messages(command).await.unwrap();
        assert_eq!(kept.is_empty(), is_delivered, "{kept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_when_the_worker_is_stopped_arrives_and_is_not_sent_again() {
    let (store, clock) = (MemoryStore::new(), Hands::new());
    let auth = with_requests(&store, &clock, 2).await;
    let post = OnTheWay { post: Postbox::default(), takes: std::time::Duration::from_secs(5) };
    let letters = Letters::new("https://id.example.com");
    let worker = MessageWorker::new(Arc::clone(&auth), letters, post.clone());
    let stop = tokio::time::sleep(std::time::Duration::from_secs(2));
    worker.run_until(stop).await;
    assert_eq!(post.post.count(), 1, "the first, and no second one is begun");
    clock.move_on(Duration::from_days(1));
    let left = store.take_messages(clock.now(), clock.now(), 9).await.unwrap();
    let first = post.post.letters.lock().unwrap()[0].id;
    assert!(left.iter().all(|taken| taken.message.id != first), "it would be sent twice");
}

/// Needs some time for each letter.
#[derive(Clone, Debug)]
struct OnTheWay {
    post: Postbox,
    takes: std::time::Duration,
}

impl Courier for OnTheWay {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        tokio::time::sleep(self.takes).await;
        self.post.deliver(letter).await
    }
}
