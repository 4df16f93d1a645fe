//! Everything an application configures, as data: from code, a file of any format, or variables.
//!
//! [`Config`] is plain data with serde's traits, and [`Config::build`] makes settings of it, or says all that is
//! wrong with it at once. Nothing is global: each [`Settings`] stands for itself, so that an application may have
//! as many side by side as it has tenants.

mod hashing;
mod onboarding;
mod passwords;
mod tokens;
mod variables;

pub use hashing::{Hashing, Scheme};
pub use onboarding::OnboardingRules;
pub use passwords::PasswordRules;
pub use tokens::{TokenForm, Tokens};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::env::Settings;
use crate::keys::KeyRing;
use crate::onboarding::Onboarding;
use crate::password::HasherChain;
use crate::policy::Policy;

/// Everything an application configures, but for its keys.
///
/// What is left out is as in [`Config::default`]; names that do not exist are errors. Spans are in seconds.
///
/// ```
/// use testudo::{Config, KeyRing};
///
/// let file = r#"{
///     "policy": {"access_lifetime": 300, "login_account": {"attempts": 3, "window": 600, "hard_stop": 50}},
///     "passwords": {"min_length": 12, "context_words": ["Acme"]},
///     "hashing": {"argon2_memory": 47104},
///     "api_key_scopes": ["reports:read"]
/// }"#;
/// let config: Config = serde_json::from_str(file)?; // or toml::from_str, or any other format of serde
/// let config = config.with_variables("ACME", [("ACME_POLICY__REFRESH_GRACE", "5")])?; // std::env::vars()
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let built = config.build(keys)?;
/// assert_eq!(built.settings.policy().access_lifetime.as_secs(), 300);
/// assert_eq!(built.settings.policy().refresh_grace.as_secs(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// No secret is part of it: it may be logged, compared and kept with the code. Keys and peppers are handed over
/// apart from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is allowed, for how long and how often.
    pub policy: Policy,
    /// Which new passwords are taken.
    pub passwords: PasswordRules,
    /// How new passwords are hashed.
    pub hashing: Hashing,
    /// How people sign up, and what they are asked for.
    pub onboarding: OnboardingRules,
    /// The form of tokens.
    pub tokens: Tokens,
    /// What the service is called: [`Settings::with_service_name`].
    pub service_name: String,
    /// What API keys may be used for: [`Settings::with_api_key_scopes`].
    pub api_key_scopes: Vec<String>,
}

/// What a configuration makes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Built {
    /// For [`Env`](crate::Env).
    pub settings: Settings,
    /// For whoever hashes. It reads the hashes of every scheme.
    pub hashers: HasherChain,
    /// The public keys of access tokens, to be published; none of opaque tokens or of HMAC.
    #[cfg(feature = "jwt-signatures")]
    pub published_keys: crate::token::jwt::JwkSet,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            passwords: PasswordRules::default(),
            hashing: Hashing::default(),
            onboarding: OnboardingRules::default(),
            tokens: Tokens::default(),
            service_name: Settings::SERVICE_NAME.to_owned(),
            api_key_scopes: Vec::new(),
        }
    }
}

impl Config {
    /// Checks everything, and makes settings of it.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn build(&self, keys: KeyRing) -> Result<Built, ConfigErrors> {
        self.build_with(Onboarding::standard(), keys)
    }

    /// The same with an application's own steps of onboarding, which the orders of [`Config::onboarding`] may name
    /// beside the library's. Their order is that of this configuration, and so are the fields of the profile and the
    /// place of the terms where it says any.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn build_with(&self, steps: Onboarding, keys: KeyRing) -> Result<Built, ConfigErrors> {
        let mut errors = Vec::new();
        if let Err(wrong) = self.policy.check() {
            let name = |error: &crate::PolicyError| format!("policy.{}", error.setting);
            errors.extend(wrong.iter().map(|wrong| ConfigError::new(name(wrong), wrong.expected)));
        }
        let validators = self.passwords.validators(&mut errors);
        let hashers = self.hashing.chain(&mut errors);
        let onboarding = self.onboarding.over(steps, &self.policy, &mut errors);
        let tokens = self.tokens.backend(&keys, &mut errors);
        let is_name = (1..=64).contains(&self.service_name.chars().count());
        if !is_name || self.service_name.contains(char::is_control) {
            let expected = "expected a name of 1 to 64 characters, on one line";
            errors.push(ConfigError::new("service_name", expected));
        }
        for (place, scope) in self.api_key_scopes.iter().enumerate() {
            if !is_scope(scope) {
                let expected =
                    "expected 1 to 64 visible ASCII characters without quotes and backslashes";
                errors.push(ConfigError::new(format!("api_key_scopes[{place}]"), expected));
            }
        }
        let (Some(validators), Some(hashers), Some(tokens), true) =
            (validators, hashers, tokens, errors.is_empty())
        else {
            return Err(ConfigErrors(errors));
        };
        let settings =
            Settings::new(self.policy.clone(), keys).map_err(|_| ConfigErrors(errors))?;
        let settings = settings.with_onboarding(onboarding).map_err(|error| {
            ConfigErrors(vec![ConfigError::new("onboarding", error.to_string())])
        })?;
        let settings = settings
            .with_validators(validators)
            .with_context_words(self.passwords.context_words.iter().cloned())
            .with_api_key_scopes(self.api_key_scopes.iter().cloned())
            .with_service_name(self.service_name.clone())
            .with_tokens(tokens.backend);
        Ok(Built {
            settings,
            hashers,
            #[cfg(feature = "jwt-signatures")]
            published_keys: tokens.published,
        })
    }
}

/// `scope-token` of RFC 6749 3.3, of a length that fits into a list.
fn is_scope(scope: &str) -> bool {
    let is_visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=64).contains(&scope.len()) && scope.bytes().all(is_visible)
}

/// Something in a configuration that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {expected}")]
#[non_exhaustive]
pub struct ConfigError {
    /// Where: `policy.access_lifetime`, or the name of a variable.
    pub setting: String,
    /// What it should have been.
    pub expected: String,
}

impl ConfigError {
    fn new(setting: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { setting: setting.into(), expected: expected.into() }
    }
}

/// All that is wrong with a configuration; never nothing. Prints on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(out, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onboarding::steps::ProfileField;
    use crate::time::Duration;

    fn keys() -> KeyRing {
        KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap()
    }

    fn wrong(config: &Config) -> Vec<String> {
        let errors = config.build(keys()).unwrap_err();
        errors.iter().map(|error| error.setting.clone()).collect()
    }

    #[test]
    fn the_defaults_build_and_are_those_of_the_parts() {
        let built = Config::default().build(keys()).unwrap();
        assert_eq!(*built.settings.policy(), Policy::default());
        let validators: Vec<_> = built.settings.validators().help_texts().collect();
        let standard: Vec<_> =
            crate::password::validation::Validators::standard().help_texts().collect();
        assert_eq!(validators, standard);
        assert_eq!(format!("{:?}", built.hashers), format!("{:?}", HasherChain::standard()));
    }

    #[test]
    fn everything_that_is_wrong_anywhere_is_said_at_once() {
        let mut config = Config::default();
        config.policy.access_lifetime = Duration::ZERO;
        config.policy.api_keys = 5000;
        config.passwords.min_length = 4;
        config.passwords.max_similarity = Some(7.0);
        config.hashing.argon2_memory = 8;
        config.policy.second_factor =
            serde_json::from_str(r#"{"required_where": {"field": "role", "is": "admin"}}"#)
                .unwrap();
        config.onboarding.sign_up = vec!["registr".into(), "verify_email".into()];
        config.onboarding.at_sign_in = vec!["profile".into(), "profile".into()];
        config.onboarding.profile =
            ["name", "name", "role"].map(|name| ProfileField::text(name, "Name")).to_vec();
        config.onboarding.terms_url = Some("javascript:alert(1)".into());
        config.service_name = String::new();
        config.tokens.issuer = Some(String::new());
        config.api_key_scopes = vec!["fine".into(), "with space".into()];
        let expected = [
            "policy.access_lifetime",
            "policy.api_keys",
            "passwords.min_length",
            "passwords.max_similarity",
            "hashing.argon2_memory",
            "onboarding.profile[1]",
            "onboarding.profile[2]",
            "onboarding.terms_url",
            "onboarding.terms_url",
            "onboarding.sign_up",
            "onboarding.at_sign_in",
            "onboarding.sign_up",
            "tokens.issuer",
            "service_name",
            "api_key_scopes[1]",
        ];
        assert_eq!(wrong(&config), expected);
    }

    #[test]
    fn the_orders_may_name_an_application_s_own_steps() {
        use crate::onboarding::steps::ValidateInvitation;

        let mut config = Config::default();
        config.onboarding.sign_up.insert(0, ValidateInvitation::NAME.to_owned());
        config.onboarding.profile = vec![ProfileField::text("name", "Your name")];
        let built = config.build_with(Onboarding::standard(), keys()).unwrap();
        let onboarding = built.settings.onboarding();
        assert_eq!(onboarding.order_of_sign_up(), config.onboarding.sign_up);
        let names: Vec<_> = onboarding.profile_fields().map(ProfileField::name).collect();
        assert_eq!(names, ["name"]);
        config.onboarding.sign_up.clear();
        assert!(!config.build(keys()).unwrap().settings.onboarding().is_open());
    }

    #[test]
    fn what_is_written_reads_back_and_what_does_not_exist_is_refused() {
        let text = serde_json::to_string(&Config::default()).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), Config::default());
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
        for unknown in [r#"{"polcy": {}}"#, r#"{"policy": {"acces_lifetime": 1}}"#] {
            assert!(serde_json::from_str::<Config>(unknown).is_err(), "{unknown} was taken");
        }
    }
}
