//! One type for every store: for programs that choose theirs at run time.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
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

use crate::{Fault, Store};

/// Any [`Store`], behind a pointer that is cheap to clone. Each command costs one allocation more.
#[derive(Clone)]
pub struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    /// Wraps a store.
    pub fn new(store: impl Store + 'static) -> Self {
        Self(Arc::new(store))
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SharedStore")
    }
}

/// Declares the object-safe twin of [`Store`] and its two implementations.
macro_rules! twin {
    ($($method:ident($($argument:ident: $type:ty),*) -> $reply:ty;)+) => {
        trait DynStore: Send + Sync {
            $(fn $method(&self $(, $argument: $type)*) -> BoxFuture<'_, Result<$reply, Fault>>;)+
        }

        impl<S: Store> DynStore for S {
            $(fn $method(&self $(, $argument: $type)*) -> BoxFuture<'_, Result<$reply, Fault>> {
                Box::pin(Store::$method(self $(, $argument)*))
            })+
        }

        impl Store for SharedStore {
            $(fn $method(
                &self,
                $($argument: $type),*
            ) -> impl Future<Output = Result<$reply, Fault>> + Send {
                self.0.$method($($argument),*)
            })+
        }
    };
}

twin! {
    count_attempt(command: CountAttempt) -> AttemptVerdict;
    find_user(command: FindUser) -> Option<User>;
    find_session(command: FindSession) -> Option<OwnedSession>;
    find_session_with_user(command: FindSessionWithUser) -> Option<(Session, User)>;
    find_user_with_session(command: FindUserWithSession) -> Option<(User, Option<Session>)>;
    find_session_record(id: SessionId) -> Option<Session>;
    find_invitation(command: FindInvitation) -> Option<Invitation>;
    find_api_key(command: FindApiKey) -> Option<OwnedApiKey>;
    find_onboarding(command: FindOnboarding) -> Option<OnboardingSession>;
    list_sessions(command: ListSessions) -> Vec<Session>;
    list_users(command: ListUsers) -> Vec<User>;
    list_invitations(command: ListInvitations) -> Vec<Invitation>;
    list_api_keys(command: ListApiKeys) -> Vec<ApiKey>;
    list_events(command: ListEvents) -> Vec<EventRecord>;
    sweep(command: Sweep) -> Swept;
    list_idle_attempts(
        idle_since: Timestamp, after: Option<AttemptKey>, limit: u32
    ) -> Vec<AttemptKey>;
    forget_attempts(keys: Vec<AttemptKey>, idle_since: Timestamp) -> u64;
    commit(command: Commit) -> Result<(), Conflict>;
    take_events(consumer: String, now: Timestamp, until: Timestamp, limit: usize) -> TakenEvents;
    events_taken(consumer: String, up_to: EventId) -> ();
    postpone_events(consumer: String, until: Timestamp) -> ();
    begin_events(consumer: String) -> ();
    forget_consumer(consumer: String) -> ();
    take_messages(now: Timestamp, until: Timestamp, limit: usize) -> Vec<TakenMessage>;
    messages_sent(messages: Vec<MessageId>) -> ();
    postpone_message(message: MessageId, until: Timestamp) -> ();
    bury_message(message: MessageId, at: Timestamp, reason: BurialReason) -> ();
    list_messages(command: ListMessages) -> Vec<KeptMessage>;
    revive_messages(which: DeadLetters, now: Timestamp) -> Vec<MessageId>;
    ping() -> ();
}
