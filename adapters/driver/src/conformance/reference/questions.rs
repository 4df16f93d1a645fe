//! All that can be asked about the few records that there are.

use futures::future::join_all;
use testudo::Timestamp;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser, FindUser,
    FindUserWithSession, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers,
    UserKey,
};
use testudo::message::{ListMessages, MessageState};
use testudo::model::{Epoch, SessionId};
use testudo::reference::Tables;

use super::batches::email;
use crate::Store;
use crate::conformance::key_records::{api_key_id, invitation_id, onboarding_id};
use crate::conformance::records::{session_id, user_id};

/// Declares the questions, and how each is asked of a store and of the reference.
macro_rules! questions {
    ($($kind:ident($command:ty) $method:ident,)+) => {
        /// A question that changes nothing.
        #[derive(Clone, Debug)]
        enum Question {
            $($kind($command),)+
            Record(SessionId),
        }

        impl Question {
            async fn of_store<S: Store>(&self, store: &S) -> String {
                match self.clone() {
                    $(Self::$kind(command) => {
                        let shown = format!("{command:?}");
                        format!("{shown}: {:?}", store.$method(command).await.expect("a look-up must not fail"))
                    })+
                    Self::Record(id) => {
                        format!("{id}: {:?}", store.find_session_record(id).await.expect("a look-up must not fail"))
                    }
                }
            }

            fn of_tables(&self, tables: &Tables) -> String {
                match self {
                    $(Self::$kind(command) => {
                        format!("{command:?}: {:?}", tables.$method(command))
                    })+
                    Self::Record(id) => format!("{id}: {:?}", tables.find_session_record(*id)),
                }
            }
        }
    };
}

questions! {
    User(FindUser) find_user,
    Session(FindSession) find_session,
    SessionWithUser(FindSessionWithUser) find_session_with_user,
    UserWithSession(FindUserWithSession) find_user_with_session,
    Invitation(FindInvitation) find_invitation,
    ApiKey(FindApiKey) find_api_key,
    Onboarding(FindOnboarding) find_onboarding,
    Sessions(ListSessions) list_sessions,
    Users(ListUsers) list_users,
    Invitations(ListInvitations) list_invitations,
    ApiKeys(ListApiKeys) list_api_keys,
    Events(ListEvents) list_events,
    Messages(ListMessages) list_messages,
}

/// What a store says, with the questions.
pub(super) async fn seen_by<S: Store>(store: &S) -> Vec<String> {
    let questions = questions();
    join_all(questions.iter().map(|question| question.of_store(store))).await
}

/// What the reference says, with the questions.
pub(super) fn seen_in(tables: &Tables) -> Vec<String> {
    questions().iter().map(|question| question.of_tables(tables)).collect()
}

fn questions() -> Vec<Question> {
    let mut all = Vec::new();
    for number in 0..3 {
        let user = user_id(number);
        all.push(Question::User(FindUser { key: UserKey::Id(user) }));
        let now = Timestamp::from_millis(20);
        let epoch = Epoch::FIRST;
        all.push(Question::Sessions(ListSessions { user, epoch, now, before: None, limit: 9 }));
        let before = Some(session_id(3));
        all.push(Question::Sessions(ListSessions { user, epoch, now, before, limit: 2 }));
        all.push(Question::ApiKeys(ListApiKeys { user, before: None, limit: 2 }));
        let invited_by = Some(user);
        all.push(Question::Invitations(ListInvitations { invited_by, before: None, limit: 9 }));
        all.push(Question::Events(ListEvents { user: Some(user), ..ListEvents::newest(9) }));
        all.push(Question::UserWithSession(FindUserWithSession { user, session: session_id(1) }));
    }
    for number in 0..4 {
        all.push(Question::User(FindUser { key: UserKey::Email(email(number).key().clone()) }));
        all.push(Question::ApiKey(FindApiKey { id: api_key_id(number) }));
        all.push(Question::Invitation(FindInvitation { id: invitation_id(number) }));
        all.push(Question::Onboarding(FindOnboarding { id: onboarding_id(number) }));
    }
    for number in 0..6 {
        let id = session_id(number);
        all.push(Question::Record(id));
        all.push(Question::Session(FindSession { id }));
        all.push(Question::SessionWithUser(FindSessionWithUser { id }));
    }
    let invitations = ListInvitations { invited_by: None, before: None, limit: 9 };
    all.push(Question::Invitations(invitations));
    all.push(Question::Users(ListUsers { after: None, limit: 9 }));
    all.push(Question::Users(ListUsers { after: Some(user_id(0)), limit: 1 }));
    all.push(Question::Events(ListEvents {
        since: Some(Timestamp::from_millis(10)),
        until: Some(Timestamp::from_millis(50)),
        ..ListEvents::newest(5)
    }));
    for state in [None, Some(MessageState::Dead), Some(MessageState::Waiting)] {
        all.push(Question::Messages(ListMessages { state, after: None, limit: 3 }));
    }
    all
}
