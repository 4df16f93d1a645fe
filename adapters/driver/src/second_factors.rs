//! Second factors, as methods of the facade.

use testudo::flow::{self, SecondFactors};
use testudo::onboarding::RevealedSeed;
use testudo::{Client, Secret};

use crate::{Auth, AuthError, Hashing, Store};

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Tells what second factors an access token's user has: [`flow::second_factors`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn second_factors(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<SecondFactors, AuthError> {
        let flow = |env| flow::second_factors(access_token, env);
        self.run("second_factors", client, flow).await
    }

    /// Shows an access token's user the seed of an authenticator app: [`flow::begin_totp`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn begin_totp(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<RevealedSeed, AuthError> {
        self.run("begin_totp", client, |env| flow::begin_totp(access_token, env)).await
    }

    /// Binds the account to that app by a code of it, and gives the recovery codes: [`flow::confirm_totp`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn confirm_totp(
        &self,
        access_token: &str,
        code: &str,
        client: &Client,
    ) -> Result<Vec<Secret<String>>, AuthError> {
        self.run("confirm_totp", client, |env| flow::confirm_totp(access_token, code, env)).await
    }

    /// Unbinds the account from its app: [`flow::remove_totp`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn remove_totp(&self, access_token: &str, client: &Client) -> Result<(), AuthError> {
        self.run("remove_totp", client, |env| flow::remove_totp(access_token, env)).await
    }

    /// Gives other recovery codes: [`flow::replace_recovery_codes`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn replace_recovery_codes(
        &self,
        access_token: &str,
        client: &Client,
    ) -> Result<Vec<Secret<String>>, AuthError> {
        let flow = |env| flow::replace_recovery_codes(access_token, env);
        self.run("replace_recovery_codes", client, flow).await
    }
}
