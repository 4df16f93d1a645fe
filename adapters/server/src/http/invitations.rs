//! Invitations: making, listing, revoking and accepting them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::flow::{AcceptInvitation, InvitationPage, Invite};
use testudo::model::JsonObject;
use testudo::password::Password;
use testudo::{Duration, Secret};

use super::Shared;
use super::bearer::Bearer;
use super::body::Fields;
use super::client::RequestClient;
use super::problem::{Code, Problem};
use crate::views::{InvitationsView, InvitedView};

/// `POST /auth/invitations`
pub(super) async fn invite(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    fields: Fields,
) -> Result<Response, Problem> {
    if !server.users_invite {
        // Who has no token learns nothing of the settings.
        server.auth.authenticate(bearer.token()).await.map_err(|no| server.problem(no))?;
        let detail = "users of this server invite nobody: its operator may allow it";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let request = fields.read(|fields| Invite {
        email: fields.optional_text("email"),
        seats: fields.optional_count("seats").unwrap_or(1),
        expires_in: fields.optional_number("expires_in").map(Duration::from_secs),
        data: fields.object("data"),
    })?;
    let invited = server.auth.invite(bearer.token(), request, &client).await;
    let invited = invited.map_err(|no| server.problem(no))?;
    Ok((StatusCode::CREATED, Json(InvitedView::new(&invited, server.auth.now()))).into_response())
}

/// `GET /auth/invitations`
pub(super) async fn list(State(server): Shared, bearer: Bearer) -> Result<Response, Problem> {
    let listed = server.auth.list_invitations(bearer.token(), InvitationPage::default()).await;
    let invitations = listed.map_err(|no| server.problem(no))?;
    let now = server.auth.now();
    Ok(Json(InvitationsView::new(&invitations, now)).into_response())
}

/// `DELETE /auth/invitations/{id}`
pub(super) async fn revoke(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = server.named(&id, &bearer).await?;
    let revoked = server.auth.revoke_invitation(bearer.token(), id, &client).await;
    revoked.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/invitations/accept`
pub(super) async fn accept(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let request = fields.read(|fields| AcceptInvitation {
        token: Secret::new(fields.text("token")),
        email: fields.optional_text("email"),
        password: Password::new(fields.text("password")),
        // The profile is the application's: who accepts has no say in it (ASVS 5.0 15.3.3).
        profile: JsonObject::new(),
    })?;
    server.auth.accept_invitation(request, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
