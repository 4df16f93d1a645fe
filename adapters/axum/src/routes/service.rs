//! Requests of other services.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use testudo::Refusal;
use testudo::service::ServiceName;
use tracing::{info, warn};

use crate::Testudo;
use crate::bearer::Bearer;
use crate::problem::{Code, Problem};

/// What a service says its name is.
const SERVICE_NAME: &str = "x-service-name";

/// A request with a service's token, and the name that came with it, if one did.
pub(super) struct Service(Option<ServiceName>);

impl FromRequestParts<Testudo> for Service {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, testudo: &Testudo) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, testudo).await?;
        let name = name(parts)?;
        let shown = name.as_ref().map(ServiceName::as_str);
        if !testudo.services.accept(bearer.token()) {
            warn!(target: "testudo::audit", service = shown, "a service was turned away");
            return Err(Problem::new(Code::InvalidToken, Refusal::InvalidToken.to_string()));
        }
        info!(target: "testudo::audit", service = shown, "a service was let in");
        Ok(Self(name))
    }
}

fn name(parts: &Parts) -> Result<Option<ServiceName>, Problem> {
    let mut values = parts.headers.get_all(SERVICE_NAME).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if parts.headers.contains_key(SERVICE_NAME) { Err(unfit()) } else { Ok(None) };
    };
    let name = value.to_str().ok().and_then(|name| name.parse().ok());
    name.map(Some).ok_or_else(unfit)
}

fn unfit() -> Problem {
    let detail = "expected one header X-Service-Name of 1 to 64 letters, digits, dots, dashes and \
                  underscores";
    Problem::new(Code::Malformed, detail)
}

/// `GET /auth/service/whoami`
pub(super) async fn whoami(_: State<Testudo>, Service(name): Service) -> Response {
    Json(json!({"service": name.as_ref().map(ServiceName::as_str)})).into_response()
}
