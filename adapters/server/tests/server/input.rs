//! What clients may send, and what they are told when it is something else.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, PASSWORD, Request, Site, connect};

fn login(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", "/auth/login").json(body)
}

fn wrong_fields(answer: &Answer) -> Vec<(String, String)> {
    answer.assert_problem(422, "validation_failed");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    assert!(errors.iter().all(|error| !text(error, "message").is_empty()));
    errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

#[test]
fn what_is_no_json_is_malformed() {
    let site = Site::new();
    let server = site.serve(&[]);
    let deep = format!(r#"{{"email": {}{}}}"#, "[".repeat(500), "]".repeat(500));
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"hello",
        b"email=ada%40example.com",
        b"{} {}",
        br#"{"email": "a@b.co", "email": "ada@example.com", "password": "x"}"#,
        br#"{"email": "a@b.co", "password": "x", "more": [{"a": 1, "a": 1}]}"#,
        b"{\"email\": \"\xff\"}",
        br#"{"email": "\ud800"}"#,
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = server.send(login(body));
        answer.assert_problem(400, "malformed");
        assert!(!answer.body.contains("example.com"), "it is quoted back: {answer:?}");
    }
}

#[test]
fn all_fields_that_are_missing_or_of_the_wrong_type_are_listed() {
    let site = Site::new();
    let server = site.serve(&[]);
    let cases = [
        (json!([]), vec![("body", "wrong_type")]),
        (json!("ada"), vec![("body", "wrong_type")]),
        (json!(null), vec![("body", "wrong_type")]),
        (json!({}), vec![("email", "required"), ("password", "required")]),
        (
            json!({"email": 7, "password": null, "remember": "yes"}),
            vec![("email", "wrong_type"), ("password", "wrong_type"), ("remember", "wrong_type")],
        ),
        (json!({"email": EMAIL, "password": ["x"]}), vec![("password", "wrong_type")]),
        (
            json!({"email": "ada", "password": "x".repeat(5000)}),
            vec![("email", "invalid_email"), ("password", "password_too_long")],
        ),
        (
            json!({"email": "a\u{0}b@example.com", "password": "x"}),
            vec![("email", "invalid_email")],
        ),
    ];
    for (body, expected) in cases {
        let found = wrong_fields(&server.send(login(body.to_string())));
        let found: Vec<_> =
            found.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(found, expected, "{body}");
    }
    let refresh = Request::new("POST", "/auth/refresh").json(r#"{"refresh_token": 1}"#);
    assert_eq!(wrong_fields(&server.send(refresh))[0].0, "refresh_token");
}

#[test]
fn unknown_fields_are_ignored() {
    let site = Site::with_user();
    let body = json!({"email": EMAIL, "password": PASSWORD, "is_active": false, "x": {"y": [1]}});
    let answer = site.serve(&[]).send(login(body.to_string()));
    assert_eq!((answer.status, &answer.json()["user"]["is_active"]), (200, &json!(true)));
}

#[test]
fn only_json_is_read() {
    let site = Site::new();
    let server = site.serve(&[]);
    let body = json!({"email": EMAIL, "password": "wrong"}).to_string();
    let send = |types: &[&str]| {
        let mut request = Request::new("POST", "/auth/login");
        for kind in types {
            request = request.header("content-type", kind);
        }
        server.send(request.body(body.clone()))
    };
    let refused: [&[&str]; 6] = [
        &[],
        &["text/plain"],
        &["application/x-www-form-urlencoded"],
        &["application/jsonp"],
        &["text/plain; application/json"],
        &["application/json", "text/plain"],
    ];
    for types in refused {
        send(types).assert_problem(415, "malformed");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/json;x=y"] {
        send(&[kind]).assert_problem(401, "invalid_credentials");
    }
}

#[test]
fn a_body_may_have_64_kib_and_no_more() {
    let site = Site::new();
    let server = site.serve(&[]);
    let sized = |length: usize| {
        let body = json!({"email": EMAIL, "password": "wrong", "filler": ""}).to_string();
        let filler = "x".repeat(length - body.len());
        body.replace(r#""filler":"""#, &format!(r#""filler":"{filler}""#))
    };
    server.send(login(sized(65_536))).assert_problem(401, "invalid_credentials");
    server.send(login(sized(65_537))).assert_problem(413, "malformed");
    // The client is still writing when this one is refused, and yet gets its answer.
    let password = "x".repeat(1024 * 1024);
    let body = json!({"email": EMAIL, "password": password}).to_string();
    server.send(login(body)).assert_problem(413, "malformed");
}

#[test]
fn a_body_without_end_is_refused() {
    let site = Site::new();
    let server = site.serve(&[]);
    let mut connection = connect(server.address);
    Request::new("POST", "/auth/login")
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .write_to(&mut connection)
        .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0;
    while connection.write_all(chunk.as_bytes()).is_ok() {
        sent += 1;
        assert!(sent < 1024, "64 MiB were read");
    }
    assert_eq!(server.send(Request::new("GET", "/healthz")).status, 200);
}

#[test]
fn a_chunked_body_is_bounded_too() {
    let site = Site::new();
    let server = site.serve(&[]);
    let mut connection = connect(server.address);
    Request::new("POST", "/auth/login")
        .header("content-type", "application/json")
        .header("transfer-encoding", "chunked")
        .write_to(&mut connection)
        .unwrap();
    let chunk = format!("8001\r\n{}\r\n", "x".repeat(0x8001));
    write!(connection, "{chunk}{chunk}0\r\n\r\n").unwrap();
    Answer::read(connection).assert_problem(413, "malformed");
}

#[test]
fn a_request_has_one_bearer_token_in_its_header() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let signed_in = server.login(EMAIL, PASSWORD);
    let (access, refresh) = (signed_in.text("access_token"), signed_in.text("refresh_token"));
    let me = |authorization: &[String]| {
        let mut request = Request::new("GET", "/auth/me");
        for value in authorization {
            request = request.header("Authorization", value);
        }
        server.send(request)
    };
    assert_eq!(me(&[format!("bEaReR {access}")]).status, 200);
    me(&[]).assert_problem(401, "unauthenticated");
    me(&["Basic YWRhOng=".into()]).assert_problem(401, "unauthenticated");
    me(std::slice::from_ref(&access)).assert_problem(401, "unauthenticated");
    me(&[format!("Bearer {refresh}")]).assert_problem(401, "invalid_token");
    me(&[format!("Bearer {access}A")]).assert_problem(401, "invalid_token");
    me(&["Bearer x".into()]).assert_problem(401, "invalid_token");
    let twice = format!("Bearer {access}");
    for malformed in [
        vec![twice.clone(), twice.clone()],
        vec!["Bearer".into()],
        vec![format!("Bearer {access} {access}")],
        vec![format!("Bearer {access},")],
    ] {
        let answer = me(&malformed);
        answer.assert_problem(400, "malformed");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_request""#));
    }
    let in_query = Request::new("GET", &format!("/auth/me?access_token={access}"));
    server.send(in_query).assert_problem(401, "unauthenticated");
    let in_query = Request::new("GET", "/auth/me?access_token=x").bearer(&access);
    assert_eq!(server.send(in_query).status, 200);
}

#[test]
fn refresh_takes_refresh_tokens_only() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let signed_in = server.login(EMAIL, PASSWORD);
    let access = signed_in.text("access_token");
    for token in [access.as_str(), "", "tdr_", "tdr_x", &"x".repeat(10_000)] {
        server.refresh(token).assert_problem(401, "invalid_token");
    }
    assert_eq!(server.refresh(&signed_in.text("refresh_token")).status, 200);
}

#[test]
fn an_id_that_is_no_text_is_as_unknown_as_any_other() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for kind in ["sessions", "api-keys", "invitations"] {
        for id in ["%ff", "%ff%00", "x%C3%28", "%00", "no-id"] {
            let path = format!("/auth/{kind}/{id}");
            let ending = || Request::new("DELETE", &path);
            server.send(ending()).assert_problem(401, "unauthenticated");
            server.send(ending().bearer("x")).assert_problem(401, "invalid_token");
            server.send(ending().bearer(&access)).assert_problem(404, "not_found");
        }
    }
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let site = Site::new();
    let server = site.serve(&[]);
    for path in
        ["/nothing", "/auth", "/auth/", "/auth/login/", "/auth/nothing", "/AUTH/me", "/auth/%6De"]
    {
        server.send(Request::new("GET", path)).assert_problem(404, "not_found");
    }
    for (method, path, allowed) in [
        ("GET", "/auth/login", "POST"),
        ("GET", "/auth/logout", "POST"),
        ("DELETE", "/auth/me", "GET,HEAD,PATCH"),
        ("POST", "/healthz", "GET,HEAD"),
    ] {
        let answer = server.send(Request::new(method, path));
        answer.assert_problem(405, "malformed");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}
