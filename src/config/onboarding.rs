//! How people sign up and what they are asked for, as data.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::onboarding::steps::{AcceptTerms, Profile, ProfileField};
use crate::onboarding::{Onboarding, Order};
use crate::policy::{Policy, SecondFactor};

/// The order of the steps of onboarding, and what those of the library ask for. Steps of your own are added in code,
/// with [`Config::build_with`](super::Config::build_with).
///
/// ```
/// use testudo::Config;
///
/// let config: Config = serde_json::from_str(r#"{"onboarding": {
///     "sign_up": ["validate_invitation", "register", "verify_email", "profile"],
///     "profile": [{"name": "name", "label": "Your name", "kind": "text", "max_length": 80}]
/// }}"#)?;
/// # let _ = config;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnboardingRules {
    /// The steps of signing up, in their order; those that are not needed are passed over. With none, nobody can sign
    /// up; with `validate_invitation`, who was invited. Default: `register`, `verify_email`, `setup_totp`,
    /// `recovery_codes`, `profile`, `accept_terms`.
    pub sign_up: Vec<String>,
    /// The steps at every sign-in, after what is owed, as far as they are needed: `profile` asks who lacks a required
    /// field. Default: none.
    pub at_sign_in: Vec<String>,
    /// What people are asked for in `profile`, and may change later. Default: nothing.
    pub profile: Vec<ProfileField>,
    /// Where the terms can be read whose version is [`Policy::terms`]. Default: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
}

impl Default for OnboardingRules {
    fn default() -> Self {
        let sign_up = Onboarding::standard().order_of_sign_up().to_vec();
        Self { sign_up, at_sign_in: Vec::new(), profile: Vec::new(), terms_url: None }
    }
}

impl OnboardingRules {
    /// The steps, with what is said of them here.
    pub(super) fn over(
        &self,
        steps: Onboarding,
        policy: &Policy,
        errors: &mut Vec<ConfigError>,
    ) -> Onboarding {
        self.check_profile(policy, errors);
        self.check_terms(policy, errors);
        let mut steps =
            steps.sign_up(self.sign_up.iter().cloned()).at_sign_in(self.at_sign_in.iter().cloned());
        if !self.profile.is_empty() {
            steps = steps.with_step(Profile::new(self.profile.iter().cloned()));
        }
        if let Some(url) = &self.terms_url {
            steps = steps.with_step(AcceptTerms::at(url));
        }
        for (order, error) in steps.errors(policy) {
            let setting = match order {
                Order::SignUp => "onboarding.sign_up",
                Order::SignIn => "onboarding.at_sign_in",
            };
            errors.push(ConfigError::new(setting, error.to_string()));
        }
        steps
    }

    fn check_profile(&self, policy: &Policy, errors: &mut Vec<ConfigError>) {
        let decides = match &policy.second_factor {
            SecondFactor::RequiredWhere(wanted) => Some(wanted.field.as_str()),
            _ => None,
        };
        for (place, field) in self.profile.iter().enumerate() {
            let name = field.name();
            let mut wrong = |expected: &str| {
                let setting = format!("onboarding.profile[{place}]");
                errors.push(ConfigError::new(setting, expected));
            };
            field.check().unwrap_or_else(&mut wrong);
            if self.profile.iter().take(place).any(|earlier| earlier.name() == name) {
                wrong("expected each name once");
            }
            if decides == Some(name) {
                wrong(
                    "expected no field that decides who needs a second factor: its owner could change it",
                );
            }
        }
    }

    fn check_terms(&self, policy: &Policy, errors: &mut Vec<ConfigError>) {
        let Some(url) = &self.terms_url else { return };
        let mut wrong = |expected: &str| {
            errors.push(ConfigError::new("onboarding.terms_url", expected));
        };
        if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            wrong("expected a URL such as https://example.com/terms");
        }
        if policy.terms.is_none() {
            wrong("expected the version of these terms as well, in policy.terms");
        }
    }
}
