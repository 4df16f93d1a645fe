//! The reference store: all records in memory, for tests, demonstrations and short-lived services.
//!
//! It is [`testudo::reference::Tables`] behind a lock. Everything is gone when the process ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use testudo::command::{
    Commit, Conflict, CountAttempt, FindSession, FindSessionWithUser, FindUser, ListSessions,
    ListUsers, OwnedSession, Sweep, Swept,
};
use testudo::event::EventRecord;
use testudo::model::{AttemptVerdict, EventId, Session, User};
use testudo::reference::Tables;
use testudo_driver::{Fault, Store};

/// A store in memory. Clones share their records.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A command that panics half-way leaves nothing half-done: it checks before it writes.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        Ok(self.tables().count_attempt(&command))
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        Ok(self.tables().find_user(&command))
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        Ok(self.tables().find_session(&command))
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        Ok(self.tables().find_session_with_user(&command))
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        Ok(self.tables().list_sessions(&command))
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        Ok(self.tables().list_users(&command))
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        Ok(self.tables().sweep(&command))
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        Ok(self.tables().commit(command))
    }

    async fn undelivered(&self, limit: usize) -> Result<Vec<EventRecord>, Fault> {
        Ok(self.tables().undelivered(limit))
    }

    async fn delivered(&self, events: Vec<EventId>) -> Result<(), Fault> {
        self.tables().delivered(&events);
        Ok(())
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}
