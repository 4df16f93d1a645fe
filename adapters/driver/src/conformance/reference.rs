//! Whatever is done, in whatever order: the answers are those of the reference.

mod acts;
mod batches;
mod questions;

use proptest::collection::vec;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use testudo::Timestamp;
use testudo::command::{Commit, Sweep, Write};
use testudo::message::DeadLetters;
use testudo::reference::Tables;

use self::acts::{Act, acts};
use self::batches::{Batches, counter};
use self::questions::{seen_by, seen_in};
use crate::Store;

const ANSWER: &str = "a command must not fail";

/// How many scripts there are, the same in every run, and how long they are.
const SCRIPTS: usize = 40;
const ACTS: std::ops::Range<usize> = 1..50;

pub async fn every_answer_is_that_of_the_reference<S: Store>(store: S) {
    let (mut tables, mut batches) = (Tables::new(), Batches::default());
    let mut runner = TestRunner::deterministic();
    for _ in 0..SCRIPTS {
        let script = vec(acts(), ACTS).new_tree(&mut runner).expect("a script").current();
        follow(&store, &mut tables, &mut batches, script).await;
        remove_everything(&store, &mut tables).await;
    }
}

async fn follow<S: Store>(store: &S, tables: &mut Tables, batches: &mut Batches, script: Vec<Act>) {
    for act in script {
        let shown = format!("{act:?}");
        let (ours, theirs) = perform(store, tables, batches, act).await;
        assert_eq!(ours, theirs, "{shown}");
        // After each step, so that what goes wrong is found where it does.
        assert_same_is_seen(store, tables, &shown).await;
    }
}

async fn assert_same_is_seen<S: Store>(store: &S, tables: &Tables, after: &str) {
    let (ours, theirs) = (seen_by(store).await, seen_in(tables));
    if ours != theirs {
        // Whether it lasts tells what is wrong from what was shown late.
        let is_late = seen_by(store).await == theirs;
        assert_eq!(ours, theirs, "after {after}; right when asked once more: {is_late}");
    }
}

/// Does the same to both, and gives both answers as texts.
async fn perform<S: Store>(
    store: &S,
    tables: &mut Tables,
    batches: &mut Batches,
    act: Act,
) -> (String, String) {
    let text = |answer: &dyn std::fmt::Debug| format!("{answer:?}");
    match act {
        Act::Commit(batch) => {
            let batch = batches.make(tables, batch);
            let ours = store.commit(batch.clone()).await.expect(ANSWER);
            (text(&ours), text(&tables.commit(batch)))
        }
        Act::Sweep(command) => {
            (text(&store.sweep(command).await.expect(ANSWER)), text(&tables.sweep(&command)))
        }
        Act::Count(command) => {
            let ours = store.count_attempt(command.clone()).await.expect(ANSWER);
            (text(&ours), text(&tables.count_attempt(&command)))
        }
        Act::ListIdle(since, after, limit) => {
            let ours = store.list_idle_attempts(since, after.clone(), limit).await.expect(ANSWER);
            (text(&ours), text(&tables.list_idle_attempts(since, after.as_ref(), limit)))
        }
        Act::Forget(keys, since) => {
            let ours = store.forget_attempts(keys.clone(), since).await.expect(ANSWER);
            (text(&ours), text(&tables.forget_attempts(&keys, since)))
        }
        Act::TakeEvents(consumer, now, until, limit) => {
            let ours =
                store.take_events(consumer.to_owned(), now, until, limit).await.expect(ANSWER);
            (text(&ours), text(&tables.take_events(consumer, now, until, limit)))
        }
        Act::EventsTaken(consumer, event) => {
            let event = batches.recent_event(event);
            store.events_taken(consumer.to_owned(), event).await.expect(ANSWER);
            tables.events_taken(consumer, event);
            Default::default()
        }
        Act::PostponeEvents(consumer, until) => {
            store.postpone_events(consumer.to_owned(), until).await.expect(ANSWER);
            tables.postpone_events(consumer, until);
            Default::default()
        }
        Act::BeginEvents(consumer) => {
            store.begin_events(consumer.to_owned()).await.expect(ANSWER);
            tables.begin_events(consumer);
            Default::default()
        }
        Act::ForgetConsumer(consumer) => {
            store.forget_consumer(consumer.to_owned()).await.expect(ANSWER);
            tables.forget_consumer(consumer);
            Default::default()
        }
        Act::TakeMessages(now, until, limit) => {
            let ours = store.take_messages(now, until, limit).await.expect(ANSWER);
            (text(&ours), text(&tables.take_messages(now, until, limit)))
        }
        Act::MessagesSent(ids) => {
            let ids: Vec<_> = ids.into_iter().map(|ago| batches.recent_message(ago)).collect();
            store.messages_sent(ids.clone()).await.expect(ANSWER);
            tables.messages_sent(&ids);
            Default::default()
        }
        Act::PostponeMessage(id, until) => {
            let id = batches.recent_message(id);
            store.postpone_message(id, until).await.expect(ANSWER);
            tables.postpone_message(id, until);
            Default::default()
        }
        Act::Bury(id, at, reason) => {
            let id = batches.recent_message(id);
            store.bury_message(id, at, reason).await.expect(ANSWER);
            tables.bury_message(id, at, reason);
            Default::default()
        }
        Act::Revive(which, now) => {
            let these = |ids: Vec<u32>| ids.into_iter().map(|ago| batches.recent_message(ago));
            let which =
                which.map_or(DeadLetters::All, |ids| DeadLetters::These(these(ids).collect()));
            let mut ours = store.revive_messages(which.clone(), now).await.expect(ANSWER);
            let mut theirs = tables.revive_messages(&which, now);
            ours.sort_unstable();
            theirs.sort_unstable();
            (text(&ours), text(&theirs))
        }
    }
}

/// So that the next script begins with nothing.
async fn remove_everything<S: Store>(store: &S, tables: &mut Tables) {
    let users = tables.users().map(|user| Write::RemoveUser { id: user.id, was: user.version });
    let counters = (0..5).map(|number| Write::ClearAttempts(counter(number)));
    let batch = Commit { writes: users.chain(counters).collect(), ..Commit::default() };
    store.commit(batch.clone()).await.expect(ANSWER).expect("all are there");
    tables.commit(batch).expect("all are there");

    let messages: Vec<_> = tables.messages().map(|message| message.id).collect();
    store.messages_sent(messages.clone()).await.expect(ANSWER);
    tables.messages_sent(&messages);

    let command = Sweep {
        sessions_expired_by: Timestamp::MAX,
        attempts_idle_since: Timestamp::MAX,
        accounts_closed_by: Timestamp::MAX,
        links_expired_by: Timestamp::MAX,
        events_kept_since: Timestamp::MAX,
        dead_letters_buried_by: Timestamp::MAX,
        limit: 1000,
    };
    let swept = store.sweep(command).await.expect(ANSWER);
    assert_eq!(swept, tables.sweep(&command));
    assert_same_is_seen(store, tables, "everything was removed").await;
}
