//! What administrators do, as async methods.

use std::fmt;

use testudo::Client;
use testudo::command::UserKey;
use testudo::event::EventRecord;
use testudo::flow::admin::{self, ImportUser, Imported, SetPassword, UserPage};
use testudo::flow::{
    ApiKeyPage, EventPage, InvitationPage, Invite, Invited, ListedApiKey, SessionPage,
};
use testudo::model::{ApiKeyId, Invitation, InvitationId, Session, SessionId, User, UserId};

use crate::{Auth, AuthError, Fault, Hashing, Store};

/// The flows of [`testudo::flow::admin`] over a store: what [`Auth::admin`] gives.
///
/// `client` is where the administrator is; it stands in the audit trail.
///
/// # Security
///
/// Nothing here asks who wants it. See [`testudo::flow::admin`].
pub struct Admin<'a, S, H>(&'a Auth<S, H>);

impl<'a, S: Store, H: Hashing> Admin<'a, S, H> {
    pub(crate) const fn new(auth: &'a Auth<S, H>) -> Self {
        Self(auth)
    }

    /// Lists users: [`admin::list_users`].
    ///
    /// # Errors
    ///
    /// A fault.
    pub async fn list_users(&self, page: UserPage) -> Result<Vec<User>, Fault> {
        self.0.drive("admin.list_users", admin::list_users(page)).await
    }

    /// Looks a user up: [`admin::find_user`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn find_user(&self, user: UserKey) -> Result<User, AuthError> {
        self.0.finish("admin.find_user", admin::find_user(user)).await
    }

    /// Brings accounts along: [`admin::import_users`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn import_users(
        &self,
        accounts: Vec<ImportUser>,
        client: &Client,
    ) -> Result<Vec<Imported>, AuthError> {
        self.0.run("admin.import_users", client, |env| admin::import_users(accounts, env)).await
    }

    /// Lets an account be used again: [`admin::activate`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn activate(&self, user: UserKey, client: &Client) -> Result<User, AuthError> {
        self.0.run("admin.activate", client, |env| admin::activate(user, env)).await
    }

    /// Closes an account to its user: [`admin::deactivate`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn deactivate(&self, user: UserKey, client: &Client) -> Result<User, AuthError> {
        self.0.run("admin.deactivate", client, |env| admin::deactivate(user, env)).await
    }

    /// Opens an account again that its owner closed: [`admin::reopen_account`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn reopen_account(&self, user: UserKey, client: &Client) -> Result<User, AuthError> {
        self.0.run("admin.reopen_account", client, |env| admin::reopen_account(user, env)).await
    }

    /// Gives an account another password: [`admin::set_password`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn set_password(
        &self,
        request: SetPassword,
        client: &Client,
    ) -> Result<User, AuthError> {
        self.0.run("admin.set_password", client, |env| admin::set_password(request, env)).await
    }

    /// Mails a user the link by which they set a new password: [`admin::send_password_reset`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn send_password_reset(
        &self,
        user: UserKey,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.0
            .run("admin.send_password_reset", client, |env| admin::send_password_reset(user, env))
            .await
    }

    /// Lists a user's sessions: [`admin::user_sessions`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn user_sessions(
        &self,
        user: UserKey,
        page: SessionPage,
    ) -> Result<Vec<Session>, AuthError> {
        self.0.finish("admin.user_sessions", admin::user_sessions(user, page, self.0.now())).await
    }

    /// Ends one session: [`admin::end_session`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn end_session(&self, id: SessionId, client: &Client) -> Result<(), AuthError> {
        self.0.run("admin.end_session", client, |env| admin::end_session(id, env)).await
    }

    /// Ends all sessions of a user: [`admin::end_sessions`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn end_sessions(&self, user: UserKey, client: &Client) -> Result<User, AuthError> {
        self.0.run("admin.end_sessions", client, |env| admin::end_sessions(user, env)).await
    }

    /// Takes an account's second factor away: [`admin::reset_second_factor`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn reset_second_factor(
        &self,
        user: UserKey,
        client: &Client,
    ) -> Result<User, AuthError> {
        self.0
            .run("admin.reset_second_factor", client, |env| admin::reset_second_factor(user, env))
            .await
    }

    /// Lists events: those that concern a user, or all ([`admin::list_events`]).
    ///
    /// # Errors
    ///
    /// A fault.
    pub async fn list_events(
        &self,
        user: Option<UserId>,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, Fault> {
        self.0.drive("admin.list_events", admin::list_events(user, page)).await
    }

    /// Lists a user's API keys: [`admin::user_api_keys`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn user_api_keys(
        &self,
        user: UserKey,
        page: ApiKeyPage,
    ) -> Result<Vec<ListedApiKey>, AuthError> {
        self.0.finish("admin.user_api_keys", admin::user_api_keys(user, page, self.0.now())).await
    }

    /// Revokes an API key: [`admin::revoke_api_key`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn revoke_api_key(&self, id: ApiKeyId, client: &Client) -> Result<(), AuthError> {
        self.0.run("admin.revoke_api_key", client, |env| admin::revoke_api_key(id, env)).await
    }

    /// Invites somebody in nobody's name: [`admin::invite`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn invite(&self, request: Invite, client: &Client) -> Result<Invited, AuthError> {
        self.0.run("admin.invite", client, |env| admin::invite(request, env)).await
    }

    /// Lists invitations: [`admin::list_invitations`].
    ///
    /// # Errors
    ///
    /// A fault.
    pub async fn list_invitations(
        &self,
        invited_by: Option<UserId>,
        page: InvitationPage,
    ) -> Result<Vec<Invitation>, Fault> {
        self.0.drive("admin.list_invitations", admin::list_invitations(invited_by, page)).await
    }

    /// Takes an invitation back: [`admin::revoke_invitation`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn revoke_invitation(
        &self,
        id: InvitationId,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.0.run("admin.revoke_invitation", client, |env| admin::revoke_invitation(id, env)).await
    }
}

impl<S, H> fmt::Debug for Admin<'_, S, H> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Admin")
    }
}
