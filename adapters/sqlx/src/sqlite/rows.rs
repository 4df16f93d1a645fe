//! From rows to records.
//!
//! Columns are selected under the names `table.column`, so that two tables of a join never clash and a
//! fault names the place to look at.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use testudo::command::Standing;
use testudo::model::{
    Client, Digest, Email, EmailKey, EndReason, Ended, Epoch, LinkSerial, PreviousEmail, Session,
    SessionId, User, UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::{Duration, KeyId, Timestamp};
use testudo_driver::Fault;
use uuid::Uuid;

use super::factors;
use super::fault::{Unreadable, fault};

/// A select list: each column of one table as `table.column`.
macro_rules! columns {
    ($table:literal: $first:literal $(, $column:literal)*) => {
        concat!(
            $table, ".", $first, " AS \"", $table, ".", $first, "\"",
            $(", ", $table, ".", $column, " AS \"", $table, ".", $column, "\"",)*
        )
    };
}

/// What [`user`] reads.
macro_rules! user_columns {
    () => {
        columns!(
            "users": "id", "email", "email_key", "password", "is_active", "is_verified",
            "must_change_password", "reset_serial", "previous_email", "previous_email_key",
            "previous_email_until", "closes_at", "last_login", "joined_at", "created_at",
            "updated_at", "profile", "epoch", "version", "totp_sealed", "totp_last_step",
            "totp_enrolled_at", "recovery_codes", "terms_version", "terms_accepted_at"
        )
    };
}

/// What [`standing`] reads.
macro_rules! standing_columns {
    () => {
        columns!("users": "epoch", "is_active", "closes_at")
    };
}

/// What [`session`] reads.
macro_rules! session_columns {
    () => {
        columns!(
            "sessions": "id", "user_id", "epoch", "methods", "auth_time", "client_ip",
            "client_user_agent", "created_at", "refreshed_at", "idle_timeout", "expires_at",
            "access_expires_at", "generation", "chain_key", "refresh_digest", "access_digest",
            "claims", "ended_at", "ended_reason", "version"
        )
    };
}

pub(super) use {columns, session_columns, standing_columns, user_columns};

pub(super) fn user(row: &SqliteRow) -> Result<User, Fault> {
    let email_key = EmailKey::from_stored(column(row, "users.email_key")?);
    Ok(User {
        id: UserId::from_uuid(uuid(row, "users.id")?),
        email: Email::from_stored(column(row, "users.email")?, email_key),
        password: PasswordHash::from_stored(column(row, "users.password")?),
        is_active: column(row, "users.is_active")?,
        is_verified: column(row, "users.is_verified")?,
        must_change_password: column(row, "users.must_change_password")?,
        totp: factors::totp(row)?,
        recovery_codes: factors::recovery_codes(row)?,
        terms: factors::terms(row)?,
        reset_serial: LinkSerial::new(number(row, "users.reset_serial")?),
        previous_email: previous_email(row)?,
        closes_at: optional_moment(row, "users.closes_at")?,
        last_login: optional_moment(row, "users.last_login")?,
        joined_at: moment(row, "users.joined_at")?,
        created_at: moment(row, "users.created_at")?,
        updated_at: moment(row, "users.updated_at")?,
        profile: json(row, "users.profile")?,
        epoch: Epoch::new(number(row, "users.epoch")?),
        version: Version::new(number(row, "users.version")?),
    })
}

fn previous_email(row: &SqliteRow) -> Result<Option<PreviousEmail>, Fault> {
    let Some(until) = optional_moment(row, "users.previous_email_until")? else { return Ok(None) };
    let key = EmailKey::from_stored(column(row, "users.previous_email_key")?);
    let email = Email::from_stored(column(row, "users.previous_email")?, key);
    Ok(Some(PreviousEmail { email, until }))
}

pub(super) fn standing(row: &SqliteRow) -> Result<Standing, Fault> {
    Ok(Standing {
        epoch: Epoch::new(number(row, "users.epoch")?),
        is_active: column(row, "users.is_active")?
            && optional_moment(row, "users.closes_at")?.is_none(),
    })
}

pub(super) fn session(row: &SqliteRow) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId::from_uuid(uuid(row, "sessions.id")?),
        user: UserId::from_uuid(uuid(row, "sessions.user_id")?),
        epoch: Epoch::new(number(row, "sessions.epoch")?),
        methods: json(row, "sessions.methods")?,
        auth_time: moment(row, "sessions.auth_time")?,
        client: client(row)?,
        created_at: moment(row, "sessions.created_at")?,
        refreshed_at: moment(row, "sessions.refreshed_at")?,
        idle_timeout: Duration::from_millis(number(row, "sessions.idle_timeout")?),
        expires_at: moment(row, "sessions.expires_at")?,
        access_expires_at: moment(row, "sessions.access_expires_at")?,
        generation: column(row, "sessions.generation")?,
        chain_key: KeyId::from_bytes(bytes(row, "sessions.chain_key")?),
        refresh_digest: Digest::from_bytes(bytes(row, "sessions.refresh_digest")?),
        access_digest: Digest::from_bytes(bytes(row, "sessions.access_digest")?),
        claims: json(row, "sessions.claims")?,
        ended: ended(row)?,
        version: Version::new(number(row, "sessions.version")?),
    })
}

/// One column as it stands.
pub(super) fn column<'r, T>(row: &'r SqliteRow, name: &'static str) -> Result<T, Fault>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(name).map_err(fault)
}

/// One column as the JSON text that it holds.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, name: &'static str) -> Result<T, Fault> {
    let text: &str = column(row, name)?;
    serde_json::from_str(text).map_err(|_| Unreadable(name).into())
}

/// One column as a moment.
pub(super) fn moment(row: &SqliteRow, name: &'static str) -> Result<Timestamp, Fault> {
    in_range(column(row, name)?, name)
}

pub(super) fn optional_moment(
    row: &SqliteRow,
    name: &'static str,
) -> Result<Option<Timestamp>, Fault> {
    let millis: Option<u64> = column(row, name)?;
    millis.map(|millis| in_range(millis, name)).transpose()
}

fn in_range(millis: u64, name: &'static str) -> Result<Timestamp, Fault> {
    let moment = Timestamp::from_millis(millis);
    if moment.as_millis() == millis { Ok(moment) } else { Err(Unreadable(name).into()) }
}

/// The counterpart of [`integer`](super::writes::integer).
pub(super) fn number(row: &SqliteRow, name: &'static str) -> Result<u64, Fault> {
    column(row, name).map(i64::cast_unsigned)
}

pub(super) fn optional_uuid(row: &SqliteRow, name: &'static str) -> Result<Option<Uuid>, Fault> {
    let bytes: Option<&[u8]> = column(row, name)?;
    bytes.map(|bytes| Uuid::from_slice(bytes).map_err(|_| Unreadable(name).into())).transpose()
}

pub(super) fn uuid(row: &SqliteRow, name: &'static str) -> Result<Uuid, Fault> {
    bytes(row, name).map(Uuid::from_bytes)
}

pub(super) fn bytes<const N: usize>(row: &SqliteRow, name: &'static str) -> Result<[u8; N], Fault> {
    let stored: &[u8] = column(row, name)?;
    stored.try_into().map_err(|_| Unreadable(name).into())
}

fn client(row: &SqliteRow) -> Result<Client, Fault> {
    let (ip, user_agent) = ("sessions.client_ip", "sessions.client_user_agent");
    let mut client = Client::unknown();
    if let Some(text) = column::<Option<&str>>(row, ip)? {
        client = client.with_ip(text.parse().map_err(|_| Unreadable(ip))?);
    }
    if let Some(text) = column::<Option<&str>>(row, user_agent)? {
        client = client.with_user_agent(text);
    }
    Ok(client)
}

fn ended(row: &SqliteRow) -> Result<Option<Ended>, Fault> {
    let Some(at) = optional_moment(row, "sessions.ended_at")? else { return Ok(None) };
    let reason: &str = column(row, "sessions.ended_reason")?;
    let reason = EndReason::deserialize(reason.into_deserializer())
        .map_err(|_: value::Error| Unreadable("sessions.ended_reason"))?;
    Ok(Some(Ended { at, reason }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testudo::command::{
        FindApiKey, FindInvitation, FindSession, FindSessionWithUser, FindUser, ListEvents,
        OwnedSession, UserKey, Write,
    };
    use testudo::model::Method;
    use testudo_driver::{FaultKind, Store};

    use super::super::fixtures::{
        self, NOW, api_key, commit, inserting, invitation, message, scratch, session, user,
    };
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value() {
        let tampered = [
            ("users", "last_login", "-7031"),
            ("users", "joined_at", "253402207201000"),
            ("users", "profile", "'[7031]'"),
            ("users", "previous_email_until", "-7031"),
            ("users", "closes_at", "-7031"),
            ("sessions", "methods", "'[\"7031\"]'"),
            ("sessions", "auth_time", "-7031"),
            ("sessions", "client_ip", "'7031'"),
            ("sessions", "generation", "7031703170317031"),
            ("sessions", "chain_key", "x'7031'"),
            ("sessions", "refresh_digest", "x'7031'"),
            ("sessions", "claims", "'\"7031\"'"),
            ("sessions", "ended_reason", "'7031'"),
            ("events", "record", "'{\"id\": 7031}'"),
            ("invitations", "invited_by", "x'7031'"),
            ("invitations", "email", "NULL"),
            ("invitations", "seats", "-7031"),
            ("invitations", "taken", "7031703170317031"),
            ("invitations", "data", "'[7031]'"),
            ("invitations", "created_at", "-7031"),
            ("invitations", "expires_at", "253402207201000"),
            ("invitations", "revoked_at", "-7031"),
            ("api_keys", "scopes", "'{\"7031\": 1}'"),
            ("api_keys", "digest", "x'7031'"),
            ("api_keys", "expires_at", "-7031"),
            ("api_keys", "last_used_at", "253402207201000"),
            ("api_keys", "revoked_at", "-7031"),
            ("messages", "created_at", "-7031"),
            ("messages", "attempts", "-7031"),
        ];
        for (table, column, value) in tampered {
            let (_directory, store) = scratch().await;
            let previous_email =
                Some(PreviousEmail { email: user("ada@old.example.com").email, until: NOW });
            let ada = User { previous_email, ..user("ada@example.com") };
            let ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
            let begun = Session { ended, ..session(&ada) };
            let mut batch = inserting(&ada);
            batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
            let (invited, key) = (invitation(&ada), api_key(&ada));
            batch.writes.push(Write::InsertInvitation(Box::new(invited.clone())));
            batch.writes.push(Write::InsertApiKey(Box::new(key.clone())));
            batch.messages.push(message());
            commit(&store, batch).await;

            let statement = format!(
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; UPDATE {table} SET {column} = {value}"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&store.writer).await.unwrap();

            let fault = match table {
                "events" => store.list_events(ListEvents::newest(9)).await.unwrap_err(),
                "invitations" => {
                    store.find_invitation(FindInvitation { id: invited.id }).await.unwrap_err()
                }
                "api_keys" => store.find_api_key(FindApiKey { id: key.id }).await.unwrap_err(),
                "messages" => store.take_messages(NOW, NOW, 9).await.unwrap_err(),
                _ => {
                    let find = FindSessionWithUser { id: begun.id };
                    store.find_session_with_user(find).await.unwrap_err()
                }
            };
            assert_eq!(fault.kind(), FaultKind::Corrupt, "{fault}");
            let shown = format!("{fault} {fault:?}");
            assert!(shown.contains(&format!("{table}.{column}")), "{shown}");
            assert!(!shown.contains("7031"), "{shown}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn records_come_back_as_they_went_in() {
        let (_directory, store) = scratch().await;
        let numbers = json!({ "n": [1.1754943508222875e-38, 0.1, 5e-324, u64::MAX, i64::MIN] });
        let object = numbers.as_object().unwrap().clone();
        let ada = User {
            last_login: Some(Timestamp::MAX),
            is_verified: true,
            must_change_password: true,
            profile: object.clone(),
            epoch: Epoch::new(u64::MAX),
            version: Version::new(u64::MAX - 1),
            ..user("ada@example.com")
        };
        let begun = Session {
            methods: vec![Method::Password, Method::Password],
            client: Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent("curl"),
            idle_timeout: Duration::from_millis(u64::MAX),
            generation: u32::MAX,
            claims: object,
            ended: Some(Ended { at: NOW, reason: EndReason::RefreshReused }),
            ..session(&ada)
        };
        let mut batch = inserting(&ada);
        batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
        commit(&store, batch).await;

        let found = store.find_session(FindSession { id: begun.id }).await.unwrap();
        let Some(OwnedSession { session, standing }) = found else { panic!("not found") };
        assert_eq!((session, standing), (begun.clone(), ada.standing()));
        let found = store.find_session_with_user(FindSessionWithUser { id: begun.id }).await;
        assert_eq!(found.unwrap(), Some((begun, ada)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn addresses_are_compared_byte_for_byte() {
        let (_directory, store) = scratch().await;
        let addresses = [
            "ada@example.com",
            "Ada@example.com",
            "ada@example.com ",
            "ada@example.com\0",
            "ada@example.com\0a",
            "ada@example.com\0b",
            "caf\u{e9}@example.com",
            "cafe\u{301}@example.com",
            "",
            "\0",
        ];
        let users: Vec<User> = addresses.iter().map(|address| user(address)).collect();
        for user in &users {
            let key = UserKey::Email(user.email.key().clone());
            assert_eq!(store.find_user(FindUser { key }).await.unwrap(), None);
            commit(&store, inserting(user)).await;
        }
        for user in &users {
            let key = UserKey::Email(user.email.key().clone());
            assert_eq!(store.find_user(FindUser { key }).await.unwrap().as_ref(), Some(user));
            let again = inserting(&fixtures::user(user.email.key().as_str()));
            assert!(store.commit(again).await.unwrap().is_err(), "{:?} was free", user.email);
        }
    }
}
