//! Batches about few records, as what is there lets them be.

use std::collections::BTreeSet;

use testudo::command::{Commit, FindInvitation, FindOnboarding, FindUser, Guard, UserKey, Write};
use testudo::event::{Event, EventRecord};
use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, AttemptKey, Email, EndReason, Ended, Epoch, EventId, Invitation, MessageId,
    OnboardingSession, Session, User, Version,
};
use testudo::reference::Tables;
use testudo::{Duration, Timestamp};

use super::acts::{Based, Batch, Change, Kind};
use crate::conformance::key_records::{
    api_key, api_key_id, invitation, invitation_id, message, message_id, next_api_key,
    next_invitation, next_onboarding, onboarding, onboarding_id,
};
use crate::conformance::records::{
    self, event, event_id, next_session, next_user, session, session_id, user_id,
};

/// Makes batches, and knows how many events and messages there were: each is another one.
#[derive(Debug, Default)]
pub(super) struct Batches {
    events: u32,
    messages: u32,
}

/// One of few addresses that some collations take for one another.
pub(super) fn email(number: u32) -> Email {
    let local_parts = ["ada", "Ada", "\u{e0}da", "a\u{300}da"];
    records::email(&format!("{}@example.com", local_parts[number as usize % local_parts.len()]))
}

/// Counters of the four addresses, and of a network.
pub(super) fn counter(number: u32) -> AttemptKey {
    match number {
        0..=3 => AttemptKey::login_account(email(number).key()),
        _ => AttemptKey::login_network([192, 0, 2, 1].into()),
    }
}

impl Batches {
    /// The event after which so many were recorded, if there were as many.
    pub(super) fn recent_event(&self, ago: u32) -> EventId {
        event_id(self.events.saturating_sub(ago))
    }

    /// The message after which so many were, if there were as many.
    pub(super) fn recent_message(&self, ago: u32) -> MessageId {
        message_id(self.messages.saturating_sub(ago))
    }

    /// The batch, of which each record, address and counter is named once.
    pub(super) fn make(&mut self, tables: &Tables, planned: Batch) -> Commit {
        let mut named = BTreeSet::new();
        let mut batch = Commit::default();
        for (kind, number, based) in planned.guards {
            batch.guards.push(guard(tables, kind, number, based));
        }
        for change in planned.writes {
            let names = names(&change);
            if let Some(write) = write(tables, change)
                && names.is_disjoint(&named)
            {
                named.extend(names);
                batch.writes.push(write);
            }
        }
        for (user, at) in planned.events {
            self.events += 1;
            let user = user.map(user_id);
            let event = event(self.events, Event::UserCreated);
            batch.events.push(EventRecord { at, user, ..event });
        }
        for created_at in planned.messages {
            self.messages += 1;
            batch.messages.push(SealedMessage { created_at, ..message(self.messages) });
        }
        batch
    }
}

/// What no other write of the batch may be about.
fn names(change: &Change) -> BTreeSet<String> {
    let names = match *change {
        Change::InsertUser { user, email, .. } | Change::ReplaceUser { user, email, .. } => {
            vec![format!("user {user}"), format!("email {email}")]
        }
        // They go with all that is theirs, which may be any of these.
        Change::RemoveUser { user, .. } => ["session", "invitation", "key"]
            .into_iter()
            .flat_map(|kind| (0..6).map(move |other| format!("{kind} {other}")))
            .chain([format!("user {user}")])
            .collect(),
        Change::InsertSession { session, .. } | Change::ReplaceSession { session, .. } => {
            vec![format!("session {session}")]
        }
        Change::InsertInvitation { invitation, .. }
        | Change::ReplaceInvitation { invitation, .. } => {
            vec![format!("invitation {invitation}")]
        }
        Change::InsertApiKey { key, .. }
        | Change::ReplaceApiKey { key, .. }
        | Change::TouchApiKey { key, .. } => vec![format!("key {key}")],
        Change::InsertOnboarding { session, .. } | Change::ReplaceOnboarding { session, .. } => {
            vec![format!("onboarding {session}")]
        }
        Change::ClearAttempts(key) | Change::RefundAttempt(key, _) => {
            vec![format!("counter {key}")]
        }
    };
    names.into_iter().collect()
}

fn guard(tables: &Tables, kind: Kind, number: u32, based: Based) -> Guard {
    match kind {
        Kind::Epoch => {
            let epoch = user(tables, number % 3).map_or(Epoch::FIRST, |user| user.epoch);
            let epoch = if based == Based::OnWhatIsThere { epoch } else { epoch.next() };
            Guard::UserEpoch { id: user_id(number % 3), epoch }
        }
        Kind::Session => {
            let id = session_id(number);
            let found = tables.find_session_record(id);
            let version = found.map_or(Version::FIRST, |session| session.version);
            Guard::SessionVersion { id, version: base(version, based) }
        }
        Kind::NoSession => Guard::NoSession { id: session_id(number) },
    }
}

fn base(version: Version, based: Based) -> Version {
    if based == Based::OnWhatIsThere { version } else { version.next() }
}

fn user(tables: &Tables, number: u32) -> Option<User> {
    tables.find_user(&FindUser { key: UserKey::Id(user_id(number)) })
}

/// A write, if there is anything to write it about.
fn write(tables: &Tables, change: Change) -> Option<Write> {
    let now = Timestamp::from_millis(1);
    Some(match change {
        Change::InsertUser { user: number, email: address, closes_at } => {
            let new = User { email: email(address), closes_at, ..records::user(number) };
            Write::InsertUser(Box::new(new))
        }
        Change::ReplaceUser { user: number, email: address, closes_at, new_epoch, based } => {
            let old = user(tables, number)?;
            let epoch = if new_epoch { old.epoch.next() } else { old.epoch };
            let new = User { email: email(address), closes_at, epoch, ..next_user(&old) };
            Write::ReplaceUser { user: Box::new(new), was: base(old.version, based) }
        }
        Change::RemoveUser { user: number, based } => {
            let old = user(tables, number)?;
            Write::RemoveUser { id: old.id, was: base(old.version, based) }
        }
        Change::InsertSession { session: number, user: owner, expires_at } => {
            let new = session(number, &user(tables, owner)?);
            let idle_timeout = Duration::from_millis(40);
            let new = Session { refreshed_at: now, idle_timeout, expires_at, ..new };
            Write::InsertSession(Box::new(new))
        }
        Change::ReplaceSession { session: number, expires_at, ends, based } => {
            let old = tables.find_session_record(session_id(number))?;
            let ended = ends.then_some(Ended { at: now, reason: EndReason::SignedOut });
            let new = Session { expires_at, ended, ..next_session(&old) };
            Write::ReplaceSession { session: Box::new(new), was: base(old.version, based) }
        }
        Change::InsertInvitation { invitation: number, inviter, expires_at } => {
            let inviter = inviter.and_then(|inviter| user(tables, inviter));
            let new = Invitation { expires_at, ..invitation(number, inviter.as_ref()) };
            Write::InsertInvitation(Box::new(new))
        }
        Change::ReplaceInvitation { invitation: number, expires_at, based } => {
            let old = tables.find_invitation(&FindInvitation { id: invitation_id(number) })?;
            let new = Invitation { expires_at, taken: 1, ..next_invitation(&old) };
            Write::ReplaceInvitation { invitation: Box::new(new), was: base(old.version, based) }
        }
        Change::InsertApiKey { key: number, user: owner, expires_at } => {
            let new = ApiKey { expires_at, ..api_key(number, &user(tables, owner)?) };
            Write::InsertApiKey(Box::new(new))
        }
        Change::ReplaceApiKey { key: number, expires_at, revokes, based } => {
            let old = tables.api_keys().find(|key| key.id == api_key_id(number))?;
            let revoked_at = revokes.then_some(now);
            let new = ApiKey { expires_at, revoked_at, ..next_api_key(old) };
            Write::ReplaceApiKey { key: Box::new(new), was: base(old.version, based) }
        }
        Change::InsertOnboarding { session: number, expires_at } => {
            let new = OnboardingSession { expires_at, ..onboarding(number) };
            Write::InsertOnboarding(Box::new(new))
        }
        Change::ReplaceOnboarding { session: number, expires_at, based } => {
            let old = tables.find_onboarding(&FindOnboarding { id: onboarding_id(number) })?;
            let sealed = vec![1; 31];
            let new = OnboardingSession { expires_at, sealed, ..next_onboarding(&old) };
            Write::ReplaceOnboarding { session: Box::new(new), was: base(old.version, based) }
        }
        Change::TouchApiKey { key, at } => Write::TouchApiKey { id: api_key_id(key), at },
        Change::ClearAttempts(key) => Write::ClearAttempts(counter(key)),
        Change::RefundAttempt(key, window) => {
            let key = counter(key);
            let found = tables.attempts().find(|(counted, _)| **counted == key);
            let window = window.or(found.map(|(_, counter)| counter.window_end))?;
            Write::RefundAttempt { key, window }
        }
    })
}
