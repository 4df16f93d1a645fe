//! Events stay, and each consumer is given them in the order of their commits, at least once, and only
//! with their commits.

use std::cell::Cell;

use futures::future::join;
use testudo::command::Conflict;
use testudo::event::{Event, EventRecord, LimitName, LoginFailure, TakenEvents};
use testudo::model::{EventId, UserId};
use testudo::testing::every_event;
use testudo::{Client, Duration, Timestamp};

use super::observe::{Observe, insert_user, recording};
use super::race::{change_user, let_others_go_on, race};
use super::records::{NOW, event, event_id, session_id, user, user_id};
use crate::Store;

pub async fn events_are_in_the_order_of_their_commits<S: Store>(store: S) {
    let events: Vec<_> = (0..12).map(logout).collect();
    for batch in events.chunks(3) {
        assert_eq!(store.apply(recording(batch.to_vec())).await, Ok(()));
    }
    assert_eq!(store.events().await, events);
    assert_eq!(store.events().await, events, "looking at them takes none");
}

pub async fn no_more_events_are_taken_than_the_limit<S: Store>(store: S) {
    assert_eq!(store.events().await, []);
    let events: Vec<_> = (0..5).map(logout).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    for limit in [0, 1, 4, 5, 6, usize::MAX] {
        let consumer = format!("up to {limit}");
        let read = take(&store, &consumer, NOW, limit).await;
        assert_eq!(read.events, events[..limit.min(5)], "with a limit of {limit}");
        let after = take(&store, &consumer, NOW, 9).await.events.len();
        assert_eq!(after, if limit == 0 { 5 } else { 0 }, "nothing is no lease");
    }
}

pub async fn while_events_are_out_nobody_else_is_given_any<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..4).map(logout))).await, Ok(()));
    assert_eq!(numbers(&take(&store, LOG, NOW, 2).await), [0, 1]);
    assert_eq!(take(&store, LOG, NOW, 9).await, TakenEvents::default());
    let just_before = Timestamp::from_millis(LEASE_END.as_millis() - 1);
    assert_eq!(take(&store, LOG, just_before, 9).await, TakenEvents::default());
    let again = take(&store, LOG, LEASE_END, 3).await;
    assert_eq!((numbers(&again), again.attempts), (vec![0, 1, 2], 2), "the worker died");
    report(&store, LOG, 1).await;
    let rest = take(&store, LOG, NOW, 9).await;
    assert_eq!((numbers(&rest), rest.attempts), (vec![2, 3], 1), "its report ends the lease");
}

pub async fn a_cursor_moves_behind_what_was_taken_and_never_back<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..6).map(logout))).await, Ok(()));
    take(&store, LOG, NOW, 9).await;
    report(&store, LOG, 3).await;
    for stale in [3, 1, 0, 77] {
        assert_eq!(numbers(&peek(&store, LOG).await), [4, 5], "before the report of {stale}");
        report(&store, LOG, stale).await;
    }
    assert_eq!(numbers(&take(&store, LOG, NOW, 9).await), [4, 5]);
    for stale in [3, 0, 77] {
        report(&store, LOG, stale).await;
        let taken = take(&store, LOG, NOW, 9).await;
        assert_eq!(taken, TakenEvents::default(), "a late report ends nobody's lease: {stale}");
    }
    report(&store, LOG, 5).await;
    report(&store, LOG, 5).await;
    assert_eq!(take(&store, LOG, NOW, 9).await, TakenEvents::default());
    assert_eq!(store.apply(recording([logout(9)])).await, Ok(()));
    assert_eq!(numbers(&take(&store, LOG, NOW, 9).await), [9]);
}

pub async fn consumers_have_a_cursor_and_a_lease_each<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..3).map(logout))).await, Ok(()));
    let other = "L\u{f6}g";
    for consumer in [LOG, "log ", "", other] {
        assert_eq!(numbers(&take(&store, consumer, NOW, 9).await), [0, 1, 2], "{consumer:?}");
    }
    report(&store, LOG, 2).await;
    report(&store, "nobody", 2).await;
    assert_eq!(numbers(&take(&store, other, LEASE_END, 9).await), [0, 1, 2]);
    assert_eq!(numbers(&take(&store, "nobody", NOW, 9).await), [0, 1, 2]);
}

pub async fn postponed_events_wait_and_no_later_one_overtakes_them<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..2).map(logout))).await, Ok(()));
    let later = NOW + Duration::from_days(1);
    for attempts in 1..4 {
        assert_eq!(take(&store, LOG, later, 1).await.attempts, attempts);
        postpone(&store, LOG, later).await;
        let just_before = Timestamp::from_millis(later.as_millis() - 1);
        assert_eq!(take(&store, LOG, just_before, 9).await, TakenEvents::default());
    }
    postpone(&store, "nobody", later).await;
    assert_eq!(numbers(&take(&store, "nobody", NOW, 9).await), [0, 1]);
    postpone(&store, LOG, NOW).await;
    assert_eq!(numbers(&take(&store, LOG, NOW, 9).await), [0, 1], "it may be brought forward");
}

pub async fn a_consumer_that_begins_now_is_not_given_the_past<S: Store>(store: S) {
    begin(&store, "before all").await;
    assert_eq!(store.apply(recording((0..3).map(logout))).await, Ok(()));
    begin(&store, LOG).await;
    assert_eq!(take(&store, LOG, NOW, 9).await, TakenEvents::default());
    assert_eq!(store.apply(recording([logout(3)])).await, Ok(()));
    begin(&store, LOG).await;
    assert_eq!(numbers(&take(&store, LOG, NOW, 9).await), [3], "it has a cursor already");
    begin(&store, LOG).await;
    assert_eq!(take(&store, LOG, NOW, 9).await, TakenEvents::default(), "and a lease");
    assert_eq!(numbers(&peek(&store, "before all").await), [0, 1, 2, 3]);
    assert_eq!(numbers(&peek(&store, "new").await), [0, 1, 2, 3]);
}

pub async fn a_consumer_that_is_forgotten_is_new<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..2).map(logout))).await, Ok(()));
    take(&store, LOG, NOW, 9).await;
    report(&store, LOG, 0).await;
    take(&store, LOG, NOW, 9).await;
    for name in ["nobody", LOG, LOG] {
        store.forget_consumer(name.to_owned()).await.expect("forget_consumer must not fail");
    }
    let taken = take(&store, LOG, NOW, 9).await;
    assert_eq!((numbers(&taken), taken.attempts), (vec![0, 1], 1));
}

pub async fn many_events_are_committed_and_taken_at_once<S: Store>(store: S) {
    let events: Vec<_> = (0..1000).map(logout).collect();
    assert_eq!(store.apply(recording(events.clone())).await, Ok(()));
    assert_eq!(take(&store, LOG, NOW, usize::MAX).await.events, events);
    report(&store, LOG, 999).await;
    assert_eq!(take(&store, LOG, NOW, 9).await, TakenEvents::default());
    assert_eq!(store.events().await, events, "what was taken stays");
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

pub async fn of_parallel_workers_one_is_given_events<S: Store>(store: S) {
    assert_eq!(store.apply(recording((0..9).map(logout))).await, Ok(()));
    for round in 1..=3_u32 {
        let now = NOW + Duration::from_millis(LEASE.as_millis() * u64::from(round));
        let taken = race(20, |_| take(&store, LOG, now, 4)).await;
        let given: Vec<_> = taken.iter().filter(|taken| !taken.events.is_empty()).collect();
        assert_eq!(given.len(), 1, "round {round}");
        assert_eq!((numbers(given[0]), given[0].attempts), (vec![0, 1, 2, 3], round));
    }
}

pub async fn two_workers_beside_the_commits_take_every_event_in_order<S: Store>(store: S) {
    let all_committed = Cell::new(false);
    let commits = async {
        race(100, |n| store.apply(recording([logout(n)]))).await;
        all_committed.set(true);
    };
    let handed_out = std::cell::RefCell::new(Vec::new());
    let workers = race(2, |worker| {
        let (store, handed_out, all_committed) = (&store, &handed_out, &all_committed);
        async move {
            loop {
                let last_round = all_committed.get();
                let batch = take(store, LOG, NOW, 7).await;
                let Some(last) = batch.events.last().map(|record| record.id) else {
                    if last_round {
                        return;
                    }
                    let_others_go_on().await;
                    continue;
                };
                handed_out.borrow_mut().extend(batch.events.iter().map(|record| record.id));
                for _ in 0..worker {
                    let_others_go_on().await;
                }
                let taken = store.events_taken(LOG.to_owned(), last).await;
                taken.expect("events_taken must not fail");
            }
        }
    });
    join(commits, workers).await;
    // A worker may end while the other still has the last events, and none is left then.
    let rest = take(&store, LOG, LEASE_END, 100).await;
    assert_eq!(rest, TakenEvents::default());
    let in_order: Vec<_> = store.events().await.iter().map(|record| record.id).collect();
    assert_eq!(handed_out.into_inner(), in_order);
    assert_eq!(in_order.len(), 100);
}

const LOG: &str = "log";

/// How long a worker has for what it took.
const LEASE: Duration = Duration::from_secs(60);

const LEASE_END: Timestamp = Timestamp::from_millis(NOW.as_millis() + LEASE.as_millis());

/// Takes events for as long as a lease.
async fn take<S: Store>(store: &S, consumer: &str, now: Timestamp, limit: usize) -> TakenEvents {
    let taken = store.take_events(consumer.to_owned(), now, now + LEASE, limit).await;
    taken.expect("take_events must not fail")
}

/// What a consumer would be given, if it waited for nothing.
async fn peek<S: Store>(store: &S, consumer: &str) -> TakenEvents {
    let taken = store.take_events(consumer.to_owned(), NOW, NOW, usize::MAX).await;
    taken.expect("take_events must not fail")
}

async fn report<S: Store>(store: &S, consumer: &str, number: u32) {
    let taken = store.events_taken(consumer.to_owned(), event_id(number)).await;
    taken.expect("events_taken must not fail");
}

async fn postpone<S: Store>(store: &S, consumer: &str, until: Timestamp) {
    let postponed = store.postpone_events(consumer.to_owned(), until).await;
    postponed.expect("postpone_events must not fail");
}

async fn begin<S: Store>(store: &S, consumer: &str) {
    store.begin_events(consumer.to_owned()).await.expect("begin_events must not fail");
}

/// The numbers of events that were made from them.
fn numbers(taken: &TakenEvents) -> Vec<u32> {
    let number = |id: EventId| (0..1000).find(|number| event_id(*number) == id);
    taken.events.iter().map(|record| number(record.id).expect("an event of the test")).collect()
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
        LoginFailure::WrongSecondFactor,
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
