//! What becomes of an account's second factor, and what all such changes have in common.

use crate::command::{Commit, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::presented::FoundWithUser;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, Digest, Session, SessionId, TotpFactor, User};
use crate::time::Timestamp;

/// A change of an account's second factor.
#[derive(Debug)]
pub(in crate::flow) enum Change {
    /// The account is bound to an app, and has new recovery codes.
    Enrolled { factor: TotpFactor, recovery_codes: Vec<Digest> },
    /// It has neither an app nor recovery codes any more.
    Removed { by_admin: bool },
    /// It has new recovery codes.
    NewRecoveryCodes(Vec<Digest>),
}

impl Change {
    /// The batch of a change that an account's owner makes: the session from which it is made goes on.
    ///
    /// The user comes first: where users and sessions are kept apart, a crash in between ends this session as
    /// well, and lets no other one live. Where sessions have no record, this one ends with the others.
    pub(super) fn within_session(self, found: FoundWithUser, env: &mut Env) -> Commit {
        let FoundWithUser { session, user, record } = found;
        let (user, batch) = self.of_account(user, Some(session.id), env);
        let session = Session { epoch: user.epoch, version: session.version.next(), ..session };
        record.write(session, batch)
    }

    /// The account as it then is, and the batch that makes it so: all its sessions and API keys end, guesses that
    /// were counted are forgotten, since they were guesses at something else, and its owner is told.
    pub(in crate::flow) fn of_account(
        self,
        user: User,
        session: Option<SessionId>,
        env: &mut Env,
    ) -> (User, Commit) {
        let (event, notice) = self.told();
        let was = user.version;
        let user = self.apply(user, env.now);
        let event = env.event(Some(user.id), session, event);
        let notice = Message::to_owner(notice, &user).seal(env);
        let batch = Commit::new()
            .write(Write::ReplaceUser { user: Box::new(user.clone()), was })
            .write(Write::ClearAttempts(AttemptKey::totp(user.email.key())))
            .write(Write::ClearAttempts(AttemptKey::recovery_code(user.email.key())))
            .event(event)
            .message(notice);
        (user, batch)
    }

    const fn told(&self) -> (Event, MessageKind) {
        match self {
            Self::Enrolled { .. } => (Event::TotpEnrolled, MessageKind::TotpEnrolled),
            Self::Removed { by_admin } => {
                (Event::TotpRemoved { by_admin: *by_admin }, MessageKind::TotpRemoved)
            }
            Self::NewRecoveryCodes(_) => {
                (Event::RecoveryCodesReplaced, MessageKind::RecoveryCodesReplaced)
            }
        }
    }

    fn apply(self, user: User, now: Timestamp) -> User {
        let user = user.with_new_epoch(now);
        match self {
            Self::Enrolled { factor, recovery_codes } => {
                User { totp: Some(factor), recovery_codes, ..user }
            }
            Self::Removed { .. } => User { totp: None, recovery_codes: Vec::new(), ..user },
            Self::NewRecoveryCodes(recovery_codes) => User { recovery_codes, ..user },
        }
    }
}
