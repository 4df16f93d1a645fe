//! The methods of a store that are look-ups and listings.

/// Implements those methods of [`Store`](testudo_driver::Store) that only read, the same for all databases, over the
/// [`Link`](super::Link) in the field of this name.
macro_rules! look_ups {
    ($link:ident) => {
        async fn find_user(
            &self,
            command: ::testudo::command::FindUser,
        ) -> Result<Option<::testudo::model::User>, ::testudo_driver::Fault> {
            self.statements.reads.find_user(&self.$link, &command).await
        }

        async fn find_session(
            &self,
            command: ::testudo::command::FindSession,
        ) -> Result<Option<::testudo::command::OwnedSession>, ::testudo_driver::Fault> {
            self.statements.reads.find_session(&self.$link, command).await
        }

        async fn find_session_with_user(
            &self,
            command: ::testudo::command::FindSessionWithUser,
        ) -> Result<
            Option<(::testudo::model::Session, ::testudo::model::User)>,
            ::testudo_driver::Fault,
        > {
            self.statements.reads.find_session_with_user(&self.$link, command).await
        }

        async fn find_user_with_session(
            &self,
            command: ::testudo::command::FindUserWithSession,
        ) -> Result<
            Option<(::testudo::model::User, Option<::testudo::model::Session>)>,
            ::testudo_driver::Fault,
        > {
            self.statements.reads.find_user_with_session(&self.$link, command).await
        }

        async fn find_session_record(
            &self,
            id: ::testudo::model::SessionId,
        ) -> Result<Option<::testudo::model::Session>, ::testudo_driver::Fault> {
            self.statements.reads.find_session_record(&self.$link, id).await
        }

        async fn find_invitation(
            &self,
            command: ::testudo::command::FindInvitation,
        ) -> Result<Option<::testudo::model::Invitation>, ::testudo_driver::Fault> {
            self.statements.reads.find_invitation(&self.$link, command).await
        }

        async fn find_api_key(
            &self,
            command: ::testudo::command::FindApiKey,
        ) -> Result<Option<::testudo::command::OwnedApiKey>, ::testudo_driver::Fault> {
            self.statements.reads.find_api_key(&self.$link, command).await
        }

        async fn find_onboarding(
            &self,
            command: ::testudo::command::FindOnboarding,
        ) -> Result<Option<::testudo::model::OnboardingSession>, ::testudo_driver::Fault> {
            self.statements.reads.find_onboarding(&self.$link, command).await
        }

        async fn list_sessions(
            &self,
            command: ::testudo::command::ListSessions,
        ) -> Result<Vec<::testudo::model::Session>, ::testudo_driver::Fault> {
            self.statements.reads.list_sessions(&self.$link, command).await
        }

        async fn list_users(
            &self,
            command: ::testudo::command::ListUsers,
        ) -> Result<Vec<::testudo::model::User>, ::testudo_driver::Fault> {
            self.statements.reads.list_users(&self.$link, command).await
        }

        async fn list_invitations(
            &self,
            command: ::testudo::command::ListInvitations,
        ) -> Result<Vec<::testudo::model::Invitation>, ::testudo_driver::Fault> {
            self.statements.reads.list_invitations(&self.$link, command).await
        }

        async fn list_api_keys(
            &self,
            command: ::testudo::command::ListApiKeys,
        ) -> Result<Vec<::testudo::model::ApiKey>, ::testudo_driver::Fault> {
            self.statements.reads.list_api_keys(&self.$link, command).await
        }

        async fn list_events(
            &self,
            command: ::testudo::command::ListEvents,
        ) -> Result<Vec<::testudo::event::EventRecord>, ::testudo_driver::Fault> {
            self.statements.reads.list_events(&self.$link, &command).await
        }

        async fn list_idle_attempts(
            &self,
            idle_since: ::testudo::Timestamp,
            after: Option<::testudo::model::AttemptKey>,
            limit: u32,
        ) -> Result<Vec<::testudo::model::AttemptKey>, ::testudo_driver::Fault> {
            let reads = &self.statements.reads;
            reads.list_idle_attempts(&self.$link, idle_since, after, limit).await
        }

        async fn list_messages(
            &self,
            command: ::testudo::message::ListMessages,
        ) -> Result<Vec<::testudo::message::KeptMessage>, ::testudo_driver::Fault> {
            self.statements.reads.list_messages(&self.$link, command).await
        }

        async fn ping(&self) -> Result<(), ::testudo_driver::Fault> {
            self.statements.reads.ping(&self.$link).await
        }
    };
}

pub(crate) use look_ups;
