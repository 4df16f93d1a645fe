//! Looking records up: one call each, where what it takes is in one bucket.

use redis::Value;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser, FindUser,
    FindUserWithSession, OwnedApiKey, OwnedSession, Standing, UserKey,
};
use testudo::model::{Invitation, OnboardingSession, Session, SessionId, User, UserId};
use testudo_driver::Fault;

use crate::RedisStore;
use crate::answer;
use crate::keys::FIRST;
use crate::link::Intent;
use crate::records;
use crate::script::{FIND_OWNED, FIND_OWNED_STANDING, FIND_USER_BY_EMAIL, FIND_USER_WITH_SESSION};

pub(crate) async fn user(store: &RedisStore, command: &FindUser) -> Result<Option<User>, Fault> {
    match &command.key {
        UserKey::Id(id) => {
            let found = user_record(store, *id).await?;
            found.map(|record| records::user(*id, &record)).transpose()
        }
        UserKey::Email(email) => {
            let keys = [store.keys.emails(), store.keys.users()];
            let call = FIND_USER_BY_EMAIL.on(&keys).arg(email.as_str());
            let Some([id, record]) = answer::some(call.run(&store.link).await?)? else {
                return Ok(None);
            };
            let id = UserId::from_uuid(answer::uuid(&answer::present(id)?)?);
            records::user(id, &answer::present(record)?).map(Some)
        }
    }
}

pub(crate) async fn session(
    store: &RedisStore,
    command: FindSession,
) -> Result<Option<OwnedSession>, Fault> {
    if store.keys.of_session(command.id) != FIRST {
        let Some((record, owner)) = owned_elsewhere(store, command.id).await? else {
            return Ok(None);
        };
        let session = records::session(command.id, &record)?;
        return Ok(Some(OwnedSession { session, standing: records::standing(&owner)? }));
    }
    let name = store.keys.session(command.id);
    let Some(found) = owned_with_standing(store, name).await? else { return Ok(None) };
    let (record, standing) = found.parts()?;
    Ok(Some(OwnedSession { session: records::session(command.id, record)?, standing }))
}

pub(crate) async fn session_with_user(
    store: &RedisStore,
    command: FindSessionWithUser,
) -> Result<Option<(Session, User)>, Fault> {
    let name = store.keys.session(command.id);
    let found = if store.keys.of_session(command.id) == FIRST {
        owned(store, name).await?
    } else {
        owned_elsewhere(store, command.id).await?
    };
    let Some((record, owner)) = found else { return Ok(None) };
    let session = records::session(command.id, &record)?;
    let user = records::user(session.user, &owner)?;
    Ok(Some((session, user)))
}

pub(crate) async fn user_with_session(
    store: &RedisStore,
    command: FindUserWithSession,
) -> Result<Option<(User, Option<Session>)>, Fault> {
    let FindUserWithSession { user, session } = command;
    let (owner, record) = if store.keys.of_session(session) == FIRST {
        let keys = [store.keys.users(), store.keys.session(session)];
        let call = FIND_USER_WITH_SESSION.on(&keys).arg(&user.as_uuid().as_bytes()[..]);
        let Some([owner, record]) = answer::some(call.run(&store.link).await?)? else {
            return Ok(None);
        };
        (answer::present(owner)?, answer::bytes(record)?)
    } else {
        let Some(owner) = user_record(store, user).await? else { return Ok(None) };
        (owner, get(store, &store.keys.session(session)).await?)
    };
    let session = record.map(|record| records::session(session, &record)).transpose()?;
    Ok(Some((records::user(user, &owner)?, session.filter(|session| session.user == user))))
}

pub(crate) async fn session_record(
    store: &RedisStore,
    id: SessionId,
) -> Result<Option<Session>, Fault> {
    let found = get(store, &store.keys.session(id)).await?;
    found.map(|record| records::session(id, &record)).transpose()
}

pub(crate) async fn invitation(
    store: &RedisStore,
    command: FindInvitation,
) -> Result<Option<Invitation>, Fault> {
    let found = get(store, &store.keys.invitation(command.id)).await?;
    found.map(|record| records::invitation(command.id, &record)).transpose()
}

pub(crate) async fn onboarding(
    store: &RedisStore,
    command: FindOnboarding,
) -> Result<Option<OnboardingSession>, Fault> {
    let found = get(store, &store.keys.onboarding(command.id)).await?;
    found.map(|record| records::onboarding(command.id, &record)).transpose()
}

pub(crate) async fn api_key(
    store: &RedisStore,
    command: FindApiKey,
) -> Result<Option<OwnedApiKey>, Fault> {
    let name = store.keys.api_key(command.id);
    let Some(found) = owned_with_standing(store, name).await? else { return Ok(None) };
    let (record, standing) = found.parts()?;
    Ok(Some(OwnedApiKey { key: records::api_key(command.id, record)?, standing }))
}

/// Whether records can be read at all.
pub(crate) async fn anything(store: &RedisStore) -> Result<(), Fault> {
    get(store, &store.keys.layout()).await.map(drop)
}

/// A record of the first bucket, behind the standing of its owner.
struct BehindStanding(Vec<u8>);

impl BehindStanding {
    fn parts(&self) -> Result<(&[u8], Standing), Fault> {
        let (owner, record) = self.0.split_at_checked(records::STANDING).unwrap_or((&self.0, &[]));
        Ok((record, records::standing(owner)?))
    }
}

async fn owned_with_standing(
    store: &RedisStore,
    name: String,
) -> Result<Option<BehindStanding>, Fault> {
    let call = FIND_OWNED_STANDING.on(&[name, store.keys.users()]);
    Ok(answer::bytes(call.run(&store.link).await?)?.map(BehindStanding))
}

/// A record of the first bucket, and its owner's.
async fn owned(store: &RedisStore, name: String) -> Result<Option<(Vec<u8>, Vec<u8>)>, Fault> {
    let call = FIND_OWNED.on(&[name, store.keys.users()]);
    let Some([record, owner]) = answer::some(call.run(&store.link).await?)? else {
        return Ok(None);
    };
    Ok(Some((answer::present(record)?, answer::present(owner)?)))
}

/// A session of another bucket than its owner's, and then its owner, which may have changed in between. That is
/// what they were one after the other, and nothing was ever granted by an earlier owner's standing.
async fn owned_elsewhere(
    store: &RedisStore,
    id: SessionId,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, Fault> {
    let Some(record) = get(store, &store.keys.session(id)).await? else { return Ok(None) };
    let user = records::session(id, &record)?.user;
    Ok(user_record(store, user).await?.map(|owner| (record, owner)))
}

async fn user_record(store: &RedisStore, id: UserId) -> Result<Option<Vec<u8>>, Fault> {
    let mut get = redis::cmd("HGET");
    get.arg(store.keys.users()).arg(&id.as_uuid().as_bytes()[..]);
    let answer: Value = store.link.run(&get, Intent::Read).await?;
    answer::bytes(answer)
}

async fn get(store: &RedisStore, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let mut get = redis::cmd("GET");
    get.arg(name);
    let answer: Value = store.link.run(&get, Intent::Read).await?;
    answer::bytes(answer)
}
