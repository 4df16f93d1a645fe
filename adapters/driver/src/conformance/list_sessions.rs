//! A user's live sessions are listed, newest first, page by page.

use testudo::command::ListSessions;
use testudo::model::{EndReason, Ended, Epoch, Session, SessionId, User};
use testudo::{Duration, Timestamp};

use super::observe::{Observe, insert_session, insert_user, replace_session};
use super::records::{NOW, session, user};
use crate::Store;

pub async fn live_sessions_are_listed_in_descending_order_of_their_ids<S: Store>(store: S) {
    let (ada, mut sessions) = ada_with_sessions(&store, 7).await;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
    assert_eq!(listed(&store, all(&ada)).await, sessions);
}

pub async fn pages_hold_every_session_once<S: Store>(store: S) {
    let (ada, sessions) = ada_with_sessions(&store, 7).await;
    let mut found = Vec::new();
    let mut page = ListSessions { limit: 3, ..all(&ada) };
    loop {
        let sessions = listed(&store, page).await;
        assert!(sessions.len() <= 3);
        found.extend(sessions.iter().map(|session| session.id));
        let Some(last) = sessions.last() else { break };
        page.before = Some(last.id);
    }
    let mut expected: Vec<_> = sessions.iter().map(|session| session.id).collect();
    expected.sort_by(|one, other| other.cmp(one));
    assert_eq!(found, expected);
    assert!(listed(&store, ListSessions { limit: 0, ..all(&ada) }).await.is_empty());
}

pub async fn sessions_of_others_of_other_epochs_and_ended_ones_are_not_listed<S: Store>(store: S) {
    let (ada, sessions) = ada_with_sessions(&store, 3).await;
    let eve = user(2);
    let foreign = live(session(50, &eve));
    let earlier = Session { epoch: Epoch::new(ada.epoch.get() + 1), ..live(session(51, &ada)) };
    let ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
    let ended = Session { ended, ..live(session(52, &ada)) };
    store.write([insert_user(&eve)]).await;
    store.write([&foreign, &earlier, &ended].map(insert_session)).await;
    assert_eq!(ids(&listed(&store, all(&ada)).await), sorted(&sessions));
    assert_eq!(ids(&listed(&store, all(&eve)).await), [foreign.id]);
    let moved_on = ListSessions { epoch: earlier.epoch, ..all(&ada) };
    assert_eq!(ids(&listed(&store, moved_on).await), [earlier.id]);

    let closed = Session { version: sessions[0].version.next(), ..sessions[0].clone() };
    let closed = Session { ended: ended.ended, ..closed };
    store.write([replace_session(&closed)]).await;
    assert_eq!(ids(&listed(&store, all(&ada)).await), sorted(&sessions[1..]));
}

pub async fn a_session_is_listed_until_it_is_idle_or_over<S: Store>(store: S) {
    let ada = user(1);
    let second = Duration::from_secs(1);
    let idle = Session { idle_timeout: second, ..live(session(1, &ada)) };
    let over = Session { expires_at: NOW + second, ..live(session(2, &ada)) };
    let endless = Session {
        idle_timeout: Duration::from_millis(i64::MAX.unsigned_abs()),
        expires_at: Timestamp::MAX,
        ..live(session(3, &ada))
    };
    store.write([insert_user(&ada)]).await;
    store.write([&idle, &over, &endless].map(insert_session)).await;
    let just_before = NOW + Duration::from_millis(999);
    for (now, expected) in [
        (NOW, sorted(&[idle.clone(), over.clone(), endless.clone()])),
        (just_before, sorted(&[idle, over, endless.clone()])),
        (NOW + second, vec![endless.id]),
    ] {
        assert_eq!(ids(&listed(&store, ListSessions { now, ..all(&ada) }).await), expected);
    }
}

/// A user with so many live sessions.
async fn ada_with_sessions<S: Store>(store: &S, count: u32) -> (User, Vec<Session>) {
    let ada = user(1);
    let sessions: Vec<_> = (1..=count).map(|number| live(session(number, &ada))).collect();
    store.write([insert_user(&ada)]).await;
    store.write(sessions.iter().map(insert_session)).await;
    (ada, sessions)
}

/// The session as one that began now and is good for days.
fn live(session: Session) -> Session {
    Session {
        refreshed_at: NOW,
        idle_timeout: Duration::from_days(1),
        expires_at: NOW + Duration::from_days(7),
        ended: None,
        ..session
    }
}

fn all(user: &User) -> ListSessions {
    ListSessions { user: user.id, epoch: user.epoch, now: NOW, before: None, limit: 100 }
}

async fn listed<S: Store>(store: &S, command: ListSessions) -> Vec<Session> {
    store.list_sessions(command).await.expect("list_sessions must not fail")
}

fn ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

/// The ids, newest first.
fn sorted(sessions: &[Session]) -> Vec<SessionId> {
    let mut ids = ids(sessions);
    ids.sort_by(|one, other| other.cmp(one));
    ids
}
