//! Batches as flows make them, for each way in which stores carry them out, and what is to be seen of them.

use testudo::Duration;
use testudo::command::{
    Commit, CountAttempt, FindUser, Guard, ListEvents, ListSessions, UserKey, Write,
};
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict, EmailKey, Session, User};
use testudo_driver::{Fault, Store};
use testudo_memory::MemoryStore;

use super::fixtures::{NOW, commit, event, inserting, message, session, user};

/// A shape of batches.
pub(crate) type Shape = fn(&User, &Session) -> Commit;

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

/// A batch about somebody who is signed in, and what is to be seen before and after it.
pub(crate) struct Case {
    pub(crate) batch: Commit,
    ada: User,
    pub(crate) undone: Seen,
    pub(crate) done: Seen,
}

/// What a batch changes, as far as it can be looked at without changing more: the user, the sessions, how many events.
pub(crate) type Seen = (Option<User>, Vec<Session>, usize);

impl Case {
    /// Signs somebody in at that address.
    pub(crate) async fn begin<S: Store>(store: &S, address: &str, shape: Shape) -> Self {
        let ada = user(address);
        let begun = session(&ada);
        let batch = shape(&ada, &begun);
        begin(store, &ada, &begun).await;
        let reference = MemoryStore::new();
        begin(&reference, &ada, &begun).await;
        commit(&reference, batch.clone()).await;
        let (undone, done) = (seen(store, &ada).await, seen(&reference, &ada).await);
        assert_ne!(undone, done);
        Self { batch, ada, undone, done }
    }

    pub(crate) async fn seen<S: Store>(&self, store: &S) -> Seen {
        seen(store, &self.ada).await
    }
}

async fn begin<S: Store>(store: &S, ada: &User, begun: &Session) {
    let mut batch = inserting(ada);
    batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
    commit(store, batch).await;
    let (one, other) = keys(ada);
    for key in [one, other] {
        attempt(store, key).await.unwrap();
    }
}

async fn seen<S: Store>(store: &S, ada: &User) -> Seen {
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

/// Of the attempts that are counted here.
pub(crate) const LIMIT: AttemptLimit = AttemptLimit {
    attempts: 5,
    window: Duration::from_secs(60),
    lock: Duration::ZERO,
    hard_stop: None,
};

/// Counts an attempt.
pub(crate) async fn attempt<S: Store>(store: &S, key: AttemptKey) -> Result<AttemptVerdict, Fault> {
    store.count_attempt(CountAttempt { key, limit: LIMIT, now: NOW }).await
}
