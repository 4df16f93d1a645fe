//! Messages on their way out, and those that were given up.

use serde::Deserialize;
use serde::de::{IntoDeserializer, value};
use testudo::Timestamp;
use testudo::message::{
    Burial, BurialReason, DeadLetters, KeptMessage, ListMessages, SealedMessage, TakenMessage,
};
use testudo::model::MessageId;
use testudo_driver::Fault;
use uuid::Uuid;

use crate::RedisStore;
use crate::answer;
use crate::codec::moment;
use crate::fault::{Unreadable, unexpected, unwritable};
use crate::link::Intent;
use crate::list::{AT_ONCE, Start, is_less};
use crate::script::{
    BURY_MESSAGE, MESSAGES_SENT, PAGE, POSTPONE_MESSAGE, REVIVE_MESSAGES, TAKE_MESSAGES,
};

/// How many messages one call hands out at most.
const MOST: usize = 1000;

/// Among how many of those that are due for longest the ones that were committed first are looked for. More are due only
/// when nothing went out for a while; then they go in the order in which they became due.
const AMONG: usize = 4096;

/// How many digits the place has that a record begins with.
const PLACE: usize = 16;

pub(crate) async fn take(
    store: &RedisStore,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    let keys = [store.keys.messages_due(), store.keys.messages(), store.keys.message_states()];
    let call = TAKE_MESSAGES.on(&keys).arg(now.as_millis()).arg(until.as_millis());
    let answer = call.arg(limit.min(MOST)).arg(AMONG).run(&store.link).await?;
    let items = answer::items(answer)?.ok_or_else(unexpected)?;
    let (triples, _) = items.as_chunks::<3>();
    let read = |[id, record, attempts]: &[redis::Value; 3]| {
        let id = MessageId::from_uuid(answer::uuid(&answer::present(id.clone())?)?);
        let message = message(id, &answer::present(record.clone())?)?;
        Ok(TakenMessage { message, attempts: answer::of(attempts.clone())? })
    };
    triples.iter().map(read).collect()
}

pub(crate) async fn sent(store: &RedisStore, messages: &[MessageId]) -> Result<(), Fault> {
    let keys = [
        store.keys.messages(),
        store.keys.message_states(),
        store.keys.message_ids(),
        store.keys.messages_due(),
        store.keys.messages_dead(),
    ];
    for some in messages.chunks(MOST) {
        MESSAGES_SENT.on(&keys).args(ids(some)).run(&store.link).await?;
    }
    Ok(())
}

pub(crate) async fn postpone(
    store: &RedisStore,
    message: MessageId,
    until: Timestamp,
) -> Result<(), Fault> {
    let keys = [store.keys.messages(), store.keys.message_states(), store.keys.messages_due()];
    let call = POSTPONE_MESSAGE.on(&keys).args(ids(&[message])).arg(until.as_millis());
    call.run(&store.link).await.map(drop)
}

pub(crate) async fn bury(
    store: &RedisStore,
    message: MessageId,
    at: Timestamp,
    reason: BurialReason,
) -> Result<(), Fault> {
    let serde_json::Value::String(reason) = serde_json::to_value(reason).map_err(unwritable)?
    else {
        return Err(unwritable("the reason of a burial is not a name"));
    };
    let call = BURY_MESSAGE.on(&dead_or_alive(store)).args(ids(&[message]));
    call.arg(at.as_millis()).arg(reason).run(&store.link).await.map(drop)
}

pub(crate) async fn revive(
    store: &RedisStore,
    which: &DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    let call = REVIVE_MESSAGES.on(&dead_or_alive(store)).arg(now.as_millis());
    let call = match which {
        DeadLetters::All => call.arg("all"),
        DeadLetters::These(these) => call.arg("these").args(ids(these)),
    };
    let revived = answer::list(call.run(&store.link).await?)?;
    revived.iter().map(|id| answer::uuid(id).map(MessageId::from_uuid)).collect()
}

/// A page of records, and then their states. What goes in between is passed over.
pub(crate) async fn list(
    store: &RedisStore,
    command: ListMessages,
) -> Result<Vec<KeptMessage>, Fault> {
    let ListMessages { state, after, limit } = command;
    let keys = [store.keys.message_ids(), store.keys.messages()];
    let mut from = Start::After(after.map(|id| *id.as_uuid()));
    let mut list = Vec::new();
    let at_once = limit.saturating_add(10).min(AT_ONCE);
    while is_less(list.len(), limit) {
        let call = PAGE.on(&keys).arg("up").arg(from.bound()).arg(at_once);
        let page = answer::list(call.run(&store.link).await?)?;
        let (pairs, _) = page.as_chunks::<2>();
        let Some([last, _]) = pairs.last() else { break };
        from = from.behind(answer::uuid(last)?);
        let mut states = redis::cmd("HMGET");
        states.arg(store.keys.message_states());
        for [id, _] in pairs {
            states.arg(id);
        }
        let states = store.link.run(&states, Intent::Read).await?;
        let states = answer::items(states)?.unwrap_or_default();
        for ([id, record], text) in pairs.iter().zip(states) {
            let Some(text) = answer::bytes(text)? else { continue };
            if record.is_empty() {
                continue;
            }
            let kept = kept(answer::uuid(id)?, record, &text)?;
            if is_less(list.len(), limit) && state.is_none_or(|state| state == kept.state()) {
                list.push(kept);
            }
        }
        if is_less(pairs.len(), at_once) {
            break;
        }
    }
    Ok(list)
}

fn dead_or_alive(store: &RedisStore) -> [String; 4] {
    [
        store.keys.messages(),
        store.keys.message_states(),
        store.keys.messages_due(),
        store.keys.messages_dead(),
    ]
}

fn ids(messages: &[MessageId]) -> Vec<Vec<u8>> {
    messages.iter().map(|id| id.as_uuid().as_bytes().to_vec()).collect()
}

/// Behind its place, a record is when it was made and what is sealed.
fn message(id: MessageId, record: &[u8]) -> Result<SealedMessage, Fault> {
    let field = "messages.created_at";
    let (_, rest) = record.split_at_checked(PLACE).ok_or(Unreadable("messages.place"))?;
    let (millis, sealed) = rest.split_first_chunk().ok_or(Unreadable(field))?;
    let created_at = moment(u64::from_be_bytes(*millis), field)?;
    Ok(SealedMessage { id, created_at, sealed: sealed.to_vec() })
}

/// A state is how often it was taken and when it is due, and when and why it was given up, if it was.
fn kept(id: Uuid, record: &[u8], state: &[u8]) -> Result<KeptMessage, Fault> {
    let unreadable = || Unreadable("messages.state");
    let text = std::str::from_utf8(state).map_err(|_| unreadable())?;
    let parts: Vec<&str> = text.split(' ').collect();
    let (attempts, next_try, burial) = match parts.as_slice() {
        [attempts, next_try] => (attempts, next_try, None),
        [attempts, next_try, at, reason] => {
            let reason = BurialReason::deserialize((*reason).into_deserializer())
                .map_err(|_: value::Error| unreadable())?;
            (attempts, next_try, Some(Burial { at: in_decimal(at)?, reason }))
        }
        _ => return Err(unreadable().into()),
    };
    Ok(KeptMessage {
        message: message(MessageId::from_uuid(id), record)?,
        attempts: attempts.parse().map_err(|_| unreadable())?,
        next_try: in_decimal(next_try)?,
        burial,
    })
}

fn in_decimal(text: &str) -> Result<Timestamp, Fault> {
    let field = "messages.state";
    moment(text.parse().map_err(|_| Unreadable(field))?, field)
}
