//! What may be done: to few records, so that they are replaced and come again under the same name.

use proptest::prelude::*;
use testudo::command::{Commit, CountAttempt, FindInvitation, FindOnboarding, Write};
use testudo::message::{BurialReason, ListMessages, SealedMessage};
use testudo::model::{
    ApiKey, ApiKeyId, AttemptKey, AttemptLimit, EndReason, Ended, EventId, Invitation,
    InvitationId, MessageId, OnboardingId, OnboardingSession, Session, SessionId, User, UserId,
};
use testudo::reference::Tables;
use testudo::{Duration, Timestamp};
use uuid::Uuid;

use crate::fixtures::{api_key, event, invitation, message, onboarding, session, user};

/// After so many guesses a counter stops for good.
pub(super) const HARD_STOP: u32 = 3;

/// Something that is done.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// In all less than what records are kept beyond their end: none goes by itself.
    Pass(Duration),
    Sweep,
    Count(u8),
    Send(u8),
    Bury(u8, BurialReason),
    Change(Change),
}

/// One write. A number names a record of its kind, a span is when the record ends, from then on.
#[derive(Clone, Debug)]
pub(super) enum Change {
    User { number: u8, closes: bool },
    RemoveUser(u8),
    Session { number: u8, of: u8, ends: Duration, is_refreshed: bool, is_ended: bool },
    Invitation { number: u8, of: Option<u8>, ends: Duration },
    ApiKey { number: u8, of: u8, ends: Option<Duration> },
    Touch(u8),
    Onboarding { number: u8, ends: Duration },
    Refund(u8),
    Clear(u8),
    Event { number: u8, of: Option<u8> },
    Message(u8),
}

pub(super) fn acts() -> impl Strategy<Value = Act> {
    let reason = prop_oneof![Just(BurialReason::Refused), Just(BurialReason::GivenUp)];
    prop_oneof![
        // Two hours and a half sixty times are less than a week.
        3 => (1u64..150).prop_map(|minutes| Act::Pass(Duration::from_minutes(minutes))),
        1 => Just(Act::Sweep),
        3 => (0u8..4).prop_map(Act::Count),
        1 => (0u8..4).prop_map(Act::Send),
        1 => (0u8..4, reason).prop_map(|(number, reason)| Act::Bury(number, reason)),
        16 => changes().prop_map(Act::Change),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    // Some are over soon, so that a sweep finds them.
    let spans = || {
        prop_oneof![
            (1u64..300).prop_map(Duration::from_minutes),
            (1u64..60).prop_map(Duration::from_days),
        ]
    };
    let maybe = || proptest::option::weighted(0.7, spans());
    prop_oneof![
        4 => (0u8..3, proptest::bool::weighted(0.2))
            .prop_map(|(number, closes)| Change::User { number, closes }),
        1 => (0u8..3).prop_map(Change::RemoveUser),
        5 => (0u8..4, 0u8..3, spans(), any::<bool>(), proptest::bool::weighted(0.3)).prop_map(
            |(number, of, ends, is_refreshed, is_ended)| Change::Session {
                number, of, ends, is_refreshed, is_ended,
            }
        ),
        4 => (0u8..4, proptest::option::of(0u8..3), spans())
            .prop_map(|(number, of, ends)| Change::Invitation { number, of, ends }),
        5 => (0u8..4, 0u8..3, maybe())
            .prop_map(|(number, of, ends)| Change::ApiKey { number, of, ends }),
        1 => (0u8..4).prop_map(Change::Touch),
        2 => (0u8..4, spans()).prop_map(|(number, ends)| Change::Onboarding { number, ends }),
        1 => (0u8..4).prop_map(Change::Refund),
        1 => (0u8..4).prop_map(Change::Clear),
        2 => (0u8..9, proptest::option::of(0u8..3))
            .prop_map(|(number, of)| Change::Event { number, of }),
        2 => (0u8..4).prop_map(Change::Message),
    ]
}

pub(super) fn counting(number: u8, now: Timestamp) -> CountAttempt {
    let window = Duration::from_minutes(30);
    let limit = AttemptLimit { attempts: 4, window, lock: window, hard_stop: Some(HARD_STOP) };
    CountAttempt { key: counter(number), limit, now }
}

pub(super) fn message_id(number: u8) -> MessageId {
    MessageId::from_uuid(id(number))
}

impl Change {
    /// The batch: an insert, or the replacement of what is there. Nothing, where there is nothing to write it about, or
    /// where it is there and cannot be replaced.
    ///
    /// `ends_move` says whether a session may be given another end. No flow does that; and where the index of its owner
    /// lies in another bucket, only the insert tells it how long to live.
    pub(super) fn batch(self, tables: &Tables, now: Timestamp, ends_move: bool) -> Option<Commit> {
        let mut batch = Commit::default();
        match self {
            Self::Event { number, of } => {
                // Whoever it is about may be gone.
                let mut record = event(&user("nobody@example.com"));
                record.id = EventId::from_uuid(id(number));
                if tables.events().iter().any(|known| known.id == record.id) {
                    return None;
                }
                record.user = of.map(user_id);
                record.at = now;
                batch.events.push(record);
            }
            Self::Message(number) => {
                let id = message_id(number);
                let all = ListMessages { state: None, after: None, limit: 100 };
                if tables.list_messages(&all).iter().any(|known| known.message.id == id) {
                    return None;
                }
                batch.messages.push(SealedMessage { id, created_at: now, ..message() });
            }
            other => batch.writes.push(other.write(tables, now, ends_move)?),
        }
        Some(batch)
    }

    fn write(self, tables: &Tables, now: Timestamp, ends_move: bool) -> Option<Write> {
        Some(match self {
            Self::User { number, closes } => put_user(tables, number, closes.then_some(now)),
            Self::RemoveUser(number) => {
                let user = find_user(tables, number)?;
                Write::RemoveUser { id: user.id, was: user.version }
            }
            Self::Session { number, of, ends, is_refreshed, is_ended } => {
                let known = tables.sessions().find(|it| *it.id.as_uuid() == id(number));
                let Some(known) = known.cloned() else {
                    return open_session(tables, number, of, now, now + ends, is_ended);
                };
                let mut next = Session { version: known.version.next(), ..known.clone() };
                if is_refreshed {
                    next.refreshed_at = now;
                }
                if is_ended {
                    next.ended = Some(Ended { at: now, reason: EndReason::SignedOut });
                }
                if ends_move {
                    next.expires_at = now + ends;
                }
                Write::ReplaceSession { session: Box::new(next), was: known.version }
            }
            Self::Invitation { number, of, ends } => {
                put_invitation(tables, number, of, now, now + ends)
            }
            Self::ApiKey { number, of, ends } => {
                put_api_key(tables, number, of, now, ends.map(|span| now + span))?
            }
            Self::Touch(number) => {
                let id = tables.api_keys().find(|it| *it.id.as_uuid() == id(number))?.id;
                Write::TouchApiKey { id, at: now }
            }
            Self::Onboarding { number, ends } => put_onboarding(tables, number, now, now + ends),
            Self::Refund(number) => {
                let key = counter(number);
                let (_, counted) = tables.attempts().find(|(known, _)| **known == key)?;
                Write::RefundAttempt { key, window: counted.window_end }
            }
            Self::Clear(number) => Write::ClearAttempts(counter(number)),
            Self::Event { .. } | Self::Message(_) => return None,
        })
    }
}

fn put_user(tables: &Tables, number: u8, closes_at: Option<Timestamp>) -> Write {
    let Some(known) = find_user(tables, number) else {
        let new = User { id: user_id(number), closes_at, ..user(&email(number, 1)) };
        return Write::InsertUser(Box::new(new));
    };
    // Each time with another address.
    let email = user(&email(number, known.version.get() + 1)).email;
    let next = User { email, closes_at, version: known.version.next(), ..known.clone() };
    Write::ReplaceUser { user: Box::new(next), was: known.version }
}

/// One that is ended from the start is what stands for a token that was revoked without a record.
fn open_session(
    tables: &Tables,
    number: u8,
    of: u8,
    now: Timestamp,
    expires_at: Timestamp,
    is_ended: bool,
) -> Option<Write> {
    let owner = find_user(tables, of)?;
    let ended = is_ended.then_some(Ended { at: now, reason: EndReason::Revoked });
    let id = SessionId::from_uuid(id(number));
    let new =
        Session { id, created_at: now, refreshed_at: now, expires_at, ended, ..session(owner) };
    Some(Write::InsertSession(Box::new(new)))
}

fn put_invitation(
    tables: &Tables,
    number: u8,
    of: Option<u8>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Write {
    let id = InvitationId::from_uuid(id(number));
    if let Some(known) = tables.find_invitation(&FindInvitation { id }) {
        let was = known.version;
        let next = Invitation { expires_at, version: was.next(), ..known };
        return Write::ReplaceInvitation { invitation: Box::new(next), was };
    }
    let inviter = of.and_then(|number| find_user(tables, number));
    let new = Invitation { id, created_at: now, expires_at, ..invitation(inviter) };
    Write::InsertInvitation(Box::new(new))
}

fn put_api_key(
    tables: &Tables,
    number: u8,
    of: u8,
    now: Timestamp,
    expires_at: Option<Timestamp>,
) -> Option<Write> {
    let id = ApiKeyId::from_uuid(id(number));
    if let Some(known) = tables.api_keys().find(|it| it.id == id) {
        let was = known.version;
        let next = ApiKey { expires_at, version: was.next(), ..known.clone() };
        return Some(Write::ReplaceApiKey { key: Box::new(next), was });
    }
    let owner = find_user(tables, of)?;
    let new = ApiKey { id, created_at: now, expires_at, ..api_key(owner) };
    Some(Write::InsertApiKey(Box::new(new)))
}

fn put_onboarding(tables: &Tables, number: u8, now: Timestamp, expires_at: Timestamp) -> Write {
    let id = OnboardingId::from_uuid(id(number));
    if let Some(known) = tables.find_onboarding(&FindOnboarding { id }) {
        let was = known.version;
        let next = OnboardingSession { expires_at, version: was.next(), ..known };
        return Write::ReplaceOnboarding { session: Box::new(next), was };
    }
    let new = OnboardingSession { id, created_at: now, expires_at, ..onboarding() };
    Write::InsertOnboarding(Box::new(new))
}

fn find_user(tables: &Tables, number: u8) -> Option<&User> {
    tables.users().find(|user| user.id == user_id(number))
}

fn user_id(number: u8) -> UserId {
    UserId::from_uuid(id(number))
}

fn email(number: u8, version: u64) -> String {
    format!("{number}-{version}@example.com")
}

/// Counters of accounts, whose addresses are there or were, and of nobody.
fn counter(number: u8) -> AttemptKey {
    match number {
        0..=2 => AttemptKey::login_account(user(&email(number, 1)).email.key()),
        _ => AttemptKey::login_network([192, 0, 2, 1].into()),
    }
}

fn id(number: u8) -> Uuid {
    Uuid::from_u64_pair(7, u64::from(number) + 1)
}
