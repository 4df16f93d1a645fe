//! API keys.

use testudo::model::{ApiKey, ApiKeyId, Epoch, UserId, Version};
use testudo_driver::Fault;

use crate::codec::{Reader, Writer};

/// Scripts look at the version (bytes 2 to 9, counted from 1) and at the owner (10 to 25), and write the
/// last use (26 to 33).
pub(crate) fn api_key_bytes(key: &ApiKey) -> Result<Vec<u8>, Fault> {
    Ok(Writer::new()
        .number(key.version.get())
        .fixed(key.user.as_uuid().as_bytes())
        .optional_moment(key.last_used_at)
        .number(key.epoch.get())
        .text(&key.name)
        .json(&key.scopes)?
        .fixed(key.digest.as_bytes())
        .moment(key.created_at)
        .optional_moment(key.expires_at)
        .optional_moment(key.revoked_at)
        .finish())
}

pub(crate) fn api_key(id: ApiKeyId, record: &[u8]) -> Result<ApiKey, Fault> {
    let mut input = Reader::new(record, "api_keys.format")?;
    let version = Version::new(input.number("api_keys.version")?);
    let key = ApiKey {
        id,
        user: UserId::from_uuid(input.uuid("api_keys.user")?),
        last_used_at: input.optional_moment("api_keys.last_used_at")?,
        epoch: Epoch::new(input.number("api_keys.epoch")?),
        name: input.text("api_keys.name")?.to_owned(),
        scopes: input.json("api_keys.scopes")?,
        digest: input.digest("api_keys.digest")?,
        created_at: input.moment("api_keys.created_at")?,
        expires_at: input.optional_moment("api_keys.expires_at")?,
        revoked_at: input.optional_moment("api_keys.revoked_at")?,
        version,
    };
    input.finish(key, "api_keys.revoked_at")
}
