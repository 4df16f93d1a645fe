//! Whatever is done, in whatever order: the answers are those of the reference.

mod acts;
mod counters;
mod world;

use proptest::prelude::*;
use testudo::reference::Tables;
use testudo_driver::Store;
use testudo_redis::RedisStore;

use self::acts::{Act, acts};
use self::world::World;
use crate::support::{fresh, run, server};

#[test]
fn every_answer_is_that_of_the_reference() {
    let config = ProptestConfig { failure_persistence: None, cases: 100, ..Default::default() };
    proptest!(config, |(script in proptest::collection::vec(acts(), 1..50))| {
        let mut result = Ok(());
        run(async { result = follow(&fresh(server(), 1).await, script).await });
        result?;
    });
}

async fn follow(store: &RedisStore, script: Vec<Act>) -> Result<(), TestCaseError> {
    let (mut tables, mut world) = (Tables::new(), World::default());
    for act in script {
        let shown = format!("{act:?}");
        let (ours, theirs) = perform(store, &mut tables, &mut world, act).await;
        prop_assert_eq!(ours, theirs, "{}", shown);
        // What can be seen is the same after each step, so that what goes wrong is found where it does.
        prop_assert_eq!(seen_by(store).await, world::seen_in(&tables), "after {}", shown);
    }
    Ok(())
}

/// Does the same to both, and gives both answers as texts.
async fn perform(
    store: &RedisStore,
    tables: &mut Tables,
    world: &mut World,
    act: Act,
) -> (String, String) {
    let text = |answer: &dyn std::fmt::Debug| format!("{answer:?}");
    match act {
        Act::Commit(batch) => {
            let batch = world.batch(tables, batch);
            let ours = store.commit(batch.clone()).await.unwrap();
            (text(&ours), text(&tables.commit(batch)))
        }
        Act::Sweep(command) => {
            (text(&store.sweep(command).await.unwrap()), text(&tables.sweep(&command)))
        }
        Act::Count(command) => {
            let ours = store.count_attempt(command.clone()).await.unwrap();
            (text(&ours), text(&tables.count_attempt(&command)))
        }
        Act::ListIdle(since, after, limit) => {
            let ours = store.list_idle_attempts(since, after.clone(), limit).await.unwrap();
            (text(&ours), text(&tables.list_idle_attempts(since, after.as_ref(), limit)))
        }
        Act::Forget(keys, since) => {
            let ours = store.forget_attempts(keys.clone(), since).await.unwrap();
            (text(&ours), text(&tables.forget_attempts(&keys, since)))
        }
        Act::TakeEvents(consumer, now, until, limit) => {
            let ours = store.take_events(consumer.to_owned(), now, until, limit).await.unwrap();
            (text(&ours), text(&tables.take_events(consumer, now, until, limit)))
        }
        Act::EventsTaken(consumer, event) => {
            let event = world::event_id(event);
            store.events_taken(consumer.to_owned(), event).await.unwrap();
            tables.events_taken(consumer, event);
            Default::default()
        }
        Act::PostponeEvents(consumer, until) => {
            store.postpone_events(consumer.to_owned(), until).await.unwrap();
            tables.postpone_events(consumer, until);
            Default::default()
        }
        Act::BeginEvents(consumer) => {
            store.begin_events(consumer.to_owned()).await.unwrap();
            tables.begin_events(consumer);
            Default::default()
        }
        Act::ForgetConsumer(consumer) => {
            store.forget_consumer(consumer.to_owned()).await.unwrap();
            tables.forget_consumer(consumer);
            Default::default()
        }
        Act::TakeMessages(now, until, limit) => {
            let ours = store.take_messages(now, until, limit).await.unwrap();
            (text(&ours), text(&tables.take_messages(now, until, limit)))
        }
        Act::MessagesSent(ids) => {
            let ids: Vec<_> = ids.into_iter().map(world::message_id).collect();
            store.messages_sent(ids.clone()).await.unwrap();
            tables.messages_sent(&ids);
            Default::default()
        }
        Act::PostponeMessage(id, until) => {
            store.postpone_message(world::message_id(id), until).await.unwrap();
            tables.postpone_message(world::message_id(id), until);
            Default::default()
        }
        Act::Bury(id, at, reason) => {
            store.bury_message(world::message_id(id), at, reason).await.unwrap();
            tables.bury_message(world::message_id(id), at, reason);
            Default::default()
        }
        Act::Revive(which, now) => {
            let mut ours = store.revive_messages(which.clone(), now).await.unwrap();
            let mut theirs = tables.revive_messages(&which, now);
            ours.sort_unstable();
            theirs.sort_unstable();
            (text(&ours), text(&theirs))
        }
    }
}

/// All that can be asked of a store about the few records that there are.
async fn seen_by(store: &RedisStore) -> Vec<String> {
    let questions = world::questions();
    futures::future::join_all(questions.iter().map(|question| question.of_store(store))).await
}
