//! Records as clients see them, for answers of your own. What does not stand here does not leave the server.

mod onboarding;
mod second_factors;

pub use onboarding::{
    ChoiceView, FieldView, HintView, OnboardingStatus, OnboardingView, ValidationView,
};
pub use second_factors::{RecoveryCodesView, SecondFactorsView, TotpSeedView};

use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;
use testudo::event::EventRecord;
use testudo::flow::{Invited, ListedApiKey, Sessions, SignedIn};
use testudo::model::{
    ApiKey, ApiKeyId, ApiKeyState, Email, EventId, Invitation, InvitationId, JsonObject, Method,
    Session, SessionId, User, UserId,
};
use testudo::token::Tokens;
use testudo::{Secret, Timestamp};
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: UserId,
    email: &'a str,
    is_verified: bool,
    is_active: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_login: Option<Timestamp>,
    #[schema(value_type = Object, additional_properties)]
    profile: &'a JsonObject,
    /// The names of the factors that are set up: `totp`, an authenticator app.
    second_factors: &'static [&'static str],
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
            second_factors: if user.totp.is_some() { &["totp"] } else { &[] },
        }
    }
}

/// A pair of tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensView<'a> {
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignIn)]
pub struct SignInView<'a> {
    status: &'static str,
    user: UserView<'a>,
    #[serde(flatten)]
    tokens: TokensView<'a>,
}

impl<'a> SignInView<'a> {
    /// Nothing is owed: here are the tokens.
    pub fn completed(signed_in: &'a SignedIn) -> Self {
        Self {
            status: "completed",
            user: UserView::from(&signed_in.user),
            tokens: TokensView::from(&signed_in.tokens),
        }
    }
}

/// Tokens that are in cookies.
#[derive(Debug, Serialize)]
pub struct InCookiesView<'a> {
    /// In whole seconds.
    expires_in: u64,
    /// Shows in `X-CSRF-Token` that a request comes from a page of this session.
    csrf_token: &'a str,
}

impl<'a> InCookiesView<'a> {
    pub(crate) fn new(tokens: &Tokens, csrf_token: &'a Secret<String>) -> Self {
        Self { expires_in: tokens.expires_in.as_secs(), csrf_token: csrf_token.expose() }
    }
}

/// What came of signing in, where tokens are in cookies.
#[derive(Debug, Serialize)]
pub struct SignedInView<'a> {
    status: &'static str,
    user: UserView<'a>,
    #[serde(flatten)]
    cookies: InCookiesView<'a>,
}

impl<'a> SignedInView<'a> {
    pub(crate) fn new(user: &'a User, cookies: InCookiesView<'a>) -> Self {
        Self { status: "completed", user: UserView::from(user), cookies }
    }
}

/// The sessions of a user, as one of them sees them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sessions)]
pub struct SessionsView<'a> {
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_refreshed_at: Timestamp,
    /// When it ends if it is not refreshed before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, required)]
    ip: Option<IpAddr>,
    #[schema(required)]
    user_agent: Option<&'a str>,
    #[schema(value_type = Vec<String>)]
    methods: &'a [Method],
}

impl<'a> SessionView<'a> {
    /// A session as seen from `current`, if from one.
    pub fn new(session: &'a Session, current: Option<SessionId>) -> Self {
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

/// What happened to a user's account, as they see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Audit)]
pub struct AuditView<'a> {
    events: Vec<AuditEntryView<'a>>,
}

impl<'a> From<&'a [EventRecord]> for AuditView<'a> {
    fn from(events: &'a [EventRecord]) -> Self {
        Self { events: events.iter().map(AuditEntryView::from).collect() }
    }
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryView<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: EventId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    r#type: &'static str,
    #[schema(value_type = Option<String>, format = "uuid", required)]
    session: Option<SessionId>,
    #[schema(value_type = Option<String>, required)]
    ip: Option<IpAddr>,
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// What else there is to tell, by kind.
    #[schema(value_type = Object, additional_properties)]
    details: JsonObject,
}

impl<'a> From<&'a EventRecord> for AuditEntryView<'a> {
    fn from(record: &'a EventRecord) -> Self {
        let EventRecord { id, at, user: _, session, client, event } = record;
        let mut details = match serde_json::to_value(event) {
            Ok(Value::Object(details)) => details,
            _ => JsonObject::new(),
        };
        details.remove("type");
        Self {
            id: *id,
            at: *at,
            r#type: event.kind().as_str(),
            session: *session,
            ip: client.ip(),
            user_agent: client.user_agent(),
            details,
        }
    }
}

/// An API key. Nothing in it is the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyView<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: ApiKeyId,
    name: &'a str,
    scopes: &'a [String],
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
    /// Whether it is good for anything now.
    active: bool,
}

impl<'a> ApiKeyView<'a> {
    const fn new(key: &'a ApiKey, active: bool) -> Self {
        Self {
            id: key.id,
            name: key.name.as_str(),
            scopes: key.scopes.as_slice(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            active,
        }
    }
}

/// The API keys of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub struct ApiKeysView<'a> {
    api_keys: Vec<ApiKeyView<'a>>,
}

impl<'a> From<&'a [ListedApiKey]> for ApiKeysView<'a> {
    fn from(keys: &'a [ListedApiKey]) -> Self {
        let view = |listed: &'a ListedApiKey| {
            ApiKeyView::new(&listed.key, listed.state == ApiKeyState::Live)
        };
        Self { api_keys: keys.iter().map(view).collect() }
    }
}

/// A key that was just made, with the key itself: it is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub struct NewApiKeyView<'a> {
    key: &'a str,
    api_key: ApiKeyView<'a>,
}

impl<'a> NewApiKeyView<'a> {
    /// The key's record, and the key.
    pub fn new(key: &'a ApiKey, secret: &'a Secret<String>) -> Self {
        Self { key: secret.expose(), api_key: ApiKeyView::new(key, true) }
    }
}

/// A key that a request came with, and for whom it acts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsedApiKey)]
pub struct UsedApiKeyView<'a> {
    #[schema(value_type = String, format = "uuid")]
    user: UserId,
    #[serde(flatten)]
    key: ApiKeyView<'a>,
}

impl<'a> From<&'a ApiKey> for UsedApiKeyView<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self { user: key.user, key: ApiKeyView::new(key, true) }
    }
}

/// An invitation. Nothing in it accepts one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: InvitationId,
    #[schema(required)]
    email: Option<&'a str>,
    seats: u32,
    taken: u32,
    #[schema(value_type = Object, additional_properties)]
    data: &'a JsonObject,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    revoked_at: Option<Timestamp>,
    /// Whether somebody may accept it now.
    open: bool,
}

impl<'a> InvitationView<'a> {
    fn new(invitation: &'a Invitation, now: Timestamp) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email.as_ref().map(Email::as_str),
            seats: invitation.seats,
            taken: invitation.taken,
            data: &invitation.data,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            revoked_at: invitation.revoked_at,
            open: invitation.is_open(now),
        }
    }
}

/// The invitations of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitations)]
pub struct InvitationsView<'a> {
    invitations: Vec<InvitationView<'a>>,
}

impl<'a> InvitationsView<'a> {
    /// The invitations as they are now.
    pub fn new(invitations: &'a [Invitation], now: Timestamp) -> Self {
        let view = |invitation| InvitationView::new(invitation, now);
        Self { invitations: invitations.iter().map(view).collect() }
    }
}

/// An invitation that was just made, with its token where that goes by no mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invited)]
pub struct InvitedView<'a> {
    invitation: InvitationView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

impl<'a> InvitedView<'a> {
    /// What came of inviting somebody, now.
    pub fn new(invited: &'a Invited, now: Timestamp) -> Self {
        let token = invited.token.as_ref().map(|token| token.expose().as_str());
        Self { invitation: InvitationView::new(&invited.invitation, now), token }
    }
}
