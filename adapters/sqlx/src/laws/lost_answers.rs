//! A connection that ends before all of an answer has come: what was asked for was done once or not at all, the store
//! does not know which, and says so. Asking again would be to do it twice, or to be refused by one's own write.
//!
//! The network breaks after each number of bytes of the answers in turn, and for whoever comes again it is as good as
//! new: so a store that asked again would be answered.

use testudo::Duration;
use testudo::command::{
    Commit, CountAttempt, FindUser, Guard, ListEvents, ListSessions, UserKey, Write,
};
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict, EmailKey, Session, User};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_memory::MemoryStore;
use testudo_test_servers::proxy::{Direction, Proxy};

use super::fixtures::{NOW, commit, event, inserting, message, session, user};

/// A store of one connection behind a network, and another one past that.
pub(crate) struct Scene<S> {
    pub(crate) proxy: Proxy,
    pub(crate) store: S,
    pub(crate) others: S,
}

/// How it ended, for every number of bytes after which the network broke.
#[derive(Debug, Default)]
struct Outcomes {
    acknowledged: u32,
    /// Nobody was told, but it was done.
    lost: u32,
    /// Nobody was told, and it was not done.
    undone: u32,
}

impl Outcomes {
    fn count(&mut self, is_acknowledged: bool, is_done: bool) {
        match (is_acknowledged, is_done) {
            (true, true) => self.acknowledged += 1,
            (false, true) => self.lost += 1,
            (false, false) => self.undone += 1,
            (true, false) => panic!("it was acknowledged and not done"),
        }
    }
}

/// What a sign-in writes: the user, the session, the counters, an event.
pub(crate) fn sign_in(ada: &User, _: &Session) -> Commit {
    let (cleared, refunded) = keys(ada);
    let writes = vec![
        replacing(ada),
        Write::InsertSession(Box::new(session(ada))),
        Write::ClearAttempts(cleared),
        Write::RefundAttempt { key: refunded, window: NOW + LIMIT.window },
    ];
    Commit { writes, events: vec![event(ada)], ..Commit::default() }
}

pub(crate) fn refresh(ada: &User, begun: &Session) -> Commit {
    let next = Session { generation: 1, version: begun.version.next(), ..begun.clone() };
    let write = Write::ReplaceSession { session: Box::new(next), was: begun.version };
    Commit { guards: vec![epoch_of(ada)], writes: vec![write], ..Commit::default() }
}

/// Of no shape of its own: as many kinds of writes as there are in what people do.
pub(crate) fn any_other(ada: &User, begun: &Session) -> Commit {
    let mut batch = sign_in(ada, begun);
    batch.guards.push(epoch_of(ada));
    batch.messages.push(message());
    batch
}

/// A batch of this shape, whether it is one statement or a transaction.
pub(crate) async fn a_batch_was_applied_once_or_not_at_all<S: Store>(
    scene: &Scene<S>,
    shape: impl Fn(&User, &Session) -> Commit,
    is_transaction: bool,
) {
    let Scene { proxy, store, others } = scene;
    let answers = {
        let (batch, _) = begin(others, "warm@example.com", &shape).await;
        commit(store, batch).await;
        let (batch, _) = begin(others, "measured@example.com", &shape).await;
        let before = proxy.passed(Direction::Answers);
        commit(store, batch).await;
        proxy.passed(Direction::Answers) - before
    };
    let mut outcomes = Outcomes::default();
    for bytes in 0..=answers {
        // What ended with its connection was prepared there.
        let (batch, _) = begin(others, &format!("warm-{bytes}@example.com"), &shape).await;
        commit(store, batch).await;

        let (batch, ada) = begin(others, &format!("ada-{bytes}@example.com"), &shape).await;
        let undone = seen(others, &ada).await;
        let done = {
            let reference = MemoryStore::new();
            begin_with(&reference, &ada.0, &ada.1).await;
            commit(&reference, batch.clone()).await;
            seen(&reference, &ada).await
        };
        assert_ne!(undone, done);
        proxy.cut_once_after(Direction::Answers, bytes);
        let result = store.commit(batch).await;
        let is_acknowledged =
            is_acknowledged(bytes, result.map(|applied| applied.expect("nobody else changes it")));
        proxy.heal();
        let found = seen(others, &ada).await;
        assert!(found == done || found == undone, "after {bytes} of {answers} bytes: {found:?}");
        outcomes.count(is_acknowledged, found == done);
    }
    assert!(outcomes.lost > 0 && outcomes.acknowledged > 0, "{outcomes:?}");
    assert_eq!(outcomes.undone > 0, is_transaction, "{outcomes:?}");
}

/// An attempt under a key that has so many already.
pub(crate) async fn attempts_are_counted_once_or_not_at_all<S: Store>(
    scene: &Scene<S>,
    already: u32,
    is_transaction: bool,
) {
    let Scene { proxy, store, others } = scene;
    let key = |name: &str| AttemptKey::login_account(&EmailKey::from_stored(name.to_owned()));
    let counted = async |address: &str| {
        for _ in 0..already {
            attempt(others, key(address)).await.unwrap();
        }
    };
    let answers = {
        counted("warm").await;
        attempt(store, key("warm")).await.unwrap();
        counted("measured").await;
        let before = proxy.passed(Direction::Answers);
        attempt(store, key("measured")).await.unwrap();
        proxy.passed(Direction::Answers) - before
    };
    let mut outcomes = Outcomes::default();
    for bytes in 0..=answers {
        let (warm, cut) = (format!("warm-{bytes}"), format!("cut-{bytes}"));
        counted(&warm).await;
        attempt(store, key(&warm)).await.unwrap();
        counted(&cut).await;
        proxy.cut_once_after(Direction::Answers, bytes);
        let is_acknowledged = is_acknowledged(bytes, attempt(store, key(&cut)).await);
        proxy.heal();
        let mut left = 0;
        while let AttemptVerdict::Allowed { .. } = attempt(others, key(&cut)).await.unwrap() {
            left += 1;
        }
        let counted = LIMIT.attempts - already - left;
        assert!(counted <= 1, "{counted} after {bytes} of {answers} bytes");
        outcomes.count(is_acknowledged, counted == 1);
    }
    assert!(outcomes.lost > 0 && outcomes.acknowledged > 0, "{outcomes:?}");
    assert_eq!(outcomes.undone > 0, is_transaction, "{outcomes:?}");
}

const LIMIT: AttemptLimit = AttemptLimit {
    attempts: 5,
    window: Duration::from_secs(60),
    lock: Duration::ZERO,
    hard_stop: None,
};

async fn attempt<S: Store>(store: &S, key: AttemptKey) -> Result<AttemptVerdict, Fault> {
    store.count_attempt(CountAttempt { key, limit: LIMIT, now: NOW }).await
}

/// Whether the store says that it was done; otherwise it must say that it does not know.
fn is_acknowledged<T>(bytes: u64, result: Result<T, Fault>) -> bool {
    let Err(fault) = result else { return true };
    assert_eq!(fault.kind(), FaultKind::Unavailable, "after {bytes} bytes: {fault}");
    false
}

/// Somebody who is signed in, and a batch about them.
async fn begin<S: Store>(
    store: &S,
    address: &str,
    shape: impl Fn(&User, &Session) -> Commit,
) -> (Commit, (User, Session)) {
    let ada = user(address);
    let begun = session(&ada);
    begin_with(store, &ada, &begun).await;
    (shape(&ada, &begun), (ada, begun))
}

async fn begin_with<S: Store>(store: &S, ada: &User, begun: &Session) {
    let mut batch = inserting(ada);
    batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
    commit(store, batch).await;
    let (one, other) = keys(ada);
    for key in [one, other] {
        attempt(store, key).await.unwrap();
    }
}

/// What a batch changes, as far as it can be looked at without changing more.
async fn seen<S: Store>(
    store: &S,
    (ada, _): &(User, Session),
) -> (Option<User>, Vec<Session>, usize) {
    let found = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
    let list = ListSessions { user: ada.id, epoch: ada.epoch, now: NOW, before: None, limit: 9 };
    let sessions = store.list_sessions(list).await.unwrap();
    let told = ListEvents { user: Some(ada.id), ..ListEvents::newest(9) };
    (found, sessions, store.list_events(told).await.unwrap().len())
}

/// The counter of an account, and that of a network.
fn keys(ada: &User) -> (AttemptKey, AttemptKey) {
    let other = EmailKey::from_stored(format!("network of {}", ada.email.key().as_str()));
    (AttemptKey::login_account(ada.email.key()), AttemptKey::login_account(&other))
}

fn replacing(ada: &User) -> Write {
    let next = User { version: ada.version.next(), last_login: Some(NOW), ..ada.clone() };
    Write::ReplaceUser { user: Box::new(next), was: ada.version }
}

fn epoch_of(ada: &User) -> Guard {
    Guard::UserEpoch { id: ada.id, epoch: ada.epoch }
}
