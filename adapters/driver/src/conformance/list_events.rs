//! The audit trail is listed by whom, what and when, a page at a time, and removed when it is old.

use testudo::command::{ListEvents, Sweep};
use testudo::event::{Event, EventKind, EventRecord};
use testudo::model::EventId;
use testudo::{Duration, Timestamp};

use super::observe::{Observe, insert_user, recording};
use super::records::{NOW, event, event_id, user, user_id};
use crate::Store;

pub async fn events_are_listed_in_descending_order_of_their_ids_page_by_page<S: Store>(store: S) {
    let events: Vec<_> = (0..20).map(|number| event(number, Event::UserLogout)).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    let mut newest_first: Vec<_> = events.iter().map(|record| record.id).collect();
    newest_first.sort();
    newest_first.reverse();
    for limit in [1, 3, 20, 1000] {
        let (mut listed, mut before) = (Vec::new(), None);
        loop {
            let page = list(&store, ListEvents { before, ..ListEvents::newest(limit) }).await;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            before = Some(*last);
            listed.extend(page);
        }
        assert_eq!(listed, newest_first, "in pages of {limit}");
    }
    assert_eq!(list(&store, ListEvents::newest(0)).await, []);
}

/// Whatever is asked for, the list is what [`ListEvents::admits`].
pub async fn events_are_listed_by_whom_they_concern_what_happened_and_when<S: Store>(store: S) {
    let kinds = [Event::UserLogout, Event::UserLogoutAll, Event::UserCreated];
    let events: Vec<_> = (0..27)
        .map(|number| EventRecord {
            user: [None, Some(user_id(1)), Some(user_id(2))][number as usize % 3],
            at: NOW + Duration::from_millis(u64::from(number / 3 % 3)),
            ..event(number, kinds[number as usize / 9].clone())
        })
        .collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    let moments =
        [None, Some(NOW), Some(NOW + TICK), Some(NOW + TICK + TICK), Some(Timestamp::MAX)];
    let wanted = [
        vec![],
        vec![EventKind::UserLogout],
        vec![EventKind::UserCreated, EventKind::UserLogoutAll],
        vec![EventKind::RefreshReused],
    ];
    for kinds in &wanted {
        for user in [None, Some(user_id(1)), Some(user_id(7))] {
            for since in moments {
                for until in moments {
                    let before = until.map(|_| event_id(9));
                    let kinds = kinds.clone();
                    let command = ListEvents { user, kinds, since, until, before, limit: 100 };
                    let admitted = events.iter().filter(|record| command.admits(record));
                    let mut admitted: Vec<_> = admitted.map(|record| record.id).collect();
                    admitted.sort();
                    admitted.reverse();
                    assert_eq!(list(&store, command.clone()).await, admitted, "{command:?}");
                }
            }
        }
    }
}

pub async fn old_events_are_removed_a_batch_at_a_time_and_no_others<S: Store>(store: S) {
    let at = |number: u32, at| EventRecord { at, ..event(number, Event::UserLogout) };
    let old = (0..5).map(|number| at(number, NOW));
    let events: Vec<_> = old.chain((5..8).map(|number| at(number, NOW + TICK))).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    for removed in [3, 2, 0] {
        assert_eq!(sweep(&store, NOW, 3).await, removed);
    }
    assert_eq!(store.events().await, events[5..]);
}

/// A cursor stands behind events that are gone, and the next one comes after it all the same.
pub async fn no_event_is_skipped_after_all_before_it_were_removed<S: Store>(store: S) {
    for number in 0..4 {
        assert_eq!(store.apply(recording([event(number, Event::UserLogout)])).await, Ok(()));
        let consumer = || "log".to_owned();
        let taken = store.take_events(consumer(), NOW, NOW + TICK, 9).await;
        let taken = taken.expect("take_events must not fail").events;
        assert_eq!(taken.iter().map(|record| record.id).collect::<Vec<_>>(), [event_id(number)]);
        let reported = store.events_taken(consumer(), event_id(number)).await;
        reported.expect("events_taken must not fail");
        if number == 2 {
            store.begin_events("late".to_owned()).await.expect("begin_events must not fail");
        }
        assert_eq!(sweep(&store, NOW, 9).await, 1);
        if number == 1 {
            store.begin_events("empty".to_owned()).await.expect("begin_events must not fail");
        }
    }
    assert_eq!(store.apply(recording([event(9, Event::UserLogout)])).await, Ok(()));
    for consumer in ["late", "empty", "new"] {
        let taken = store.take_events(consumer.to_owned(), NOW, NOW, 9).await;
        let taken = taken.expect("take_events must not fail").events;
        assert_eq!(taken.iter().map(|record| record.id).collect::<Vec<_>>(), [event_id(9)]);
    }
}

pub async fn events_outlast_the_account_that_they_concern<S: Store>(store: S) {
    let ada = testudo::model::User { closes_at: Some(NOW), ..user(1) };
    store.write([insert_user(&ada)]).await;
    let record = EventRecord { user: Some(ada.id), ..event(1, Event::UserCreated) };
    assert_eq!(store.apply(recording([record])).await, Ok(()));
    sweep(&store, Timestamp::from_millis(0), 9).await;
    assert_eq!(store.user(ada.id).await, None);
    let of_ada = ListEvents { user: Some(ada.id), ..ListEvents::newest(9) };
    assert_eq!(list(&store, of_ada).await, [event_id(1)]);
}

const TICK: Duration = Duration::from_millis(1);

async fn list<S: Store>(store: &S, command: ListEvents) -> Vec<EventId> {
    let listed = store.list_events(command).await.expect("list_events must not fail");
    listed.iter().map(|record| record.id).collect()
}

/// Removes events that happened by then; all accounts that were to go by now go as well.
async fn sweep<S: Store>(store: &S, by: Timestamp, limit: u32) -> u64 {
    let never = Timestamp::from_millis(0);
    let command = Sweep {
        sessions_expired_by: never,
        attempts_idle_since: never,
        accounts_closed_by: NOW,
        links_expired_by: never,
        events_kept_since: by,
        dead_letters_buried_by: never,
        limit,
    };
    store.sweep(command).await.expect("sweep must not fail").events
}
