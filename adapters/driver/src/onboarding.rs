//! Onboarding, as methods of the facade.

use testudo::Client;
use testudo::flow;
use testudo::onboarding::{Advance, OnboardingResult, StartOnboarding};

use crate::{Auth, AuthError, Hashing, Store};

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Begins a registration: [`flow::start_onboarding`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn start_onboarding(
        &self,
        request: StartOnboarding,
        client: &Client,
    ) -> Result<OnboardingResult, AuthError> {
        self.run("start_onboarding", client, |env| flow::start_onboarding(request, env)).await
    }

    /// Takes the current step of an onboarding, or skips it: [`flow::advance_onboarding`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn advance_onboarding(
        &self,
        session_token: &str,
        request: Advance,
        client: &Client,
    ) -> Result<OnboardingResult, AuthError> {
        let flow = |env| flow::advance_onboarding(session_token, request, env);
        self.run("advance_onboarding", client, flow).await
    }

    /// Says what the current step of an onboarding is: [`flow::resume_onboarding`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn resume_onboarding(
        &self,
        session_token: &str,
        client: &Client,
    ) -> Result<OnboardingResult, AuthError> {
        let flow = |env| flow::resume_onboarding(session_token, env);
        self.run("resume_onboarding", client, flow).await
    }
}
