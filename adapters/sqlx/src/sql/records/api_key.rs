//! API keys.

use testudo::model::{ApiKey, ApiKeyId, Digest, Epoch, UserId, Version};
use testudo_driver::Fault;

use super::{bytes, id, json, moment, number, optional_moment, parsed, text};
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn api_key<R: Columns>(row: &R) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: ApiKeyId::from_uuid(id(row, "api_keys.id")?),
        user: UserId::from_uuid(id(row, "api_keys.user_id")?),
        epoch: Epoch::new(number(row, "api_keys.epoch")?),
        name: text(row, "api_keys.name")?,
        scopes: parsed(row, "api_keys.scopes")?,
        digest: Digest::from_bytes(bytes(row, "api_keys.digest")?),
        created_at: moment(row, "api_keys.created_at")?,
        expires_at: optional_moment(row, "api_keys.expires_at")?,
        last_used_at: optional_moment(row, "api_keys.last_used_at")?,
        revoked_at: optional_moment(row, "api_keys.revoked_at")?,
        version: Version::new(number(row, "api_keys.version")?),
    })
}

pub(crate) fn api_key_values(key: &ApiKey) -> Result<Vec<Value<'_>>, Fault> {
    Ok(vec![
        Value::uuid(key.id.as_uuid()),
        Value::uuid(key.user.as_uuid()),
        Value::int(key.epoch.get()),
        Value::text(&key.name),
        json(&key.scopes)?,
        Value::bytes(key.digest.as_bytes()),
        key.created_at.into(),
        key.expires_at.into(),
        key.last_used_at.into(),
        key.revoked_at.into(),
        Value::int(key.version.get()),
    ])
}
