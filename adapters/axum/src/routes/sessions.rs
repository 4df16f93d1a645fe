//! Signing in, staying signed in, signing out.
//!
//! Here as in the files beside it each route is one function: it reads the request, runs the flow, and shows
//! the outcome.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::flow::{Login, SessionPage};
use testudo::model::JsonObject;
use testudo::password::Password;
use zeroize::Zeroizing;

use crate::CurrentUser;
use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::{OwnPage, Presented, RefreshCookie};
use crate::issued;
use crate::problem::Problem;
use crate::views::{SessionsView, UserView};

/// `POST /auth/login`
pub(super) async fn login(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    page: OwnPage,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| Login {
        email: fields.text("email"),
        password: Password::new(fields.text("password")),
        new_password: fields.optional_text("new_password").map(Password::new),
        remember: fields.flag("remember"),
        claims: JsonObject::new(),
    })?;
    let signed_in =
        testudo.auth().login(request, &client).await.map_err(|no| testudo.problem(no))?;
    if let Some(replaced) = page.replaced {
        // It may be over already. If the store does not answer now, it ends by itself.
        let _ = testudo.auth().logout(replaced.expose(), &client).await;
    }
    issued::signed_in(&testudo, &signed_in)
}

/// `POST /auth/refresh`
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
pub(super) async fn logout(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    testudo.auth().logout(presented.token(), &client).await.map_err(|no| testudo.problem(no))?;
    issued::signed_out(&testudo)
}

/// `POST /auth/logout-all`
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
pub(super) async fn me(CurrentUser(user): CurrentUser) -> Response {
    Json(UserView::from(&user)).into_response()
}

/// `GET /auth/sessions`
pub(super) async fn sessions(
    State(testudo): State<Testudo>,
    presented: Presented,
) -> Result<Response, Problem> {
    let page = SessionPage::default();
    let listed = testudo.auth().list_sessions(presented.token(), page).await;
    let sessions = listed.map_err(|no| testudo.problem(no))?;
    Ok(Json(SessionsView::from(&sessions)).into_response())
}

/// `DELETE /auth/sessions/{id}`
pub(super) async fn revoke_session(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(&id, &presented).await?;
    let ended = testudo.auth().revoke_session(presented.token(), id, &client).await;
    ended.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
