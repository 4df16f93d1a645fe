//! The facade's methods by which people look after their own accounts, by links and within a session.

use testudo::Client;
use testudo::flow::{self, ResetPassword};

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
        self.run(client, |env| flow::request_password_reset(email, env)).await
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
        self.run(client, |env| flow::reset_password(request, env)).await
    }
}
