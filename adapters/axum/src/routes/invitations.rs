//! Invitations: making, listing, revoking and accepting them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::flow::{AcceptInvitation, InvitationPage, Invite};
use testudo::model::JsonObject;
use testudo::password::Password;
use testudo::{Duration, Secret};

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::{Code, Problem};
use crate::views::{InvitationsView, InvitedView};

/// `POST /auth/invitations`
pub(super) async fn invite(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<Response, Problem> {
    if !testudo.users_invite {
        // Who has no token learns nothing of the settings.
        testudo.auth().authenticate(presented.token()).await.map_err(|no| testudo.problem(no))?;
        let detail = "users of this server invite nobody: its operator may allow it";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let request = fields.read(|fields| Invite {
        email: fields.optional_text("email"),
        seats: fields.optional_count("seats").unwrap_or(1),
        expires_in: fields.optional_number("expires_in").map(Duration::from_secs),
        data: fields.object("data"),
    })?;
    let invited = testudo.auth().invite(presented.token(), request, &client).await;
    let invited = invited.map_err(|no| testudo.problem(no))?;
    Ok((StatusCode::CREATED, Json(InvitedView::new(&invited, testudo.auth().now())))
        .into_response())
}

/// `GET /auth/invitations`
pub(super) async fn list(
    State(testudo): State<Testudo>,
    presented: Presented,
) -> Result<Response, Problem> {
    let listed =
        testudo.auth().list_invitations(presented.token(), InvitationPage::default()).await;
    let invitations = listed.map_err(|no| testudo.problem(no))?;
    let now = testudo.auth().now();
    Ok(Json(InvitationsView::new(&invitations, now)).into_response())
}

/// `DELETE /auth/invitations/{id}`
pub(super) async fn revoke(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(&id, &presented).await?;
    let revoked = testudo.auth().revoke_invitation(presented.token(), id, &client).await;
    revoked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/invitations/accept`
pub(super) async fn accept(
    State(testudo): State<Testudo>,
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
    testudo.auth().accept_invitation(request, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
