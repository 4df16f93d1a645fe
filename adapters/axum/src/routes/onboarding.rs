//! Onboarding: begin, go on, look again.

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;
use testudo::onboarding::{Advance, Input, StartOnboarding};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::OwnPage;
use crate::issued;
use crate::problem::{Code, Problem};
use crate::views::OnboardingView;

/// An address.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct StartBody {
    email: String,
    /// Keep the session at the end for longer.
    #[schema(default = false, required = false)]
    remember: bool,
}

/// What is said to the current step.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct AdvanceBody {
    session_token: String,
    /// A value for each field of the hint; nothing, to begin a phase.
    #[schema(value_type = Object, additional_properties, required = false)]
    data: Value,
    /// Leave the step out.
    #[schema(default = false, required = false)]
    skip: bool,
    /// The step that is meant. Where it is not the current one, nothing is done.
    step: Option<String>,
}

/// Whose holder may go on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct ResumeBody {
    session_token: String,
}

/// `POST /auth/onboarding/start`
#[utoipa::path(
    post,
    path = "/onboarding/start",
    tag = "onboarding",
    request_body = StartBody,
    responses((status = 200, description = "The first step", body = OnboardingView)),
    extensions(("x-codes" = json!([Code::Forbidden, Code::RateLimited]))),
)]
pub(super) async fn start(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| StartOnboarding {
        remember: fields.flag("remember"),
        ..StartOnboarding::new(fields.text("email"))
    })?;
    let result = testudo.auth().start_onboarding(request, &client).await;
    issued::onboarding(&testudo, &result.map_err(|no| testudo.problem(no))?)
}

/// `POST /auth/onboarding/advance`
#[utoipa::path(
    post,
    path = "/onboarding/advance",
    tag = "onboarding",
    request_body = AdvanceBody,
    responses((
        status = 200,
        description = "The next step, the same one with what was wrong, or user and tokens",
        body = OnboardingView,
    )),
    extensions(("x-codes" = json!([
        Code::Forbidden,
        Code::SessionInvalid,
        Code::SessionExpired,
        Code::FlowComplete,
        Code::Conflict,
        Code::RateLimited,
    ]))),
)]
pub(super) async fn advance(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    page: OwnPage,
    fields: Fields,
) -> Result<Response, Problem> {
    let (token, request) = fields.read(|fields| {
        let (token, data) = (Zeroizing::new(fields.text("session_token")), fields.object("data"));
        let input = if fields.flag("skip") { Input::Skip } else { Input::Data(data.into()) };
        (token, Advance { step: fields.optional_text("step"), input })
    })?;
    let result = testudo.auth().advance_onboarding(&token, request, &client).await;
    let result = result.map_err(|no| testudo.problem(no))?;
    if result.current_step().is_none()
        && let Some(replaced) = page.replaced
    {
        // It may be over already. If the store does not answer now, it ends by itself.
        let _ = testudo.auth().logout(replaced.expose(), &client).await;
    }
    issued::onboarding(&testudo, &result)
}

/// `POST /auth/onboarding/resume`
#[utoipa::path(
    post,
    path = "/onboarding/resume",
    tag = "onboarding",
    request_body = ResumeBody,
    responses((status = 200, description = "The current step", body = OnboardingView)),
    extensions(("x-codes" = json!([
        Code::Forbidden,
        Code::SessionInvalid,
        Code::SessionExpired,
        Code::FlowComplete,
    ]))),
)]
pub(super) async fn resume(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("session_token")))?;
    let result = testudo.auth().resume_onboarding(&token, &client).await;
    issued::onboarding(&testudo, &result.map_err(|no| testudo.problem(no))?)
}
