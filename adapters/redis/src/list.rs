//! Listing records, page by page.

use redis::Value;
use testudo::command::{ListApiKeys, ListInvitations, ListSessions, ListUsers};
use testudo::model::{
    ApiKey, ApiKeyId, Invitation, InvitationId, Session, SessionId, User, UserId,
};
use testudo_driver::Fault;
use uuid::Uuid;

use crate::RedisStore;
use crate::answer;
use crate::link::Intent;
use crate::records;
use crate::script::PAGE;

/// How many records one call reads at most.
pub(crate) const AT_ONCE: u32 = 500;

/// Which way a list goes, and behind which id it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// In ascending order.
    After(Option<Uuid>),
    /// In descending order.
    Before(Option<Uuid>),
}

impl Start {
    /// The bound, as commands on members of equal scores take it.
    pub(crate) fn bound(self) -> Vec<u8> {
        match self {
            Self::After(None) => b"-".to_vec(),
            Self::Before(None) => b"+".to_vec(),
            Self::After(Some(id)) | Self::Before(Some(id)) => {
                [&b"("[..], &id.as_bytes()[..]].concat()
            }
        }
    }

    /// The same behind this id.
    pub(crate) const fn behind(self, id: Uuid) -> Self {
        match self {
            Self::After(_) => Self::After(Some(id)),
            Self::Before(_) => Self::Before(Some(id)),
        }
    }
}

pub(crate) async fn users(store: &RedisStore, command: ListUsers) -> Result<Vec<User>, Fault> {
    let keys = [store.keys.user_ids(), store.keys.users()];
    let from = Start::After(command.after.map(|id| *id.as_uuid()));
    let read = |id, record: &[u8]| records::user(UserId::from_uuid(id), record).map(Some);
    of_one_hash(store, keys, from, command.limit, read).await
}

pub(crate) async fn sessions(
    store: &RedisStore,
    command: ListSessions,
) -> Result<Vec<Session>, Fault> {
    let ListSessions { user, epoch, now, before, limit } = command;
    let index = store.keys.sessions_of(user);
    let name = |id| store.keys.session(SessionId::from_uuid(id));
    let read = |id, record: &[u8]| {
        let session = records::session(SessionId::from_uuid(id), record)?;
        let is_live = session.user == user
            && session.epoch == epoch
            && session.ended.is_none()
            && now < session.refresh_expires_at();
        Ok(is_live.then_some(session))
    };
    of_index(store, &index, before.map(|id| *id.as_uuid()), limit, name, read).await
}

pub(crate) async fn api_keys(
    store: &RedisStore,
    command: ListApiKeys,
) -> Result<Vec<ApiKey>, Fault> {
    let ListApiKeys { user, before, limit } = command;
    let index = store.keys.api_keys_of(user);
    let name = |id| store.keys.api_key(ApiKeyId::from_uuid(id));
    let read = |id, record: &[u8]| {
        let key = records::api_key(ApiKeyId::from_uuid(id), record)?;
        Ok((key.user == user && key.revoked_at.is_none()).then_some(key))
    };
    of_index(store, &index, before.map(|id| *id.as_uuid()), limit, name, read).await
}

pub(crate) async fn invitations(
    store: &RedisStore,
    command: ListInvitations,
) -> Result<Vec<Invitation>, Fault> {
    let ListInvitations { invited_by, before, limit } = command;
    let index = store.keys.invitations_of(invited_by);
    let name = |id| store.keys.invitation(InvitationId::from_uuid(id));
    let read = |id, record: &[u8]| {
        let invitation = records::invitation(InvitationId::from_uuid(id), record)?;
        Ok((invitation.invited_by == invited_by).then_some(invitation))
    };
    of_index(store, &index, before.map(|id| *id.as_uuid()), limit, name, read).await
}

/// Records that are the fields of one hash, in the order of the index of their ids. `read` says which belong into
/// the list.
pub(crate) async fn of_one_hash<T>(
    store: &RedisStore,
    keys: [String; 2],
    from: Start,
    limit: u32,
    read: impl Fn(Uuid, &[u8]) -> Result<Option<T>, Fault>,
) -> Result<Vec<T>, Fault> {
    let (mut from, mut list) = (from, Vec::new());
    let way = if matches!(from, Start::After(_)) { "up" } else { "down" };
    while let Some(wanted) = left(limit, &list) {
        let call = PAGE.on(&keys).arg(way).arg(from.bound()).arg(wanted);
        let page = answer::list(call.run(&store.link).await?)?;
        let (pairs, _) = page.as_chunks::<2>();
        for [id, record] in pairs {
            let id = answer::uuid(id)?;
            from = from.behind(id);
            if !record.is_empty() && !is_full(limit, &list) {
                list.extend(read(id, record)?);
            }
        }
        if is_less(pairs.len(), wanted) {
            break;
        }
    }
    Ok(list)
}

/// Records with keys of their own, newest first, along an index of ids. What the index points to in vain is passed
/// over.
async fn of_index<T>(
    store: &RedisStore,
    index: &str,
    before: Option<Uuid>,
    limit: u32,
    name: impl Fn(Uuid) -> String,
    read: impl Fn(Uuid, &[u8]) -> Result<Option<T>, Fault>,
) -> Result<Vec<T>, Fault> {
    let (mut from, mut list) = (Start::Before(before), Vec::new());
    while let Some(wanted) = left(limit, &list) {
        let mut page = redis::cmd("ZREVRANGEBYLEX");
        page.arg(index).arg(from.bound()).arg("-").arg("LIMIT").arg(0).arg(wanted);
        let ids = answer::list(store.link.run(&page, Intent::Read).await?)?;
        let Some(last) = ids.last() else { break };
        from = from.behind(answer::uuid(last)?);
        let ids = ids.iter().map(|id| answer::uuid(id)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = ids.iter().map(|id| name(*id)).collect();
        let mut get = redis::cmd("MGET");
        get.arg(&names);
        let found: Value = store.link.run(&get, Intent::Read).await?;
        let found = answer::items(found)?.unwrap_or_default();
        for (id, record) in ids.iter().zip(found) {
            if let Some(record) = answer::bytes(record)?
                && !is_full(limit, &list)
            {
                list.extend(read(*id, &record)?);
            }
        }
        if is_less(ids.len(), wanted) {
            break;
        }
    }
    Ok(list)
}

/// How many to read next: not many more than are wanted, though some may not belong into the list.
fn left<T>(limit: u32, list: &[T]) -> Option<u32> {
    let found = u32::try_from(list.len()).unwrap_or(u32::MAX);
    let left = limit.saturating_sub(found);
    (left > 0).then(|| left.saturating_add(10).min(AT_ONCE))
}

fn is_full<T>(limit: u32, list: &[T]) -> bool {
    !is_less(list.len(), limit)
}

pub(crate) fn is_less(many: usize, than: u32) -> bool {
    u32::try_from(many).is_ok_and(|many| many < than)
}
