//! Messages that are tried no more, and all that are kept, for who looks after them.

use serde::{Deserialize, Serialize};

use crate::message::SealedMessage;
use crate::model::MessageId;
use crate::time::{Duration, Timestamp};

/// When and why a message was given up: since then it is a *dead letter*, which nobody is given to send until it
/// is revived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burial {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: BurialReason,
}

impl Burial {
    /// For how long dead letters are kept.
    pub const KEPT: Duration = Duration::from_days(30);
}

/// Why a message was given up. Serialised as `"refused"`; names are stable. Nothing of the message is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BurialReason {
    /// It was refused for good: its address, most likely.
    Refused,
    /// It was tried for long enough.
    GivenUp,
    /// What its link or code is for ended before it went out.
    Expired,
    /// For long enough there was no key that opens it.
    Unopenable,
    /// For long enough there were no words for it.
    Wordless,
}

/// A message that a store keeps, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMessage {
    /// The message, sealed.
    pub message: SealedMessage,
    /// How often it was taken.
    pub attempts: u32,
    /// When it is due, or until when it is somebody's.
    pub next_try: Timestamp,
    /// When and why it was given up, if it was.
    pub burial: Option<Burial>,
}

/// A page of the messages that a store keeps, in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub struct ListMessages {
    /// Those alone that wait, or that are dead; all, if it is open.
    pub state: Option<MessageState>,
    /// The last of the page before.
    pub after: Option<MessageId>,
    /// How many at most.
    pub limit: u32,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It waits, or is on its way.
    Waiting,
    /// It was given up.
    Dead,
}

/// Which dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadLetters {
    /// All of them.
    All,
    /// Those with these ids.
    These(Vec<MessageId>),
}

impl KeptMessage {
    /// Whether it waits or is dead.
    #[must_use]
    pub const fn state(&self) -> MessageState {
        match self.burial {
            None => MessageState::Waiting,
            Some(_) => MessageState::Dead,
        }
    }
}

impl DeadLetters {
    /// Whether this is one of them.
    #[must_use]
    pub fn contain(&self, message: &KeptMessage) -> bool {
        message.burial.is_some()
            && match self {
                Self::All => true,
                Self::These(ids) => ids.contains(&message.message.id),
            }
    }
}
