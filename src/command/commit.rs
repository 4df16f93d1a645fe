//! The one command that changes records.

use crate::event::EventRecord;
use crate::message::SealedMessage;
use crate::model::{
    ApiKey, ApiKeyId, AttemptKey, Epoch, Invitation, OnboardingSession, Session, SessionId, User,
    UserId, Version, WindowEnd,
};
use crate::time::Timestamp;

/// Applies a batch: all of it, or, if a guard or a write does not hold, nothing.
///
/// What an adapter must uphold:
///
/// * **All or nothing, and isolated.** No reader sees half a batch, and no other commit comes
///   between the check of the guards and the writes. In SQL that is one transaction in which the
///   guarded rows are locked or re-checked.
/// * **`Ok` means durable**, as far as the store promises durability at all, and visible to every
///   read that starts afterwards. **So is what the guards saw**, also where the batch has nothing but guards: there
///   are databases that show what was committed before it would survive them, and who is told of it must not lose it.
/// * **`Conflict` means that nothing changed.** So does a fault, unless it struck while the outcome
///   was under way; then the batch was applied wholly or not at all, and the flow that is dropped
///   has granted nothing.
/// * **Order.** Writes are in an order in which they may be applied one by one, where records live in several stores
///   ([`Commit::split`]): a crash in between leaves nothing granted that should not be. A conflict that is found
///   in between is answered with [`Conflict`] as well; the first stores keep what they wrote then, and the flow looks
///   again at what there is.
///
/// A batch names each record, each address and each counter at most once, so that an adapter may check
/// all of it before it writes any, or check and write in turn.
///
/// There is no upsert and no blind update of security state: a record that was removed or changed by
/// somebody else is never brought back.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Commit {
    /// What must still be true.
    pub guards: Vec<Guard>,
    /// What then changes, in this order.
    pub writes: Vec<Write>,
    /// What is recorded to have happened: rows of the audit trail, in the same transaction.
    pub events: Vec<EventRecord>,
    /// What is to be sent: rows of an outbox of their own, in the same transaction.
    pub messages: Vec<SealedMessage>,
}

impl Commit {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do.
    pub(crate) const fn is_empty(&self) -> bool {
        let Self { guards, writes, events, messages } = self;
        guards.is_empty() && writes.is_empty() && events.is_empty() && messages.is_empty()
    }

    pub(crate) fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// Adds a write at its place: writes stand in the order of their parts
    /// ([`Part`](crate::command::Part)), whatever the order in which they are added, and those of one part in that order.
    pub(crate) fn write(mut self, write: Write) -> Self {
        let part = write.part();
        let place = self.writes.partition_point(|earlier| earlier.part() <= part);
        self.writes.insert(place, write);
        self
    }

    pub(crate) fn write_all(self, writes: impl IntoIterator<Item = Write>) -> Self {
        writes.into_iter().fold(self, Self::write)
    }

    pub(crate) fn event(mut self, event: EventRecord) -> Self {
        self.events.push(event);
        self
    }

    pub(crate) fn message(mut self, message: SealedMessage) -> Self {
        self.messages.push(message);
        self
    }
}

/// A fact that a decision was based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The user exists and is still at this epoch. Because deactivation and every change of a
    /// credential raise the epoch, this also says that the account is as usable as it was.
    UserEpoch {
        /// Which user.
        id: UserId,
        /// The epoch that was read.
        epoch: Epoch,
    },
    /// The session exists and is still at this version.
    SessionVersion {
        /// Which session.
        id: SessionId,
        /// The version that was read.
        version: Version,
    },
    /// No session of this id is recorded.
    NoSession {
        /// Which session.
        id: SessionId,
    },
}

/// One change of one record.
#[derive(Clone, Debug)]
pub enum Write {
    /// Adds a user. Conflicts when the id or the canonical e-mail address is taken.
    InsertUser(Box<User>),
    /// Replaces a user's record. Conflicts when the stored one is not at version `was`, or does not
    /// exist, or when the new canonical e-mail address belongs to somebody else.
    ReplaceUser {
        /// The record to store; its version is the one after `was`.
        user: Box<User>,
        /// The version that was read.
        was: Version,
    },
    /// Adds a session. Conflicts when the id is taken.
    InsertSession(Box<Session>),
    /// Replaces a session's record. Conflicts when the stored one is not at version `was` or does
    /// not exist.
    ReplaceSession {
        /// The record to store; its version is the one after `was`.
        session: Box<Session>,
        /// The version that was read.
        was: Version,
    },
    /// Adds an invitation. Conflicts when the id is taken.
    InsertInvitation(Box<Invitation>),
    /// Replaces an invitation's record. Conflicts when the stored one is not at version `was` or does not
    /// exist.
    ReplaceInvitation {
        /// The record to store; its version is the one after `was`.
        invitation: Box<Invitation>,
        /// The version that was read.
        was: Version,
    },
    /// Adds an API key. Conflicts when the id is taken.
    InsertApiKey(Box<ApiKey>),
    /// Replaces an API key's record. Conflicts when the stored one is not at version `was` or does not
    /// exist.
    ReplaceApiKey {
        /// The record to store; its version is the one after `was`.
        key: Box<ApiKey>,
        /// The version that was read.
        was: Version,
    },
    /// Removes a user with their sessions, their API keys and the invitations that they made. Conflicts when the
    /// stored one is not at version `was` or does not exist. What takes the address in the same batch stands behind
    /// it, and finds it free.
    RemoveUser {
        /// Whom.
        id: UserId,
        /// The version that was read.
        was: Version,
    },
    /// Adds an onboarding session. Conflicts when the id is taken.
    InsertOnboarding(Box<OnboardingSession>),
    /// Replaces an onboarding session's record. Conflicts when the stored one is not at version `was` or does
    /// not exist.
    ReplaceOnboarding {
        /// The record to store; its version is the one after `was`.
        session: Box<OnboardingSession>,
        /// The version that was read.
        was: Version,
    },
    /// Remembers that an API key was used: its `last_used_at` becomes `at`, if it was earlier or never.
    /// The version stays. Never conflicts, also when there is no such key.
    TouchApiKey {
        /// The key.
        id: ApiKeyId,
        /// When it was used.
        at: Timestamp,
    },
    /// Forgets all attempts counted under a key, also the consecutive failures. Never conflicts.
    ClearAttempts(AttemptKey),
    /// Takes back one attempt: count and consecutive failures go down by one, not below zero, if the
    /// counter is still in the window that ends at `window`. Never conflicts.
    RefundAttempt {
        /// The counter.
        key: AttemptKey,
        /// The window in which the attempt was reserved.
        window: WindowEnd,
    },
}

/// A guard or a write of a batch did not hold; nothing was changed.
///
/// The flow's decision is void. It looks again, a bounded number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another change came first; nothing was written")]
pub struct Conflict;
