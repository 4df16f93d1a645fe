//! What another transaction is in the way of is tried again, and not for ever.

use testudo::model::{AttemptKey, AttemptVerdict, EmailKey};
use testudo_driver::{FaultKind, Store};

use super::batches::{Case, LIMIT, Shape, attempt};

/// A server that says of something that another transaction is in the way, as often as it was told to.
pub(crate) trait Refusing {
    /// Refuses so often from now on, and counts from now on.
    async fn refuse(&self, times: i64);

    /// How often it was tried.
    async fn tries(&self) -> i64;
}

/// A batch of this shape is tried `most` times. Then it is a fault and nothing was done; where the last try gets
/// through, it was done once.
pub(crate) async fn a_batch_is_tried_again_a_bounded_number_of_times<S: Store>(
    store: &S,
    server: &impl Refusing,
    shape: Shape,
    most: i64,
) {
    for (times, tries) in [(0, 1), (most - 1, most), (i64::MAX, most)] {
        let case = Case::begin(store, &format!("ada-{times}@example.com"), shape).await;
        server.refuse(times).await;
        let result = store.commit(case.batch.clone()).await;
        assert_eq!(server.tries().await, tries, "refused {times} times");
        server.refuse(0).await;
        if times < most {
            result.unwrap().unwrap();
            assert_eq!(case.seen(store).await, case.done, "refused {times} times");
        } else {
            let fault = result.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Overloaded, "{fault}");
            assert_eq!(case.seen(store).await, case.undone);
        }
    }
}

/// The same for an attempt, which counts as one.
pub(crate) async fn an_attempt_is_tried_again_a_bounded_number_of_times<S: Store>(
    store: &S,
    server: &impl Refusing,
    most: i64,
) {
    for (times, tries, counted) in [(most - 1, most, 1), (i64::MAX, most, 0)] {
        let key = AttemptKey::login_account(&EmailKey::from_stored(format!("ada-{times}")));
        server.refuse(times).await;
        let result = attempt(store, key.clone()).await;
        assert_eq!(server.tries().await, tries, "refused {times} times");
        server.refuse(0).await;
        match result {
            Ok(_) => assert_eq!(counted, 1),
            Err(fault) => assert_eq!((fault.kind(), counted), (FaultKind::Overloaded, 0)),
        }
        let mut left = 0;
        while let AttemptVerdict::Allowed { .. } = attempt(store, key.clone()).await.unwrap() {
            left += 1;
        }
        assert_eq!(left, LIMIT.attempts - counted, "refused {times} times");
    }
}
