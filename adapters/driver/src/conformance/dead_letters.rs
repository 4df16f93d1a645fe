//! What is given up is kept, listed, revived, and removed in the end.

use testudo::command::{Sweep, Swept};
use testudo::message::{
    Burial, BurialReason, DeadLetters, KeptMessage, ListMessages, MessageState,
};
use testudo::model::MessageId;
use testudo::{Duration, Timestamp};

use super::key_records::{message, message_id};
use super::observe::{Observe, sending};
use super::race::race;
use super::records::NOW;
use crate::Store;

pub async fn a_message_that_is_given_up_is_kept_and_nobody_is_given_it<S: Store>(store: S) {
    let reasons = [
        BurialReason::Refused,
        BurialReason::GivenUp,
        BurialReason::Expired,
        BurialReason::Unopenable,
        BurialReason::Wordless,
    ];
    assert_eq!(store.apply(sending((0..7).map(message))).await, Ok(()));
    take(&store, NOW).await;
    for (number, reason) in (0..).zip(reasons) {
        bury(&store, number, LATER, reason).await;
    }
    bury(&store, 77, LATER, BurialReason::Refused).await;
    assert_eq!(take(&store, Timestamp::MAX).await, [5, 6].map(message_id));
    let dead = list(&store, Some(MessageState::Dead), None, 100).await;
    for (number, reason) in (0..).zip(reasons) {
        let kept = dead.iter().find(|kept| kept.message.id == message_id(number));
        let burial = Some(Burial { at: LATER, reason });
        let expected = KeptMessage { message: message(number), attempts: 1, next_try: NOW, burial };
        assert_eq!(kept, Some(&expected));
    }
    assert_eq!(dead.len(), reasons.len());
    let sent = store.messages_sent(vec![dead[0].message.id]).await;
    sent.expect("messages_sent must not fail");
    assert_eq!(list(&store, Some(MessageState::Dead), None, 100).await, dead[1..]);
}

pub async fn a_message_is_given_up_once<S: Store>(store: S) {
    assert_eq!(store.apply(sending([message(1)])).await, Ok(()));
    bury(&store, 1, NOW, BurialReason::Refused).await;
    bury(&store, 1, LATER, BurialReason::Expired).await;
    let postponed = store.postpone_message(message_id(1), NOW).await;
    postponed.expect("postpone_message must not fail");
    assert_eq!(take(&store, Timestamp::MAX).await, []);
    let dead = list(&store, None, None, 9).await;
    assert_eq!(dead[0].burial, Some(Burial { at: NOW, reason: BurialReason::Refused }));
}

pub async fn messages_are_listed_in_the_order_of_their_ids_page_by_page<S: Store>(store: S) {
    for number in [4, 1, 5, 0, 3, 2] {
        assert_eq!(store.apply(sending([message(number)])).await, Ok(()));
    }
    for number in [1, 3] {
        bury(&store, number, NOW, BurialReason::GivenUp).await;
    }
    let states = [
        (None, vec![0, 1, 2, 3, 4, 5]),
        (Some(MessageState::Waiting), vec![0, 2, 4, 5]),
        (Some(MessageState::Dead), vec![1, 3]),
    ];
    for (state, numbers) in states {
        let mut expected: Vec<_> = numbers.into_iter().map(message_id).collect();
        expected.sort_unstable();
        for limit in [1, 2, 5, 100] {
            let (mut listed, mut after) = (Vec::new(), None);
            loop {
                let page = ids(&list(&store, state, after, limit).await);
                assert!(page.len() <= usize::try_from(limit).expect("small"), "{page:?}");
                if page.is_empty() {
                    break;
                }
                after = page.last().copied();
                listed.extend(page);
            }
            assert_eq!(listed, expected, "{state:?}, {limit} at a time");
        }
        assert_eq!(list(&store, state, None, 0).await, []);
    }
}

pub async fn dead_letters_wait_again_when_they_are_revived_and_no_others<S: Store>(store: S) {
    assert_eq!(store.apply(sending((0..6).map(message))).await, Ok(()));
    take(&store, NOW).await;
    for number in 0..5 {
        bury(&store, number, NOW, BurialReason::Refused).await;
    }
    let asked = [1, 3, 3, 5, 77].map(message_id).to_vec();
    let revived = revive(&store, DeadLetters::These(asked)).await;
    assert_eq!(revived, [1, 3].map(message_id));
    assert_eq!(revive(&store, DeadLetters::These(Vec::new())).await, []);
    for kept in list(&store, Some(MessageState::Waiting), None, 9).await {
        let (attempts, next_try) =
            if kept.message.id == message_id(5) { (1, NOW) } else { (0, LATER) };
        assert_eq!((kept.attempts, kept.next_try), (attempts, next_try), "{kept:?}");
    }
    assert_eq!(take(&store, LATER).await, [1, 3, 5].map(message_id));
    assert_eq!(revive(&store, DeadLetters::All).await, [0, 2, 4].map(message_id));
    assert_eq!(revive(&store, DeadLetters::All).await, []);
    assert_eq!(list(&store, Some(MessageState::Dead), None, 9).await, []);
}

pub async fn of_parallel_revivals_each_dead_letter_is_in_one<S: Store>(store: S) {
    assert_eq!(store.apply(sending((0..50).map(message))).await, Ok(()));
    for number in 0..50 {
        bury(&store, number, NOW, BurialReason::Refused).await;
    }
    let revived = race(10, |_| revive(&store, DeadLetters::All)).await.concat();
    assert_eq!(revived.len(), 50);
}

pub async fn dead_letters_are_removed_when_their_time_is_over_and_what_waits_is_not<S: Store>(
    store: S,
) {
    assert_eq!(store.apply(sending((0..6).map(message))).await, Ok(()));
    for (number, at) in [(0, NOW), (1, NOW), (2, NOW), (3, LATER)] {
        bury(&store, number, at, BurialReason::Refused).await;
    }
    for removed in [2, 1, 0] {
        let past = Timestamp::from_millis(0);
        let command = Sweep {
            sessions_expired_by: past,
            attempts_idle_since: past,
            accounts_closed_by: past,
            links_expired_by: past,
            events_kept_since: past,
            dead_letters_buried_by: NOW,
            limit: 2,
        };
        let swept = store.sweep(command).await.expect("sweep must not fail");
        assert_eq!(swept, Swept { dead_letters: removed, ..Swept::default() });
    }
    let mut stays = [3, 4, 5].map(message_id);
    stays.sort_unstable();
    assert_eq!(ids(&list(&store, None, None, 9).await), stays);
}

const LATER: Timestamp =
    Timestamp::from_millis(NOW.as_millis() + Duration::from_days(1).as_millis());

async fn take<S: Store>(store: &S, now: Timestamp) -> Vec<MessageId> {
    let taken = store.take_messages(now, now, 100).await.expect("take_messages must not fail");
    taken.iter().map(|taken| taken.message.id).collect()
}

async fn bury<S: Store>(store: &S, number: u32, at: Timestamp, reason: BurialReason) {
    let buried = store.bury_message(message_id(number), at, reason).await;
    buried.expect("bury_message must not fail");
}

async fn list<S: Store>(
    store: &S,
    state: Option<MessageState>,
    after: Option<MessageId>,
    limit: u32,
) -> Vec<KeptMessage> {
    let listed = store.list_messages(ListMessages { state, after, limit }).await;
    listed.expect("list_messages must not fail")
}

/// Sorted.
async fn revive<S: Store>(store: &S, which: DeadLetters) -> Vec<MessageId> {
    let revived = store.revive_messages(which, LATER).await;
    let mut revived = revived.expect("revive_messages must not fail");
    revived.sort_unstable();
    revived
}

fn ids(listed: &[KeptMessage]) -> Vec<MessageId> {
    listed.iter().map(|kept| kept.message.id).collect()
}
