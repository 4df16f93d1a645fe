//! From texts of a form to the data of a step.

use serde_json::{Number, Value};
use testudo::FieldError;
use testudo::model::JsonObject;
use testudo::onboarding::{Answers, Field, FieldType};

use super::posted::Typed;

/// What was filled in, each field by its type. An empty one is left out.
///
/// # Errors
///
/// The required fields that are empty: said nothing, a step would begin its phase once more.
pub(super) fn data(fields: &[Field], typed: &Typed) -> Result<Answers, Vec<FieldError>> {
    let mut data = values(fields, typed);
    let is_empty = |field: &&Field| data.get(&field.name).is_none_or(Value::is_null);
    let missing = fields.iter().filter(|field| field.required).filter(is_empty);
    let missing = missing
        .map(|field| FieldError::new(field.name.clone(), "required", "expected a value"))
        .collect::<Vec<_>>();
    data.retain(|_, value| !value.is_null());
    let data = Answers::new(data);
    if missing.is_empty() { Ok(data) } else { Err(missing) }
}

/// The same, with `null` for what is empty.
pub(super) fn values(fields: &[Field], typed: &Typed) -> JsonObject {
    let value = |field: &Field| (field.name.clone(), value(field, typed).unwrap_or_default());
    fields.iter().map(value).collect()
}

fn value(field: &Field, typed: &Typed) -> Option<Value> {
    let text = typed.text(&field.name);
    match field.field_type {
        FieldType::Checkbox => Some(Value::Bool(typed.has(&field.name))),
        FieldType::Password => (!text.is_empty()).then(|| text.into()),
        FieldType::Number if !text.trim().is_empty() => Some(number(text.trim())),
        _ => (!text.trim().is_empty()).then(|| text.trim().into()),
    }
}

/// A number where it is one. The step says what is wrong with anything else.
fn number(text: &str) -> Value {
    let whole = text.parse::<i64>().ok().map(Number::from);
    let number = whole.or_else(|| text.parse().ok().and_then(Number::from_f64));
    number.map_or_else(|| text.into(), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_numbers_and_what_is_none_is_left_to_the_step() {
        for (text, expected) in [
            ("7", json!(7)),
            ("-7", json!(-7)),
            ("007", json!(7)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("NaN", json!("NaN")),
            ("inf", json!("inf")),
            ("1e999", json!("1e999")),
            ("seven", json!("seven")),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
