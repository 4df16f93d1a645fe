//! What an adapter to a database implements.

use std::future::Future;

use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, ListApiKeys, ListEvents, ListInvitations,
    ListSessions, ListUsers, OwnedApiKey, OwnedSession, Sweep, Swept,
};
use testudo::event::{EventRecord, TakenEvents};
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::{
    ApiKey, AttemptKey, AttemptVerdict, EventId, Invitation, MessageId, OnboardingSession, Session,
    SessionId, User,
};

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

    /// Carries out [`FindUserWithSession`] with one read.
    fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> impl Future<Output = Result<Option<(User, Option<Session>)>, Fault>> + Send;

    /// Looks a session up, whosever it is and whether or not its owner is there, with one read of the sessions
    /// alone. Otherwise as [`find_session`](Self::find_session): this is what a store is asked that holds the sessions
    /// while another holds the users.
    fn find_session_record(
        &self,
        id: SessionId,
    ) -> impl Future<Output = Result<Option<Session>, Fault>> + Send;

    /// Carries out [`FindInvitation`].
    fn find_invitation(
        &self,
        command: FindInvitation,
    ) -> impl Future<Output = Result<Option<Invitation>, Fault>> + Send;

    /// Carries out [`FindApiKey`] with one read.
    fn find_api_key(
        &self,
        command: FindApiKey,
    ) -> impl Future<Output = Result<Option<OwnedApiKey>, Fault>> + Send;

    /// Carries out [`FindOnboarding`].
    fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> impl Future<Output = Result<Option<OnboardingSession>, Fault>> + Send;

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

    /// Carries out [`ListInvitations`].
    fn list_invitations(
        &self,
        command: ListInvitations,
    ) -> impl Future<Output = Result<Vec<Invitation>, Fault>> + Send;

    /// Carries out [`ListApiKeys`].
    fn list_api_keys(
        &self,
        command: ListApiKeys,
    ) -> impl Future<Output = Result<Vec<ApiKey>, Fault>> + Send;

    /// Carries out [`ListEvents`].
    fn list_events(
        &self,
        command: ListEvents,
    ) -> impl Future<Output = Result<Vec<EventRecord>, Fault>> + Send;

    /// Carries out [`Sweep`].
    fn sweep(&self, command: Sweep) -> impl Future<Output = Result<Swept, Fault>> + Send;

    /// Lists the keys of attempt counters whose window ended at or before `idle_since`, in ascending order of their
    /// bytes: those behind `after` (from the first on, when it is `None`), at most `limit`. Whoever is idle all the
    /// while is listed exactly once, whatever comes and goes between two pages. Fewer than `limit` are the last.
    ///
    /// Together with [`forget_attempts`](Self::forget_attempts), this is how counters are swept in a store that does
    /// not know which accounts there are.
    fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AttemptKey>, Fault>> + Send;

    /// Removes those of the counters whose window ended at or before `idle_since`, also such that remember failures
    /// in a row at an account; gives how many it were. Each removal looks once more at what it removes: a counter that
    /// was counted under meanwhile stays. Keys that are not known are passed over.
    fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// Carries out [`Commit`]: all or nothing.
    fn commit(
        &self,
        command: Commit,
    ) -> impl Future<Output = Result<Result<(), Conflict>, Fault>> + Send;

    /// Takes the oldest events behind a consumer's cursor, at most `limit`, in the order of their commits,
    /// as one atomic operation: until `until` nobody is given events for that consumer, and one attempt more
    /// is counted. There are none, and nothing changes, while the consumer has to wait for longer than `now`.
    /// A consumer that is new begins with the oldest event that is kept.
    ///
    /// So a consumer's events go to one worker at a time, and in order. A worker that dies is followed by the
    /// next when its time is over, with the same events.
    ///
    /// What a store must uphold: **no event is skipped.** A cursor moves along the order in which commits
    /// become visible. Where numbers are given out before the commit, as a sequence of a database does, a
    /// transaction with a lower number may become visible after one with a higher: give events their place
    /// under a lock that is held until the commit, or hand out nothing behind a place that may still come.
    /// No place is given away twice, also when its event was swept.
    fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<TakenEvents, Fault>> + Send;

    /// Moves a consumer's cursor behind an event, counts attempts from nothing, and lets the consumer be given
    /// the next events at once. Nothing changes when the cursor is behind that event already, and when there
    /// is no such event or consumer: it may be called again, and never goes back.
    fn events_taken(
        &self,
        consumer: String,
        up_to: EventId,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Lets a consumer be given events from `until` on. Attempts stay counted. A consumer that is not known is
    /// passed over.
    fn postpone_events(
        &self,
        consumer: String,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Puts the cursor of a consumer that is new behind the newest event, so that it is not given the past.
    /// One that has a cursor is left alone.
    fn begin_events(&self, consumer: String) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Forgets a consumer's cursor: under that name it would be new. One that is not known is passed over.
    fn forget_consumer(&self, consumer: String) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Takes the oldest committed messages whose time has come, at most `limit`, in the order of their
    /// commits, as one atomic operation: until `until` nobody else is given them, and each counts one
    /// attempt more. A message is due from its `created_at` on, and again from the `until` of its last
    /// taking or postponing on.
    fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<TakenMessage>, Fault>> + Send;

    /// Forgets messages that were sent. Ids that are not known are passed over.
    fn messages_sent(
        &self,
        messages: Vec<MessageId>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Lets a message that could not be sent wait until `until`. An id that is not known is passed over.
    fn postpone_message(
        &self,
        message: MessageId,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Gives up a message that waits: nobody is given it until it is revived. One that is dead already, or not
    /// known, is passed over.
    fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Lists the messages that are kept, waiting or dead, in the order of their ids, a page at a time.
    fn list_messages(
        &self,
        command: ListMessages,
    ) -> impl Future<Output = Result<Vec<KeptMessage>, Fault>> + Send;

    /// Lets dead letters wait again, due at `now` and with no attempts, as one atomic operation; gives the ids of
    /// those that it was, in any order. What is not dead is passed over.
    fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<MessageId>, Fault>> + Send;

    /// Whether the store answers at all.
    fn ping(&self) -> impl Future<Output = Result<(), Fault>> + Send;
}
