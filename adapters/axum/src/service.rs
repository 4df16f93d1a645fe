//! Requests of other services.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use testudo::service::ServiceName;

use crate::Testudo;
use crate::bearer::Bearer;
use crate::client::request_client;
use crate::kept::{keep, kept};
use crate::layer::{Check, layer};
use crate::problem::{Code, Problem};

/// What a service says its name is.
const SERVICE_NAME: &str = "x-service-name";

/// The request is another service's: it came with one of the tokens of [`Testudo::services`]. The name is what
/// the service says it is (`X-Service-Name`), if it says so.
///
/// # Security
///
/// The name is for logs and grants nothing: whoever has a token can give any.
#[derive(Clone, Debug)]
pub struct CurrentService(pub Option<ServiceName>);

impl<S: Send + Sync> FromRequestParts<S> for CurrentService
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        authenticate(parts, &Testudo::from_ref(state)).await
    }
}

/// A layer that lets only other services through: see [`CurrentService`].
#[must_use]
pub fn require_service(testudo: &Testudo) -> RequireService {
    RequireService { testudo: testudo.clone() }
}

/// What [`require_service`] gives.
#[derive(Clone, Debug)]
pub struct RequireService {
    testudo: Testudo,
}

layer!(RequireService);

impl Check for RequireService {
    async fn check(&self, parts: &mut Parts) -> Result<(), Response> {
        authenticate(parts, &self.testudo).await.map(drop).map_err(Problem::into_response)
    }
}

async fn authenticate(parts: &mut Parts, testudo: &Testudo) -> Result<CurrentService, Problem> {
    if let Some(service) = kept(parts, testudo) {
        return Ok(service);
    }
    let token = Bearer::require(&parts.headers)?;
    let name = name(parts)?;
    let client = request_client(parts, testudo).await;
    let (auth, tokens) = (testudo.auth(), &testudo.services);
    let found = auth.authenticate_service(token.token(), name, tokens, &client).await;
    let service = CurrentService(found.map_err(|no| testudo.problem(no))?);
    keep(parts, testudo, service.clone());
    Ok(service)
}

fn name(parts: &Parts) -> Result<Option<ServiceName>, Problem> {
    let mut values = parts.headers.get_all(SERVICE_NAME).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let name = value.to_str().ok().and_then(|name| name.parse().ok());
            name.map(Some).ok_or_else(unfit)
        }
        (Some(_), Some(_)) => Err(unfit()),
    }
}

fn unfit() -> Problem {
    let detail = "expected one header X-Service-Name of 1 to 64 letters, digits, dots, dashes and \
                  underscores";
    Problem::new(Code::Malformed, detail)
}
