//! Delivering messages: take what was committed, put it into words, hand it to a courier, forget it.

use std::sync::Arc;
use std::time::Duration;

use testudo::message::{MessageKind, TakenMessage};
use testudo::{Duration as Span, Timestamp};
use testudo_driver::{Auth, Courier, Fault, Hashing, Letters, Store};
use tokio::time;
use tracing::{debug, error, warn};

/// Hands committed messages to a courier, the oldest first and at least once.
///
/// A message is taken for [`MessageWorker::LEASE`], so that several workers on one store send each once. One
/// that cannot be delivered is tried again, ever less often; one whose link has expired by then is dropped.
#[derive(Debug)]
pub struct MessageWorker<S, H, C> {
    auth: Arc<Auth<S, H>>,
    letters: Letters,
    courier: C,
}

impl<S, H, C> MessageWorker<S, H, C> {
    /// For how long a message that was taken is given to nobody else.
    pub const LEASE: Span = Span::from_secs(30);

    const PAUSE: Duration = Duration::from_millis(250);
    /// How long one delivery may take: well within the lease.
    const PATIENCE: Duration = Duration::from_secs(20);
    const FIRST_RETRY: Span = Span::from_secs(5);
    const LAST_RETRY: Span = Span::from_minutes(60);
}

impl<S: Store, H: Hashing, C: Courier> MessageWorker<S, H, C> {
    /// A worker between the store of `auth` and a courier.
    pub const fn new(auth: Arc<Auth<S, H>>, letters: Letters, courier: C) -> Self {
        Self { auth, letters, courier }
    }

    /// Works until the future is dropped. A store that does not answer is asked again later.
    pub async fn run(&self) {
        loop {
            match self.deliver_next().await {
                Ok(true) => {}
                Ok(false) => time::sleep(Self::PAUSE).await,
                Err(fault) => {
                    warn!(%fault, "messages could not be taken; trying again");
                    time::sleep(Self::PAUSE * 20).await;
                }
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
            match self.attempt(taken, now).await {
                Attempt::Done => store.messages_sent(vec![id]).await?,
                Attempt::Later(pause) => {
                    store.postpone_message(id, self.auth.now() + pause).await?;
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
                return Attempt::Later(Self::LAST_RETRY);
            }
        };
        if message.kind == MessageKind::Decoy {
            return Attempt::Done;
        }
        if message.expires_at.is_some_and(|end| now >= end) {
            warn!(%id, kind = ?message.kind, "a message was not delivered before its link expired");
            return Attempt::Done;
        }
        let Some(letter) = self.letters.compose(id, sealed.created_at, &message) else {
            error!(%id, kind = ?message.kind, "there are no words for a message");
            return Attempt::Later(Self::LAST_RETRY);
        };
        match time::timeout(Self::PATIENCE, self.courier.deliver(&letter)).await {
            Ok(Ok(())) => {
                debug!(%id, kind = ?letter.kind, "delivered");
                Attempt::Done
            }
            Ok(Err(error)) => {
                warn!(%id, kind = ?letter.kind, attempts, %error, "a message was not delivered; trying again");
                Attempt::Later(Self::pause(*attempts))
            }
            Err(_) => {
                warn!(%id, kind = ?letter.kind, attempts, "a message took too long; trying again");
                Attempt::Later(Self::pause(*attempts))
            }
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
}
