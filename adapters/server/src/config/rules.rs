//! The library's own settings: tables of the file, variables, and short names for what is set most often.

use std::env;

use testudo::config::{Built, ConfigErrors, Hashing};
use testudo::password::HasherChain;
use testudo::{Config, Duration, KeyRing, SecondFactor};

use super::{ContextWords, HashingOptions, Options, PasswordOptions, Scopes};
use crate::failure::Failure;

/// What variables of the library begin with; `TESTUDO_POLICY__ACCESS_LIFETIME` is one.
const PREFIX: &str = "TESTUDO";

/// Which of its tables are set by them; the others have options of their own.
const TABLES: [&str; 4] =
    ["TESTUDO_POLICY__", "TESTUDO_PASSWORDS__", "TESTUDO_HASHING__", "TESTUDO_ONBOARDING__"];

/// The settings that have short names.
#[derive(Debug, Default)]
pub(super) struct Short {
    pub(super) access_lifetime: Option<u64>,
    pub(super) refresh_grace: Option<u64>,
    pub(super) api_key_scopes: Option<Scopes>,
    pub(super) service_name: Option<String>,
    pub(super) require_totp: Option<bool>,
    pub(super) passwords: PasswordOptions,
}

impl Short {
    pub(super) fn with(self, passwords: PasswordOptions) -> Self {
        Self { passwords, ..self }
    }

    /// Puts what was said over what is there.
    fn apply(&self, to: &mut Config) {
        let put = |to: &mut Duration, seconds: Option<u64>| {
            *to = seconds.map_or(*to, Duration::from_secs);
        };
        put(&mut to.policy.access_lifetime, self.access_lifetime);
        put(&mut to.policy.refresh_grace, self.refresh_grace);
        if let Some(Scopes(scopes)) = &self.api_key_scopes {
            to.api_key_scopes.clone_from(scopes);
        }
        if let Some(name) = &self.service_name {
            to.service_name.clone_from(name);
        }
        match self.require_totp {
            Some(true) => to.policy.second_factor = SecondFactor::Required,
            // It takes the requirement back that stands elsewhere, and nothing else.
            Some(false) if to.policy.second_factor == SecondFactor::Required => {
                to.policy.second_factor = SecondFactor::IfEnrolled;
            }
            Some(false) | None => {}
        }
        if let Some(ContextWords(words)) = &self.passwords.context_words {
            to.passwords.context_words.clone_from(words);
        }
        let HashingOptions { argon2_memory, argon2_passes, argon2_lanes } = self.passwords.hashing;
        let hashing = &mut to.hashing;
        hashing.argon2_memory = argon2_memory.unwrap_or(hashing.argon2_memory);
        hashing.argon2_passes = argon2_passes.unwrap_or(hashing.argon2_passes);
        hashing.argon2_lanes = argon2_lanes.unwrap_or(hashing.argon2_lanes);
    }
}

/// The file's settings, under those of variables, under those that were given. In each place a short name wins
/// over the long one.
///
/// # Errors
///
/// All variables that do not fit.
pub(super) fn of(file: &Options, given: &Short) -> Result<Config, Failure> {
    let mut rules = Config {
        policy: file.policy.clone().unwrap_or_default(),
        passwords: file.passwords.clone().unwrap_or_default(),
        hashing: file.hashing.clone().unwrap_or_default(),
        onboarding: file.onboarding.clone().unwrap_or_default(),
        ..Config::default()
    };
    file.short().apply(&mut rules);
    let mut rules = rules.with_variables(PREFIX, variables()).map_err(all)?;
    given.apply(&mut rules);
    Ok(rules)
}

fn variables() -> impl Iterator<Item = (String, String)> {
    let texts = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.filter(|(name, _)| TABLES.iter().any(|table| name.starts_with(table)))
}

/// Makes settings of it.
///
/// # Errors
///
/// All that is wrong, on one line.
pub(crate) fn build(rules: &Config, keys: KeyRing) -> Result<Built, Failure> {
    rules.build(keys).map_err(all)
}

/// The hashers alone.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn hashers(hashing: &Hashing) -> Result<HasherChain, Failure> {
    hashing.hashers().map_err(all)
}

fn all(errors: ConfigErrors) -> Failure {
    let is_argon2 = errors.iter().any(|error| error.setting.contains("argon2"));
    let hint =
        if is_argon2 { " (`testudo hash calibrate` finds settings that are fit)" } else { "" };
    Failure::new(format!("{errors}{hint}"))
}
