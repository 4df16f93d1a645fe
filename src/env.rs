//! Everything a flow may know besides its request.

use std::sync::Arc;

use uuid::{Builder, Uuid};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::event::{Event, EventRecord};
use crate::keys::KeyRing;
use crate::model::{
    ApiKeyId, Client, EventId, InvitationId, MessageId, OnboardingId, SessionId, UserId,
};
use crate::onboarding::{Onboarding, OnboardingError};
use crate::password::validation::Validators;
use crate::password::{PasswordHash, Salt};
use crate::policy::{Policy, PolicyError};
use crate::recovery_codes;
use crate::sealed::NONCE_BYTES;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::backend::{OpaqueBackend, TokenBackend};
use crate::totp::Seed;

/// What an application sets once: its rules and its keys.
///
/// ```
/// use testudo::password::validation::Validators;
/// use testudo::{KeyRing, Policy, Settings};
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let settings = Settings::new(Policy::default(), keys)
///     .unwrap()
///     .with_validators(Validators::nist(false))
///     .with_context_words(["Gopher", "Gopher Inc."]);
/// assert_eq!(settings.context_words(), ["Gopher", "Gopher Inc."]);
/// # Ok::<(), testudo::KeyRingError>(())
/// ```
#[derive(Debug)]
pub struct Settings {
    policy: Policy,
    keys: KeyRing,
    validators: Validators,
    context_words: Vec<String>,
    tokens: Arc<dyn TokenBackend>,
    api_key_scopes: Vec<String>,
    service_name: String,
    onboarding: Onboarding,
}

impl Settings {
    /// Checks the policy and puts it together with the keys. New passwords are held against
    /// [`Validators::standard`], and tokens are opaque.
    ///
    /// # Errors
    ///
    /// All rules of the policy that cannot be.
    pub fn new(policy: Policy, keys: KeyRing) -> Result<Self, Vec<PolicyError>> {
        policy.check()?;
        let (validators, context_words) = (Validators::standard(), Vec::new());
        let (api_key_scopes, tokens) = (Vec::new(), Arc::new(OpaqueBackend));
        let (service_name, onboarding) = (Self::SERVICE_NAME.to_owned(), Onboarding::standard());
        Ok(Self {
            policy,
            keys,
            validators,
            context_words,
            tokens,
            api_key_scopes,
            service_name,
            onboarding,
        })
    }

    /// What the service is called unless it is said.
    pub const SERVICE_NAME: &str = "Testudo";

    /// With the name of the service, as people know it: authenticator apps show it.
    #[must_use]
    pub fn with_service_name(self, name: impl Into<String>) -> Self {
        Self { service_name: name.into(), ..self }
    }

    /// With other rules for new passwords.
    #[must_use]
    pub fn with_validators(self, validators: Validators) -> Self {
        Self { validators, ..self }
    }

    /// With words that everybody would try first, such as the names of the service and of the
    /// organisation (ASVS 5.0 6.1.2, 6.2.11): no new password is one of them, in any spelling.
    #[must_use]
    pub fn with_context_words<W: Into<String>>(self, words: impl IntoIterator<Item = W>) -> Self {
        Self { context_words: words.into_iter().map(Into::into).collect(), ..self }
    }

    /// With the scopes that API keys may have, in the application's terms. Without any, keys have none: what
    /// is not declared here, no user can give a key.
    ///
    /// ```
    /// # use testudo::{KeyRing, Policy, Settings};
    /// # let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    /// let settings = Settings::new(Policy::default(), keys)
    ///     .unwrap()
    ///     .with_api_key_scopes(["reports:read", "reports:write"]);
    /// assert_eq!(settings.api_key_scopes(), ["reports:read", "reports:write"]);
    /// # Ok::<(), testudo::KeyRingError>(())
    /// ```
    ///
    /// # Security
    ///
    /// Every user may give their keys any of these. A scope narrows what a key may do for its user; whether
    /// the user may do it at all is still to be asked.
    #[must_use]
    pub fn with_api_key_scopes<W: Into<String>>(self, scopes: impl IntoIterator<Item = W>) -> Self {
        Self { api_key_scopes: scopes.into_iter().map(Into::into).collect(), ..self }
    }

    /// With other steps of onboarding, or in another order.
    ///
    /// # Errors
    ///
    /// When the steps cannot be taken in that order, or the answers would tell who has an account.
    pub fn with_onboarding(self, onboarding: Onboarding) -> Result<Self, OnboardingError> {
        onboarding.check(&self.policy)?;
        Ok(Self { onboarding, ..self })
    }

    /// With tokens of another form.
    #[must_use]
    pub fn with_tokens(self, tokens: Arc<dyn TokenBackend>) -> Self {
        Self { tokens, ..self }
    }

    /// The rules.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The keys.
    #[must_use]
    pub const fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The rules for new passwords.
    #[must_use]
    pub const fn validators(&self) -> &Validators {
        &self.validators
    }

    /// The words that no new password may be.
    #[must_use]
    pub fn context_words(&self) -> &[String] {
        &self.context_words
    }

    /// The scopes that API keys may have.
    #[must_use]
    pub fn api_key_scopes(&self) -> &[String] {
        &self.api_key_scopes
    }

    /// The steps of onboarding.
    #[must_use]
    pub const fn onboarding(&self) -> &Onboarding {
        &self.onboarding
    }

    /// The name of the service.
    #[must_use]
    pub fn service_name(&self) -> &str {
        &self.service_name
    }

    /// The form of tokens.
    #[must_use]
    pub fn tokens(&self) -> &dyn TokenBackend {
        &*self.tokens
    }
}

/// The surroundings of one run of one flow: the moment, randomness, the client, the settings.
///
/// There is no default and no clone: each run gets its own. Given the same `Env`, the same request
/// and the same replies, a flow does the same thing, bit for bit.
#[derive(Debug)]
pub struct Env {
    pub(crate) now: Timestamp,
    pub(crate) client: Client,
    pub(crate) retries: Retries,
    entropy: Entropy,
    settings: Arc<Settings>,
}

impl Env {
    /// The surroundings of a flow that starts `now`.
    ///
    /// # Security
    ///
    /// `entropy` must come from a fresh seed of the operating system's generator, and be used for
    /// this one flow only.
    #[must_use]
    pub const fn new(
        now: Timestamp,
        entropy: Entropy,
        client: Client,
        settings: Arc<Settings>,
    ) -> Self {
        Self { now, client, retries: Retries(Retries::MAX), entropy, settings }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.settings.policy
    }

    /// What the application set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn tokens(&self) -> &dyn TokenBackend {
        self.settings.tokens()
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.settings.keys
    }

    pub(crate) fn new_user_id(&mut self) -> UserId {
        UserId::from_uuid(self.new_uuid())
    }

    pub(crate) fn new_session_id(&mut self) -> SessionId {
        SessionId::from_uuid(self.new_uuid())
    }

    pub(crate) fn new_message_id(&mut self) -> MessageId {
        MessageId::from_uuid(self.new_uuid())
    }

    pub(crate) fn new_invitation_id(&mut self) -> InvitationId {
        InvitationId::from_uuid(self.new_uuid())
    }

    pub(crate) fn new_api_key_id(&mut self) -> ApiKeyId {
        ApiKeyId::from_uuid(self.new_uuid())
    }

    pub(crate) fn new_onboarding_id(&mut self) -> OnboardingId {
        OnboardingId::from_uuid(self.new_uuid())
    }

    /// A number of 64 random bits.
    pub(crate) fn new_number(&mut self) -> u64 {
        u64::from_be_bytes(self.entropy.bytes())
    }

    pub(crate) fn new_nonce(&mut self) -> [u8; NONCE_BYTES] {
        self.entropy.bytes()
    }

    pub(crate) fn new_totp_seed(&mut self) -> Secret<[u8; Seed::BYTES]> {
        Secret::new(self.entropy.bytes())
    }

    pub(crate) fn new_recovery_code(&mut self) -> Zeroizing<[u8; recovery_codes::LENGTH]> {
        Zeroizing::new(self.entropy.bytes())
    }

    pub(crate) fn new_token_secret(&mut self) -> [u8; 32] {
        self.entropy.bytes()
    }

    pub(crate) fn new_salt(&mut self) -> Salt {
        Salt::new(self.entropy.bytes())
    }

    pub(crate) fn unusable_password(&mut self) -> PasswordHash {
        PasswordHash::unusable(&mut self.entropy)
    }

    /// The record of something that happens in this flow, now.
    pub(crate) fn event(
        &mut self,
        user: Option<UserId>,
        session: Option<SessionId>,
        event: Event,
    ) -> EventRecord {
        let id = EventId::from_uuid(self.new_uuid());
        EventRecord { id, at: self.now, user, session, client: self.client.clone(), event }
    }

    /// A UUID of version 7 (RFC 9562 5.7): ordered by time, 74 random bits.
    fn new_uuid(&mut self) -> Uuid {
        let random = self.entropy.bytes();
        Builder::from_unix_timestamp_millis(self.now.as_millis(), &random).into_uuid()
    }
}

/// How often a flow may look again after a conflict.
#[derive(Debug)]
pub(crate) struct Retries(u8);

impl Retries {
    /// Enough for every rival that the limits admit at once; a flow that still loses says so.
    const MAX: u8 = 16;

    /// Takes one; false when none is left.
    pub(crate) fn spend(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}
