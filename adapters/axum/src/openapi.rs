//! The routes as an OpenAPI document, made of what stands beside each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, HeaderBuilder, Info, OpenApi, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::{Code, Problem};
use crate::routes::router;

/// The [routes](crate::Testudo::routes), nested at `at` (`/auth`, say), as an OpenAPI 3.1 document: bodies,
/// answers, every problem with its status, and what opens each route.
///
/// It is the same for every [`Testudo`](crate::Testudo). Add to it what is your own, and serve it as JSON.
///
/// ```
/// let document = testudo_axum::openapi("/auth");
/// assert!(document.paths.get_path_item("/auth/login").is_some());
/// ```
#[must_use]
pub fn openapi(at: &str) -> OpenApi {
    let mut document = OpenApiRouter::new().nest(at, router()).into_openapi();
    document.info = Info::new("Testudo", env!("CARGO_PKG_VERSION"));
    for (path, item) in &mut document.paths.paths {
        let path = path.strip_prefix(at).unwrap_or(path);
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(method, path));
            operation.summary = summary(operation);
            add_problems(operation);
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for (name, description) in [
        ("access_token", "An access token, from a sign-in or a refresh."),
        ("api_key", "An API key, `tdk_…`."),
        ("service_token", "A token that the operator has given to a service."),
    ] {
        let scheme = Http::builder().scheme(HttpAuthScheme::Bearer);
        let scheme = scheme.description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    document
}

/// All operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Such as `post_email_change_request`.
fn name(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// What comes of an operation that succeeds.
fn summary(operation: &Operation) -> Option<String> {
    operation.responses.responses.values().find_map(|answer| match answer {
        RefOr::T(answer) => Some(answer.description.clone()),
        RefOr::Ref(_) => None,
    })
}

/// Where an operation names the codes of its own. The document has them as answers instead.
const CODES: &str = "x-codes";

/// Adds an answer for each status that the operation may refuse with.
fn add_problems(operation: &mut Operation) {
    let mut by_status = BTreeMap::<u16, BTreeSet<Code>>::new();
    for code in own_codes(operation).into_iter().chain(common_codes(operation)) {
        by_status.entry(code.status().as_u16()).or_default().insert(code);
    }
    if operation.request_body.is_some() {
        for status in [408, 413, 415] {
            by_status.entry(status).or_default().insert(Code::Malformed);
        }
    }
    by_status.entry(500).or_default().insert(Code::Unavailable);
    for (status, codes) in by_status {
        let answer = RefOr::T(problem(status, &codes));
        operation.responses.responses.insert(status.to_string(), answer);
    }
}

fn own_codes(operation: &mut Operation) -> Vec<Code> {
    let codes = operation.extensions.as_mut().and_then(|extensions| extensions.remove(CODES));
    codes.and_then(|codes| serde_json::from_value(codes).ok()).unwrap_or_default()
}

/// What follows from what an operation takes.
fn common_codes(operation: &Operation) -> Vec<Code> {
    let mut codes = vec![Code::Unavailable, Code::Overloaded];
    if operation.security.is_some() {
        codes.extend([Code::Malformed, Code::Unauthenticated]);
        codes.extend([Code::InvalidToken, Code::ExpiredToken, Code::RevokedToken]);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::Malformed, Code::ValidationFailed]);
    }
    codes
}

fn problem(status: u16, codes: &BTreeSet<Code>) -> Response {
    let codes: Vec<Value> =
        codes.iter().filter_map(|code| serde_json::to_value(code).ok()).collect();
    let names: Vec<_> = codes.iter().filter_map(Value::as_str).collect();
    let text = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let code = text().enum_values(Some(codes.clone()));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name(Problem::name()))
        .item(ObjectBuilder::new().property("code", code));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let answer = ResponseBuilder::new()
        .description(names.join(", "))
        .content("application/problem+json", content);
    let header = |name, answer: ResponseBuilder| {
        answer.header(name, HeaderBuilder::new().schema(Some(text())).build())
    };
    let answer = match status {
        401 => header("WWW-Authenticate", answer),
        429 | 500 | 503 => header("Retry-After", answer),
        _ => answer,
    };
    answer.build()
}
