//! Sessions.

use testudo::model::{Digest, Ended, Epoch, Session, SessionId, UserId, Version};
use testudo::{Client, Duration, KeyId};
use testudo_driver::Fault;

use super::{bytes, count, id, json, moment, name, named, number, optional_moment, parsed};
use crate::sql::fault::Unreadable;
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn session<R: Columns>(row: &R) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId::from_uuid(id(row, "sessions.id")?),
        user: UserId::from_uuid(id(row, "sessions.user_id")?),
        epoch: Epoch::new(number(row, "sessions.epoch")?),
        methods: parsed(row, "sessions.methods")?,
        auth_time: moment(row, "sessions.auth_time")?,
        client: client(row)?,
        created_at: moment(row, "sessions.created_at")?,
        refreshed_at: moment(row, "sessions.refreshed_at")?,
        idle_timeout: Duration::from_millis(number(row, "sessions.idle_timeout")?),
        expires_at: moment(row, "sessions.expires_at")?,
        access_expires_at: moment(row, "sessions.access_expires_at")?,
        generation: count(row, "sessions.generation")?,
        chain_key: KeyId::from_bytes(bytes(row, "sessions.chain_key")?),
        refresh_digest: Digest::from_bytes(bytes(row, "sessions.refresh_digest")?),
        access_digest: Digest::from_bytes(bytes(row, "sessions.access_digest")?),
        claims: parsed(row, "sessions.claims")?,
        ended: ended(row)?,
        version: Version::new(number(row, "sessions.version")?),
    })
}

fn client<R: Columns>(row: &R) -> Result<Client, Fault> {
    let ip = "sessions.client_ip";
    let mut client = Client::unknown();
    if let Some(text) = row.text(ip)? {
        client = client.with_ip(text.parse().map_err(|_| Unreadable::at(ip))?);
    }
    if let Some(text) = row.text("sessions.client_user_agent")? {
        client = client.with_user_agent(text);
    }
    Ok(client)
}

fn ended<R: Columns>(row: &R) -> Result<Option<Ended>, Fault> {
    let Some(at) = optional_moment(row, "sessions.ended_at")? else { return Ok(None) };
    Ok(Some(Ended { at, reason: named(row, "sessions.ended_reason")? }))
}

pub(crate) fn session_values(session: &Session) -> Result<Vec<Value<'_>>, Fault> {
    let reason = match session.ended {
        Some(ended) => name(&ended.reason)?,
        None => Value::Text(None),
    };
    Ok(vec![
        Value::uuid(session.id.as_uuid()),
        Value::uuid(session.user.as_uuid()),
        Value::int(session.epoch.get()),
        json(&session.methods)?,
        session.auth_time.into(),
        Value::Text(session.client.ip().map(|ip| ip.to_string().into())),
        Value::Text(session.client.user_agent().map(Into::into)),
        session.created_at.into(),
        session.refreshed_at.into(),
        Value::int(session.idle_timeout.as_millis()),
        session.expires_at.into(),
        session.access_expires_at.into(),
        session.generation.into(),
        Value::Bytes(Some(session.chain_key.to_bytes().to_vec().into())),
        Value::bytes(session.refresh_digest.as_bytes()),
        Value::bytes(session.access_digest.as_bytes()),
        json(&session.claims)?,
        session.ended.map(|ended| ended.at).into(),
        reason,
        Value::int(session.version.get()),
    ])
}
