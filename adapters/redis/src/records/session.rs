//! Sessions.

use serde::Deserialize;
use serde::de::{IntoDeserializer, value};
use testudo::model::{Client, EndReason, Ended, Epoch, Session, SessionId, UserId, Version};
use testudo::{Duration, KeyId};
use testudo_driver::Fault;

use crate::codec::{Reader, Writer};
use crate::fault::{Unreadable, unwritable};

/// Scripts look at the version (bytes 2 to 9, counted from 1) and at the owner (10 to 25).
pub(crate) fn session_bytes(session: &Session) -> Result<Vec<u8>, Fault> {
    let ended = session.ended.map(|ended| name(ended.reason).map(|reason| (ended.at, reason)));
    Ok(Writer::new()
        .number(session.version.get())
        .fixed(session.user.as_uuid().as_bytes())
        .number(session.epoch.get())
        .json(&session.methods)?
        .moment(session.auth_time)
        .optional(session.client.ip(), |out, ip| out.text(&ip.to_string()))
        .optional(session.client.user_agent(), Writer::text)
        .moment(session.created_at)
        .moment(session.refreshed_at)
        .number(session.idle_timeout.as_millis())
        .moment(session.expires_at)
        .moment(session.access_expires_at)
        .small(session.generation)
        .fixed(&session.chain_key.to_bytes())
        .fixed(session.refresh_digest.as_bytes())
        .fixed(session.access_digest.as_bytes())
        .optional(ended.transpose()?, |out, (at, reason)| out.moment(at).text(&reason))
        .json(&session.claims)?
        .finish())
}

pub(crate) fn session(id: SessionId, record: &[u8]) -> Result<Session, Fault> {
    let mut input = Reader::new(record, "sessions.format")?;
    let version = Version::new(input.number("sessions.version")?);
    let session = Session {
        id,
        user: UserId::from_uuid(input.uuid("sessions.user")?),
        epoch: Epoch::new(input.number("sessions.epoch")?),
        methods: input.json("sessions.methods")?,
        auth_time: input.moment("sessions.auth_time")?,
        client: client(&mut input)?,
        created_at: input.moment("sessions.created_at")?,
        refreshed_at: input.moment("sessions.refreshed_at")?,
        idle_timeout: Duration::from_millis(input.number("sessions.idle_timeout")?),
        expires_at: input.moment("sessions.expires_at")?,
        access_expires_at: input.moment("sessions.access_expires_at")?,
        generation: input.small("sessions.generation")?,
        chain_key: KeyId::from_bytes(input.fixed("sessions.chain_key")?),
        refresh_digest: input.digest("sessions.refresh_digest")?,
        access_digest: input.digest("sessions.access_digest")?,
        ended: input.optional("sessions.ended", ended)?,
        claims: input.json("sessions.claims")?,
        version,
    };
    input.finish(session, "sessions.claims")
}

fn client(input: &mut Reader<'_>) -> Result<Client, Fault> {
    let (ip, user_agent) = ("sessions.client_ip", "sessions.client_user_agent");
    let mut client = Client::unknown();
    if let Some(text) = input.optional(ip, |input| input.text(ip))? {
        client = client.with_ip(text.parse().map_err(|_| Unreadable(ip))?);
    }
    if let Some(text) = input.optional(user_agent, |input| input.text(user_agent))? {
        client = client.with_user_agent(text);
    }
    Ok(client)
}

fn ended(input: &mut Reader<'_>) -> Result<Ended, Fault> {
    let at = input.moment("sessions.ended_at")?;
    let reason = input.text("sessions.ended_reason")?;
    let reason = EndReason::deserialize(reason.into_deserializer())
        .map_err(|_: value::Error| Unreadable("sessions.ended_reason"))?;
    Ok(Ended { at, reason })
}

/// The name of a reason, as it is serialised.
fn name(reason: EndReason) -> Result<String, Fault> {
    match serde_json::to_value(reason).map_err(unwritable)? {
        serde_json::Value::String(name) => Ok(name),
        _ => Err(unwritable("the reason of an end is not a name")),
    }
}
