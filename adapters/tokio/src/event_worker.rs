//! Delivering events: take what was committed, hand it on, move the cursor behind it.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::counter;
use futures::FutureExt as _;
use testudo::Duration as Span;
use testudo::event::EventRecord;
use testudo::model::EventId;
use testudo_driver::{Clock, EventHandler, Fault, Store, SystemClock};
use tokio::sync::Mutex;
use tokio::time::{self, Instant};
use tracing::warn;

use crate::{CLOCKS_APART, metrics};

/// Hands committed events to a handler, in the order of their commits and at least once.
///
/// A worker delivers for a *consumer*, whose cursor is in the store: several workers of one name share its
/// events, of whom one works at a time; workers of different names are given all events each. An event that
/// the handler does not take is tried again, ever less often, and no later one overtakes it. A handler that
/// panics, or takes longer than [`EventWorker::PATIENCE`], has not taken its event.
#[derive(Debug)]
pub struct EventWorker<S, E> {
    store: S,
    consumer: String,
    handler: E,
    clock: Arc<dyn Clock>,
    /// Kept here and not in the future of `run`: who drops that may go on with `drain`.
    leased: Mutex<Leased>,
}

/// The events that the store has lent to this worker.
#[derive(Debug)]
struct Leased {
    /// Those that were not handled yet, in their order.
    events: VecDeque<EventRecord>,
    /// The last one that was, while the store does not know that.
    taken: Option<EventId>,
    /// How often the store handed them out.
    attempts: u32,
    /// From when on no further one is begun.
    rest_at: Instant,
    /// From when on somebody else may be given them.
    ends: Instant,
}

/// What came of a round.
enum Round {
    /// There may be more to do.
    GoOn,
    /// There is nothing to do now.
    Rest,
}

impl<S, E> EventWorker<S, E> {
    /// How long a handler may take for one event.
    pub const PATIENCE: Duration = Duration::from_secs(20);
    /// For how long events that were taken are given to nobody else: what one batch may take, some more, and the half
    /// minute by which another worker's clock may be ahead. After a crash its events are delivered when this is over.
    pub const LEASE: Span = Span::from_millis(Self::HOLD.as_millis() + CLOCKS_APART.as_millis());

    /// For how long this worker regards them as its own.
    const HOLD: Span = Span::from_secs(30);

    const BATCH: usize = 128;
    /// For how long events of one batch are begun.
    const SPELL: Duration = Duration::from_secs(5);
    const PAUSE: Duration = Duration::from_millis(500);
    const FIRST_RETRY: Span = Span::from_secs(5);
    const LAST_RETRY: Span = Span::from_minutes(60);
}

impl<S: Store, E: EventHandler> EventWorker<S, E> {
    /// A worker between a store and a handler, for the consumer of this name. A name that is new to the store
    /// begins with the oldest event that is kept; [`Store::begin_events`] lets it begin now.
    pub fn new(store: S, consumer: impl Into<String>, handler: E) -> Self {
        let now = Instant::now();
        let (events, taken) = (VecDeque::new(), None);
        let leased = Leased { events, taken, attempts: 0, rest_at: now, ends: now };
        let (consumer, clock) = (consumer.into(), Arc::new(SystemClock));
        Self { store, consumer, handler, clock, leased: Mutex::new(leased) }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Works until the future is dropped. A store that does not answer is asked again later.
    pub async fn run(&self) {
        loop {
            match self.round().await {
                Ok(Round::GoOn) => {}
                Ok(Round::Rest) => time::sleep(Self::PAUSE).await,
                Err(fault) => {
                    warn!(%fault, consumer = self.consumer, "events could not be taken; trying again");
                    time::sleep(Self::PAUSE * 10).await;
                }
            }
        }
    }

    /// Delivers what is due, and returns when nothing is: for an orderly end.
    ///
    /// # Errors
    ///
    /// When the store does not answer. What it does not know to be taken will be delivered again.
    pub async fn drain(&self) -> Result<(), Fault> {
        while let Round::GoOn = self.round().await? {}
        Ok(())
    }

    /// Takes a batch, unless one was left, hands it on and reports.
    async fn round(&self) -> Result<Round, Fault> {
        let leased = &mut *self.leased.lock().await;
        if !leased.is_mine() && !self.take(leased).await? {
            return Ok(Round::Rest);
        }
        while let Some(event) = leased.events.front() {
            if Instant::now() >= leased.rest_at {
                break;
            }
            if let Err(reason) = self.handle(event).await {
                let (id, attempts) = (event.id, leased.attempts);
                let (kind, consumer) = (event.event.kind().as_str(), &self.consumer);
                warn!(%id, kind, consumer, attempts, %reason, "an event was not taken; trying again");
                self.count("failed");
                return self.give_up(leased).await;
            }
            leased.taken = leased.events.pop_front().map(|event| event.id);
            self.count("taken");
        }
        self.report(leased).await?;
        Ok(Round::GoOn)
    }

    fn count(&self, outcome: &'static str) {
        let consumer = self.consumer.clone();
        counter!(metrics::EVENTS, "consumer" => consumer, "outcome" => outcome).increment(1);
    }

    /// False when there is nothing.
    async fn take(&self, leased: &mut Leased) -> Result<bool, Fault> {
        // The spell begins before the lease does.
        let (start, now) = (Instant::now(), self.clock.now());
        let (consumer, until) = (self.consumer.clone(), now + Self::LEASE);
        let taken = self.store.take_events(consumer, now, until, Self::BATCH).await?;
        *leased = Leased {
            events: taken.events.into(),
            taken: None,
            attempts: taken.attempts,
            rest_at: start + Self::SPELL,
            ends: start + Duration::from_millis(Self::HOLD.as_millis()),
        };
        Ok(!leased.events.is_empty())
    }

    async fn handle(&self, event: &EventRecord) -> Result<(), String> {
        let handled = AssertUnwindSafe(async { self.handler.handle(event).await }).catch_unwind();
        match time::timeout(Self::PATIENCE, handled).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(error.to_string()),
            Ok(Err(_)) => Err("it panicked".to_owned()),
            Err(_) => Err("it took too long".to_owned()),
        }
    }

    /// Lets the event wait that was not taken. Where others were before it, they are reported, and it is
    /// tried once more first: to report and to postpone would be two steps, with somebody else in between.
    async fn give_up(&self, leased: &mut Leased) -> Result<Round, Fault> {
        if leased.taken.is_some() {
            self.report(leased).await?;
            return Ok(Round::GoOn);
        }
        let until = self.clock.now() + Self::pause(leased.attempts);
        let is_mine = leased.is_mine();
        leased.events.clear();
        if is_mine {
            self.store.postpone_events(self.consumer.clone(), until).await?;
        }
        Ok(Round::GoOn)
    }

    /// Moves the cursor behind what was taken, and gives the rest back. Who has lost the lease leaves that to
    /// who has it now.
    async fn report(&self, leased: &mut Leased) -> Result<(), Fault> {
        if leased.is_mine() {
            let consumer = self.consumer.clone();
            match leased.taken {
                Some(taken) => self.store.events_taken(consumer, taken).await?,
                None => self.store.postpone_events(consumer, self.clock.now()).await?,
            }
        }
        leased.taken = None;
        leased.events.clear();
        Ok(())
    }

    /// Twice as long after each attempt.
    fn pause(attempts: u32) -> Span {
        let doublings = attempts.saturating_sub(1).min(20);
        let millis = Self::FIRST_RETRY.as_millis().saturating_mul(1 << doublings);
        Span::from_millis(millis).min(Self::LAST_RETRY)
    }
}

impl Leased {
    /// Whether there is anything left of an earlier round, and nobody else may be given it.
    fn is_mine(&self) -> bool {
        (self.taken.is_some() || !self.events.is_empty()) && Instant::now() < self.ends
    }
}
