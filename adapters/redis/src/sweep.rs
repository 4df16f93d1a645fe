//! Sweeping: candidates are looked up along an index, and removed by scripts that look again, some at a time.

use futures::future::try_join_all;
use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::model::{ApiKeyId, InvitationId, OnboardingId, SessionId, UserId};
use testudo_driver::Fault;
use uuid::Uuid;

use crate::RedisStore;
use crate::answer;
use crate::belongings::Belongings;
use crate::commit::{Outcome, apply};
use crate::idle::chunk;
use crate::link::Intent;
use crate::plan::Plan;
use crate::script::{SWEEP_DEAD_LETTERS, SWEEP_EVENTS, SWEEP_RECORDS};
use crate::sweep_counters::attempts;

/// How many bytes an id has, with which members of the indices by expiry begin.
const ID: usize = 16;

/// Accounts come last: what goes with an account is not counted as what it is.
pub(crate) async fn sweep(store: &RedisStore, command: Sweep) -> Result<Swept, Fault> {
    let keys = &store.keys;
    let (limit, links) = (u64::from(command.limit), command.links_expired_by);
    let mut swept = Swept::default();
    let sessions_of = |user| keys.sessions_of(user);
    for bucket in keys.buckets() {
        let sessions = Records {
            index: keys.session_expiries(bucket),
            name: &|id| keys.session(SessionId::from_uuid(id)),
            of_owner: if keys.are_together() { Some(&sessions_of) } else { None },
        };
        let most = limit.saturating_sub(swept.sessions);
        swept.sessions += records(store, &sessions, command.sessions_expired_by, most).await?;
        let onboarding = Records {
            index: keys.onboarding_expiries(bucket),
            name: &|id| keys.onboarding(OnboardingId::from_uuid(id)),
            of_owner: None,
        };
        let most = limit.saturating_sub(swept.onboarding);
        swept.onboarding += records(store, &onboarding, links, most).await?;
        let most = limit.saturating_sub(swept.attempts);
        swept.attempts += attempts(store, bucket, command.attempts_idle_since, most).await?;
    }
    let invitations = Records {
        index: keys.invitation_expiries(),
        name: &|id| keys.invitation(InvitationId::from_uuid(id)),
        of_owner: Some(&|user| keys.invitations_of(Some(user))),
    };
    swept.invitations = records(store, &invitations, links, limit).await?;
    let api_keys = Records {
        index: keys.api_key_expiries(),
        name: &|id| keys.api_key(ApiKeyId::from_uuid(id)),
        of_owner: Some(&|user| keys.api_keys_of(user)),
    };
    swept.api_keys = records(store, &api_keys, links, limit).await?;
    swept.events = events(store, command.events_kept_since, limit).await?;
    swept.dead_letters = dead_letters(store, command.dead_letters_buried_by, limit).await?;
    swept.accounts = accounts(store, command.accounts_closed_by, limit).await?;
    Ok(swept)
}

/// Records of one kind in one bucket.
struct Records<'a> {
    index: String,
    name: &'a (dyn Fn(Uuid) -> String + Sync),
    /// The index of an owner's records, if it is in the same bucket.
    of_owner: Option<&'a (dyn Fn(UserId) -> String + Sync)>,
}

async fn records(
    store: &RedisStore,
    kind: &Records<'_>,
    by: Timestamp,
    limit: u64,
) -> Result<u64, Fault> {
    let mut gone = 0;
    while gone < limit {
        let over = over(store, &kind.index, by, 0, limit - gone).await?;
        if over.is_empty() {
            break;
        }
        let (mut names, mut indices, mut arguments) = (Vec::new(), Vec::new(), Vec::new());
        let mut elsewhere = Vec::new();
        for member in &over {
            let (id, owner) = id_and_owner(member)?;
            names.push((kind.name)(id).into_bytes());
            let index = match (kind.of_owner, owner) {
                (Some(of_owner), Some(owner)) => of_owner(owner),
                (Some(_), None) => store.keys.invitations_of(None),
                (None, _) => kind.index.clone(),
            };
            if let (None, Some(owner)) = (kind.of_owner, owner) {
                elsewhere.push((owner, id));
            }
            indices.push(index.into_bytes());
            arguments.extend([member.clone(), id.as_bytes().to_vec()]);
        }
        let keys = [vec![kind.index.clone().into_bytes()], names, indices].concat();
        let call = SWEEP_RECORDS.on(&keys).arg(by.as_millis()).args(arguments);
        gone += answer::of::<u64>(call.run(&store.link).await?)?;
        forget_elsewhere(store, &elsewhere).await?;
    }
    Ok(gone)
}

/// Sessions whose owner's index is in another bucket. What a crash leaves there points to nothing.
async fn forget_elsewhere(store: &RedisStore, sessions: &[(UserId, Uuid)]) -> Result<(), Fault> {
    try_join_all(sessions.iter().map(|(owner, id)| forget_one(store, *owner, *id))).await?;
    Ok(())
}

async fn forget_one(store: &RedisStore, owner: UserId, session: Uuid) -> Result<(), Fault> {
    let mut forget = redis::cmd("ZREM");
    forget.arg(store.keys.sessions_of(owner)).arg(&session.as_bytes()[..]);
    store.link.run(&forget, Intent::Write).await?;
    Ok(())
}

async fn events(store: &RedisStore, by: Timestamp, limit: u64) -> Result<u64, Fault> {
    let index = store.keys.event_moments();
    let mut gone = 0;
    while gone < limit {
        let over = over(store, &index, by, 0, limit - gone).await?;
        if over.is_empty() {
            break;
        }
        let mut keys = vec![
            index.clone(),
            store.keys.events(),
            store.keys.event_places(),
            store.keys.event_ids(),
        ];
        let mut arguments = Vec::new();
        for member in &over {
            let (id, user) = id_and_owner(member)?;
            keys.push(match user {
                Some(user) => store.keys.events_of(user),
                None => store.keys.event_ids(),
            });
            arguments.extend([member.clone(), id.as_bytes().to_vec()]);
        }
        let call = SWEEP_EVENTS.on(&keys).arg(by.as_millis()).args(arguments);
        gone += answer::of::<u64>(call.run(&store.link).await?)?;
    }
    Ok(gone)
}

async fn dead_letters(store: &RedisStore, by: Timestamp, limit: u64) -> Result<u64, Fault> {
    let keys = [
        store.keys.messages_dead(),
        store.keys.messages(),
        store.keys.message_states(),
        store.keys.message_ids(),
    ];
    let mut gone = 0;
    while gone < limit {
        let most = some(limit - gone);
        let call = SWEEP_DEAD_LETTERS.on(&keys).arg(by.as_millis()).arg(most);
        let went = answer::of::<u64>(call.run(&store.link).await?)?;
        gone += went;
        if went < most {
            break;
        }
    }
    Ok(gone)
}

/// One after the other: each may have much that goes with it. Who changes while they go stays until the next sweep.
async fn accounts(store: &RedisStore, by: Timestamp, limit: u64) -> Result<u64, Fault> {
    let (mut gone, mut kept) = (0, 0);
    while gone < limit {
        let closed = over(store, &store.keys.closing(), by, kept, limit - gone).await?;
        if closed.is_empty() {
            break;
        }
        for id in closed {
            let id = UserId::from_uuid(answer::uuid(&id)?);
            let belongings = Belongings::of(store, id).await?;
            let mut plan = Plan::default();
            belongings.remove(&mut plan, &store.keys, id, &[], Some(by));
            match apply(store, &plan).await? {
                Outcome::Applied => {
                    belongings.remove_sessions(store, id).await?;
                    gone += 1;
                }
                Outcome::Conflict | Outcome::Changed => kept += 1,
            }
        }
    }
    Ok(gone)
}

/// The first members of an index up to a moment, behind as many: some of them.
async fn over(
    store: &RedisStore,
    index: &str,
    by: Timestamp,
    behind: u64,
    most: u64,
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut range = redis::cmd("ZRANGEBYSCORE");
    range.arg(index).arg("-inf").arg(by.as_millis());
    range.arg("LIMIT").arg(behind).arg(some(most));
    answer::list(store.link.run(&range, Intent::Read).await?)
}

fn some(most: u64) -> u64 {
    most.min(u64::try_from(chunk()).unwrap_or(1))
}

fn id_and_owner(member: &[u8]) -> Result<(Uuid, Option<UserId>), Fault> {
    let (id, owner) = member.split_at_checked(ID).unwrap_or((member, &[]));
    let owner = if owner.is_empty() { None } else { Some(answer::uuid(owner)?) };
    Ok((answer::uuid(id)?, owner.map(UserId::from_uuid)))
}
