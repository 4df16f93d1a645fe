//! What is measured.

use std::time::{Duration, Instant};

use testudo::Client;
use testudo::command::{Commit, FindSession, ListUsers, Write};
use testudo::flow::{Login, SessionPage};
use testudo::model::SessionId;
use testudo::token::AccessToken;
use testudo_driver::Store as _;

use crate::people::{PASSWORD, SignedTokens, address};
use crate::place::Place;

/// How many sessions are removed by one sweep.
pub(crate) const SWEPT: usize = 500;

/// An operation, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Bare,
    FindSession,
    Authenticate,
    Login,
    Refresh,
    LogoutAll,
    ListSessions,
    ListUsers,
    Sweep,
}

impl Operation {
    pub(crate) const ALL: [Self; 9] = [
        Self::Bare,
        Self::FindSession,
        Self::Authenticate,
        Self::Login,
        Self::Refresh,
        Self::LogoutAll,
        Self::ListSessions,
        Self::ListUsers,
        Self::Sweep,
    ];

    /// Those that are measured side by side, in the order in which they are shown.
    pub(crate) const GROUPS: [&[Self]; 7] = [
        &[Self::Bare, Self::FindSession, Self::Authenticate],
        &[Self::Login],
        &[Self::Refresh],
        &[Self::LogoutAll],
        &[Self::ListSessions],
        &[Self::ListUsers],
        &[Self::Sweep],
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare read",
            Self::FindSession => "find session",
            Self::Authenticate => "authenticate",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::LogoutAll => "logout all",
            Self::ListSessions => "list sessions",
            Self::ListUsers => "list 100 users",
            Self::Sweep => "sweep 500",
        }
    }

    /// How often, where each operation is measured `times` times.
    pub(crate) const fn times(self, times: usize) -> usize {
        match self {
            Self::Bare | Self::FindSession | Self::Authenticate => times.saturating_mul(4),
            Self::Sweep => times.div_ceil(50),
            _ => times,
        }
    }

    /// Does it once, at a random place; how long that took.
    pub(crate) async fn run(self, place: &mut Place) -> Duration {
        let here = Client::unknown();
        let index = fastrand::usize(..place.tokens.len());
        let access = place.tokens[index].access.clone();
        match self {
            Self::Bare => time(place.bare.read(session_of(&access))).await.0,
            Self::FindSession => {
                let find = FindSession { id: session_of(&access) };
                let (took, found) = time(place.auth.store().find_session(find)).await;
                assert!(found.unwrap().is_some());
                took
            }
            Self::Authenticate => {
                let (took, session) = time(place.auth.authenticate(&access)).await;
                session.unwrap();
                took
            }
            Self::Login => {
                let email = address(fastrand::usize(..place.size));
                self::login(place, &email).await.0
            }
            Self::Refresh => {
                let refresh = place.tokens[index].refresh.clone();
                let (took, refreshed) = time(place.auth.refresh(&refresh, &here)).await;
                let tokens = refreshed.unwrap().tokens;
                place.tokens[index].access = tokens.access.expose().to_owned();
                place.tokens[index].refresh = tokens.refresh.expose().to_owned();
                took
            }
            Self::LogoutAll => {
                place.tokens.swap_remove(index);
                let (took, done) = time(place.auth.logout_all(&access, &here)).await;
                done.unwrap();
                took
            }
            Self::ListSessions => {
                let page = SessionPage::default();
                let (took, listed) = time(place.auth.list_sessions(&access, page)).await;
                listed.unwrap();
                took
            }
            Self::ListUsers => {
                let list = ListUsers { after: Some(place.tokens[index].user), limit: 100 };
                let (took, listed) = time(place.auth.store().list_users(list)).await;
                listed.unwrap();
                took
            }
            Self::Sweep => {
                expire(place).await;
                let (took, swept) = time(place.auth.sweep()).await;
                assert_eq!(swept.unwrap().sessions, SWEPT as u64);
                took
            }
        }
    }
}

async fn time<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begun = Instant::now();
    let done = work.await;
    (begun.elapsed(), done)
}

fn session_of(access: &str) -> SessionId {
    AccessToken::parse(access).unwrap().session()
}

async fn login(place: &Place, email: &str) -> (Duration, SignedTokens) {
    let request = Login::new(email, PASSWORD.into());
    let (took, signed_in) = time(place.auth.login(request, &Client::unknown())).await;
    (took, SignedTokens::of(&signed_in.unwrap().signed_in().unwrap()))
}

async fn commit(place: &Place, writes: Vec<Write>) {
    let commit = Commit { writes, ..Commit::default() };
    place.auth.store().commit(commit).await.unwrap().unwrap();
}

/// Adds sessions that were over long ago, of users that there are not.
async fn expire(place: &Place) {
    let mut random = fastrand::Rng::new();
    let mut writes = Vec::new();
    let long = testudo::Duration::from_secs(200 * 86_400);
    for number in 0..SWEPT {
        let user = place.maker.user(&format!("gone-{number}@example.com"), &mut random);
        let mut session = place.maker.sign_in(user, &mut random).session;
        for moment in [
            &mut session.created_at,
            &mut session.auth_time,
            &mut session.refreshed_at,
            &mut session.access_expires_at,
            &mut session.expires_at,
        ] {
            *moment = testudo::Timestamp::from_millis(moment.as_millis() - long.as_millis());
        }
        writes.push(Write::InsertSession(Box::new(session)));
    }
    commit(place, writes).await;
}
