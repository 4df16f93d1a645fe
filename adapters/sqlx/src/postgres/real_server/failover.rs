//! A standby takes over for good from a primary that waited for it: what was acknowledged is there, and the store that was
//! open goes on.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testudo::command::{Commit, CountAttempt, FindUser, UserKey, Write};
use testudo::model::{AttemptKey, AttemptLimit, EndReason, Ended, Session, User};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_test_servers::proxy::Proxy;
use testudo_test_servers::{Options, Postgres};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::PostgresStore;
use crate::laws::fixtures::{NOW, commit, inserting, session, user};
use crate::postgres::PostgresOptions;

/// Far longer than anything here takes, as a busy machine may.
const BOUND: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_is_killed_and_what_its_standby_acknowledged_is_there_when_it_has_been_promoted()
{
    let scene = Scene::new("on").await;
    let load = Load::on(&scene.store);
    load.goes_on(300).await;

    // The last that it does is for itself alone: nobody may hear that it was done.
    scene.copies.freeze();
    sleep(Duration::from_millis(200)).await;
    scene.primary.kill_9().unwrap();
    assert_unavailable(timeout(BOUND, scene.store.ping()).await.unwrap());
    scene.standby.promote().unwrap();
    scene.proxy.lead_to(address_of(&scene.standby));
    load.goes_on(300).await;
    load.has_lost_nothing().await;
}

/// With `remote_apply` it shows everything that was acknowledged; with `on` it may be a moment behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_reaches_a_standby_too_early_reads_what_was_acknowledged_and_writes_nothing() {
    let scene = Scene::new("remote_apply").await;
    let load = Load::on(&scene.store);
    load.goes_on(300).await;
    scene.primary.kill_9().unwrap();
    scene.proxy.lead_to(address_of(&scene.standby));
    load.is_read_again().await;
    for number in 0..3 {
        let refused = scene.store.commit(inserting(&user(&format!("early{number}@example.com"))));
        let fault = timeout(BOUND, refused).await.unwrap().expect_err("a standby takes no writes");
        assert!(fault.to_string().contains("25006"), "{fault}");
        assert_unavailable::<()>(Err(fault));
        assert_unavailable(scene.store.count_attempt(attempt(&user("early@example.com"))).await);
    }

    scene.standby.promote().unwrap();
    load.goes_on(300).await;
    load.has_lost_nothing().await;
}

/// Neither after the time that a statement may take, which would be a commit that only the primary has.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_standby_has_not_got_is_never_acknowledged() {
    let scene = Scene::new("on").await;
    scene.standby.pause();
    let begun = Instant::now();
    for number in 0..4 {
        let waiting = scene.store.commit(inserting(&user(&format!("ada{number}@example.com"))));
        assert_unavailable(timeout(BOUND, waiting).await.expect("a wait with an end"));
    }
    assert!(begun.elapsed() >= 4 * PATIENCE, "it waits for the standby");
    scene.store.ping().await.unwrap();
    scene.standby.resume();
    let back = async {
        for number in 0.. {
            let next = inserting(&user(&format!("next{number}@example.com")));
            match scene.store.commit(next).await {
                Ok(applied) => return applied.unwrap(),
                fault => assert_unavailable(fault),
            }
        }
    };
    timeout(BOUND, back).await.expect("it goes on when the standby does");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_opened_on_a_standby_reads_and_writes_when_it_has_been_promoted() {
    let scene = Scene::new("remote_apply").await;
    let ada = user("ada@example.com");
    commit(&scene.store, inserting(&ada)).await;
    let early = PostgresStore::open(scene.standby.url()).await.unwrap();
    assert_eq!(early.find_user(by_id(&ada)).await.unwrap().as_ref(), Some(&ada));
    assert_unavailable(early.commit(inserting(&user("bob@example.com"))).await);
    scene.primary.kill_9().unwrap();
    scene.standby.promote().unwrap();
    commit(&early, inserting(&user("bob@example.com"))).await;
}

/// As where its name leads to who took over, and it still answers on the connections that there are.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_leaves_a_server_that_takes_no_writes_any_more() {
    let scene = Scene::new("on").await;
    let load = Load::on(&scene.store);
    load.goes_on(100).await;
    drop(load);
    super::run(&scene.store, "ALTER SYSTEM SET default_transaction_read_only = on").await;
    super::run(&scene.store, "SELECT pg_reload_conf()").await;
    let refused = async {
        for number in 0.. {
            let more = inserting(&user(&format!("more{number}@example.com")));
            if let Err(fault) = scene.store.commit(more).await {
                return fault.to_string();
            }
        }
        String::new()
    };
    let fault = timeout(BOUND, refused).await.expect("it takes no more writes");
    assert!(fault.contains("25006"), "{fault}");
    scene.proxy.lead_new_to(address_of(&scene.standby));
    scene.standby.promote().unwrap();
    // What one connection was told is enough to leave all.
    commit(&scene.store, inserting(&user("next@example.com"))).await;
}

/// How long the store waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A store on a primary that a proxy leads to, and that waits for its standby.
struct Scene {
    primary: Postgres,
    standby: Postgres,
    proxy: Proxy,
    /// Between the two servers.
    copies: Proxy,
    store: PostgresStore,
}

impl Scene {
    /// A commit waits for the standby as `synchronous_commit` says.
    async fn new(synchronous_commit: &str) -> Self {
        let setting = format!("synchronous_commit={synchronous_commit}");
        let options = Options::durable().argument("-c").argument(setting);
        let primary = Postgres::start_with(&options).unwrap();
        let [proxy, copies] = [(); 2].map(|()| Proxy::to(address_of(&primary)).unwrap());
        let port = copies.address().port();
        let standby = primary.standby_through(port, &Options::durable()).unwrap();
        primary.wait_for_standby().unwrap();
        let url = format!("postgres://postgres@{}/postgres?sslmode=disable", proxy.address());
        let options = PostgresOptions::parse(&url).unwrap().with_patience(PATIENCE);
        let store = PostgresStore::open_with(options).await.unwrap();
        Self { primary, standby, proxy, copies, store }
    }
}

fn address_of(server: &Postgres) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()))
}

fn by_id(user: &User) -> FindUser {
    FindUser { key: UserKey::Id(user.id) }
}

fn attempt(user: &User) -> CountAttempt {
    let (window, key) =
        (testudo::Duration::from_minutes(5), AttemptKey::login_account(user.email.key()));
    let limit = AttemptLimit { attempts: 5, window, lock: window, hard_stop: Some(100) };
    CountAttempt { key, limit, now: NOW }
}

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, Fault>) {
    let fault = answer.expect_err("a fault");
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
}

/// Users who sign up, sign in, and every other of them out again, while others look at those of whom it was
/// acknowledged. It ends with [`Load::has_lost_nothing`].
struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared {
    store: PostgresStore,
    acknowledged: Mutex<Vec<(User, Session)>>,
    /// How often what was acknowledged was found.
    seen: AtomicUsize,
    is_over: AtomicBool,
}

impl Load {
    const WRITERS: usize = 6;
    const READERS: usize = 2;

    fn on(store: &PostgresStore) -> Self {
        let shared = Arc::new(Shared {
            store: store.clone(),
            acknowledged: Mutex::default(),
            seen: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let writers = (0..Self::WRITERS).map(|writer| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.write(writer).await })
        });
        let readers = (0..Self::READERS).map(|_| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.read().await })
        });
        let tasks = writers.chain(readers).collect();
        Self { shared, tasks }
    }

    /// Waits until so many more users were acknowledged.
    async fn goes_on(&self, more: usize) {
        let known = || self.shared.acknowledged.lock().unwrap().len();
        let wanted = known() + more;
        self.wait_until("what is written is acknowledged", || known() >= wanted).await;
    }

    /// Waits until something is read again.
    async fn is_read_again(&self) {
        let seen = || self.shared.seen.load(Ordering::Relaxed);
        // Looks that are under way may have been answered before.
        let wanted = seen() + 2 * Self::READERS;
        self.wait_until("what was acknowledged is read", || seen() > wanted).await;
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

    /// Ends the load, and finds everything that was acknowledged as it was.
    async fn has_lost_nothing(mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
        let acknowledged = self.shared.acknowledged.lock().unwrap().clone();
        let ended = acknowledged.iter().filter(|(_, session)| session.ended.is_some()).count();
        assert!(ended > 100 && acknowledged.len() - ended > 100, "both kinds");
        for (user, session) in acknowledged {
            self.shared.look_at(&user, &session).await.unwrap();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    async fn write(&self, writer: usize) {
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
            self.acknowledged.lock().unwrap().push((user, session));
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
                self.is_no_answer(&fault).await;
                false
            }
        }
    }

    async fn read(&self) {
        for look in 0_usize.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let known = {
                let acknowledged = self.acknowledged.lock().unwrap();
                acknowledged.get(look * 7 % acknowledged.len().max(1)).cloned()
            };
            let Some((user, session)) = known else {
                sleep(Duration::from_millis(5)).await;
                continue;
            };
            match self.look_at(&user, &session).await {
                Ok(()) => drop(self.seen.fetch_add(1, Ordering::Relaxed)),
                Err(fault) => self.is_no_answer(&fault).await,
            }
        }
    }

    /// Everything is as it was acknowledged, or a fault.
    async fn look_at(&self, user: &User, session: &Session) -> Result<(), Fault> {
        let name = user.email.as_str();
        let found = self.store.find_user(by_id(user)).await?;
        assert_eq!(found.as_ref(), Some(user), "{name}");
        let found = self.store.find_session_record(session.id).await?;
        assert_eq!(found.as_ref(), Some(session), "the session of {name}");
        Ok(())
    }

    async fn is_no_answer(&self, fault: &Fault) {
        let is_none = matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Overloaded);
        assert!(is_none, "{fault}");
        sleep(Duration::from_millis(5)).await;
    }
}
