//! The facade's methods by which people look after their own accounts, by links and within a session.

use testudo::flow::{self, ResetPassword, Unsubscribed};
use testudo::model::UserId;
use testudo::signing::ClaimTooLong;
use testudo::{Client, Secret, Timestamp};

use crate::{Auth, AuthError, Hashing, Store};

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Mails the link by which a new password is set: [`flow::request_password_reset`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn request_password_reset(
        &self,
        email: &str,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("request_password_reset", client, |env| flow::request_password_reset(email, env))
            .await
    }

    /// Sets a new password by a link: [`flow::reset_password`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn reset_password(
        &self,
        request: ResetPassword,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("reset_password", client, |env| flow::reset_password(request, env)).await
    }

    /// Mails the link that verifies the address of an access token's user:
    /// [`flow::request_email_verification`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn request_email_verification(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("request_email_verification", client, |env| {
            flow::request_email_verification(access_token, env)
        })
        .await
    }

    /// Marks an address as verified by a link: [`flow::verify_email`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn verify_email(&self, token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("verify_email", client, |env| flow::verify_email(token, env)).await
    }

    /// Mails the link by which an account moves to another address: [`flow::request_email_change`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn request_email_change(
        &self,
        access_token: &str,
        new_email: &str,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("request_email_change", client, |env| {
            flow::request_email_change(access_token, new_email, env)
        })
        .await
    }

    /// Moves an account to another address by a link: [`flow::change_email`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn change_email(&self, token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("change_email", client, |env| flow::change_email(token, env)).await
    }

    /// Takes an account back to the address that it had before, by a link: [`flow::undo_email_change`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn undo_email_change(&self, token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("undo_email_change", client, |env| flow::undo_email_change(token, env)).await
    }

    /// Closes the account of an access token's user, and tells when it is removed:
    /// [`flow::close_account`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn close_account(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<Timestamp, AuthError> {
        self.run("close_account", client, |env| flow::close_account(access_token, env)).await
    }

    /// Opens a closed account again by a link: [`flow::reopen_account`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn reopen_account(&self, token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("reopen_account", client, |env| flow::reopen_account(token, env)).await
    }

    /// What the link carries by which a user gets no more mail about a topic, for a year from now:
    /// [`flow::unsubscribe_token`].
    ///
    /// # Errors
    ///
    /// A topic that is too long.
    pub fn unsubscribe_token(
        &self,
        user: UserId,
        topic: &str,
    ) -> Result<Secret<String>, ClaimTooLong> {
        flow::unsubscribe_token(user, topic, self.now(), self.settings())
    }

    /// Reads such a link, and records it: [`flow::unsubscribe`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn unsubscribe(
        &self,
        token: &str,
        client: &Client,
    ) -> Result<Unsubscribed, AuthError> {
        self.run("unsubscribe", client, |env| flow::unsubscribe(token, env)).await
    }
}
