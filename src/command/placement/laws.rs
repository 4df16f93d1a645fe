//! The laws of split batches: over stores of their own, parts are as they would be in one, as long as nobody comes
//! between.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;
use uuid::Uuid;

use super::*;
use crate::command::Conflict;
use crate::event::{Event, EventRecord};
use crate::keys::KeyId;
use crate::message::SealedMessage;
use crate::model::{
    AttemptKey, Client, Digest, EmailKey, EndReason, Ended, Epoch, EventId, JsonObject, MessageId,
    OnboardingId, OnboardingSession, Session, SessionId, User, UserId, Version,
};
use crate::password::PasswordHash;
use crate::reference::Tables;
use crate::time::{Duration, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn uuid(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

fn user(number: u8) -> User {
    let password = PasswordHash::from_stored("!".to_owned());
    let email = format!("user-{number}@example.com").parse().unwrap();
    User::new(UserId::from_uuid(uuid(number)), email, password, NOW)
}

fn session(number: u8, is_over: bool) -> Session {
    Session {
        id: SessionId::from_uuid(uuid(number)),
        user: user(1).id,
        epoch: Epoch::FIRST,
        methods: Vec::new(),
        auth_time: NOW,
        client: Client::unknown(),
        created_at: NOW,
        refreshed_at: NOW,
        idle_timeout: Duration::from_days(1),
        expires_at: NOW,
        access_expires_at: NOW,
        generation: 0,
        chain_key: KeyId::from_bytes([0; 8]),
        refresh_digest: Digest::of(&[number]),
        access_digest: Digest::of(&[number]),
        claims: JsonObject::new(),
        ended: is_over.then_some(Ended { at: NOW, reason: EndReason::Revoked }),
        version: Version::FIRST,
    }
}

fn onboarding(number: u8) -> OnboardingSession {
    OnboardingSession {
        id: OnboardingId::from_uuid(uuid(number)),
        digest: Digest::of(&[number]),
        sealed: Vec::new(),
        created_at: NOW,
        expires_at: NOW,
        version: Version::FIRST,
    }
}

fn counter(number: u8) -> AttemptKey {
    AttemptKey::login_account(&EmailKey::from_stored(format!("user-{number}@example.com")))
}

/// One of everything, the first of its kind, and one counter.
fn records() -> Tables {
    let mut tables = Tables::new();
    let mut batch = Commit::new();
    batch.writes = vec![
        Write::InsertUser(Box::new(user(1))),
        Write::InsertSession(Box::new(session(1, false))),
        Write::InsertOnboarding(Box::new(onboarding(1))),
    ];
    tables.commit(batch).unwrap();
    tables.count_attempt(&crate::command::CountAttempt {
        key: counter(1),
        limit: crate::Policy::default().login_account,
        now: NOW,
    });
    tables
}

/// Parts of a batch: each record is named once, and whether what was read still holds is up to chance.
fn batches() -> impl Strategy<Value = Commit> {
    let versions = prop::sample::select(vec![Version::FIRST, Version::FIRST.next()]);
    let epochs = prop::sample::select(vec![Epoch::FIRST, Epoch::FIRST.next()]);
    let guards = (epochs, versions.clone(), 2u8..4).prop_map(|(epoch, version, absent)| {
        let (user, of_session) = (user(1).id, session(1, false).id);
        vec![
            Guard::UserEpoch { id: user, epoch },
            Guard::SessionVersion { id: of_session, version },
            Guard::NoSession { id: session(absent, false).id },
        ]
    });
    let writes = (versions, any::<[bool; 3]>()).prop_map(|(was, over)| {
        let replaced = Session { version: was.next(), ..session(1, over[0]) };
        vec![
            Write::ReplaceUser { user: Box::new(User { version: was.next(), ..user(1) }), was },
            Write::InsertUser(Box::new(user(2))),
            Write::ReplaceSession { session: Box::new(replaced), was },
            Write::InsertSession(Box::new(session(2, over[1]))),
            Write::ReplaceOnboarding {
                session: Box::new(OnboardingSession { version: was.next(), ..onboarding(1) }),
                was,
            },
            Write::InsertOnboarding(Box::new(onboarding(2))),
            Write::ClearAttempts(counter(1)),
            Write::ClearAttempts(counter(2)),
        ]
    });
    let guards = guards.prop_flat_map(|all| subsequence(all, 0..=3));
    let writes = writes.prop_flat_map(|all| subsequence(all, 0..=8).prop_shuffle());
    (guards, writes, 0u8..3, 0u8..2).prop_map(|(guards, writes, events, messages)| Commit {
        guards,
        writes,
        events: (0..events).map(event).collect(),
        messages: (0..messages).map(message).collect(),
    })
}

fn event(number: u8) -> EventRecord {
    EventRecord {
        id: EventId::from_uuid(uuid(number)),
        at: NOW,
        user: None,
        session: None,
        client: Client::unknown(),
        event: Event::UserLogout,
    }
}

fn message(number: u8) -> SealedMessage {
    SealedMessage { id: MessageId::from_uuid(uuid(number)), created_at: NOW, sealed: vec![number] }
}

fn placements() -> impl Strategy<Value = Placement> {
    any::<[u8; 5]>().prop_map(|stores| {
        Part::ALL
            .into_iter()
            .zip(stores)
            .fold(Placement::together(0), |placement, (part, store)| {
                placement.place(part, usize::from(store % 5))
            })
    })
}

/// What stands in one part of some records.
fn look(tables: &Tables, part: Part) -> String {
    match part {
        Part::Users => format!("{:?}", tables.users().collect::<Vec<_>>()),
        Part::Sessions => format!("{:?}", tables.sessions().collect::<Vec<_>>()),
        Part::Counters => format!("{:?}", tables.attempts().collect::<Vec<_>>()),
        Part::Onboarding => format!("{:?}", tables.onboarding().collect::<Vec<_>>()),
        Part::Outbox => {
            format!("{:?}{:?}", tables.events(), tables.messages().collect::<Vec<_>>())
        }
    }
}

/// Carries shares out, each in a store of its own; how far it came.
fn carry_out(shares: Vec<Share>, stores: &mut [Tables; 5]) -> Result<(), Conflict> {
    shares.into_iter().try_for_each(|Share { store, batch }| stores[store].commit(batch))
}

fn names<T: std::fmt::Debug>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| format!("{item:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_several_stores_a_batch_comes_to_what_it_comes_to_in_one(
        batch in batches(),
        placement in placements(),
    ) {
        let mut whole = records();
        let applied = whole.commit(batch.clone());
        let mut stores = [(); 5].map(|()| records());
        let split = carry_out(batch.clone().split(&placement), &mut stores);
        prop_assert_eq!(split, applied);
        if applied.is_ok() {
            for part in Part::ALL {
                let there = look(&stores[placement.store_of(part)], part);
                prop_assert_eq!(there, look(&whole, part), "{:?}", part);
            }
        }
    }

    /// What flows read is what they guard, and sessions at the version that was read.
    #[test]
    fn what_is_guarded_conflicts_before_anything_is_written(
        batch in batches(),
        placement in placements(),
    ) {
        let mut guards = batch.guards.clone();
        guards.extend(batch.writes.iter().filter_map(Write::presumes));
        let alone = Commit { guards, ..Commit::new() };
        let holds = records().commit(alone).is_ok();
        let mut stores = [(); 5].map(|()| records());
        let _ = carry_out(batch.split(&placement), &mut stores);
        let is_unchanged = stores.iter().all(|store| *store == records());
        prop_assert!(holds || is_unchanged);
    }

    #[test]
    fn every_store_writes_once_and_all_is_written_in_the_order_of_the_batch(
        batch in batches(),
        placement in placements(),
    ) {
        let shares = batch.clone().split(&placement);
        let is_check = |share: &&Share| {
            let Commit { guards: _, writes, events, messages } = &share.batch;
            writes.is_empty() && events.is_empty() && messages.is_empty()
        };
        let checks = shares.iter().take_while(is_check).count();
        prop_assert!(!shares.iter().skip(checks).any(|share| is_check(&share)));
        let writing: Vec<_> = shares.iter().skip(checks).map(|share| share.store).collect();
        prop_assert_eq!(writing.iter().collect::<BTreeSet<_>>().len(), writing.len());
        let written = |part: Part| {
            let all = shares.iter().flat_map(|share| &share.batch.writes);
            names(all.filter(|write| write.part() == part))
        };
        for part in Part::ALL {
            let wanted = batch.writes.iter().filter(|write| write.part() == part);
            prop_assert_eq!(written(part), names(wanted));
        }
        for share in &shares {
            let here = |part| placement.store_of(part) == share.store;
            prop_assert!(share.batch.writes.iter().all(|write| here(write.part())));
            prop_assert!(share.batch.guards.iter().all(|guard| here(guard.part())));
            prop_assert!(share.batch.events.is_empty() || here(Part::Outbox));
        }
        let told: usize = shares.iter().map(|share| share.batch.events.len()).sum();
        prop_assert_eq!(told, batch.events.len());
    }

    #[test]
    fn what_is_told_is_told_with_the_writes_of_its_store_or_right_behind_the_first(
        batch in batches(),
        placement in placements(),
    ) {
        let tells = |share: &Share| !share.batch.events.is_empty();
        let writes = |share: &Share| !share.batch.writes.is_empty();
        let shares = batch.clone().split(&placement);
        let Some(told) = shares.iter().position(tells) else { return Ok(()) };
        let earlier = shares.iter().take(told).filter(|share| writes(share)).count();
        if writes(&shares[told]) {
            return Ok(());
        }
        prop_assert_eq!(earlier, usize::from(!batch.writes.is_empty()));
    }
}
