//! Delivering messages: take what was committed, put it into words, hand it to a courier, forget it.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::counter;
use testudo::message::{BurialReason, MessageKind, TakenMessage};
use testudo::model::MessageId;
use testudo::{Duration as Span, Timestamp};
use testudo_driver::{Auth, Courier, Fault, Hashing, Letter, Letters, Store, UndeliveredError};
use tokio::time;
use tracing::{debug, error, warn};

use crate::{CLOCKS_APART, metrics};

/// Hands committed messages to a courier, the oldest first and at least once.
///
/// A message is taken for [`MessageWorker::LEASE`], and again and again while it is on its way, so that several
/// workers on one store send each once, though their clocks be half a minute apart, and what a worker that died had
/// taken goes out soon after. One that
/// cannot be delivered is tried again, ever less often. One that was refused for good, whose link has expired, or
/// that was tried for long enough becomes a dead letter ([`Burial`](testudo::message::Burial)): none is dropped.
#[derive(Debug)]
pub struct MessageWorker<S, H, C> {
    auth: Arc<Auth<S, H>>,
    letters: Letters,
    courier: C,
    gives_up_after: Span,
}

impl<S, H, C> MessageWorker<S, H, C> {
    /// For how long a message that was taken is given to nobody else: for as long as nothing is heard of the worker,
    /// and for the half minute by which another one's clock may be ahead.
    pub const LEASE: Span = Span::from_millis(10_000 + CLOCKS_APART.as_millis());

    /// For how long a message is tried, if nothing else is said.
    pub const GIVES_UP_AFTER: Span = Span::from_days(3);

    /// How often a lease is renewed: a store may be out of reach for two times in a row.
    const RENEW_EVERY: Duration = Duration::from_secs(3);
    const PAUSE: Duration = Duration::from_millis(250);
    /// How long one delivery may take.
    const PATIENCE: Duration = Duration::from_secs(60);
    const FIRST_RETRY: Span = Span::from_secs(5);
    const LAST_RETRY: Span = Span::from_minutes(60);
}

impl<S: Store, H: Hashing, C: Courier> MessageWorker<S, H, C> {
    /// A worker between the store of `auth` and a courier.
    pub const fn new(auth: Arc<Auth<S, H>>, letters: Letters, courier: C) -> Self {
        Self { auth, letters, courier, gives_up_after: Self::GIVES_UP_AFTER }
    }

    /// The same that tries each message for another time. The pauses between the attempts count, and the time
    /// when no worker runs does not.
    #[must_use]
    pub fn giving_up_after(self, time: Span) -> Self {
        Self { gives_up_after: time, ..self }
    }

    /// Works until the future is dropped. A store that does not answer is asked again later.
    ///
    /// A delivery that is dropped half-way may be made once more: [`run_until`](Self::run_until) ends it in order.
    pub async fn run(&self) {
        self.run_until(pending()).await;
    }

    /// Works until `stop` is ready, and what is on its way then has arrived. A store that does not answer is asked
    /// again later.
    pub async fn run_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let pause = match self.deliver_next().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => Self::PAUSE,
                Err(fault) => {
                    warn!(%fault, "messages could not be taken; trying again");
                    Self::PAUSE * 20
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = time::sleep(pause) => {}
            }
        }
    }

    /// Delivers what is due, and returns when nothing is: for an orderly end.
    ///
    /// # Errors
    ///
    /// When the store does not answer. What was not forgotten will be delivered again.
    pub async fn drain(&self) -> Result<(), Fault> {
        while self.deliver_next().await? {}
        Ok(())
    }

    /// Delivers the oldest message that is due; false when there is none. One at a time, so that a crash
    /// holds up and repeats one at most.
    async fn deliver_next(&self) -> Result<bool, Fault> {
        let (store, now) = (self.auth.store(), self.auth.now());
        let taken = store.take_messages(now, now + Self::LEASE, 1).await?;
        for taken in &taken {
            let id = taken.message.id;
            let attempt = self.attempt(taken, now).await;
            counter!(metrics::MESSAGES, "outcome" => attempt.name()).increment(1);
            match attempt {
                Attempt::Done => store.messages_sent(vec![id]).await?,
                Attempt::Later(pause) => {
                    store.postpone_message(id, self.auth.now() + pause).await?;
                }
                Attempt::Last(reason) => {
                    error!(%id, ?reason, "a message is given up; it is kept among the dead letters");
                    store.bury_message(id, self.auth.now(), reason).await?;
                }
            }
        }
        Ok(!taken.is_empty())
    }

    async fn attempt(&self, taken: &TakenMessage, now: Timestamp) -> Attempt {
        let TakenMessage { message: sealed, attempts } = taken;
        let (id, keys) = (sealed.id, self.auth.settings().keys());
        let message = match sealed.open(keys) {
            Ok(message) => message,
            Err(error) => {
                error!(%id, %error, "a message cannot be opened");
                return self.later(*attempts, Self::LAST_RETRY, BurialReason::Unopenable);
            }
        };
        if message.kind == MessageKind::Decoy {
            return Attempt::Done;
        }
        if message.expires_at.is_some_and(|end| now >= end) {
            warn!(%id, kind = ?message.kind, "a message was not delivered before its link expired");
            return Attempt::Last(BurialReason::Expired);
        }
        let Some(letter) = self.letters.compose(id, sealed.created_at, &message) else {
            error!(%id, kind = ?message.kind, "there are no words for a message");
            return self.later(*attempts, Self::LAST_RETRY, BurialReason::Wordless);
        };
        match self.deliver(id, &letter).await {
            Ok(()) => {
                debug!(%id, kind = ?letter.kind, "delivered");
                Attempt::Done
            }
            Err(error) if error.is_permanent() => {
                warn!(%id, kind = ?letter.kind, attempts, %error, "a message was refused for good");
                Attempt::Last(BurialReason::Refused)
            }
            Err(error) => {
                warn!(%id, kind = ?letter.kind, attempts, %error, "a message was not delivered");
                self.later(*attempts, Self::pause(*attempts), BurialReason::GivenUp)
            }
        }
    }

    /// Hands a letter over. The message stays this worker's for as long as that takes.
    async fn deliver(&self, id: MessageId, letter: &Letter) -> Result<(), UndeliveredError> {
        let mut delivery = pin!(time::timeout(Self::PATIENCE, self.courier.deliver(letter)));
        loop {
            tokio::select! {
                delivered = &mut delivery => {
                    return delivered.unwrap_or_else(|_| Err(UndeliveredError::new("it took too long")));
                }
                () = time::sleep(Self::RENEW_EVERY) => {
                    let until = self.auth.now() + Self::LEASE;
                    if let Err(fault) = self.auth.store().postpone_message(id, until).await {
                        warn!(%id, %fault, "a message may be sent twice: its lease was not renewed");
                    }
                }
            }
        }
    }

    /// Once more after a pause, unless that was tried for long enough.
    fn later(&self, attempts: u32, pause: Span, reason: BurialReason) -> Attempt {
        let earlier = (1..attempts).map(Self::pause);
        let mut tried_for = earlier.scan(0, |total: &mut u64, pause| {
            *total = total.saturating_add(pause.as_millis());
            Some(*total)
        });
        if tried_for.any(|total| total >= self.gives_up_after.as_millis()) {
            Attempt::Last(reason)
        } else {
            Attempt::Later(pause)
        }
    }

    /// Twice as long after each attempt.
    fn pause(attempts: u32) -> Span {
        let doublings = attempts.saturating_sub(1).min(20);
        let millis = Self::FIRST_RETRY.as_millis().saturating_mul(1 << doublings);
        Span::from_millis(millis).min(Self::LAST_RETRY)
    }
}

/// What is to become of a message.
enum Attempt {
    /// It is gone, or has no meaning any more.
    Done,
    /// It is tried again after so long.
    Later(Span),
    /// It is given up.
    Last(BurialReason),
}

impl Attempt {
    const fn name(&self) -> &'static str {
        match self {
            Self::Done => "delivered",
            Self::Later(_) => "postponed",
            Self::Last(_) => "given_up",
        }
    }
}
