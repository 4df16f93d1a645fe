//! What the OpenAPI document says, held against what the routes do.

use std::collections::BTreeSet;

use axum::Router;
use axum::http::Method;
use serde_json::{Value, json};
use testudo_axum::openapi;

use crate::support::{EMAIL, PASSWORD, Site, ask, get, post, say};

/// Method, path and description of every operation.
fn operations() -> Vec<(Method, String, Value)> {
    let document = serde_json::to_value(openapi("/auth")).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let methods = paths.into_iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().clone();
        item.into_iter().map(move |(method, operation)| {
            (method.to_uppercase().parse().unwrap(), path.clone(), operation)
        })
    });
    methods.collect()
}

fn app(site: &Site) -> Router {
    let testudo = site.testudo.clone().users_invite(true);
    Router::new().nest("/auth", testudo.routes())
}

#[tokio::test]
async fn every_route_stands_in_the_document_and_nothing_else_does() {
    let site = Site::new().await;
    let documented: BTreeSet<String> =
        operations().into_iter().map(|(_, path, _)| path.replacen("/auth", "", 1)).collect();
    // What a router prints of itself names its paths.
    let printed = format!("{:?}", site.testudo.routes::<()>());
    let routed: BTreeSet<String> = printed
        .split('"')
        // "/" and what is private are its fallback's.
        .filter(|text| text.starts_with('/') && text.len() > 1 && !text.contains("__private"))
        .map(str::to_owned)
        .collect();
    assert_eq!(routed, documented);
    for (method, path, _) in operations() {
        let answer = ask(&app(&site), method.clone(), &path, None).await;
        assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}: {answer:?}");
    }
    let trace = ask(&app(&site), Method::TRACE, "/auth/login", None).await;
    assert_eq!((trace.status.as_u16(), trace.header("allow")), (405, Some("POST")));
}

#[test]
fn the_table_of_routes_and_the_document_name_the_same() {
    let table = include_str!("../../../../docs/http.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows = rows.filter(|row| row.contains(" /auth/")).map(str::to_owned);
    let named: BTreeSet<String> = rows.collect();
    let documented: BTreeSet<String> =
        operations().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(named, documented);
}

#[test]
fn every_operation_has_a_name_of_its_own_and_tells_what_it_answers() {
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations() {
        assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
        for status in ["500", "503"] {
            assert!(answers.contains_key(status), "{method} {path}: {status}");
        }
        let is_open = operation["security"].is_null();
        assert!(is_open || answers.contains_key("401"), "{method} {path}");
        assert!(operation.get("x-codes").is_none());
    }
}

#[tokio::test]
async fn what_comes_of_too_many_wrong_service_tokens_stands_in_the_document() {
    let site = Site::new().await;
    let path = "/auth/service/whoami";
    let found = operations().into_iter().find(|(_, named, _)| named == path).unwrap();
    let mut last = 0;
    for _ in 0..=30 {
        let answer = get(&app(&site), path, Some("none-of-the-services")).await;
        last = answer.status.as_u16();
        assert!(found.2["responses"].get(last.to_string()).is_some(), "{answer:?}");
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn what_opens_an_operation_is_what_the_document_says() {
    let site = Site::new().await;
    for (method, path, operation) in operations() {
        let answer = ask(&app(&site), method.clone(), &path, None).await;
        let is_closed = answer.problem() == (401, "unauthenticated".to_owned());
        assert_eq!(is_closed, !operation["security"].is_null(), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn the_fields_that_the_document_requires_are_those_that_are_missed() {
    let site = Site::new().await;
    let access = site.login().await.access;
    let document = serde_json::to_value(openapi("/auth")).unwrap();
    for (method, path, operation) in operations() {
        let reference = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = reference.as_str().and_then(|name| name.rsplit('/').next()) else {
            continue;
        };
        let schema = &document["components"]["schemas"][name];
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let token = (!operation["security"].is_null()).then(|| access.expose().as_str());
        if required.is_empty() {
            continue;
        }
        let answer = say(&app(&site), method.clone(), &path, token, &json!({})).await;
        assert_eq!(answer.problem(), (422, "validation_failed".to_owned()), "{method} {path}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let missed = body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone());
        let (missed, required): (BTreeSet<_>, BTreeSet<_>) = (
            missed.map(|field| field.to_string()).collect(),
            required.iter().map(Value::to_string).collect(),
        );
        assert_eq!(missed, required, "{method} {path}");
        // And every field that it names is read: of a wrong type it is refused.
        for field in schema["properties"].as_object().unwrap().keys() {
            let body = json!({field: [[]]});
            let answer = say(&app(&site), method.clone(), &path, token, &body).await;
            let wrong = format!(r#""field":"{field}","code":"wrong_type""#);
            assert!(answer.body.contains(&wrong), "{method} {path}: {field}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn no_get_answers_with_a_token() {
    let site = Site::new().await;
    let (access, key) = (site.login().await.access, site.api_key("reports:read").await);
    let mut asked = 0;
    for (method, path, _) in operations() {
        if method != Method::GET {
            continue;
        }
        for token in [access.expose(), &key] {
            let answer = get(&app(&site), &path, Some(token)).await;
            for sign in ["tda_", "tdr_", "tdk_", "_token\":"] {
                assert!(!answer.body.contains(sign), "{path}: {answer:?}");
            }
            asked += usize::from(answer.status.is_success());
        }
    }
    assert!(asked >= 5, "only {asked} were answered");
}

#[tokio::test]
async fn no_answer_is_for_a_cache_whoever_mounts_the_routes() {
    let site = Site::new().await;
    let (app, access) = (app(&site), site.login().await.access);
    let login = json!({"email": EMAIL, "password": PASSWORD});
    let mut answers = vec![post(&app, "/auth/login", None, &login).await];
    assert_eq!(answers[0].status, 200);
    for (method, path, _) in operations() {
        for token in [None, Some(access.expose().as_str())] {
            answers.push(ask(&app, method.clone(), &path, token).await);
        }
    }
    answers.push(get(&app, "/auth/nothing", None).await);
    answers.push(ask(&app, Method::PUT, "/auth/login", None).await);
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("vary"), Some("authorization"), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
    }
}
