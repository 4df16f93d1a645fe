//! Looking sessions up: the question behind every authenticated request.

use crate::model::{Epoch, Session, SessionId, UserId};

/// Looks a session up, and whether its owner is in good standing.
///
/// One keyed read: where both records live in one database, one `JOIN`. Ended and expired sessions
/// are found too, as long as their rows are kept; what they are good for is not the store's to say.
/// A session whose owner no longer exists is not found. As with [`FindUser`](super::FindUser), what
/// was acknowledged before is seen.
#[derive(Clone, Copy, Debug)]
pub struct FindSession {
    /// Which session.
    pub id: SessionId,
}

/// A session with what every token check needs to know about its owner.
#[derive(Clone, Debug)]
pub struct OwnedSession {
    /// The session.
    pub session: Session,
    /// Its owner's standing, read at the same moment.
    pub standing: Standing,
}

/// What a token check needs to know about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The user's security epoch: tokens of any other are dead.
    pub epoch: Epoch,
    /// Whether the account may be used at all: it was neither deactivated nor closed.
    pub is_active: bool,
}

/// Looks a session up together with its owner.
///
/// As [`FindSession`], with the owner's whole record.
#[derive(Clone, Copy, Debug)]
pub struct FindSessionWithUser {
    /// Which session.
    pub id: SessionId,
}

/// Looks a user up together with one session of theirs, if it is recorded.
///
/// One keyed read, as [`FindSession`]. `None` when there is no such user. The session is `None` when no
/// record of that id stands, and also when it is somebody else's.
#[derive(Clone, Copy, Debug)]
pub struct FindUserWithSession {
    /// Which user.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
}
