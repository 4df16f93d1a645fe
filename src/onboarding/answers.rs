//! What somebody filled in.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroize as _;

use crate::model::JsonObject;
use crate::refusal::FieldError;

/// What a client says to a step: a value for each field. Wiped when dropped, since passwords and codes are in
/// it; `Debug` shows the names of the fields only.
#[derive(Clone, Default)]
pub struct Answers(JsonObject);

impl Answers {
    /// Takes charge of what was read.
    #[must_use]
    pub const fn new(fields: JsonObject) -> Self {
        Self(fields)
    }

    /// What stands in a field, of whatever type.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// The text of a field. One that is missing, `null` or empty is no text.
    ///
    /// # Errors
    ///
    /// When there is something that is no text.
    pub fn text(&self, field: &'static str) -> Result<Option<&str>, FieldError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(FieldError::new(field, "wrong_type", "expected a text")),
        }
    }

    /// The text of a field that must be there.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn required_text(&self, field: &'static str) -> Result<&str, FieldError> {
        self.text(field)?.ok_or_else(|| FieldError::new(field, "required", "expected a value"))
    }

    /// Whether a field is `true`. One that is missing or `null` is not.
    ///
    /// # Errors
    ///
    /// When there is something that is no boolean.
    pub fn flag(&self, field: &'static str) -> Result<bool, FieldError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(FieldError::new(field, "wrong_type", "expected true or false")),
        }
    }
}

impl From<JsonObject> for Answers {
    fn from(fields: JsonObject) -> Self {
        Self::new(fields)
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_show_their_fields_and_not_what_stands_in_them() {
        let Value::Object(fields) = json!({"password": "hunter2", "code": 7}) else { panic!() };
        let answers = Answers::new(fields);
        assert_eq!(format!("{answers:?}"), r#"{"code", "password"}"#);
        assert_eq!(answers.text("password"), Ok(Some("hunter2")));
        assert_eq!(answers.text("code").unwrap_err().code, "wrong_type");
        assert_eq!(answers.required_text("other").unwrap_err().code, "required");
    }
}
