//! What may be done to a store.

use proptest::collection::vec;
use proptest::prelude::*;
use testudo::command::{CountAttempt, Sweep};
use testudo::message::BurialReason;
use testudo::model::{AttemptKey, AttemptLimit};
use testudo::{Duration, Timestamp};

use super::batches::counter;

/// A command. Events and messages are named by how many were recorded after them.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Commit(Batch),
    Sweep(Sweep),
    Count(CountAttempt),
    ListIdle(Timestamp, Option<AttemptKey>, u32),
    Forget(Vec<AttemptKey>, Timestamp),
    TakeEvents(&'static str, Timestamp, Timestamp, usize),
    EventsTaken(&'static str, u32),
    PostponeEvents(&'static str, Timestamp),
    BeginEvents(&'static str),
    ForgetConsumer(&'static str),
    TakeMessages(Timestamp, Timestamp, usize),
    MessagesSent(Vec<u32>),
    PostponeMessage(u32, Timestamp),
    Bury(u32, Timestamp, BurialReason),
    /// All, or these.
    Revive(Option<Vec<u32>>, Timestamp),
}

/// A batch, as far as it does not depend on what is there: the versions are filled in when it is made.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) guards: Vec<(Kind, u32, Based)>,
    pub(super) writes: Vec<Change>,
    pub(super) events: Vec<(Option<u32>, Timestamp)>,
    pub(super) messages: Vec<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Epoch,
    Session,
    NoSession,
}

/// What a guard or a replacement is based on: mostly on what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Based {
    OnWhatIsThere,
    OnSomethingElse,
}

/// One write, of few records with few addresses.
#[derive(Clone, Debug)]
pub(super) enum Change {
    InsertUser {
        user: u32,
        email: u32,
        closes_at: Option<Timestamp>,
    },
    ReplaceUser {
        user: u32,
        email: u32,
        closes_at: Option<Timestamp>,
        new_epoch: bool,
        based: Based,
    },
    RemoveUser {
        user: u32,
        based: Based,
    },
    InsertSession {
        session: u32,
        user: u32,
        expires_at: Timestamp,
    },
    ReplaceSession {
        session: u32,
        expires_at: Timestamp,
        ends: bool,
        based: Based,
    },
    InsertInvitation {
        invitation: u32,
        inviter: Option<u32>,
        expires_at: Timestamp,
    },
    ReplaceInvitation {
        invitation: u32,
        expires_at: Timestamp,
        based: Based,
    },
    InsertApiKey {
        key: u32,
        user: u32,
        expires_at: Option<Timestamp>,
    },
    ReplaceApiKey {
        key: u32,
        expires_at: Option<Timestamp>,
        revokes: bool,
        based: Based,
    },
    InsertOnboarding {
        session: u32,
        expires_at: Timestamp,
    },
    ReplaceOnboarding {
        session: u32,
        expires_at: Timestamp,
        based: Based,
    },
    TouchApiKey {
        key: u32,
        at: Timestamp,
    },
    ClearAttempts(u32),
    /// In its window, or in that one.
    RefundAttempt(u32, Option<Timestamp>),
}

pub(super) fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => batches().prop_map(Act::Commit),
        2 => sweeps().prop_map(Act::Sweep),
        4 => counts().prop_map(Act::Count),
        1 => (moments(), proptest::option::of((0u32..5).prop_map(counter)), 0u32..4)
            .prop_map(|(since, after, limit)| Act::ListIdle(since, after, limit)),
        1 => (vec((0u32..5).prop_map(counter), 0..3), moments())
            .prop_map(|(keys, since)| Act::Forget(keys, since)),
        4 => (consumers(), moments(), moments(), 0usize..4)
            .prop_map(|(consumer, now, until, limit)| Act::TakeEvents(consumer, now, until, limit)),
        3 => (consumers(), 0u32..8).prop_map(|(consumer, event)| Act::EventsTaken(consumer, event)),
        1 => (consumers(), moments()).prop_map(|(it, until)| Act::PostponeEvents(it, until)),
        1 => consumers().prop_map(Act::BeginEvents),
        1 => consumers().prop_map(Act::ForgetConsumer),
        4 => (moments(), moments(), 0usize..4)
            .prop_map(|(now, until, limit)| Act::TakeMessages(now, until, limit)),
        1 => vec(0u32..8, 0..3).prop_map(Act::MessagesSent),
        1 => (0u32..8, moments()).prop_map(|(id, until)| Act::PostponeMessage(id, until)),
        2 => (0u32..8, moments(), reasons()).prop_map(|(id, at, why)| Act::Bury(id, at, why)),
        1 => (which(), moments()).prop_map(|(which, now)| Act::Revive(which, now)),
    ]
}

fn batches() -> impl Strategy<Value = Batch> {
    let guards = vec((kinds(), 0u32..6, based()), 0..2);
    let events = vec((proptest::option::of(0u32..3), moments()), 0..3);
    (guards, vec(changes(), 1..4), events, vec(moments(), 0..2))
        .prop_map(|(guards, writes, events, messages)| Batch { guards, writes, events, messages })
}

fn changes() -> impl Strategy<Value = Change> {
    let maybe = || proptest::option::of(moments());
    prop_oneof![
        4 => (0u32..3, 0u32..4, proptest::option::weighted(0.2, moments()))
            .prop_map(|(user, email, closes_at)| Change::InsertUser { user, email, closes_at }),
        4 => (0u32..3, 0u32..4, maybe(), any::<bool>(), based()).prop_map(
            |(user, email, closes_at, new_epoch, based)| Change::ReplaceUser {
                user, email, closes_at, new_epoch, based,
            }
        ),
        2 => (0u32..3, based()).prop_map(|(user, based)| Change::RemoveUser { user, based }),
        4 => (0u32..6, 0u32..3, moments()).prop_map(
            |(session, user, expires_at)| Change::InsertSession { session, user, expires_at }
        ),
        4 => (0u32..6, moments(), any::<bool>(), based()).prop_map(
            |(session, expires_at, ends, based)| Change::ReplaceSession {
                session, expires_at, ends, based,
            }
        ),
        2 => (0u32..4, proptest::option::of(0u32..3), moments()).prop_map(
            |(invitation, inviter, expires_at)| Change::InsertInvitation {
                invitation, inviter, expires_at,
            }
        ),
        2 => (0u32..4, moments(), based()).prop_map(
            |(invitation, expires_at, based)| Change::ReplaceInvitation {
                invitation, expires_at, based,
            }
        ),
        2 => (0u32..4, 0u32..3, maybe())
            .prop_map(|(key, user, expires_at)| Change::InsertApiKey { key, user, expires_at }),
        2 => (0u32..4, maybe(), any::<bool>(), based()).prop_map(
            |(key, expires_at, revokes, based)| Change::ReplaceApiKey {
                key, expires_at, revokes, based,
            }
        ),
        2 => (0u32..4, moments())
            .prop_map(|(session, expires_at)| Change::InsertOnboarding { session, expires_at }),
        2 => (0u32..4, moments(), based()).prop_map(
            |(session, expires_at, based)| Change::ReplaceOnboarding { session, expires_at, based }
        ),
        1 => (0u32..4, moments()).prop_map(|(key, at)| Change::TouchApiKey { key, at }),
        1 => (0u32..5).prop_map(Change::ClearAttempts),
        2 => (0u32..5, proptest::option::weighted(0.3, moments()))
            .prop_map(|(key, window)| Change::RefundAttempt(key, window)),
    ]
}

fn sweeps() -> impl Strategy<Value = Sweep> {
    // A limit says how many go, and not which: with one that is reached, stores may differ.
    let by = || prop_oneof![Just(Timestamp::from_millis(0)), moments()];
    (by(), by(), by(), by(), by(), by()).prop_map(
        |(sessions, attempts, accounts, links, events, dead_letters)| Sweep {
            sessions_expired_by: sessions,
            attempts_idle_since: attempts,
            accounts_closed_by: accounts,
            links_expired_by: links,
            events_kept_since: events,
            dead_letters_buried_by: dead_letters,
            limit: 1000,
        },
    )
}

fn counts() -> impl Strategy<Value = CountAttempt> {
    (0u32..5, 1u32..4, 0u64..30, 0u64..30, moments()).prop_map(
        |(key, attempts, window, lock, now)| {
            let (window, lock) = (Duration::from_millis(window), Duration::from_millis(lock));
            let limit = AttemptLimit { attempts, window, lock, hard_stop: Some(6) };
            CountAttempt { key: counter(key), limit, now }
        },
    )
}

/// So few that records expire and consumers wait, and the greatest.
fn moments() -> impl Strategy<Value = Timestamp> {
    prop_oneof![19 => (1u64..60).prop_map(Timestamp::from_millis), 1 => Just(Timestamp::MAX)]
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Epoch), Just(Kind::Session), Just(Kind::NoSession)]
}

fn based() -> impl Strategy<Value = Based> {
    prop_oneof![6 => Just(Based::OnWhatIsThere), 1 => Just(Based::OnSomethingElse)]
}

fn consumers() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("log"), Just("a webhook\n")]
}

fn reasons() -> impl Strategy<Value = BurialReason> {
    prop_oneof![Just(BurialReason::Refused), Just(BurialReason::GivenUp)]
}

fn which() -> impl Strategy<Value = Option<Vec<u32>>> {
    proptest::option::of(vec(0u32..8, 0..3))
}
