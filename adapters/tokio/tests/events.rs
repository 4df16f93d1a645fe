//! Committed events reach their handler, in order and at least once, whatever happens to its workers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use testudo::command::Commit;
use testudo::event::{Event, EventRecord};
use testudo::flow::{Login, RegisterUser};
use testudo::model::EventId;
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, KeyRing, Policy, Settings, Timestamp};
use testudo_driver::{
    Auth, Clock, EventHandler, EventHandlers, HandlerError, InlineHashing, OnFailure, Store,
    handler_fn,
};
use testudo_memory::MemoryStore;
use testudo_tokio::EventWorker;
use tokio::time::{self, Instant};

#[tokio::test]
async fn events_arrive_in_the_order_of_their_commits_and_once() {
    let store = MemoryStore::new();
    let keys = KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    let auth = Auth::new(store.clone(), hashing, settings);
    let here = Client::unknown();
    auth.register_user(RegisterUser::new("ada@example.com", "correct horse".into()), &here)
        .await
        .unwrap();
    for password in ["incorrect mule", "correct horse"] {
        let _ = auth.login(Login::new("ada@example.com", password.into()), &here).await;
    }
    for consumer in ["log", "another"] {
        let (handlers, seen) = (EventHandlers::new(), Arc::new(Mutex::new(Vec::new())));
        let note = Arc::clone(&seen);
        handlers.on_every(handler_fn(move |record: EventRecord| {
            note.lock().unwrap().push(record.event.kind().as_str());
            async { Ok(()) }
        }));
        let worker = EventWorker::new(store.clone(), consumer, handlers);
        worker.drain().await.unwrap();
        worker.drain().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["user_created", "user_login_failed", "user_login"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_run_left_is_delivered_by_drain() {
    let (store, handler) = (MemoryStore::new(), Tried::default());
    commit(&store, 0..3).await;
    handler.plan([Fate::Takes, Fate::Hangs]);
    let worker = EventWorker::new(store.clone(), "log", handler.clone());
    time::timeout(Duration::from_secs(3), worker.run()).await.unwrap_err();
    assert_eq!(handler.taken(), [0]);
    worker.drain().await.unwrap();
    assert_eq!(handler.taken(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_taken_holds_up_the_others_and_is_tried_ever_less_often() {
    let (store, handler, clock) =
        (MemoryStore::new(), Tried::default(), TokioClock::ahead(Duration::ZERO));
    commit(&store, 0..2).await;
    handler.plan([Fate::Fails; 12]);
    let worker = EventWorker::new(store, "log", handler.clone()).with_clock(clock.clone());
    let done = async {
        while handler.taken().len() < 2 {
            time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = worker.run() => {}
        () = done => {}
    }
    assert_eq!(handler.taken(), [0, 1]);
    let tries = handler.0.lock().unwrap().tries.clone();
    let pauses: Vec<_> = tries.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    let expected = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600];
    for (pause, expected) in pauses.iter().zip(expected) {
        assert!((expected..=expected + 1).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_that_stop_hold_the_cursor_and_those_that_do_not_are_passed_over() {
    let (store, stops) = (MemoryStore::new(), Tried::default());
    commit(&store, 0..2).await;
    let handlers = EventHandlers::new();
    handlers.on_every(handler_fn(async |_| Err(HandlerError::new("not now"))));
    handlers.on_every(handler_fn(async |_| panic!("as planned")));
    handlers.add(&[], OnFailure::Stop, stops.clone());
    stops.plan([Fate::Fails]);
    let clock = TokioClock::ahead(Duration::ZERO);
    let worker = EventWorker::new(store, "log", handlers).with_clock(clock);
    worker.drain().await.unwrap();
    assert!(stops.taken().is_empty());
    time::advance(Duration::from_secs(5)).await;
    worker.drain().await.unwrap();
    assert_eq!(stops.taken(), [0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However workers come and go, half a minute apart by their clocks, and handlers fail, panic and hang: no event is
    /// begun before all earlier ones were taken, two are never begun at once, and all are taken in the end.
    #[test]
    fn every_event_is_taken_after_all_before_it_whatever_happens_to_its_workers(
        happenings in proptest::collection::vec(happening(), 1..40),
        fates in proptest::collection::vec(fate(), 0..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(schedule(happenings, fates));
    }
}

/// What happens to the workers, one thing after the other.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Commit(u32),
    Start(usize),
    /// As a process that is killed.
    Drop(usize),
    /// As a process that ends in order: what it had begun it goes on with.
    Stop(usize),
    Wait(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1..6_u32).prop_map(Happening::Commit),
        (0..2_usize).prop_map(Happening::Start),
        (0..2_usize).prop_map(Happening::Drop),
        (0..2_usize).prop_map(Happening::Stop),
        (0..40_000_u64).prop_map(Happening::Wait),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Takes),
        2 => (0..25_000_u64).prop_map(Fate::TakesAfter),
        1 => Just(Fate::Fails),
        1 => Just(Fate::Panics),
        1 => Just(Fate::Hangs),
    ]
}

async fn schedule(happenings: Vec<Happening>, fates: Vec<Fate>) {
    let (store, handler) = (MemoryStore::new(), Tried::default());
    let clocks = [0, 30].map(|seconds| TokioClock::ahead(Duration::from_secs(seconds)));
    handler.plan(fates);
    let new_worker = |place: usize| {
        let worker = EventWorker::new(store.clone(), "log", handler.clone());
        Arc::new(worker.with_clock(clocks[place].clone()))
    };
    let mut running = [None, None];
    let mut committed = 0;
    for happening in happenings {
        match happening {
            Happening::Commit(count) => {
                commit(&store, committed..committed + count).await;
                committed += count;
            }
            Happening::Start(place) if running[place].is_none() => {
                let worker = new_worker(place);
                let runs = Arc::clone(&worker);
                running[place] = Some((worker, tokio::spawn(async move { runs.run().await })));
            }
            Happening::Start(_) => {}
            Happening::Drop(place) | Happening::Stop(place) => {
                let Some((worker, task)) = running[place].take() else { continue };
                task.abort();
                let _ = task.await;
                if matches!(happening, Happening::Stop(_)) {
                    let drained = time::timeout(Duration::from_secs(60), worker.drain()).await;
                    if let Ok(drained) = drained {
                        drained.unwrap();
                    }
                }
            }
            Happening::Wait(millis) => time::sleep(Duration::from_millis(millis)).await,
        }
    }
    let last = new_worker(0);
    let done = async {
        while handler.taken().into_iter().collect::<BTreeSet<_>>().len() < committed as usize {
            time::sleep(Duration::from_secs(1)).await;
        }
    };
    let ended = async {
        tokio::select! {
            () = last.run() => {}
            () = done => {}
        }
    };
    time::timeout(Duration::from_secs(30 * 24 * 3600), ended).await.unwrap();
}

/// A handler that does with each event what was planned, and then takes them.
#[derive(Clone, Default)]
struct Tried(Arc<Mutex<Plan>>);

#[derive(Default)]
struct Plan {
    fates: VecDeque<Fate>,
    taken: Vec<u32>,
    tries: Vec<Instant>,
    is_busy: bool,
    /// How the law was broken, if it was.
    broken: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Takes,
    TakesAfter(u64),
    Fails,
    Panics,
    Hangs,
}

impl Tried {
    fn plan(&self, fates: impl IntoIterator<Item = Fate>) {
        self.0.lock().unwrap().fates.extend(fates);
    }

    fn taken(&self) -> Vec<u32> {
        let plan = self.0.lock().unwrap();
        assert_eq!(plan.broken, None);
        plan.taken.clone()
    }
}

/// Says when the handler is done with an event, also when its future is dropped.
struct Busy(Tried);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().is_busy = false;
    }
}

impl EventHandler for Tried {
    async fn handle(&self, record: &EventRecord) -> Result<(), HandlerError> {
        let number = (0..1000).find(|number| event(*number).id == record.id).unwrap();
        let fate = {
            let mut plan = self.0.lock().unwrap();
            let before = (0..number).all(|earlier| plan.taken.contains(&earlier));
            let alone = !std::mem::replace(&mut plan.is_busy, true);
            plan.tries.push(Instant::now());
            if !(before && alone) {
                // A panic here would be caught as one of the handler's.
                plan.broken = Some(format!("{number}: all before it: {before}, alone: {alone}"));
            }
            plan.fates.pop_front().unwrap_or(Fate::Takes)
        };
        let _busy = Busy(self.clone());
        match fate {
            Fate::Takes => {}
            Fate::TakesAfter(millis) => time::sleep(Duration::from_millis(millis)).await,
            Fate::Fails => return Err(HandlerError::new("not now")),
            Fate::Panics => panic!("as planned"),
            Fate::Hangs => std::future::pending().await,
        }
        self.0.lock().unwrap().taken.push(number);
        Ok(())
    }
}

/// The time of the runtime, which is paused, and some more.
#[derive(Debug)]
struct TokioClock {
    begun: Instant,
    ahead: Duration,
}

impl TokioClock {
    fn ahead(ahead: Duration) -> Arc<Self> {
        Arc::new(Self { begun: Instant::now(), ahead })
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let passed = self.begun.elapsed() + self.ahead;
        let passed = u64::try_from(passed.as_millis()).unwrap();
        Timestamp::from_millis(1_700_000_000_000 + passed)
    }
}

fn event(number: u32) -> EventRecord {
    let id: EventId = format!("{number:08x}-0000-7000-8000-000000000000").parse().unwrap();
    let (at, client) = (Timestamp::from_millis(0), Client::unknown());
    EventRecord { id, at, user: None, session: None, client, event: Event::UserLogout }
}

async fn commit(store: &MemoryStore, numbers: std::ops::Range<u32>) {
    let batch = Commit { events: numbers.map(event).collect(), ..Commit::default() };
    store.commit(batch).await.unwrap().unwrap();
}
