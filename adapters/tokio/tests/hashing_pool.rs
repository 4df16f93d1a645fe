//! The hashing pool keeps its bounds whatever comes in.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
use testudo::flow::{Login, RegisterUser};
use testudo::password::{
    Argon2id, HashError, Hasher, HasherChain, PasswordHash, Salt, Verifier, WorkBuffer,
};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, AuthError, FaultKind, Hashing};
use testudo_memory::MemoryStore;
use testudo_tokio::HashingPool;

/// A hasher that waits to be let go, and counts how many of it run at once.
#[derive(Clone, Debug)]
struct Gate {
    go: Arc<Mutex<Receiver<()>>>,
    started: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    fn new() -> (Sender<()>, Self) {
        let (open, go) = channel();
        let go = Arc::new(Mutex::new(go));
        let (started, running, most) = (Arc::default(), Arc::default(), Arc::default());
        (open, Self { go, started, running, most })
    }

    async fn wait_for_started(&self, count: usize) {
        while self.started.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Verifier for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with("gate")
    }

    fn verify(&self, _: &[u8], _: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        Ok(true)
    }

    fn parameters(&self, _: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        Ok(Vec::new())
    }
}

impl Hasher for Gate {
    fn hash(
        &self,
        password: &[u8],
        _salt: &Salt,
        _work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.started.fetch_add(1, Ordering::SeqCst);
        let _ = self.go.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
        self.running.fetch_sub(1, Ordering::SeqCst);
        assert_ne!(password, b"panic", "the hasher breaks down");
        Ok(PasswordHash::from_stored("gate".into()))
    }

    fn is_current(&self, _: &str) -> bool {
        true
    }
}

fn request(password: &str) -> HashPassword {
    HashPassword { password: password.into(), salt: Salt::new([1; 16]) }
}

fn pool(gate: &Gate, permits: usize, queue: usize) -> HashingPool {
    let permits = NonZeroUsize::new(permits).unwrap_or(NonZeroUsize::MIN);
    HashingPool::with_bounds(HasherChain::new(gate.clone()), permits, queue)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_run_than_permits_and_no_more_wait_than_the_queue_holds() {
    let (open, gate) = Gate::new();
    let pool = pool(&gate, 2, 3);
    let admitted: Vec<_> = (0..5)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.hash_password(request("any")).await })
        })
        .collect();
    gate.wait_for_started(2).await;
    while pool_is_free(&pool).await {}
    let refused = pool.hash_password(request("any")).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Overloaded);
    for _ in 0..5 {
        open.send(()).unwrap();
    }
    for task in admitted {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), 2);
}

/// Whether another request would still be queued: one is tried, and given up at once.
async fn pool_is_free(pool: &HashingPool) -> bool {
    let attempt = pool.hash_password(request("any"));
    match tokio::time::timeout(Duration::from_millis(5), attempt).await {
        Ok(answer) => answer.is_ok(),
        Err(_elapsed) => true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_goes_away_leaves_the_queue() {
    let (open, gate) = Gate::new();
    let pool = pool(&gate, 1, 1);
    let first = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash_password(request("any")).await }
    });
    gate.wait_for_started(1).await;
    for _ in 0..10 {
        let waiting = pool.hash_password(request("any"));
        assert!(tokio::time::timeout(Duration::from_millis(2), waiting).await.is_err());
    }
    open.send(()).unwrap();
    open.send(()).unwrap();
    assert!(first.await.unwrap().is_ok());
    assert!(pool.hash_password(request("any")).await.is_ok());
    assert_eq!(gate.started.load(Ordering::SeqCst), 2, "those who left were never hashed for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hash_that_has_begun_keeps_its_permit_though_its_caller_left() {
    let (open, gate) = Gate::new();
    let pool = pool(&gate, 1, 1);
    let left = pool.hash_password(request("any"));
    assert!(tokio::time::timeout(Duration::from_millis(50), left).await.is_err());
    gate.wait_for_started(1).await;
    let next = tokio::spawn({
        let pool = pool.clone();
        async move { pool.hash_password(request("any")).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(gate.started.load(Ordering::SeqCst), 1);
    open.send(()).unwrap();
    open.send(()).unwrap();
    assert!(next.await.unwrap().is_ok());
    assert_eq!(gate.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hasher_that_panics_costs_its_caller_a_fault_and_nobody_a_permit() {
    let (open, gate) = Gate::new();
    let pool = pool(&gate, 1, 0);
    for _ in 0..3 {
        open.send(()).unwrap();
        let fault = pool.hash_password(request("panic")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Internal);
    }
    open.send(()).unwrap();
    assert!(pool.hash_password(request("any")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_to_come_back_later_is_not_locked_out_by_coming_back() {
    const ADA: &str = "ada@example.com";
    let (open, gate) = Gate::new();
    let pool = pool(&gate, 1, 0);
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let auth = Auth::new(MemoryStore::new(), pool.clone(), settings);
    let client = Client::unknown().with_ip([192, 0, 2, 1].into());
    open.send(()).unwrap();
    let ada = RegisterUser::new(ADA, "correct horse battery".into());
    auth.register_user(ada, &client).await.unwrap();

    let busy = tokio::spawn(async move { pool.hash_password(request("any")).await });
    gate.wait_for_started(2).await;
    let sign_in = || auth.login(Login::new(ADA, "correct horse battery".into()), &client);
    for _ in 0..200 {
        match sign_in().await {
            Err(AuthError::Fault(fault)) => assert_eq!(fault.kind(), FaultKind::Overloaded),
            other => panic!("{other:?}"),
        }
    }
    open.send(()).unwrap();
    assert!(busy.await.unwrap().is_ok());
    assert!(sign_in().await.unwrap().signed_in().is_ok());
}

#[tokio::test]
async fn what_the_pool_hashes_it_verifies() {
    let chain = HasherChain::new(Argon2id::cheap_for_tests());
    let pool = HashingPool::new(chain);
    let stored = pool.hash_password(request("correct horse")).await.unwrap();
    for (password, verdict) in [
        ("correct horse", PasswordVerdict::Valid { outdated: false }),
        ("incorrect mule", PasswordVerdict::Invalid),
    ] {
        let against = Against::Stored(stored.clone().unwrap());
        let command = VerifyPassword { password: password.into(), against };
        assert_eq!(pool.verify_password(command).await.unwrap(), verdict);
    }
}

/// A hasher that notes the niceness of the thread it runs on.
#[cfg(target_os = "linux")]
#[derive(Clone, Debug, Default)]
struct Observer(Arc<Mutex<Option<i32>>>);

#[cfg(target_os = "linux")]
impl Verifier for Observer {
    fn name(&self) -> &'static str {
        "observer"
    }

    fn recognises(&self, _: &str) -> bool {
        true
    }

    fn verify(&self, _: &[u8], _: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        Ok(true)
    }

    fn parameters(&self, _: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        Ok(Vec::new())
    }
}

#[cfg(target_os = "linux")]
impl Hasher for Observer {
    fn hash(&self, _: &[u8], _: &Salt, _: &mut WorkBuffer) -> Result<PasswordHash, HashError> {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = niceness();
        Ok(PasswordHash::from_stored("observed".into()))
    }

    fn is_current(&self, _: &str) -> bool {
        true
    }
}

/// That of the thread that asks.
#[cfg(target_os = "linux")]
fn niceness() -> Option<i32> {
    rustix::process::nice(0).ok()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_gives_way_to_everything_else() {
    let (observer, before) = (Observer::default(), niceness());
    let pool = HashingPool::new(HasherChain::new(observer.clone()));
    let hashed = pool.hash_password(request("any")).await.unwrap();
    assert!(hashed.is_ok());
    let observed = *observer.0.lock().unwrap();
    assert_eq!(observed, before.map(|niceness| 19.min(niceness + 10)));
    assert_eq!(niceness(), before, "nobody else's priority is touched");
}
