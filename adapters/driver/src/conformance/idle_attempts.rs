//! Idle counters are listed, and forgotten, by their keys alone: for who sweeps them and knows the accounts.

use testudo::Timestamp;
use testudo::command::Write;
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict};

use super::observe::Observe;
use super::race::race;
use super::records::{ACCOUNT, NOW, account, lookalikes};
use crate::Store;

pub async fn idle_counters_are_listed_in_ascending_order_of_their_bytes_page_by_page<S: Store>(
    store: S,
) {
    let mut keys: Vec<_> = lookalikes().iter().map(|text| account(text)).collect();
    keys.extend((0..20).map(|number| account(&format!("user-{number}@example.com"))));
    for key in &keys {
        store.attempt(key, &ACCOUNT, NOW).await;
    }
    keys.sort_by(|one, other| one.as_str().as_bytes().cmp(other.as_str().as_bytes()));
    for limit in [1, 3, 1000] {
        assert_eq!(all(&store, NOW + ACCOUNT.window, limit).await, keys, "pages of {limit}");
    }
    let first = store.list_idle_attempts(NOW + ACCOUNT.window, None, 0).await;
    assert_eq!(first.expect("list_idle_attempts must not fail"), []);
}

pub async fn a_counter_is_listed_from_the_end_of_its_window_or_its_lock_on<S: Store>(store: S) {
    let [open, locked] = [account("ada@example.com"), account("ben@example.com")];
    store.attempt(&open, &ACCOUNT, NOW).await;
    use_up(&store, &locked, NOW).await;
    let (window_end, lock_end) = (NOW + ACCOUNT.window, NOW + ACCOUNT.lock);
    assert_eq!(all(&store, just_before(window_end), 10).await, []);
    assert_eq!(all(&store, window_end, 10).await, std::slice::from_ref(&open));
    assert_eq!(all(&store, just_before(lock_end), 10).await, std::slice::from_ref(&open));
    assert_eq!(all(&store, lock_end, 10).await, [open, locked]);
}

pub async fn no_idle_counter_is_passed_over_while_others_come_and_go<S: Store>(store: S) {
    let key = |number: u32| account(&format!("user-{number:02}@example.com"));
    for number in 0..20 {
        store.attempt(&key(number), &ACCOUNT, NOW).await;
    }
    let over = NOW + ACCOUNT.window;
    let mut listed = page(&store, over, None, 7).await;
    // The end of the page goes, one behind it too, one becomes busy, and one comes at either side.
    store.write([Write::ClearAttempts(key(6)), Write::ClearAttempts(key(10))]).await;
    store.attempt(&key(12), &ACCOUNT, over).await;
    store.attempt(&account("a@example.com"), &ACCOUNT, NOW).await;
    store.attempt(&account("z@example.com"), &ACCOUNT, NOW).await;
    listed.extend(page(&store, over, listed.last().cloned(), 100).await);
    let mut expected: Vec<_> =
        (0..20).filter(|number| ![10, 12].contains(number)).map(key).collect();
    expected.push(account("z@example.com"));
    assert_eq!(listed, expected);
}

pub async fn what_is_forgotten_counts_from_nothing_and_nothing_else_is<S: Store>(store: S) {
    let keys: Vec<_> = lookalikes().iter().map(|text| account(text)).collect();
    let once = AttemptLimit { attempts: 1, ..ACCOUNT };
    for key in &keys {
        store.attempt(key, &once, NOW).await;
    }
    let over = NOW + once.lock;
    let chosen: Vec<_> = keys.iter().step_by(2).cloned().collect();
    assert_eq!(forget(&store, &chosen, just_before(over)).await, 0);
    assert_eq!(forget(&store, &[], over).await, 0);
    assert_eq!(forget(&store, &chosen, over).await, chosen.len() as u64);
    assert_eq!(forget(&store, &chosen, over).await, 0, "they are gone already");
    for (place, key) in keys.iter().enumerate() {
        // Asked at the same moment, one that was kept would still be locked.
        let is_allowed = is_allowed(store.attempt(key, &once, NOW).await);
        assert_eq!(is_allowed, place % 2 == 0, "{key:?}");
    }
}

pub async fn a_counter_that_was_counted_under_meanwhile_is_not_forgotten<S: Store>(store: S) {
    let key = account("ada@example.com");
    use_up(&store, &key, NOW).await;
    let over = NOW + ACCOUNT.lock;
    let listed = page(&store, over, None, 10).await;
    let verdicts = race(120, |number| {
        let (store, listed) = (&store, &listed);
        async move {
            if number % 4 == 0 {
                forget(store, listed, over).await;
                return false;
            }
            is_allowed(store.attempt(&listed[0], &ACCOUNT, over).await)
        }
    });
    let allowed = verdicts.await.into_iter().filter(|allowed| *allowed).count();
    assert_eq!(allowed, 5, "had a busy counter been forgotten, more would have been allowed");
}

pub async fn what_is_forgotten_in_parallel_is_forgotten_once<S: Store>(store: S) {
    let keys: Vec<_> = (0..60).map(|n| account(&format!("user-{n}@example.com"))).collect();
    for key in &keys {
        store.attempt(key, &ACCOUNT, NOW).await;
    }
    let counts = race(10, |_| forget(&store, &keys, NOW + ACCOUNT.window)).await;
    assert_eq!(counts.into_iter().sum::<u64>(), 60);
    assert_eq!(all(&store, Timestamp::MAX, 100).await, []);
}

/// All pages, one after the other.
async fn all<S: Store>(store: &S, idle_since: Timestamp, limit: u32) -> Vec<AttemptKey> {
    let mut keys: Vec<AttemptKey> = Vec::new();
    loop {
        let next = page(store, idle_since, keys.last().cloned(), limit).await;
        let is_last = next.len() < limit as usize;
        keys.extend(next);
        if is_last {
            return keys;
        }
    }
}

async fn page<S: Store>(
    store: &S,
    idle_since: Timestamp,
    after: Option<AttemptKey>,
    limit: u32,
) -> Vec<AttemptKey> {
    let listed = store.list_idle_attempts(idle_since, after, limit).await;
    let listed = listed.expect("list_idle_attempts must not fail");
    assert!(listed.len() <= limit as usize);
    listed
}

async fn forget<S: Store>(store: &S, keys: &[AttemptKey], idle_since: Timestamp) -> u64 {
    let forgotten = store.forget_attempts(keys.to_vec(), idle_since).await;
    forgotten.expect("forget_attempts must not fail")
}

/// Makes as many attempts as are allowed.
async fn use_up<S: Store>(store: &S, key: &AttemptKey, now: Timestamp) {
    while is_allowed(store.attempt(key, &ACCOUNT, now).await) {}
}

const fn is_allowed(verdict: AttemptVerdict) -> bool {
    matches!(verdict, AttemptVerdict::Allowed { .. })
}

const fn just_before(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_sub(1))
}
