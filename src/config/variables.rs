//! A configuration from variables: names that spell the way to a setting.

use serde_json::Value;

use super::{Config, ConfigError, ConfigErrors};

/// Between the parts of a name.
const BETWEEN: &str = "__";

impl Config {
    /// The same with what variables say, such as those of the environment.
    ///
    /// `ACME_POLICY__ACCESS_LIFETIME` is `access_lifetime` of `policy` under the prefix `ACME`, and
    /// `ACME_POLICY__SESSION__IDLE` is `idle` of `session` in it. Lists are separated by commas; lists of more than
    /// names, and what else has parts, are JSON. An empty variable empties a list, and counts as not set where the
    /// setting is none. Variables with the prefix that name no part of a configuration are
    /// another's, and passed over.
    ///
    /// ```
    /// use testudo::Config;
    ///
    /// let variables = [("ACME_PASSWORDS__CONTEXT_WORDS", "Acme, Gopher"), ("ACME_PORT", "8080")];
    /// let config = Config::default().with_variables("ACME", variables)?;
    /// assert_eq!(config.passwords.context_words, ["Acme", "Gopher"]);
    ///
    /// let misspelt = [("ACME_POLICY__ACCES_LIFETIME", "60"), ("ACME_POLICY__API_KEYS", "many")];
    /// let errors = Config::default().with_variables("ACME", misspelt).unwrap_err();
    /// assert_eq!(errors.iter().count(), 2);
    /// # Ok::<(), testudo::config::ConfigErrors>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All variables that name what does not exist, or hold what does not fit. Values are not repeated.
    pub fn with_variables<N: AsRef<str>, V: AsRef<str>>(
        &self,
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, ConfigErrors> {
        let (mut config, mut errors) = (self.clone(), Vec::new());
        for (name, text) in variables {
            let name = name.as_ref();
            let Some(path) = path(prefix, name) else { continue };
            match config.with(&path, text.as_ref()) {
                Ok(changed) => config = changed,
                Err(expected) => errors.push(ConfigError::new(name, expected)),
            }
        }
        if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
    }

    /// The same with one setting read from a text.
    fn with(&self, path: &[String], text: &str) -> Result<Self, String> {
        let mut whole = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let mut place = &mut whole;
        for part in path {
            let inside = place.as_object_mut().ok_or("there is nothing inside this setting")?;
            // What is left open does not show: it is put there, and refused if it does not exist.
            place = inside.entry(part.as_str()).or_insert(Value::Null);
        }
        if text.is_empty() && !place.is_array() {
            return Ok(self.clone());
        }
        let (is_table, readings) = (place.is_object(), readings(place, text));
        let mut refused = String::from("expected single settings, each under its own name");
        for reading in readings {
            let mut changed = whole.clone();
            put(&mut changed, path, reading);
            match serde_json::from_value(changed) {
                Ok(config) => return Ok(config),
                Err(_) if is_table => {}
                Err(error) => refused = without_value(&error.to_string()),
            }
        }
        Err(refused)
    }
}

/// The way to a setting, if a name begins one.
fn path(prefix: &str, name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('_')?.to_ascii_lowercase();
    let parts: Vec<_> = rest.split(BETWEEN).map(str::to_owned).collect();
    let whole = serde_json::to_value(Config::default()).ok()?;
    let begins = whole.get(parts.first()?)?;
    // A table has names inside it; a list has not.
    (begins.is_object() == (parts.len() > 1)).then_some(parts)
}

/// What a text may mean where this value stands now.
fn readings(present: &Value, text: &str) -> Vec<Value> {
    let as_text = Value::String(text.to_owned());
    let has_parts = text.trim_start().starts_with(['[', '{']);
    let as_json = has_parts.then(|| serde_json::from_str(text).ok()).flatten();
    match present {
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            as_json.into_iter().chain([items.collect()]).collect()
        }
        // A choice that has parts now may have none later.
        Value::String(_) | Value::Object(_) => as_json.into_iter().chain([as_text]).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let scalar = serde_json::from_str(text.trim()).ok();
            let scalar = scalar.filter(|value: &Value| value.is_number() || value.is_boolean());
            scalar.into_iter().chain([as_text]).collect()
        }
    }
}

fn put(whole: &mut Value, path: &[String], reading: Value) {
    let mut place = whole;
    for part in path {
        let Some(inside) = place.as_object_mut() else { return };
        place = inside.entry(part.as_str()).or_insert(Value::Null);
    }
    *place = reading;
}

/// What serde expected, without what it found.
fn without_value(error: &str) -> String {
    match (error.find("expected"), error.starts_with("unknown field")) {
        (_, true) => "there is no such setting".to_owned(),
        (Some(start), false) => error.get(start..).unwrap_or_default().to_owned(),
        (None, false) => "this does not fit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Scheme;
    use crate::onboarding::steps::ProfileField;
    use crate::policy::{ProfileMatch, SecondFactor};
    use crate::time::Duration;

    fn with(variables: &[(&str, &str)]) -> Result<Config, String> {
        Config::default()
            .with_variables("APP", variables.iter().copied())
            .map_err(|errors| errors.to_string())
    }

    #[test]
    fn every_kind_of_setting_is_read() {
        let config = with(&[
            ("APP_POLICY__SESSION__IDLE", "60"),
            ("APP_POLICY__LOGIN_NETWORK__HARD_STOP", "7"),
            ("APP_POLICY__CONSULT_LEGACY", "true"),
            ("APP_HASHING__SCHEME", "bcrypt"),
            ("APP_PASSWORDS__MAX_SIMILARITY", "0.5"),
            ("APP_TOKENS__ISSUER", "2026"),
            ("APP_API_KEY_SCOPES", "a, b,,"),
            ("APP_ONBOARDING__SIGN_UP", ""),
            ("APP_ONBOARDING__PROFILE", r#"[{"name": "n", "label": "N, please", "kind": "text"}]"#),
            (
                "APP_POLICY__SECOND_FACTOR",
                r#"{"required_where": {"field": "role", "is": "admin"}}"#,
            ),
        ])
        .unwrap();
        assert_eq!(config.policy.session.idle, Duration::from_secs(60));
        assert_eq!(config.policy.login_network.hard_stop, Some(7));
        assert!(config.policy.consult_legacy);
        assert_eq!(config.hashing.scheme, Scheme::Bcrypt);
        assert_eq!(config.passwords.max_similarity, Some(0.5));
        assert_eq!(config.tokens.issuer.as_deref(), Some("2026"));
        assert_eq!(config.api_key_scopes, ["a", "b"]);
        assert_eq!(config.onboarding.sign_up, [""; 0]);
        assert_eq!(config.onboarding.profile, [ProfileField::text("n", "N, please")]);
        let role = ProfileMatch { field: "role".into(), is: "admin".into() };
        assert_eq!(config.policy.second_factor, SecondFactor::RequiredWhere(role));
    }

    #[test]
    fn an_empty_variable_empties_a_list_and_sets_nothing_else() {
        let given = Config {
            api_key_scopes: vec!["a".to_owned()],
            service_name: "Gopher".to_owned(),
            ..Config::default()
        };
        let empty = [
            ("APP_API_KEY_SCOPES", ""),
            ("APP_SERVICE_NAME", ""),
            ("APP_POLICY__ACCESS_LIFETIME", ""),
            ("APP_POLICY__SESSION", ""),
            ("APP_POLICY__TERMS", ""),
            ("APP_HASHING__SCHEME", ""),
        ];
        let read = given.with_variables("APP", empty).unwrap();
        assert_eq!(read, Config { api_key_scopes: Vec::new(), ..given });
    }

    #[test]
    fn what_does_not_fit_is_told_by_name_and_not_repeated() {
        let wrong = [
            ("APP_POLICY__API_KEYS", "hunter2"),
            ("APP_POLICY__CONSULT_LEGACY", "hunter2"),
            ("APP_HASHING__SCHEME", "hunter2"),
            ("APP_POLICY__SESSION", "hunter2"),
            ("APP_POLICY__SESSION__IDLE__X", "hunter2"),
            ("APP_POLICY__NONE", "hunter2"),
        ];
        let errors = with(&wrong).unwrap_err();
        for (name, _) in wrong {
            assert!(errors.contains(&format!("{name}: ")), "{errors}");
        }
        assert!(!errors.contains("hunter2"), "{errors}");
    }

    #[test]
    fn variables_of_others_are_passed_over() {
        let others =
            [("APP_POLICY", "x"), ("APP_SECRET", "x"), ("POLICY__API_KEYS", "1"), ("APPX", "")];
        assert_eq!(with(&others).unwrap(), Config::default());
    }
}
