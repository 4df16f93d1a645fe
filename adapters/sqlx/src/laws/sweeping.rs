//! Sweeping ends, and what has to stay holds up nothing else.

use testudo::Timestamp;
use testudo::command::{FindUser, Sweep, Swept, UserKey};
use testudo::model::User;
use testudo_driver::Store;

use super::fixtures::{NOW, commit, inserting, user};

/// Of three closed accounts, a table of the application's refers to the second. `refer` makes the table, and puts the
/// account into it.
pub(crate) async fn an_account_that_cannot_be_removed_holds_up_no_other<S: Store>(
    store: &S,
    refer: impl AsyncFn(&User),
) {
    let closed: Vec<_> = ["ada", "ben", "eve"]
        .map(|name| User { closes_at: Some(NOW), ..user(&format!("{name}@example.com")) })
        .into_iter()
        .collect();
    for user in &closed {
        commit(store, inserting(user)).await;
    }
    refer(&closed[1]).await;
    // Also where a page is full of those that stay.
    for (removed, limit) in [(1, 1), (1, 10), (0, 1)] {
        let swept = store.sweep(all(NOW, limit)).await.unwrap();
        assert_eq!(swept, Swept { accounts: removed, ..Swept::default() });
    }
    for (user, is_there) in closed.iter().zip([false, true, false]) {
        let found = store.find_user(FindUser { key: UserKey::Id(user.id) }).await.unwrap();
        assert_eq!(found.is_some(), is_there);
    }
}

/// There are 12 000 idle counters, all about nobody.
pub(crate) async fn as_many_counters_go_as_may_however_many_there_are<S: Store>(store: &S) {
    for removed in [7_000, 5_000, 0] {
        let swept = store.sweep(all(NOW, 7_000)).await.unwrap();
        assert_eq!(swept, Swept { attempts: removed, ..Swept::default() });
    }
}

/// What was over by then, but no events.
pub(crate) fn all(then: Timestamp, limit: u32) -> Sweep {
    Sweep {
        sessions_expired_by: then,
        attempts_idle_since: then,
        accounts_closed_by: then,
        links_expired_by: then,
        events_kept_since: Timestamp::from_millis(0),
        dead_letters_buried_by: then,
        limit,
    }
}
