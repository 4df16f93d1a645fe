//! Messages are handed out in the order of their commits, each to one worker at a time, until they were
//! sent.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::future::join;
use testudo::command::Conflict;
use testudo::message::{SealedMessage, TakenMessage};
use testudo::model::MessageId;
use testudo::{Duration, Timestamp};

use super::key_records::{message, message_id};
use super::observe::{Observe, insert_user, sending};
use super::race::{let_others_go_on, race};
use super::records::{NOW, user};
use crate::Store;

pub async fn messages_are_taken_in_the_order_of_their_commits<S: Store>(store: S) {
    let messages: Vec<_> = (0..12).map(message).collect();
    for batch in messages.chunks(3) {
        assert_eq!(store.apply(sending(batch.to_vec())).await, Ok(()));
    }
    let taken = take(&store, NOW, LEASE_END, 100).await;
    assert_eq!(taken.iter().map(|it| it.message.clone()).collect::<Vec<_>>(), messages);
    assert!(taken.iter().all(|taken| taken.attempts == 1));
}

pub async fn no_more_messages_are_taken_than_the_limit<S: Store>(store: S) {
    assert_eq!(store.apply(sending((0..5).map(message))).await, Ok(()));
    assert_eq!(take(&store, NOW, LEASE_END, 0).await, []);
    assert_eq!(ids(&take(&store, NOW, LEASE_END, 2).await), [0, 1].map(message_id));
    assert_eq!(ids(&take(&store, NOW, LEASE_END, usize::MAX).await), [2, 3, 4].map(message_id));
}

pub async fn a_message_that_was_not_reported_comes_back_when_its_time_is_over<S: Store>(store: S) {
    assert_eq!(store.apply(sending([message(1), message(2)])).await, Ok(()));
    for attempts in 1..4 {
        let start = NOW + Duration::from_millis(LEASE.as_millis() * (u64::from(attempts) - 1));
        let taken = take(&store, start, start + LEASE, 9).await;
        assert_eq!(ids(&taken), [1, 2].map(message_id), "attempt {attempts}");
        assert!(taken.iter().all(|taken| taken.attempts == attempts), "{taken:?}");
        let just_before = Timestamp::from_millis((start + LEASE).as_millis() - 1);
        assert_eq!(take(&store, just_before, just_before + LEASE, 9).await, []);
    }
}

pub async fn a_message_is_due_from_its_moment_on<S: Store>(store: S) {
    let later = SealedMessage { created_at: NOW + MILLISECOND, ..message(2) };
    let first = SealedMessage { created_at: Timestamp::from_millis(0), ..message(3) };
    assert_eq!(store.apply(sending([message(1), later, first])).await, Ok(()));
    assert_eq!(ids(&take(&store, NOW, LEASE_END, 9).await), [1, 3].map(message_id));
    assert_eq!(ids(&take(&store, NOW + MILLISECOND, LEASE_END, 9).await), [message_id(2)]);
}

pub async fn sent_messages_are_forgotten_and_no_others<S: Store>(store: S) {
    assert_eq!(store.apply(sending((0..6).map(message))).await, Ok(()));
    take(&store, NOW, LEASE_END, 4).await;
    report(&store, [4, 1].map(message_id)).await;
    report(&store, []).await;
    report(&store, [1, 77, 77].map(message_id)).await;
    let left = take(&store, LEASE_END, LEASE_END + LEASE, 9).await;
    assert_eq!(ids(&left), [0, 2, 3, 5].map(message_id));
    report(&store, (0..2000).map(message_id)).await;
    assert_eq!(take(&store, Timestamp::MAX, Timestamp::MAX, 9).await, []);
}

pub async fn a_postponed_message_waits_for_its_time_and_the_others_do_not<S: Store>(store: S) {
    assert_eq!(store.apply(sending([message(1), message(2)])).await, Ok(()));
    take(&store, NOW, LEASE_END, 9).await;
    let (much_later, soon) = (NOW + Duration::from_days(1), NOW + MILLISECOND);
    for (number, until) in [(1, much_later), (2, soon), (77, soon)] {
        let postponed = store.postpone_message(message_id(number), until).await;
        postponed.expect("postpone_message must not fail");
    }
    let taken = take(&store, soon, LEASE_END, 9).await;
    assert_eq!(ids(&taken), [message_id(2)]);
    assert_eq!(taken[0].attempts, 2, "to postpone is no attempt");
    report(&store, [message_id(2)]).await;
    let just_before = Timestamp::from_millis(much_later.as_millis() - 1);
    assert_eq!(take(&store, just_before, much_later, 9).await, []);
    assert_eq!(ids(&take(&store, much_later, much_later + LEASE, 9).await), [message_id(1)]);
}

pub async fn messages_of_a_batch_that_conflicts_are_not_kept<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let mut batch = sending([message(1)]);
    batch.writes.push(insert_user(&ada));
    assert_eq!(store.apply(batch).await, Err(Conflict));
    assert_eq!(take(&store, Timestamp::MAX, Timestamp::MAX, 9).await, []);
}

pub async fn every_byte_of_a_message_survives<S: Store>(store: S) {
    let with = |number, sealed| SealedMessage { sealed, ..message(number) };
    let every_byte: Vec<u8> = (0..=255).cycle().take(SealedMessage::MAX_BYTES).collect();
    let messages = [with(1, every_byte), with(2, Vec::new()), with(3, vec![0; 7])];
    assert_eq!(store.apply(sending(messages.clone())).await, Ok(()));
    let taken = take(&store, NOW, Timestamp::MAX, 9).await;
    assert_eq!(taken.into_iter().map(|it| it.message).collect::<Vec<_>>(), messages);
}

pub async fn parallel_workers_take_each_message_once<S: Store>(store: S) {
    assert_eq!(store.apply(sending((0..100).map(message))).await, Ok(()));
    let taken = race(30, |_| take(&store, NOW, LEASE_END, 7)).await;
    for batch in &taken {
        let batch = ids(batch);
        let place = |id: &MessageId| (0..100).position(|number| message_id(number) == *id);
        assert!(batch.is_sorted_by_key(place) && batch.len() <= 7, "{batch:?} is out of order");
    }
    let mut all: Vec<_> = taken.iter().flat_map(|batch| ids(batch)).collect();
    assert_eq!(all.len(), 100, "none is taken twice, and none left");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100);
}

pub async fn two_workers_beside_the_commits_send_every_message_once<S: Store>(store: S) {
    let all_committed = Cell::new(false);
    let commits = async {
        race(100, |n| store.apply(sending([message(n)]))).await;
        all_committed.set(true);
    };
    let workers = race(2, |_| async {
        let mut sent = Vec::new();
        loop {
            let last_round = all_committed.get();
            let batch = ids(&take(&store, NOW, LEASE_END, 7).await);
            if batch.is_empty() && last_round {
                return sent;
            }
            sent.extend(batch.iter().copied());
            report(&store, batch).await;
            let_others_go_on().await;
        }
    });
    let ((), sent) = join(commits, workers).await;
    let sent = sent.concat();
    assert_eq!(sent.len(), 100);
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(take(&store, Timestamp::MAX, Timestamp::MAX, 9).await, []);
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// How long a worker has for what it took.
const LEASE: Duration = Duration::from_secs(60);

const LEASE_END: Timestamp = Timestamp::from_millis(NOW.as_millis() + LEASE.as_millis());

async fn take<S: Store>(
    store: &S,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Vec<TakenMessage> {
    store.take_messages(now, until, limit).await.expect("take_messages must not fail")
}

async fn report<S: Store>(store: &S, messages: impl IntoIterator<Item = MessageId>) {
    let messages = messages.into_iter().collect();
    store.messages_sent(messages).await.expect("messages_sent must not fail");
}

fn ids(taken: &[TakenMessage]) -> Vec<MessageId> {
    taken.iter().map(|taken| taken.message.id).collect()
}
