//! API keys: how their rows are read, listed and written.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use testudo::Timestamp;
use testudo::command::{FindApiKey, ListApiKeys, OwnedApiKey};
use testudo::model::{ApiKey, ApiKeyId, Digest, Epoch, UserId, Version};
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, column, columns, standing_columns};
use super::writes::{Statement, blob, integer, json};

macro_rules! api_key_columns {
    () => {
        columns!(
            "api_keys": "id", "user_id", "epoch", "name", "scopes", "digest", "created_at",
            "expires_at", "last_used_at", "revoked_at", "version"
        )
    };
}

const BY_ID: &str = concat!(
    "SELECT ",
    api_key_columns!(),
    ", ",
    standing_columns!(),
    " FROM api_keys JOIN users ON users.id = api_keys.user_id WHERE api_keys.id = ?1"
);

/// ?1 user, ?2 the end of the page before or NULL, ?3 limit.
const OF_USER: &str = concat!(
    "SELECT ",
    api_key_columns!(),
    " FROM api_keys WHERE user_id = ?1 AND revoked_at IS NULL AND (?2 IS NULL OR id < ?2) \
     ORDER BY id DESC LIMIT ?3"
);

const INSERT: &str = "INSERT INTO api_keys \
    (id, user_id, epoch, name, scopes, digest, created_at, expires_at, last_used_at, revoked_at, \
     version) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const REPLACE: &str = "UPDATE api_keys SET \
    user_id = ?2, epoch = ?3, name = ?4, scopes = ?5, digest = ?6, created_at = ?7, \
    expires_at = ?8, last_used_at = ?9, revoked_at = ?10, version = ?11 \
    WHERE id = ?1 AND version = ?12";

const TOUCH: &str = "UPDATE api_keys SET last_used_at = ?2 \
    WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";

pub(super) async fn find(
    readers: &SqlitePool,
    command: FindApiKey,
) -> Result<Option<OwnedApiKey>, Fault> {
    let query = sqlx::query(BY_ID).bind(&command.id.as_uuid().as_bytes()[..]);
    let Some(row) = query.fetch_optional(readers).await.map_err(fault)? else { return Ok(None) };
    Ok(Some(OwnedApiKey { key: api_key(&row)?, standing: rows::standing(&row)? }))
}

pub(super) async fn list(readers: &SqlitePool, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
    let ListApiKeys { user, before, limit } = command;
    let query = sqlx::query(OF_USER)
        .bind(&user.as_uuid().as_bytes()[..])
        .bind(before.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(limit);
    query.fetch_all(readers).await.map_err(fault)?.iter().map(api_key).collect()
}

pub(super) fn insert(key: &ApiKey) -> Result<Statement, Fault> {
    bind(sqlx::query(INSERT), key)
}

pub(super) fn replace(key: &ApiKey, was: Version) -> Result<Statement, Fault> {
    Ok(bind(sqlx::query(REPLACE), key)?.bind(integer(was.get())))
}

pub(super) fn touch(id: ApiKeyId, at: Timestamp) -> Statement {
    sqlx::query(TOUCH).bind(blob(id.as_uuid())).bind(integer(at.as_millis()))
}

/// Parameters 1 to 11, in the order of the statements above.
fn bind(statement: Statement, key: &ApiKey) -> Result<Statement, Fault> {
    Ok(statement
        .bind(blob(key.id.as_uuid()))
        .bind(blob(key.user.as_uuid()))
        .bind(integer(key.epoch.get()))
        .bind(key.name.clone())
        .bind(json(&key.scopes)?)
        .bind(key.digest.as_bytes().to_vec())
        .bind(integer(key.created_at.as_millis()))
        .bind(key.expires_at.map(|moment| integer(moment.as_millis())))
        .bind(key.last_used_at.map(|moment| integer(moment.as_millis())))
        .bind(key.revoked_at.map(|moment| integer(moment.as_millis())))
        .bind(integer(key.version.get())))
}

fn api_key(row: &SqliteRow) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: ApiKeyId::from_uuid(rows::uuid(row, "api_keys.id")?),
        user: UserId::from_uuid(rows::uuid(row, "api_keys.user_id")?),
        epoch: Epoch::new(rows::number(row, "api_keys.epoch")?),
        name: column(row, "api_keys.name")?,
        scopes: rows::json(row, "api_keys.scopes")?,
        digest: Digest::from_bytes(rows::bytes(row, "api_keys.digest")?),
        created_at: rows::moment(row, "api_keys.created_at")?,
        expires_at: rows::optional_moment(row, "api_keys.expires_at")?,
        last_used_at: rows::optional_moment(row, "api_keys.last_used_at")?,
        revoked_at: rows::optional_moment(row, "api_keys.revoked_at")?,
        version: Version::new(rows::number(row, "api_keys.version")?),
    })
}
