//! The fields of a JSON object, taken one by one.

use serde_json::{Map, Value};
use testudo::Timestamp;
use testudo::model::JsonObject;

/// What nobody takes is left over. `null` is as good as nothing.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) const fn of(object: Map<String, Value>) -> Self {
        Self(object)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}`: expected a string")),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(format!("`{name}`: expected true or false")),
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<JsonObject>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(format!("`{name}`: expected an object")),
        }
    }

    /// A moment, read by `read`.
    pub(super) fn moment<E: ToString>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<Timestamp, E>,
    ) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        read(&text).map(Some).map_err(|error| format!("`{name}`: {}", error.to_string()))
    }

    /// The names of what is left over.
    pub(super) fn rest(self) -> Vec<String> {
        self.0.into_iter().map(|(name, _)| name).collect()
    }
}
