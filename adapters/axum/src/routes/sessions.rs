//! Signing in, staying signed in, signing out.
//!
//! Here as in the files beside it each route is one function: it reads the request, runs the flow, and shows
//! the outcome.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::flow::{Login, SessionPage};
use testudo::model::JsonObject;
use testudo::onboarding::SignIn;
use testudo::password::Password;
use zeroize::Zeroizing;

use crate::CurrentUser;
use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::{OwnPage, Presented, RefreshCookie};
use crate::in_path::InPath;
use crate::issued;
use crate::problem::{Code, Problem};
use crate::views::{OnboardingView, SessionsView, SignInView, TokensView, UserView};
use utoipa::ToSchema;

/// Address and password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct LoginBody {
    email: String,
    password: String,
    /// Keep the session for longer.
    #[schema(default = false, required = false)]
    remember: bool,
}

/// User and tokens, or the steps that are left.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, clippy::large_enum_variant, reason = "it describes an answer")]
pub(super) enum SignInAnswer<'a> {
    Completed(SignInView<'a>),
    Owing(OnboardingView<'a>),
}

/// A refresh token, good for one exchange.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct RefreshBody {
    refresh_token: String,
}

/// What is to change of oneself.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct UpdateMeBody {
    /// A value for each field of the profile that is to change; `null` takes an optional one out.
    #[schema(value_type = Object, additional_properties)]
    profile: JsonObject,
}

/// `POST /auth/login`
#[utoipa::path(
    post,
    path = "/login",
    tag = "sessions",
    request_body = LoginBody,
    responses((
        status = 200,
        description = "Signed in, or what is still owed: a second factor, say",
        body = SignInAnswer,
    )),
    extensions(("x-codes" = json!([Code::InvalidCredentials, Code::RateLimited, Code::Overloaded]))),
)]
pub(super) async fn login(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    page: OwnPage,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| Login {
        email: fields.text("email"),
        password: Password::new(fields.text("password")),
        remember: fields.flag("remember"),
        claims: JsonObject::new(),
    })?;
    let sign_in = testudo.auth().login(request, &client).await.map_err(|no| testudo.problem(no))?;
    if let (Some(replaced), SignIn::Completed(_)) = (page.replaced, &sign_in) {
        // It may be over already. If the store does not answer now, it ends by itself.
        let _ = testudo.auth().logout(replaced.expose(), &client).await;
    }
    issued::sign_in(&testudo, &sign_in)
}

/// `POST /auth/refresh`
#[utoipa::path(
    post,
    path = "/refresh",
    tag = "sessions",
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair of tokens", body = TokensView)),
    extensions(("x-codes" = json!([Code::InvalidToken, Code::ExpiredToken, Code::RevokedToken, Code::StepUpRequired]))),
)]
pub(super) async fn refresh(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("refresh_token")))?;
    let refreshed =
        testudo.auth().refresh(&token, &client).await.map_err(|no| testudo.problem(no))?;
    issued::refreshed(&testudo, &refreshed)
}

/// `POST /auth/refresh` where tokens are in cookies: there is no body.
pub(super) async fn refresh_cookies(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    RefreshCookie(token): RefreshCookie,
) -> Result<Response, Problem> {
    let refreshed =
        testudo.auth().refresh(token.expose(), &client).await.map_err(|no| testudo.problem(no))?;
    issued::refreshed(&testudo, &refreshed)
}

/// `POST /auth/logout`
#[utoipa::path(
    post,
    path = "/logout",
    tag = "sessions",
    responses((status = 204, description = "This session is over")),
    security(("access_token" = [])),
)]
pub(super) async fn logout(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    testudo.auth().logout(presented.token(), &client).await.map_err(|no| testudo.problem(no))?;
    issued::signed_out(&testudo)
}

/// `POST /auth/logout-all`
#[utoipa::path(
    post,
    path = "/logout-all",
    tag = "sessions",
    responses((status = 204, description = "All sessions of the user are over")),
    security(("access_token" = [])),
)]
pub(super) async fn logout_all(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    testudo
        .auth()
        .logout_all(presented.token(), &client)
        .await
        .map_err(|no| testudo.problem(no))?;
    issued::signed_out(&testudo)
}

/// `GET /auth/me`
#[utoipa::path(
    get,
    path = "/me",
    tag = "sessions",
    responses((status = 200, description = "Who asks", body = UserView)),
    security(("access_token" = [])),
)]
pub(super) async fn me(CurrentUser(user): CurrentUser) -> Response {
    Json(UserView::from(&user)).into_response()
}

/// `PATCH /auth/me`
#[utoipa::path(
    patch,
    path = "/me",
    tag = "sessions",
    request_body = UpdateMeBody,
    responses((status = 200, description = "Who asks, as they are now", body = UserView)),
    security(("access_token" = [])),
)]
pub(super) async fn update_me(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<Response, Problem> {
    let profile = fields.read(|fields| fields.required_object("profile"))?;
    let updated = testudo.auth().update_profile(presented.token(), profile.into(), &client).await;
    let user = updated.map_err(|no| testudo.problem(no))?;
    Ok(Json(UserView::from(&user)).into_response())
}

/// `GET /auth/sessions`
#[utoipa::path(
    get,
    path = "/sessions",
    tag = "sessions",
    responses((status = 200, description = "The 100 newest live sessions, newest first", body = SessionsView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::NotFound]))),
)]
pub(super) async fn sessions(
    State(testudo): State<Testudo>,
    presented: Presented,
) -> Result<Response, Problem> {
    let page = SessionPage::default();
    let listed = testudo.auth().list_sessions(presented.token(), page).await;
    let sessions = listed.map_err(|no| testudo.problem(no))?;
    Ok(Json(SessionsView::from(&sessions)).into_response())
}

/// `DELETE /auth/sessions`
#[utoipa::path(
    delete,
    path = "/sessions",
    tag = "sessions",
    responses((status = 204, description = "All sessions of the user but this one are over")),
    security(("access_token" = [])),
)]
pub(super) async fn end_others(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<StatusCode, Problem> {
    let ended = testudo.auth().end_other_sessions(presented.token(), &client).await;
    ended.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /auth/sessions/{id}`
#[utoipa::path(
    delete,
    path = "/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is over")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::NotFound]))),
)]
pub(super) async fn revoke_session(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    id: InPath,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(id, &presented).await?;
    let ended = testudo.auth().revoke_session(presented.token(), id, &client).await;
    ended.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
