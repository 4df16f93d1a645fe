//! Records as clients see them. What does not stand here does not leave the server.

use std::net::IpAddr;

use serde::Serialize;
use testudo::Timestamp;
use testudo::flow::{Sessions, SignedIn};
use testudo::model::{JsonObject, Method, Session, SessionId, User, UserId};
use testudo::token::Tokens;

/// A user.
#[derive(Serialize)]
pub(crate) struct UserView<'a> {
    id: UserId,
    email: &'a str,
    is_verified: bool,
    is_active: bool,
    created_at: Timestamp,
    last_login: Option<Timestamp>,
    profile: &'a JsonObject,
    /// The names of the factors that are set up; there are no kinds of them yet.
    second_factors: [&'static str; 0],
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str(),
            is_verified: user.is_verified,
            is_active: user.is_active,
            created_at: user.created_at,
            last_login: user.last_login,
            profile: &user.profile,
            second_factors: [],
        }
    }
}

/// A pair of tokens.
#[derive(Serialize)]
pub(crate) struct TokensView<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    /// In whole seconds.
    expires_in: u64,
}

impl<'a> From<&'a Tokens> for TokensView<'a> {
    fn from(tokens: &'a Tokens) -> Self {
        Self {
            access_token: tokens.access.expose(),
            refresh_token: tokens.refresh.expose(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
        }
    }
}

/// What came of signing in.
#[derive(Serialize)]
pub(crate) struct SignInView<'a> {
    status: &'static str,
    user: UserView<'a>,
    #[serde(flatten)]
    tokens: TokensView<'a>,
}

impl<'a> SignInView<'a> {
    /// Nothing is owed: here are the tokens.
    pub(crate) fn completed(signed_in: &'a SignedIn) -> Self {
        Self {
            status: "completed",
            user: UserView::from(&signed_in.user),
            tokens: TokensView::from(&signed_in.tokens),
        }
    }
}

/// The sessions of a user, as one of them sees them.
#[derive(Serialize)]
pub(crate) struct SessionsView<'a> {
    sessions: Vec<SessionView<'a>>,
}

impl<'a> From<&'a Sessions> for SessionsView<'a> {
    fn from(sessions: &'a Sessions) -> Self {
        let current = Some(sessions.current);
        let views = sessions.sessions.iter().map(|session| SessionView::new(session, current));
        Self { sessions: views.collect() }
    }
}

/// A session. Nothing in it opens one.
#[derive(Serialize)]
pub(crate) struct SessionView<'a> {
    id: SessionId,
    current: bool,
    created_at: Timestamp,
    last_refreshed_at: Timestamp,
    /// When it ends if it is not refreshed before.
    expires_at: Timestamp,
    ip: Option<IpAddr>,
    user_agent: Option<&'a str>,
    methods: &'a [Method],
}

impl<'a> SessionView<'a> {
    /// A session as seen from `current`, if from one.
    pub(crate) fn new(session: &'a Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            current: current == Some(session.id),
            created_at: session.created_at,
            last_refreshed_at: session.refreshed_at,
            expires_at: session.refresh_expires_at(),
            ip: session.client.ip(),
            user_agent: session.client.user_agent(),
            methods: &session.methods,
        }
    }
}
