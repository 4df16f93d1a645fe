//! What goes with a user: their sessions, their API keys and the invitations that they made.

use futures::future::try_join_all;
use redis::Value;
use testudo::Timestamp;
use testudo::command::{Commit, Write};
use testudo::model::{ApiKeyId, InvitationId, SessionId, UserId};
use testudo_driver::Fault;
use uuid::Uuid;

use crate::RedisStore;
use crate::answer;
use crate::commit::apply;
use crate::keys::{FIRST, Keys};
use crate::link::Intent;
use crate::plan::{Arg, Plan, Weight};
use crate::writes::Removed;

/// How many records one operation removes: what Lua takes as arguments is bounded. So many sessions go together with
/// their owner, as nothing else is done while a script runs; what is beyond goes afterwards.
const AT_ONCE: usize = 1000;

/// The ids of what was a user's when it was looked up. The script that removes it looks again.
#[derive(Debug, Default)]
pub(crate) struct Belongings {
    sessions: Vec<Uuid>,
    api_keys: Vec<Uuid>,
    invitations: Vec<Uuid>,
}

/// What belongs to the users that a batch removes.
pub(crate) async fn of_removed(store: &RedisStore, batch: &Commit) -> Result<Removed, Fault> {
    let mut removed = Removed::new();
    for write in &batch.writes {
        if let Write::RemoveUser { id, .. } = write {
            removed.insert(*id, Belongings::of(store, *id).await?);
        }
    }
    Ok(removed)
}

impl Belongings {
    pub(crate) async fn of(store: &RedisStore, user: UserId) -> Result<Self, Fault> {
        let keys = &store.keys;
        Ok(Self {
            sessions: members(store, &keys.sessions_of(user)).await?,
            api_keys: members(store, &keys.api_keys_of(user)).await?,
            invitations: members(store, &keys.invitations_of(Some(user))).await?,
        })
    }

    /// Removes a user of this version, or of any, with all this; only if they were to go by that moment, if there
    /// is one.
    pub(crate) fn remove(
        &self,
        plan: &mut Plan,
        keys: &Keys,
        user: UserId,
        was: &[u8],
        closed_by: Option<Timestamp>,
    ) {
        let owner = user.as_uuid().as_bytes();
        plan.add(
            FIRST,
            Weight::Guarded,
            "remove_user",
            &[
                Arg::Key(keys.users()),
                Arg::Key(keys.emails()),
                Arg::Key(keys.user_ids()),
                Arg::Key(keys.closing()),
                Arg::Bytes(owner),
                Arg::Bytes(was),
                Arg::number(closed_by.map(Timestamp::as_millis)),
            ],
        );
        let session = |id: Uuid| keys.session(SessionId::from_uuid(id));
        // Elsewhere they are removed afterwards, bucket by bucket; and here, if they are very many, the rest.
        if keys.are_together() {
            let of = of_sessions(keys, &user);
            unchanged(plan, &self.sessions, &of);
            drop_all(plan, "drop", self.parts().0, &of, session);
        }
        let api_key = |id: Uuid| keys.api_key(ApiKeyId::from_uuid(id));
        let (index, expiries) = (keys.api_keys_of(user), keys.api_key_expiries());
        let of = Of { owner, index, expiries };
        unchanged(plan, &self.api_keys, &of);
        drop_all(plan, "drop", &self.api_keys, &of, api_key);
        let invitation = |id: Uuid| keys.invitation(InvitationId::from_uuid(id));
        let (index, expiries) = (keys.invitations_of(Some(user)), keys.invitation_expiries());
        let of = Of { owner, index, expiries };
        unchanged(plan, &self.invitations, &of);
        drop_all(plan, "drop", &self.invitations, &of, invitation);
    }

    /// Removes the sessions of a user who is gone, as far as they did not go with them. What is left of it by a crash
    /// belongs to nobody, and goes when its time is over.
    pub(crate) async fn remove_sessions(
        &self,
        store: &RedisStore,
        user: UserId,
    ) -> Result<(), Fault> {
        if store.keys.are_together() {
            return self.remove_rest(store, user).await;
        }
        for some in self.sessions.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|id| remove_session(store, user, *id))).await?;
        }
        let mut forget = redis::cmd("DEL");
        forget.arg(store.keys.sessions_of(user));
        store.link.run(&forget, Intent::Write).await?;
        Ok(())
    }

    async fn remove_rest(&self, store: &RedisStore, user: UserId) -> Result<(), Fault> {
        let of = of_sessions(&store.keys, &user);
        let session = |id: Uuid| store.keys.session(SessionId::from_uuid(id));
        for some in self.parts().1.chunks(AT_ONCE) {
            let mut plan = Plan::default();
            drop_all(&mut plan, "drop_rest", some, &of, session);
            apply(store, &plan).await?;
        }
        Ok(())
    }

    /// The sessions that go together with the user, and those that go afterwards.
    fn parts(&self) -> (&[Uuid], &[Uuid]) {
        self.sessions.split_at_checked(AT_ONCE).unwrap_or((&self.sessions, &[]))
    }
}

async fn remove_session(store: &RedisStore, user: UserId, id: Uuid) -> Result<(), Fault> {
    let session = SessionId::from_uuid(id);
    let mut remove = redis::cmd("DEL");
    remove.arg(store.keys.session(session));
    store.link.run(&remove, Intent::Write).await?;
    let mut forget = redis::cmd("ZREM");
    forget
        .arg(store.keys.session_expiries(store.keys.of_session(session)))
        .arg([*id.as_bytes(), *user.as_uuid().as_bytes()].concat());
    store.link.run(&forget, Intent::Write).await?;
    Ok(())
}

fn of_sessions<'a>(keys: &Keys, user: &'a UserId) -> Of<'a> {
    let (index, expiries) = (keys.sessions_of(*user), keys.session_expiries(FIRST));
    Of { owner: user.as_uuid().as_bytes(), index, expiries }
}

/// That there are as many as were looked up.
fn unchanged(plan: &mut Plan, ids: &[Uuid], of: &Of<'_>) {
    let many = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let args = [Arg::Key(of.index.clone()), Arg::Number(many)];
    plan.add(FIRST, Weight::Guarded, "size", &args);
}

/// Whose records of one kind are removed: what they have of it, and all that there are of it by expiry.
struct Of<'a> {
    owner: &'a [u8; 16],
    index: String,
    expiries: String,
}

fn drop_all(
    plan: &mut Plan,
    operation: &str,
    ids: &[Uuid],
    of: &Of<'_>,
    name: impl Fn(Uuid) -> String,
) {
    for some in ids.chunks(AT_ONCE) {
        let mut args =
            vec![Arg::Key(of.index.clone()), Arg::Key(of.expiries.clone()), Arg::Bytes(of.owner)];
        for id in some {
            args.extend([Arg::Bytes(id.as_bytes()), Arg::Key(name(*id))]);
        }
        plan.add(FIRST, Weight::Guarded, operation, &args);
    }
}

async fn members(store: &RedisStore, index: &str) -> Result<Vec<Uuid>, Fault> {
    let mut all = redis::cmd("ZRANGE");
    all.arg(index).arg(0).arg(-1);
    let answer: Value = store.link.run(&all, Intent::Read).await?;
    answer::list(answer)?.iter().map(|id| answer::uuid(id)).collect()
}
