//! The facade's methods for programs: the keys that act for a user, and other services.

use testudo::flow::{self, ApiKeyPage, CreateApiKey, ListedApiKey};
use testudo::model::{ApiKey, ApiKeyId};
use testudo::service::{ServiceName, ServiceTokens};
use testudo::{Client, Secret};

use crate::{Auth, AuthError, Hashing, Store};

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Makes an API key for an access token's user: [`flow::create_api_key`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn create_api_key(
        &self,
        access_token: &str,
        request: CreateApiKey,
        client: &Client,
    ) -> Result<(ApiKey, Secret<String>), AuthError> {
        self.run("create_api_key", client, |env| flow::create_api_key(access_token, request, env))
            .await
    }

    /// Lists the API keys of an access token's user: [`flow::list_api_keys`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn list_api_keys(
        &self,
        access_token: &str,
        page: ApiKeyPage,
    ) -> Result<Vec<ListedApiKey>, AuthError> {
        self.finish(
            "list_api_keys",
            flow::list_api_keys(access_token, page, self.settings(), self.now()),
        )
        .await
    }

    /// Revokes an API key of an access token's user: [`flow::revoke_api_key`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn revoke_api_key(
        &self,
        access_token: &str,
        key: ApiKeyId,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("revoke_api_key", client, |env| flow::revoke_api_key(access_token, key, env)).await
    }

    /// Authenticates a request by an API key: [`flow::authenticate_api_key`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn authenticate_api_key(
        &self,
        key: &str,
        scope: Option<&str>,
        client: &Client,
    ) -> Result<ApiKey, AuthError> {
        self.run("authenticate_api_key", client, |env| flow::authenticate_api_key(key, scope, env))
            .await
    }

    /// Authenticates a request of another service: [`flow::authenticate_service`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn authenticate_service(
        &self,
        token: &str,
        name: Option<ServiceName>,
        tokens: &ServiceTokens,
        client: &Client,
    ) -> Result<Option<ServiceName>, AuthError> {
        self.run("authenticate_service", client, |env| {
            flow::authenticate_service(token, name, tokens, env)
        })
        .await
    }
}
