//! What an adapter to a database implements.

use std::future::Future;

use testudo::command::{
    Commit, Conflict, CountAttempt, FindSession, FindSessionWithUser, FindUser, ListSessions,
    ListUsers, OwnedSession, Sweep, Swept,
};
use testudo::event::EventRecord;
use testudo::model::{AttemptVerdict, EventId, Session, User};

use crate::Fault;

/// Where records live: one method for each store command, none with a default.
///
/// What each must uphold stands on the page of its command; the test of the same name in the
/// conformance suite (feature `conformance`) checks it. Any error is a [`Fault`]. Futures may be
/// dropped at any point: a transaction that was not committed is rolled back then.
pub trait Store: Send + Sync {
    /// Carries out [`CountAttempt`] as one atomic operation.
    fn count_attempt(
        &self,
        command: CountAttempt,
    ) -> impl Future<Output = Result<AttemptVerdict, Fault>> + Send;

    /// Carries out [`FindUser`].
    fn find_user(
        &self,
        command: FindUser,
    ) -> impl Future<Output = Result<Option<User>, Fault>> + Send;

    /// Carries out [`FindSession`] with one read.
    fn find_session(
        &self,
        command: FindSession,
    ) -> impl Future<Output = Result<Option<OwnedSession>, Fault>> + Send;

    /// Carries out [`FindSessionWithUser`] with one read.
    fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> impl Future<Output = Result<Option<(Session, User)>, Fault>> + Send;

    /// Carries out [`ListSessions`].
    fn list_sessions(
        &self,
        command: ListSessions,
    ) -> impl Future<Output = Result<Vec<Session>, Fault>> + Send;

    /// Carries out [`ListUsers`].
    fn list_users(
        &self,
        command: ListUsers,
    ) -> impl Future<Output = Result<Vec<User>, Fault>> + Send;

    /// Carries out [`Sweep`].
    fn sweep(&self, command: Sweep) -> impl Future<Output = Result<Swept, Fault>> + Send;

    /// Carries out [`Commit`]: all or nothing.
    fn commit(
        &self,
        command: Commit,
    ) -> impl Future<Output = Result<Result<(), Conflict>, Fault>> + Send;

    /// The oldest events that were committed and not yet reported as [`Store::delivered`], at most
    /// `limit`, in the order of their commits.
    fn undelivered(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<EventRecord>, Fault>> + Send;

    /// Forgets events that were handed on. Ids that are not known are passed over.
    fn delivered(&self, events: Vec<EventId>) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Whether the store answers at all.
    fn ping(&self) -> impl Future<Output = Result<(), Fault>> + Send;
}
