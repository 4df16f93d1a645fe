//! Invitations: making, listing, revoking and accepting them.

use axum::Json;
use axum::extract::State;
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
use crate::in_path::InPath;
use crate::problem::{Code, Problem};
use crate::views::{InvitationsView, InvitedView};
use utoipa::ToSchema;

/// Whom to invite, or how many.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct InviteBody {
    /// Without one, whoever has the token may accept.
    email: Option<String>,
    /// How many may accept; 1 unless it is said.
    #[schema(minimum = 0)]
    seats: Option<u32>,
    /// In seconds.
    #[schema(minimum = 0)]
    expires_in: Option<u64>,
    /// The application's.
    #[schema(value_type = Option<Object>, additional_properties)]
    data: Option<JsonObject>,
}

/// The token of an invitation, and what an account is made of.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct AcceptBody {
    token: String,
    /// Not needed where the invitation is for one address.
    email: Option<String>,
    password: String,
}

/// `POST /auth/invitations`
#[utoipa::path(
    post,
    path = "/invitations",
    tag = "invitations",
    request_body = InviteBody,
    responses((status = 201, description = "The invitation, and its token unless it goes by mail", body = InvitedView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::Forbidden, Code::Conflict, Code::RateLimited]))),
)]
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
#[utoipa::path(
    get,
    path = "/invitations",
    tag = "invitations",
    responses((status = 200, description = "The 100 newest", body = InvitationsView)),
    security(("access_token" = [])),
)]
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
#[utoipa::path(
    delete,
    path = "/invitations/{id}",
    tag = "invitations",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "Nobody can accept it any more")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::NotFound]))),
)]
pub(super) async fn revoke(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    id: InPath,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(id, &presented).await?;
    let revoked = testudo.auth().revoke_invitation(presented.token(), id, &client).await;
    revoked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/invitations/accept`
#[utoipa::path(
    post,
    path = "/invitations/accept",
    tag = "invitations",
    request_body = AcceptBody,
    responses((status = 204, description = "There is an account")),
    extensions(("x-codes" = json!([Code::InvalidToken, Code::RateLimited, Code::Overloaded]))),
)]
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
