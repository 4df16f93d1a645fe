//! The operations that guards, writes, events and messages are.

use std::collections::BTreeMap;

use testudo::command::{Commit, Guard, Write};
use testudo::event::EventRecord;
use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, AttemptKey, Invitation, OnboardingSession, Session, User, UserId, Version, WindowEnd,
};
use testudo_driver::Fault;

use crate::belongings::Belongings;
use crate::fault::unwritable;
use crate::keys::{FIRST, Keys};
use crate::plan::{Arg, Plan, Weight};
use crate::{kept, records};

/// What the removal of users takes to be planned.
pub(crate) type Removed = BTreeMap<UserId, Belongings>;

/// The plan of a batch.
pub(crate) fn plan(keys: &Keys, batch: &Commit, removed: &Removed) -> Result<Plan, Fault> {
    let mut plan = Plan::default();
    let gone: Vec<u8> = removed.keys().flat_map(|user| *user.as_uuid().as_bytes()).collect();
    for item in &batch.writes {
        write(&mut plan, keys, item, removed, &gone)?;
    }
    for record in &batch.events {
        event(&mut plan, keys, record)?;
    }
    for sealed in &batch.messages {
        message(&mut plan, keys, sealed);
    }
    // Behind all that writes, so that buckets are applied in the order of the writes; within a bucket, guards
    // come first.
    for item in &batch.guards {
        guard(&mut plan, keys, item);
    }
    Ok(plan)
}

fn guard(plan: &mut Plan, keys: &Keys, guard: &Guard) {
    match guard {
        Guard::UserEpoch { id, epoch } => plan.add(
            FIRST,
            Weight::Guard,
            "epoch",
            &[
                Arg::Key(keys.users()),
                Arg::Bytes(id.as_uuid().as_bytes()),
                Arg::Bytes(&epoch.get().to_be_bytes()),
            ],
        ),
        Guard::SessionVersion { id, version } => plan.add(
            keys.of_session(*id),
            Weight::Guard,
            "version",
            &[Arg::Key(keys.session(*id)), Arg::Bytes(&bytes_of(*version))],
        ),
        Guard::NoSession { id } => {
            plan.add(keys.of_session(*id), Weight::Guard, "absent", &[Arg::Key(keys.session(*id))])
        }
    }
}

fn write(
    plan: &mut Plan,
    keys: &Keys,
    write: &Write,
    removed: &Removed,
    gone: &[u8],
) -> Result<(), Fault> {
    match write {
        Write::InsertUser(it) => user(plan, keys, "insert_user", it, gone)?,
        Write::ReplaceUser { user: it, was } => {
            user(plan, keys, "replace_user", it, &bytes_of(*was))?;
        }
        Write::InsertSession(it) => session(plan, keys, it, None)?,
        Write::ReplaceSession { session: it, was } => session(plan, keys, it, Some(*was))?,
        Write::InsertInvitation(it) => invitation(plan, keys, it, None)?,
        Write::ReplaceInvitation { invitation: it, was } => {
            invitation(plan, keys, it, Some(*was))?;
        }
        Write::InsertApiKey(it) => api_key(plan, keys, it, None)?,
        Write::ReplaceApiKey { key: it, was } => api_key(plan, keys, it, Some(*was))?,
        Write::RemoveUser { id, was } => {
            if let Some(belongings) = removed.get(id) {
                belongings.remove(plan, keys, *id, &bytes_of(*was), None);
            }
        }
        Write::InsertOnboarding(it) => onboarding(plan, keys, it, None),
        Write::ReplaceOnboarding { session: it, was } => onboarding(plan, keys, it, Some(*was)),
        Write::TouchApiKey { id, at } => plan.add(
            FIRST,
            Weight::Free,
            "touch",
            &[Arg::Key(keys.api_key(*id)), Arg::Bytes(&at.as_millis().to_be_bytes())],
        ),
        Write::ClearAttempts(key) => clear(plan, keys, key),
        Write::RefundAttempt { key, window } => refund(plan, keys, key, *window),
    }
    Ok(())
}

fn user(plan: &mut Plan, keys: &Keys, name: &str, user: &User, last: &[u8]) -> Result<(), Fault> {
    plan.add(
        FIRST,
        Weight::Guarded,
        name,
        &[
            Arg::Key(keys.users()),
            Arg::Key(keys.emails()),
            Arg::Key(keys.user_ids()),
            Arg::Key(keys.closing()),
            Arg::Bytes(user.id.as_uuid().as_bytes()),
            Arg::Bytes(&records::user_bytes(user)?),
            Arg::Bytes(user.email.key().as_str().as_bytes()),
            Arg::number(user.closes_at.map(|at| at.as_millis())),
            Arg::Bytes(last),
        ],
    );
    Ok(())
}

/// The index of its owner comes first: it may point to a session that is not there, and none is forgotten. In another
/// bucket it is written once, and lives as long as the session as no flow gives a session another end.
fn session(
    plan: &mut Plan,
    keys: &Keys,
    session: &Session,
    was: Option<Version>,
) -> Result<(), Fault> {
    let (bucket, owner) = (keys.of_session(session.id), keys.of_user(session.user));
    let id = session.id.as_uuid().as_bytes();
    let kept = kept::session(session);
    if was.is_none() || bucket == owner {
        plan.add(
            owner,
            Weight::Harmless,
            "index",
            &[Arg::Key(keys.sessions_of(session.user)), Arg::Bytes(id), Arg::number(kept)],
        );
    }
    let record = Record {
        name: keys.session(session.id),
        bytes: records::session_bytes(session)?,
        kept,
        expiries: keys.session_expiries(bucket),
        expiry: Some(session.expires_at.as_millis()),
        member: [*id, *session.user.as_uuid().as_bytes()].concat(),
    };
    record.put(plan, bucket, was);
    Ok(())
}

fn invitation(
    plan: &mut Plan,
    keys: &Keys,
    invitation: &Invitation,
    was: Option<Version>,
) -> Result<(), Fault> {
    let id = invitation.id.as_uuid().as_bytes();
    let kept = kept::invitation(invitation);
    let index = keys.invitations_of(invitation.invited_by);
    let args = [Arg::Key(index), Arg::Bytes(id), Arg::number(kept)];
    plan.add(FIRST, Weight::Harmless, "index", &args);
    let inviter = invitation.invited_by.map(|user| *user.as_uuid().as_bytes());
    let record = Record {
        name: keys.invitation(invitation.id),
        bytes: records::invitation_bytes(invitation)?,
        kept,
        expiries: keys.invitation_expiries(),
        expiry: Some(invitation.expires_at.as_millis()),
        member: [&id[..], inviter.as_ref().map_or(&[][..], |user| &user[..])].concat(),
    };
    record.put(plan, FIRST, was);
    Ok(())
}

fn api_key(plan: &mut Plan, keys: &Keys, key: &ApiKey, was: Option<Version>) -> Result<(), Fault> {
    let id = key.id.as_uuid().as_bytes();
    let kept = kept::api_key(key);
    let args = [Arg::Key(keys.api_keys_of(key.user)), Arg::Bytes(id), Arg::number(kept)];
    plan.add(FIRST, Weight::Harmless, "index", &args);
    let record = Record {
        name: keys.api_key(key.id),
        bytes: records::api_key_bytes(key)?,
        kept,
        expiries: keys.api_key_expiries(),
        expiry: key.expires_at.map(|at| at.as_millis()),
        member: [*id, *key.user.as_uuid().as_bytes()].concat(),
    };
    record.put(plan, FIRST, was);
    Ok(())
}

fn onboarding(plan: &mut Plan, keys: &Keys, session: &OnboardingSession, was: Option<Version>) {
    let bucket = keys.of_onboarding(session.id);
    let record = Record {
        name: keys.onboarding(session.id),
        bytes: records::onboarding_bytes(session),
        kept: kept::onboarding(session),
        expiries: keys.onboarding_expiries(bucket),
        expiry: Some(session.expires_at.as_millis()),
        member: session.id.as_uuid().as_bytes().to_vec(),
    };
    record.put(plan, bucket, was);
}

/// A record with a key of its own.
struct Record {
    name: String,
    bytes: Vec<u8>,
    kept: kept::Kept,
    expiries: String,
    expiry: Option<u64>,
    member: Vec<u8>,
}

impl Record {
    /// Inserts it, or replaces the one of a version.
    fn put(self, plan: &mut Plan, bucket: crate::keys::Bucket, was: Option<Version>) {
        let version = was.map(bytes_of);
        let mut args = vec![
            Arg::Key(self.name),
            Arg::Bytes(&self.bytes),
            Arg::number(self.kept),
            Arg::Key(self.expiries),
            Arg::number(self.expiry),
            Arg::Bytes(&self.member),
        ];
        let name = match &version {
            None => "insert",
            Some(version) => {
                args.push(Arg::Bytes(version));
                "replace"
            }
        };
        plan.add(bucket, Weight::Guarded, name, &args);
    }
}

fn clear(plan: &mut Plan, keys: &Keys, key: &AttemptKey) {
    let bucket = keys.of_counter(key);
    let args = [
        Arg::Key(keys.counter(key)),
        Arg::Key(keys.counters_by_end(bucket)),
        Arg::Key(keys.counters_by_key(bucket)),
        Arg::Bytes(key.as_str().as_bytes()),
    ];
    plan.add(bucket, Weight::Free, "clear", &args);
}

fn refund(plan: &mut Plan, keys: &Keys, key: &AttemptKey, window: WindowEnd) {
    let args = [Arg::Key(keys.counter(key)), Arg::Number(window.as_millis())];
    plan.add(keys.of_counter(key), Weight::Free, "refund", &args);
}

fn event(plan: &mut Plan, keys: &Keys, record: &EventRecord) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(record).map_err(unwritable)?;
    let user = record.user.map(|user| *user.as_uuid().as_bytes());
    plan.add(
        FIRST,
        Weight::Free,
        "event",
        &[
            Arg::Key(keys.event_sequence()),
            Arg::Key(keys.events()),
            Arg::Key(keys.event_places()),
            Arg::Key(keys.event_ids()),
            Arg::Key(keys.event_moments()),
            record.user.map_or(Arg::None, |user| Arg::Key(keys.events_of(user))),
            Arg::Bytes(record.id.as_uuid().as_bytes()),
            Arg::Number(record.at.as_millis()),
            Arg::Bytes(&bytes),
            user.as_ref().map_or(Arg::None, |user| Arg::Bytes(user)),
        ],
    );
    Ok(())
}

fn message(plan: &mut Plan, keys: &Keys, message: &SealedMessage) {
    let bytes = [&message.created_at.as_millis().to_be_bytes()[..], &message.sealed].concat();
    plan.add(
        FIRST,
        Weight::Free,
        "message",
        &[
            Arg::Key(keys.message_sequence()),
            Arg::Key(keys.messages()),
            Arg::Key(keys.message_states()),
            Arg::Key(keys.message_ids()),
            Arg::Key(keys.messages_due()),
            Arg::Bytes(message.id.as_uuid().as_bytes()),
            Arg::Number(message.created_at.as_millis()),
            Arg::Bytes(&bytes),
        ],
    );
}

/// As records begin, behind their format.
fn bytes_of(version: Version) -> [u8; 8] {
    version.get().to_be_bytes()
}
