//! Events leave in the order of their commits, at least once, and only with their commits.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::future::join;
use testudo::command::Conflict;
use testudo::event::{Event, EventRecord, LimitName, LoginFailure};
use testudo::model::UserId;
use testudo::testing::every_event;
use testudo::{Client, Timestamp};

use super::observe::{Observe, insert_user, recording};
use super::race::{change_user, let_others_go_on, race};
use super::records::{event, event_id, session_id, user, user_id};
use crate::Store;

pub async fn events_are_in_the_order_of_their_commits<S: Store>(store: S) {
    let events: Vec<_> = (0..12).map(logout).collect();
    for batch in events.chunks(3) {
        assert_eq!(store.apply(recording(batch.to_vec())).await, Ok(()));
    }
    assert_eq!(store.events().await, events);
    assert_eq!(store.events().await, events, "reading forgets nothing");
}

pub async fn no_more_events_are_read_than_the_limit<S: Store>(store: S) {
    assert_eq!(store.events().await, []);
    let events: Vec<_> = (0..5).map(logout).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    for limit in [0, 1, 4, 5, 6] {
        let read = store.undelivered(limit).await.expect("undelivered must not fail");
        assert_eq!(read, events[..limit.min(5)], "with a limit of {limit}");
    }
}

pub async fn delivered_events_are_forgotten_and_no_others<S: Store>(store: S) {
    let events: Vec<_> = (0..6).map(logout).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    store.forget([event_id(4), event_id(1)]).await;
    let left = [0, 2, 3, 5].map(logout);
    assert_eq!(store.events().await, left);
    store.forget([]).await;
    store.forget([event_id(1), event_id(77), event_id(77)]).await;
    assert_eq!(store.events().await, left, "unknown ids are passed over");
    store.forget([0, 2, 3, 5].map(event_id)).await;
    assert_eq!(store.events().await, []);
}

pub async fn a_later_event_comes_after_those_that_were_left<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..3).map(logout))).await, Ok(()));
    store.forget([event_id(0), event_id(2)]).await;
    assert_eq!(store.apply(recording([logout(9)])).await, Ok(()));
    assert_eq!(store.events().await, [1, 9].map(logout));
}

pub async fn many_events_are_committed_and_delivered_at_once<S: Store>(store: S) {
    let events: Vec<_> = (0..1000).map(logout).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    assert_eq!(store.events().await, events);
    store.forget((0..2000).map(event_id)).await;
    assert_eq!(store.events().await, []);
}

pub async fn events_of_a_batch_that_conflicts_are_not_recorded<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let mut batch = recording([logout(1)]);
    batch.writes.push(insert_user(&ada));
    assert_eq!(store.apply(batch).await, Err(Conflict));
    assert_eq!(store.events().await, []);
}

pub async fn every_kind_of_event_survives_with_every_field<S: Store>(store: S) {
    let events = every_kind();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    assert_eq!(store.events().await, events);
}

pub async fn parallel_commits_lose_no_event_and_double_none<S: Store>(store: S) {
    let outcomes = race(100, |n| store.apply(recording([logout(2 * n), logout(2 * n + 1)]))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let ids: Vec<_> = store.events().await.iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), 200);
    for n in 0..100 {
        let position = |number| ids.iter().position(|id| *id == event_id(number));
        let (first, second) = (position(2 * n), position(2 * n + 1));
        assert!(first.is_some() && first < second, "batch {n} is out of order or lost");
    }
}

pub async fn events_of_successive_versions_are_in_their_order_however_they_raced<S: Store>(
    store: S,
) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    race(8, |writer| change_five_times(&store, ada.id, writer * 5)).await;
    let versions: Vec<_> = store.events().await.iter().map(version_of).collect();
    assert_eq!(versions, (1..=40).collect::<Vec<_>>());
}

pub async fn a_worker_beside_the_commits_delivers_every_event<S: Store>(store: S) {
    let all_committed = Cell::new(false);
    let commits = async {
        race(100, |n| store.apply(recording([logout(n)]))).await;
        all_committed.set(true);
    };
    let worker = async {
        let mut delivered = BTreeSet::new();
        loop {
            let last_round = all_committed.get();
            let batch = store.undelivered(7).await.expect("undelivered must not fail");
            if batch.is_empty() && last_round {
                return delivered;
            }
            for record in &batch {
                assert!(delivered.insert(record.id), "it was forgotten before");
            }
            store.forget(batch.iter().map(|record| record.id)).await;
            let_others_go_on().await;
        }
    };
    let ((), delivered) = join(commits, worker).await;
    assert_eq!(delivered, (0..100).map(event_id).collect());
}

fn logout(number: u32) -> EventRecord {
    event(number, Event::UserLogout)
}

/// Replaces a user five times, each time recording the version that it made.
async fn change_five_times<S: Store>(store: &S, id: UserId, first_event: u32) {
    for number in first_event..first_event + 5 {
        change_user(store, id, 35, |user| {
            let generation = u32::try_from(user.version.get()).expect("a small number");
            Some(event(number, Event::RefreshReused { generation, current: 0 }))
        })
        .await;
    }
}

fn version_of(record: &EventRecord) -> u32 {
    match record.event {
        Event::RefreshReused { generation, .. } => generation,
        ref other => panic!("expected the event of a version, got {other:?}"),
    }
}

fn every_kind() -> Vec<EventRecord> {
    let other_limit = Event::RateLimitExceeded { limit: LimitName::LoginNetwork };
    let kinds = every_event().into_iter().chain([other_limit]);
    let reasons = [
        LoginFailure::UnknownUser,
        LoginFailure::WrongPassword,
        LoginFailure::Inactive,
        LoginFailure::UnusablePassword,
        LoginFailure::UnreadableHash,
        LoginFailure::PasswordChangeRequired,
    ];
    let failures = reasons.map(|reason| {
        let email = "\u{1f422}***@ex\u{e4}mple.com".into();
        Event::UserLoginFailed { email, reason }
    });
    let client = Client::unknown()
        .with_ip("2001:db8::1".parse().expect("an address"))
        .with_user_agent("\u{1f422} \"agent\" '\\");
    (0..)
        .zip(kinds.chain(failures))
        .map(|(n, kind)| EventRecord {
            at: Timestamp::from_millis(u64::from(n)),
            user: (n % 2 == 0).then(|| user_id(n)),
            session: (n % 3 == 0).then(|| session_id(n)),
            client: if n % 4 == 0 { Client::unknown() } else { client.clone() },
            ..event(n, kind)
        })
        .collect()
}
