//! From records to rows: one statement for each guard and write of a batch.

use serde::Serialize;
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use testudo::command::{Guard, Write};
use testudo::model::{Epoch, Session, User, UserId, Version};
use testudo_driver::{Fault, FaultKind};
use uuid::Uuid;

use super::{api_keys, attempts, factors, invitations, onboarding};

pub(super) type Statement = Query<'static, Sqlite, SqliteArguments>;

const INSERT_USER: &str = "INSERT INTO users \
    (id, email, email_key, password, is_active, is_verified, last_login, joined_at, created_at, \
     updated_at, profile, epoch, version, must_change_password, reset_serial, previous_email, \
     previous_email_key, previous_email_until, closes_at, totp_sealed, totp_last_step, \
     totp_enrolled_at, recovery_codes, terms_version, terms_accepted_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
     ?20, ?21, ?22, ?23, ?24, ?25)";

const REPLACE_USER: &str = "UPDATE users SET \
    email = ?2, email_key = ?3, password = ?4, is_active = ?5, is_verified = ?6, \
    last_login = ?7, joined_at = ?8, created_at = ?9, updated_at = ?10, profile = ?11, \
    epoch = ?12, version = ?13, must_change_password = ?14, reset_serial = ?15, \
    previous_email = ?16, previous_email_key = ?17, previous_email_until = ?18, closes_at = ?19, \
    totp_sealed = ?20, totp_last_step = ?21, totp_enrolled_at = ?22, recovery_codes = ?23, \
    terms_version = ?24, terms_accepted_at = ?25 \
    WHERE id = ?1 AND version = ?26";

/// Sessions, API keys and invitations go with it (`ON DELETE CASCADE`).
const REMOVE_USER: &str = "DELETE FROM users WHERE id = ?1 AND version = ?2";

const INSERT_SESSION: &str = "INSERT INTO sessions \
    (id, user_id, epoch, methods, auth_time, client_ip, client_user_agent, created_at, \
     refreshed_at, idle_timeout, expires_at, access_expires_at, generation, chain_key, \
     refresh_digest, access_digest, claims, ended_at, ended_reason, version) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
     ?20)";

const REPLACE_SESSION: &str = "UPDATE sessions SET \
    user_id = ?2, epoch = ?3, methods = ?4, auth_time = ?5, client_ip = ?6, \
    client_user_agent = ?7, created_at = ?8, refreshed_at = ?9, idle_timeout = ?10, \
    expires_at = ?11, access_expires_at = ?12, generation = ?13, chain_key = ?14, \
    refresh_digest = ?15, access_digest = ?16, claims = ?17, ended_at = ?18, \
    ended_reason = ?19, version = ?20 \
    WHERE id = ?1 AND version = ?21";

/// The columns that have an index are compared and not set: SQLite would write their indexes anew,
/// though with the same values.
const REFRESH_SESSION: &str = "UPDATE sessions SET \
    epoch = ?3, methods = ?4, auth_time = ?5, client_ip = ?6, client_user_agent = ?7, \
    created_at = ?8, refreshed_at = ?9, idle_timeout = ?10, access_expires_at = ?12, \
    generation = ?13, chain_key = ?14, refresh_digest = ?15, access_digest = ?16, claims = ?17, \
    ended_at = ?18, ended_reason = ?19, version = ?20 \
    WHERE id = ?1 AND version = ?21 AND user_id = ?2 AND expires_at = ?11 \
    AND EXISTS (SELECT 1 FROM users WHERE id = ?22 AND epoch = ?23)";

/// Finds a row if the guard holds.
pub(super) fn guard(guard: &Guard) -> Statement {
    match guard {
        Guard::UserEpoch { id, epoch } => {
            sqlx::query("SELECT 1 FROM users WHERE id = ?1 AND epoch = ?2")
                .bind(blob(id.as_uuid()))
                .bind(integer(epoch.get()))
        }
        Guard::SessionVersion { id, version } => {
            sqlx::query("SELECT 1 FROM sessions WHERE id = ?1 AND version = ?2")
                .bind(blob(id.as_uuid()))
                .bind(integer(version.get()))
        }
        Guard::NoSession { id } => {
            sqlx::query("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)")
                .bind(blob(id.as_uuid()))
        }
    }
}

/// Changes a row if the write holds, except where a write always does.
pub(super) fn write(write: &Write) -> Result<Statement, Fault> {
    Ok(match write {
        Write::InsertUser(user) => bind_user(sqlx::query(INSERT_USER), user)?,
        Write::ReplaceUser { user, was } => {
            bind_user(sqlx::query(REPLACE_USER), user)?.bind(integer(was.get()))
        }
        Write::RemoveUser { id, was } => {
            sqlx::query(REMOVE_USER).bind(blob(id.as_uuid())).bind(integer(was.get()))
        }
        Write::InsertSession(session) => bind_session(sqlx::query(INSERT_SESSION), session)?,
        Write::ReplaceSession { session, was } => {
            bind_session(sqlx::query(REPLACE_SESSION), session)?.bind(integer(was.get()))
        }
        Write::InsertInvitation(invitation) => invitations::insert(invitation)?,
        Write::ReplaceInvitation { invitation, was } => invitations::replace(invitation, *was)?,
        Write::InsertOnboarding(session) => onboarding::insert(session),
        Write::ReplaceOnboarding { session, was } => onboarding::replace(session, *was),
        Write::InsertApiKey(key) => api_keys::insert(key)?,
        Write::ReplaceApiKey { key, was } => api_keys::replace(key, *was)?,
        Write::TouchApiKey { id, at } => api_keys::touch(*id, *at),
        Write::ClearAttempts(key) => attempts::clear(key),
        Write::RefundAttempt { key, window } => attempts::refund(key, *window),
    })
}

/// A guard on an epoch and the replacement of a session, as one statement. It changes a row if both
/// hold and the session keeps its owner and its end; if it changes none, that says nothing.
pub(super) fn refresh_session(
    session: &Session,
    was: Version,
    user: &UserId,
    epoch: Epoch,
) -> Result<Statement, Fault> {
    let statement = bind_session(sqlx::query(REFRESH_SESSION), session)?;
    Ok(statement.bind(integer(was.get())).bind(blob(user.as_uuid())).bind(integer(epoch.get())))
}

/// SQLite's integers are signed. A number beyond their range is kept bit for bit; only moments, which
/// never are, need an order in the database.
pub(super) const fn integer(number: u64) -> i64 {
    number.cast_signed()
}

pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::new(FaultKind::Internal, error))
}

/// Parameters 1 to 25, in the order of the statements above.
fn bind_user(statement: Statement, user: &User) -> Result<Statement, Fault> {
    let previous = user.previous_email.as_ref();
    let statement = statement
        .bind(blob(user.id.as_uuid()))
        .bind(user.email.as_str().to_owned())
        .bind(user.email.key().as_str().to_owned())
        .bind(user.password.as_stored().to_owned())
        .bind(user.is_active)
        .bind(user.is_verified)
        .bind(user.last_login.map(|moment| integer(moment.as_millis())))
        .bind(integer(user.joined_at.as_millis()))
        .bind(integer(user.created_at.as_millis()))
        .bind(integer(user.updated_at.as_millis()))
        .bind(json(&user.profile)?)
        .bind(integer(user.epoch.get()))
        .bind(integer(user.version.get()))
        .bind(user.must_change_password)
        .bind(integer(user.reset_serial.get()))
        .bind(previous.map(|previous| previous.email.as_str().to_owned()))
        .bind(previous.map(|previous| previous.email.key().as_str().to_owned()))
        .bind(previous.map(|previous| integer(previous.until.as_millis())))
        .bind(user.closes_at.map(|moment| integer(moment.as_millis())));
    Ok(factors::bind(statement, user))
}

/// Parameters 1 to 20, in the order of the statements above.
fn bind_session(statement: Statement, session: &Session) -> Result<Statement, Fault> {
    let reason = session.ended.map(|ended| serde_json::to_value(ended.reason)).transpose();
    let reason = reason.map_err(|error| Fault::new(FaultKind::Internal, error))?;
    Ok(statement
        .bind(blob(session.id.as_uuid()))
        .bind(blob(session.user.as_uuid()))
        .bind(integer(session.epoch.get()))
        .bind(json(&session.methods)?)
        .bind(integer(session.auth_time.as_millis()))
        .bind(session.client.ip().map(|ip| ip.to_string()))
        .bind(session.client.user_agent().map(str::to_owned))
        .bind(integer(session.created_at.as_millis()))
        .bind(integer(session.refreshed_at.as_millis()))
        .bind(integer(session.idle_timeout.as_millis()))
        .bind(integer(session.expires_at.as_millis()))
        .bind(integer(session.access_expires_at.as_millis()))
        .bind(session.generation)
        .bind(session.chain_key.to_bytes().to_vec())
        .bind(session.refresh_digest.as_bytes().to_vec())
        .bind(session.access_digest.as_bytes().to_vec())
        .bind(json(&session.claims)?)
        .bind(session.ended.map(|ended| integer(ended.at.as_millis())))
        .bind(reason.as_ref().and_then(|reason| reason.as_str()).map(str::to_owned))
        .bind(integer(session.version.get())))
}

pub(super) fn blob(id: &Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}
