//! What is known about the account that a password is for.

use serde_json::Value;

use crate::model::JsonObject;

/// What a password must not be derived from: facts about its user, and words of the service.
///
/// It borrows everything and lives as long as one validation.
///
/// ```
/// use testudo::password::validation::PasswordContext;
///
/// let context = PasswordContext::new()
///     .email("ada.lovelace@example.com")
///     .attribute("name", "Augusta Ada King")
///     .word("Testudo");
/// assert!(context.attributes().any(|(name, value)| (name, value) == ("email", "ada.lovelace")));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PasswordContext<'a> {
    attributes: Vec<(&'a str, &'a str)>,
    words: Vec<&'a str>,
}

impl<'a> PasswordContext<'a> {
    /// Nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { attributes: Vec::new(), words: Vec::new() }
    }

    /// Adds the e-mail address: whole, its local part and its domain as attributes named `email`, and
    /// the local part with and without its `+tag` as words.
    #[must_use]
    pub fn email(mut self, address: &'a str) -> Self {
        self = self.attribute("email", address);
        if let Some((local, domain)) = address.rsplit_once('@') {
            self = self.attribute("email", local).attribute("email", domain).word(local);
            if let Some((untagged, _)) = local.split_once('+') {
                self = self.word(untagged);
            }
        }
        self
    }

    /// Adds a fact about the user, such as the name or the telephone number, under the name that it
    /// goes by in failures.
    #[must_use]
    pub fn attribute(mut self, name: &'a str, value: &'a str) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// Adds every string of a profile, however deep, as an attribute named by its outermost key.
    #[must_use]
    pub fn profile(mut self, profile: &'a JsonObject) -> Self {
        for (name, value) in profile {
            // Not recursive: how deep a profile may be is the application's choice.
            let mut open = vec![value];
            while let Some(value) = open.pop() {
                match value {
                    Value::String(text) => self.attributes.push((name, text)),
                    Value::Array(values) => open.extend(values),
                    Value::Object(fields) => open.extend(fields.values()),
                    Value::Null | Value::Bool(_) | Value::Number(_) => {}
                }
            }
        }
        self
    }

    /// Adds a word that everybody would try first: the name of the service, of the organisation or
    /// of the user (ASVS 5.0 6.1.2).
    #[must_use]
    pub fn word(mut self, word: &'a str) -> Self {
        self.words.push(word);
        self
    }

    /// The facts about the user, by name. Names repeat.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.attributes.iter().copied()
    }

    /// The words that everybody would try first.
    pub fn words(&self) -> impl Iterator<Item = &'a str> {
        self.words.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_whole_and_in_its_parts() {
        let context = PasswordContext::new().email("ada+news@example.com");
        let values: Vec<_> = context.attributes().collect();
        assert_eq!(
            values,
            [("email", "ada+news@example.com"), ("email", "ada+news"), ("email", "example.com")]
        );
        assert_eq!(context.words().collect::<Vec<_>>(), ["ada+news", "ada"]);
    }

    #[test]
    fn every_string_of_a_profile_is_known_by_its_outermost_key() {
        let profile = serde_json::json!({
            "name": "Ada",
            "born": 1815,
            "pets": [{"cat": "Puff"}, "Rex", null, true],
        });
        let context = PasswordContext::new().profile(profile.as_object().unwrap());
        let mut values: Vec<_> = context.attributes().collect();
        values.sort_unstable();
        assert_eq!(values, [("name", "Ada"), ("pets", "Puff"), ("pets", "Rex")]);
    }
}
