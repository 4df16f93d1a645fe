//! Keys by which programs act for a user.

use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site};

fn create(server: &Server, access: &str, body: Value) -> Answer {
    server.send(Request::new("POST", "/auth/api-keys").bearer(access).json(body.to_string()))
}

fn whoami(server: &Server, key: &str) -> Answer {
    server.send(Request::new("GET", "/auth/api-keys/whoami").bearer(key))
}

fn listed(server: &Server, access: &str) -> Vec<Value> {
    let answer = server.send(Request::new("GET", "/auth/api-keys").bearer(access));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["api_keys"].as_array().unwrap().clone()
}

fn revoke(server: &Server, access: &str, id: &str) -> Answer {
    server.send(Request::new("DELETE", &format!("/auth/api-keys/{id}")).bearer(access))
}

#[test]
fn a_key_acts_for_its_user_until_it_is_revoked() {
    let site = Site::with_user();
    let server = site.serve(&["--api-key-scopes", "read,write"]);
    let signed_in = server.login(EMAIL, PASSWORD);
    let access = signed_in.text("access_token");
    let body = json!({"name": "deploy", "scopes": ["read"], "expires_in": 86400});
    let created = create(&server, &access, body);
    assert_eq!(created.status, 201, "{created:?}");
    let key = created.text("key");
    assert!(key.starts_with("tdk_"));
    let shown = created.json()["api_key"].clone();
    assert_eq!((&shown["name"], &shown["scopes"]), (&json!("deploy"), &json!(["read"])));

    let used = whoami(&server, &key);
    assert_eq!(used.status, 200, "{used:?}");
    assert_eq!(used.json()["user"], signed_in.json()["user"]["id"]);
    assert_eq!(used.json()["name"], "deploy");
    let list = listed(&server, &access);
    assert_eq!(list.len(), 1);
    assert!(list[0]["last_used_at"].is_string(), "{list:?}");
    assert!(!json!(list).to_string().contains(&key[10..40]));

    let id = shown["id"].as_str().unwrap();
    assert_eq!(revoke(&server, &access, id).status, 204);
    whoami(&server, &key).assert_problem(401, "revoked_token");
    revoke(&server, &access, id).assert_problem(404, "not_found");
    assert_eq!(listed(&server, &access), [] as [Value; 0]);
}

#[test]
fn a_key_is_no_session_and_a_session_is_no_key() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let signed_in = server.login(EMAIL, PASSWORD);
    let access = signed_in.text("access_token");
    let key = create(&server, &access, json!({"name": "a"})).text("key");
    server.me(&key).assert_problem(401, "invalid_token");
    server.logout(&key).assert_problem(401, "invalid_token");
    server.refresh(&key).assert_problem(401, "invalid_token");
    create(&server, &key, json!({"name": "b"})).assert_problem(401, "invalid_token");
    for token in [&access, &signed_in.text("refresh_token")] {
        whoami(&server, token).assert_problem(401, "invalid_token");
    }
    assert_eq!(whoami(&server, &key).status, 200);
    // What ends all sessions ends keys as well.
    assert_eq!(server.logout_all(&access).status, 204);
    whoami(&server, &key).assert_problem(401, "revoked_token");
}

#[test]
fn what_a_key_cannot_be_is_told_field_by_field() {
    let site = Site::with_user();
    let server = site.serve(&["--api-key-scopes", "read"]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "  "}), "name"),
        (json!({"name": "a".repeat(101)}), "name"),
        (json!({"name": "a", "scopes": ["admin"]}), "scopes"),
        (json!({"name": "a", "scopes": "read"}), "scopes"),
        (json!({"name": "a", "scopes": [1]}), "scopes"),
        (json!({"name": "a", "expires_in": 0}), "expires_in"),
        (json!({"name": "a", "expires_in": "1"}), "expires_in"),
    ] {
        let answer = create(&server, &access, body.clone());
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
    }
    // Whose key it is nobody chooses.
    let made = create(
        &server,
        &access,
        json!({"name": "a", "user": "01890000-0000-7000-8000-000000000000"}),
    );
    assert_eq!(whoami(&server, &made.text("key")).json()["user"], server.me(&access).json()["id"]);
}

#[test]
fn foreign_and_unknown_keys_are_not_found() {
    let site = Site::with_user();
    site.create("eve@example.com", PASSWORD);
    let server = site.serve(&[]);
    let ada = server.login(EMAIL, PASSWORD).text("access_token");
    let eve = server.login("eve@example.com", PASSWORD).text("access_token");
    let created = create(&server, &eve, json!({"name": "eve's"}));
    let foreign = created.json()["api_key"]["id"].as_str().unwrap().to_owned();
    let bodies =
        [foreign.as_str(), "01890000-0000-7000-8000-000000000000", "not-an-id"].map(|id| {
            let answer = revoke(&server, &ada, id);
            answer.assert_problem(404, "not_found");
            revoke(&server, "tda_x", id).assert_problem(401, "invalid_token");
            answer.json()
        });
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(whoami(&server, &created.text("key")).status, 200);
}
