//! A connection that ends before all of an answer has come: what was asked for was done once or not at all, the store
//! does not know which, and says so. Asking again would be to do it twice, or to be refused by one's own write.
//!
//! The network breaks after each number of bytes of the answers in turn, and for whoever comes again it is as good as
//! new: so a store that asked again would be answered.

use testudo::model::{AttemptKey, AttemptVerdict, EmailKey};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_test_servers::proxy::{Direction, Proxy};

use super::batches::{Case, LIMIT, Shape, attempt};
use super::fixtures::commit;

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

/// A batch of this shape, whether it is one statement or a transaction.
pub(crate) async fn a_batch_was_applied_once_or_not_at_all<S: Store>(
    scene: &Scene<S>,
    shape: Shape,
    is_transaction: bool,
) {
    let Scene { proxy, store, others } = scene;
    let warm = async |address: &str| {
        commit(store, Case::begin(others, address, shape).await.batch).await;
    };
    warm("warm@example.com").await;
    let answers = {
        let measured = Case::begin(others, "measured@example.com", shape).await;
        let before = proxy.passed(Direction::Answers);
        commit(store, measured.batch).await;
        proxy.passed(Direction::Answers) - before
    };
    let mut outcomes = Outcomes::default();
    for bytes in 0..=answers {
        // What was prepared went with the connection.
        warm(&format!("warm-{bytes}@example.com")).await;
        let case = Case::begin(others, &format!("cut-{bytes}@example.com"), shape).await;
        proxy.cut_once_after(Direction::Answers, bytes);
        let result = store.commit(case.batch.clone()).await;
        let is_acknowledged =
            is_acknowledged(bytes, result.map(|applied| applied.expect("nobody else changes it")));
        proxy.heal();
        let found = case.seen(others).await;
        let is_done = found == case.done;
        assert!(is_done || found == case.undone, "after {bytes} of {answers} bytes: {found:?}");
        outcomes.count(is_acknowledged, is_done);
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

/// Whether the store says that it was done; otherwise it must say that it does not know.
fn is_acknowledged<T>(bytes: u64, result: Result<T, Fault>) -> bool {
    let Err(fault) = result else { return true };
    assert_eq!(fault.kind(), FaultKind::Unavailable, "after {bytes} bytes: {fault}");
    false
}
