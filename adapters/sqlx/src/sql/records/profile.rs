//! Profiles, some fields of which may have columns of their own.

use serde_json::Value as Json;
use testudo::model::JsonObject;
use testudo_driver::Fault;

use super::{json, parsed};
use crate::sql::fault::{Unreadable, Unstorable};
use crate::sql::layout::field_alias;
use crate::sql::row::Columns;
use crate::sql::user_table::{Field, FieldType};
use crate::sql::value::Value;

/// The profile, with the fields that have columns.
pub(super) fn profile<R: Columns>(row: &R, fields: &[Field]) -> Result<JsonObject, Fault> {
    let mut profile: JsonObject = parsed(row, "users.profile")?;
    for field in fields {
        match stored(row, field)? {
            Some(value) => drop(profile.insert(field.name.clone(), value)),
            // What another program left there is not the column's value.
            None => drop(profile.remove(&field.name)),
        }
    }
    Ok(profile)
}

fn stored<R: Columns>(row: &R, field: &Field) -> Result<Option<Json>, Fault> {
    let name = &field_alias(field);
    Ok(match field.kind {
        FieldType::Text => row.text(name)?.map(Json::from),
        FieldType::Integer => row.int(name)?.map(Json::from),
        FieldType::Bool => row.bool(name)?.map(Json::from),
        FieldType::Real => match row.real(name)? {
            // JSON has no infinity.
            Some(number) => Some(Json::Number(
                serde_json::Number::from_f64(number).ok_or_else(|| Unreadable::at(name))?,
            )),
            None => None,
        },
        FieldType::Json => match row.text(name)? {
            Some(text) => Some(serde_json::from_str(text).map_err(|_| Unreadable::at(name))?),
            None => None,
        },
    })
}

/// What is left of a profile as JSON, and the values of the fields that have columns.
pub(super) fn values<'a>(
    profile: &'a JsonObject,
    fields: &[Field],
) -> Result<(Value<'a>, Vec<Value<'a>>), Fault> {
    if fields.is_empty() {
        return Ok((json(profile)?, Vec::new()));
    }
    let has_column = |name: &str| fields.iter().any(|field| field.name == name);
    let rest: JsonObject = profile
        .iter()
        .filter(|(name, _)| !has_column(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let columns = fields.iter().map(|field| value(profile.get(&field.name), field));
    Ok((json(&rest)?, columns.collect::<Result<_, _>>()?))
}

fn value<'a>(value: Option<&'a Json>, field: &Field) -> Result<Value<'a>, Fault> {
    let value = value.filter(|value| !value.is_null());
    let refused = |expected| Unstorable { field: field.name.clone(), expected };
    Ok(match field.kind {
        FieldType::Text => Value::Text(match value {
            Some(value) => Some(value.as_str().ok_or_else(|| refused("a text"))?.into()),
            None => None,
        }),
        FieldType::Integer => Value::Int(match value {
            Some(value) => Some(value.as_i64().ok_or_else(|| refused("an integer of 64 bits"))?),
            None => None,
        }),
        FieldType::Bool => Value::Bool(match value {
            Some(value) => Some(value.as_bool().ok_or_else(|| refused("true or false"))?),
            None => None,
        }),
        FieldType::Real => Value::Real(match value {
            Some(value) => Some(value.as_f64().ok_or_else(|| refused("a number"))?),
            None => None,
        }),
        FieldType::Json => match value {
            Some(value) => json(value)?,
            None => Value::Text(None),
        },
    })
}
