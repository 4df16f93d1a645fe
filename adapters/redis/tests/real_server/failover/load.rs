//! A load of commits and reads that remembers what was acknowledged, and holds every answer against it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use testudo::command::{Commit, Write};
use testudo::model::{EndReason, Ended, Session, User};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_redis::RedisStore;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::BOUND;
use crate::faults::is_there;
use crate::fixtures::{NOW, inserting, session, user};

const WRITERS: u32 = 8;
const READERS: usize = 2;

/// Users who sign up, sign in, and every other of them out again, while others look at those of whom it was
/// acknowledged. It ends with [`Load::has_lost_nothing`].
pub(super) struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared {
    store: RedisStore,
    acknowledged: Mutex<Vec<Known>>,
    /// How often what was acknowledged was found, in the order of the looks.
    seen: AtomicU32,
    is_over: AtomicBool,
}

/// What was acknowledged about a user and their session.
#[derive(Clone)]
struct Known {
    user: User,
    session: Session,
}

impl Load {
    pub(super) fn on(store: &RedisStore) -> Self {
        let shared = Arc::new(Shared {
            store: store.clone(),
            acknowledged: Mutex::default(),
            seen: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
        });
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let shared = Arc::clone(&shared);
            tasks.push(tokio::spawn(async move { shared.write(writer).await }));
        }
        for reader in 0..READERS {
            let shared = Arc::clone(&shared);
            tasks.push(tokio::spawn(async move { shared.read(reader).await }));
        }
        Self { shared, tasks }
    }

    /// Waits until so many more users were acknowledged.
    pub(super) async fn goes_on(&self, more: usize) {
        let known = || self.shared.acknowledged.lock().unwrap().len();
        let wanted = known() + more;
        self.wait_until("what is written is acknowledged", || known() >= wanted).await;
    }

    /// Waits until something is read again.
    pub(super) async fn is_read_again(&self) {
        let seen = || self.shared.seen.load(Ordering::Relaxed);
        // Looks that are under way may have been answered before.
        let wanted = seen() + 2 * u32::try_from(READERS).unwrap();
        self.wait_until("what was acknowledged is read", || seen() > wanted).await;
    }

    /// Ends the load, and finds everything that was acknowledged as it was.
    pub(super) async fn has_lost_nothing(self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        let acknowledged = self.shared.acknowledged.lock().unwrap().clone();
        let ended = acknowledged.iter().filter(|known| known.session.ended.is_some()).count();
        assert!(ended > 100 && acknowledged.len() - ended > 100, "both kinds");
        for known in acknowledged {
            self.shared.look_at(&known).await.unwrap();
        }
    }

    /// Nobody whose answer was wrong is waited for.
    async fn wait_until(&self, what: &str, condition: impl Fn() -> bool) {
        let waiting = async {
            while !condition() && !self.tasks.iter().any(JoinHandle::is_finished) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(BOUND, waiting).await.expect(what);
        assert!(condition(), "a wrong answer came before {what}");
    }
}

impl Shared {
    async fn write(&self, writer: u32) {
        for number in 0_u32.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let user = user(&format!("{writer}-{number}@example.com"));
            let mut session = session(&user);
            let mut batch = inserting(&user);
            batch.writes.push(Write::InsertSession(Box::new(session.clone())));
            if !self.is_acknowledged(batch).await {
                continue;
            }
            if number % 2 == 1 {
                let was = session.version;
                session.ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
                session.version = was.next();
                let ending = Write::ReplaceSession { session: Box::new(session.clone()), was };
                let batch = Commit { writes: vec![ending], ..Commit::default() };
                // Otherwise nobody knows whether it has ended.
                if !self.is_acknowledged(batch).await {
                    continue;
                }
            }
            self.acknowledged.lock().unwrap().push(Known { user, session });
        }
    }

    /// Nobody else writes these records: no answer but that it was done or is not known is right.
    async fn is_acknowledged(&self, batch: Commit) -> bool {
        match self.store.commit(batch).await {
            Ok(applied) => {
                applied.expect("nobody else writes it, and it is sent once");
                true
            }
            Err(fault) => {
                assert_is_no_answer(&fault);
                sleep(Duration::from_millis(5)).await;
                false
            }
        }
    }

    async fn read(&self, reader: usize) {
        for look in reader.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let known = {
                let acknowledged = self.acknowledged.lock().unwrap();
                // Early ones and the last ones, by turns.
                let place = match look % 2 {
                    0 => look * 7 % acknowledged.len().max(1),
                    _ => acknowledged.len().saturating_sub(1),
                };
                acknowledged.get(place).cloned()
            };
            let looked = match &known {
                None => Ok(false),
                Some(known) => self.look_at(known).await.map(|()| true),
            };
            match looked {
                Ok(true) => drop(self.seen.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => sleep(Duration::from_millis(5)).await,
                Err(fault) => {
                    assert_is_no_answer(&fault);
                    sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    /// Everything is as it was acknowledged, or a fault.
    async fn look_at(&self, known: &Known) -> Result<(), Fault> {
        let name = known.user.email.as_str();
        assert!(is_there(&self.store, &known.user).await?, "{name} is lost");
        let found = self.store.find_session_record(known.session.id).await?;
        assert_eq!(found.as_ref(), Some(&known.session), "the session of {name}");
        Ok(())
    }
}

fn assert_is_no_answer(fault: &Fault) {
    assert!(matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Overloaded), "{fault}");
}
