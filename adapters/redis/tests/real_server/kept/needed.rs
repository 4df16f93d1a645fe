//! What there has to be on the server for the records that there are.

use std::collections::{BTreeMap, BTreeSet};

use testudo::message::{ListMessages, MessageState};
use testudo::model::UserId;
use testudo::reference::Tables;
use testudo::{Duration, Timestamp};
use uuid::Uuid;

use super::acts::HARD_STOP;

/// How long a key lives at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stays {
    Until(Timestamp),
    ForEver,
}

/// A key.
#[derive(Debug)]
pub(super) struct Needed {
    /// Members of a set, or fields of a hash.
    pub(super) members: BTreeSet<Vec<u8>>,
    pub(super) stays: Stays,
    /// How much longer than it means anything it is kept.
    pub(super) kept_beyond: Duration,
    /// Whether it outlives what is in it, and so may stay for the sake of what is not in it any more.
    pub(super) is_shared: bool,
}

/// All keys by their names, without prefix and bucket; without those that are always there or count what was.
pub(super) fn needed(tables: &Tables) -> BTreeMap<String, Needed> {
    let mut keys = Keys::default();
    users(&mut keys, tables);
    sessions(&mut keys, tables);
    invitations(&mut keys, tables);
    api_keys(&mut keys, tables);
    for session in tables.onboarding() {
        let id = session.id.as_uuid();
        keys.record(format!("onboarding:{}", id.simple()), Some(session.expires_at));
        keys.add("onboarding:expiry", id.as_bytes());
    }
    counters(&mut keys, tables);
    events(&mut keys, tables);
    messages(&mut keys, tables);
    keys.0
}

fn users(keys: &mut Keys, tables: &Tables) {
    for user in tables.users() {
        let id = user.id.as_uuid().as_bytes();
        keys.add("users", id);
        keys.add("users:ids", id);
        keys.add("emails", user.email.key().as_str().as_bytes());
        if user.closes_at.is_some() {
            keys.add("users:closing", id);
        }
    }
}

fn sessions(keys: &mut Keys, tables: &Tables) {
    for session in tables.sessions() {
        let (id, end) = (session.id.as_uuid(), Some(session.expires_at));
        keys.record(format!("session:{}", id.simple()), end);
        keys.owned(Some(session.user), "sessions", id, end);
        keys.add("sessions:expiry", &of(id, Some(session.user)));
    }
}

fn invitations(keys: &mut Keys, tables: &Tables) {
    for invitation in tables.invitations() {
        let (id, end) = (invitation.id.as_uuid(), Some(invitation.expires_at));
        keys.record(format!("invitation:{}", id.simple()), end);
        keys.owned(invitation.invited_by, "invitations", id, end);
        keys.add("invitations:expiry", &of(id, invitation.invited_by));
    }
}

fn api_keys(keys: &mut Keys, tables: &Tables) {
    for key in tables.api_keys() {
        let (id, end) = (key.id.as_uuid(), key.expires_at);
        keys.record(format!("api-key:{}", id.simple()), end);
        keys.owned(Some(key.user), "api-keys", id, end);
        if end.is_some() {
            keys.add("api-keys:expiry", &of(id, Some(key.user)));
        }
    }
}

fn counters(keys: &mut Keys, tables: &Tables) {
    for (key, counter) in tables.attempts() {
        let kept_beyond = Duration::from_days(400);
        let stays = if counter.consecutive >= HARD_STOP {
            Stays::ForEver
        } else {
            Stays::Until(counter.window_end + kept_beyond)
        };
        // One that was stopped stays so when an attempt is given back.
        let members = BTreeSet::new();
        let needed = Needed { members, stays, kept_beyond, is_shared: true };
        keys.0.insert(format!("counter:{}", key.as_str()), needed);
        keys.add("counters:end", key.as_str().as_bytes());
        keys.add("counters:keys", key.as_str().as_bytes());
    }
}

fn events(keys: &mut Keys, tables: &Tables) {
    for event in tables.events() {
        let id = event.id.as_uuid();
        for place in ["events", "events:places", "events:ids"] {
            keys.add(place, id.as_bytes());
        }
        keys.add("events:moments", &of(id, event.user));
        if let Some(user) = event.user {
            keys.add(&format!("user:{}:events", user.as_uuid().simple()), id.as_bytes());
        }
    }
}

fn messages(keys: &mut Keys, tables: &Tables) {
    for (state, place) in
        [(MessageState::Waiting, "messages:due"), (MessageState::Dead, "messages:dead")]
    {
        let all = ListMessages { state: Some(state), after: None, limit: 1000 };
        for kept in tables.list_messages(&all) {
            let id = kept.message.id.as_uuid().as_bytes();
            for place in ["messages", "messages:states", "messages:ids"] {
                keys.add(place, id);
            }
            keys.add(place, id);
        }
    }
}

fn of(id: &Uuid, owner: Option<UserId>) -> Vec<u8> {
    let owner = owner.map(|user| *user.as_uuid().as_bytes());
    [&id.as_bytes()[..], owner.as_ref().map_or(&[], |owner| &owner[..])].concat()
}

#[derive(Default)]
struct Keys(BTreeMap<String, Needed>);

/// A record is kept that long beyond its end.
const BEYOND: Duration = Duration::from_days(7);

impl Keys {
    /// A member of a set or hash that stays as long as there is something in it.
    fn add(&mut self, place: &str, member: &[u8]) {
        self.put(place.to_owned(), Some(member), Stays::ForEver, true);
    }

    /// A record with a key of its own.
    fn record(&mut self, place: String, end: Option<Timestamp>) {
        self.put(place, None, stays(end), false);
    }

    /// A record in the index of its owner's.
    fn owned(&mut self, owner: Option<UserId>, kind: &str, id: &Uuid, end: Option<Timestamp>) {
        let place = match owner {
            Some(owner) => format!("user:{}:{kind}", owner.as_uuid().simple()),
            None => format!("{kind}:of-administrators"),
        };
        self.put(place, Some(id.as_bytes()), stays(end), true);
    }

    fn put(&mut self, place: String, member: Option<&[u8]>, stays: Stays, is_shared: bool) {
        let needed = self.0.entry(place).or_insert_with(|| Needed {
            members: BTreeSet::new(),
            stays,
            kept_beyond: BEYOND,
            is_shared,
        });
        needed.members.extend(member.map(<[u8]>::to_vec));
        needed.stays = needed.stays.max(stays);
    }
}

fn stays(end: Option<Timestamp>) -> Stays {
    end.map_or(Stays::ForEver, |end| Stays::Until(end + BEYOND))
}
