//! Signed tokens, and the keys that others verify them with.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site};

const ISSUER: &str = "https://id.example.com";

fn published(server: &Server) -> (Answer, JwkSet) {
    let answer = server.send(Request::new("GET", "/.well-known/jwks.json"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let keys = serde_json::from_str(&answer.body).unwrap();
    (answer, keys)
}

/// What another service makes of a token, which knows the published keys and nothing else.
fn read(token: &str, keys: &JwkSet, audience: &str) -> Result<Value, String> {
    let kid = decode_header(token).map_err(|error| error.to_string())?.kid.ok_or("no kid")?;
    let key = keys.find(&kid).ok_or("an unknown key")?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    let read = decode::<Value>(token, &key, &validation).map_err(|error| error.to_string())?;
    Ok(read.claims)
}

#[test]
fn another_service_verifies_access_tokens_with_the_published_keys() {
    let site = Site::with_user();
    for form in ["jwt", "hybrid"] {
        let server =
            site.serve(&["--tokens", form, "--public-url", ISSUER, "--jwt-audience", "api"]);
        let (answer, keys) = published(&server);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
        assert_eq!(keys.keys.len(), 1);
        assert!(!answer.body.contains("\"d\"") && !answer.body.contains("\"k\""));

        let signed_in = server.login(EMAIL, PASSWORD);
        let access = signed_in.text("access_token");
        let claims = read(&access, &keys, "api").unwrap();
        assert_eq!(claims["sub"], signed_in.json()["user"]["id"]);
        assert_eq!((&claims["token_type"], &claims["amr"]), (&json!("access"), &json!(["pwd"])));
        assert!(read(&access, &keys, "another").is_err());
        assert!(read(&signed_in.text("refresh_token"), &keys, "api").is_err());
    }
}

#[test]
fn after_a_rotation_both_keys_are_published_and_the_newest_signs() {
    let site = Site::with_user();
    let (old, new) = (
        "an-old-secret-of-a-test-Y2Wq5u0cTb1yX8zGf4",
        "a-new-secret-of-a-test-mJ7kP3sD9vL6nR2tB8h",
    );
    let serve = |secrets: &str| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--tokens", "jwt"];
        let arguments = [&arguments[..], &["--jwt-issuer", ISSUER, "--jwt-audience", "api"]];
        let mut command = site.command(&arguments.concat());
        command.env("TESTUDO_SECRET", secrets);
        Server::start(command)
    };
    let access = serve(old).login(EMAIL, PASSWORD).text("access_token");
    let server = serve(&format!("{new},{old}"));
    let (_, keys) = published(&server);
    assert_eq!(keys.keys.len(), 2);
    assert!(read(&access, &keys, "api").is_ok());
    assert_eq!(server.me(&access).status, 200);
    let next = server.login(EMAIL, PASSWORD).text("access_token");
    assert_eq!(decode_header(&next).unwrap().kid, keys.keys[0].common.key_id);
    let server = serve(new);
    server.me(&access).assert_problem(401, "invalid_token");
    assert_eq!(server.me(&next).status, 200);
}

#[test]
fn opaque_tokens_publish_no_key() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let (answer, _) = published(&server);
    assert_eq!(answer.body, r#"{"keys":[]}"#);
}

#[test]
fn sessions_are_listed_and_ended_under_every_form() {
    let site = Site::with_user();
    for form in ["opaque", "jwt", "hybrid"] {
        let server = site.serve(&["--tokens", form]);
        let here = server.login(EMAIL, PASSWORD).text("access_token");
        let there = server.login(EMAIL, PASSWORD);
        let listed = server.send(Request::new("GET", "/auth/sessions").bearer(&here)).json();
        let other = listed["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|session| session["current"] == false)
            .unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let end = Request::new("DELETE", &format!("/auth/sessions/{other}")).bearer(&here);
        assert_eq!(server.send(end).status, 204, "{form}");
        server.me(&there.text("access_token")).assert_problem(401, "revoked_token");
        server.refresh(&there.text("refresh_token")).assert_problem(401, "revoked_token");
        assert_eq!(server.logout_all(&here).status, 204, "{form}");
        server.me(&here).assert_problem(401, "revoked_token");
    }
}

#[test]
fn a_change_from_opaque_to_hybrid_keeps_sessions_that_refresh() {
    let site = Site::with_user();
    let refresh = site.serve(&[]).login(EMAIL, PASSWORD).text("refresh_token");
    let server = site.serve(&["--tokens", "hybrid"]);
    let next = server.refresh(&refresh);
    assert_eq!(next.status, 200);
    assert_eq!(server.me(&next.text("access_token")).status, 200);
}
