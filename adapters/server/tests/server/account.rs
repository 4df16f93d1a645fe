//! What users do with their own account: look at sessions, end them, change the password.

use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site, names};

const NEW: &str = "a wholly different phrase";

fn sessions(server: &Server, access: &str) -> Answer {
    server.send(Request::new("GET", "/auth/sessions").bearer(access))
}

fn listed(server: &Server, access: &str) -> Vec<Value> {
    let answer = sessions(server, access);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["sessions"].as_array().unwrap().clone()
}

fn end(server: &Server, access: &str, id: &str) -> Answer {
    server.send(Request::new("DELETE", &format!("/auth/sessions/{id}")).bearer(access))
}

fn change(server: &Server, access: &str, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new}).to_string();
    server.send(Request::new("POST", "/auth/password/change").bearer(access).json(body))
}

#[test]
fn sessions_are_shown_as_agreed_and_nothing_in_them_opens_one() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let laptop = Request::new("POST", "/auth/login").header("user-agent", "laptop/1").json(body);
    let laptop = server.send(laptop);
    let phone = server.login(EMAIL, PASSWORD);
    let shown = listed(&server, &laptop.text("access_token"));
    assert_eq!(shown.len(), 2);
    let fields = names(&shown[0]);
    let mut agreed = [
        "id",
        "current",
        "created_at",
        "last_refreshed_at",
        "expires_at",
        "ip",
        "user_agent",
        "methods",
    ];
    agreed.sort_unstable();
    assert_eq!(fields, agreed);
    // The newest first, which is not the one that asks.
    assert_eq!((&shown[0]["current"], &shown[1]["current"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&shown[1]["user_agent"], &shown[1]["ip"]),
        (&json!("laptop/1"), &json!("127.0.0.1"))
    );
    assert_eq!(shown[1]["methods"], json!(["pwd"]));
    for answer in [&laptop, &phone] {
        for token in ["access_token", "refresh_token"] {
            assert!(!json!(shown).to_string().contains(&answer.text(token)[10..40]));
        }
    }
}

#[test]
fn another_session_is_ended_and_at_once_dead() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let laptop = server.login(EMAIL, PASSWORD).text("access_token");
    let phone = server.login(EMAIL, PASSWORD);
    let id = listed(&server, &phone.text("access_token"))[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(end(&server, &laptop, &id).status, 204);
    server.me(&phone.text("access_token")).assert_problem(401, "revoked_token");
    server.refresh(&phone.text("refresh_token")).assert_problem(401, "revoked_token");
    assert_eq!(listed(&server, &laptop).len(), 1);
    end(&server, &laptop, &id).assert_problem(404, "not_found");
}

#[test]
fn foreign_unknown_and_malformed_sessions_are_not_found_and_tokens_come_first() {
    let site = Site::with_user();
    site.create("eve@example.com", PASSWORD);
    let server = site.serve(&[]);
    let ada = server.login(EMAIL, PASSWORD).text("access_token");
    let eve = server.login("eve@example.com", PASSWORD).text("access_token");
    let foreign = listed(&server, &eve)[0]["id"].as_str().unwrap().to_owned();
    let unknown = "01890000-0000-7000-8000-000000000000";
    let mut bodies = Vec::new();
    for id in [foreign.as_str(), unknown, "not-an-id", "%00", "..", "'%20OR%201=1"] {
        let answer = end(&server, &ada, id);
        answer.assert_problem(404, "not_found");
        bodies.push(answer.json());
        end(&server, "tda_x", id).assert_problem(401, "invalid_token");
        let nobody = Request::new("DELETE", &format!("/auth/sessions/{id}"));
        server.send(nobody).assert_problem(401, "unauthenticated");
    }
    assert_eq!(bodies[0], bodies[1], "a foreign session is told from an unknown one");
    assert_eq!(server.me(&eve).status, 200);
}

#[test]
fn a_changed_password_ends_the_other_sessions_and_opens_new_ones() {
    let site = Site::with_user();
    let (server, mailbox) = site.serve_with_mail(&[]);
    let own = server.login(EMAIL, PASSWORD);
    let other = server.login(EMAIL, PASSWORD);
    let access = own.text("access_token");
    let changed = change(&server, &access, PASSWORD, NEW);
    assert_eq!((changed.status, changed.body.as_str()), (204, ""), "{changed:?}");
    assert_eq!(server.me(&access).status, 200);
    assert_eq!(server.refresh(&own.text("refresh_token")).status, 200);
    server.me(&other.text("access_token")).assert_problem(401, "revoked_token");
    server.refresh(&other.text("refresh_token")).assert_problem(401, "revoked_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    assert_eq!(server.login(EMAIL, NEW).status, 200);
    let notice = mailbox.letter(1, "password_changed");
    assert_eq!((&notice["to"], &notice["token"]), (&json!(EMAIL), &Value::Null));
}

#[test]
fn a_wrong_current_password_is_told_and_counted() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for _ in 0..5 {
        let answer = change(&server, &access, "a wrong guess", NEW);
        answer.assert_problem(422, "invalid_password");
        assert_eq!(answer.json()["errors"][0]["field"], "current_password");
    }
    change(&server, &access, PASSWORD, NEW).assert_problem(429, "rate_limited");
    server.login(EMAIL, PASSWORD).assert_problem(429, "rate_limited");
    assert_eq!(server.me(&access).status, 200, "the session is no worse for it");
}

#[test]
fn all_that_is_wrong_with_a_new_password_is_told() {
    let site = Site::with_user();
    let server = site.serve(&["--context-words", "Gopher, Gopher Inc."]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for (new, codes) in [
        ("1234567", &["password_too_short", "password_entirely_numeric"][..]),
        ("P@ssw0rd", &["password_too_common"]),
        ("ada@example", &["password_too_similar"]),
        ("g0pher!2026", &["password_context_word"]),
        (PASSWORD, &["password_unchanged"]),
    ] {
        let answer = change(&server, &access, PASSWORD, new);
        answer.assert_problem(422, "validation_failed");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        assert!(errors.iter().all(|error| error["field"] == "new_password"));
        let told: Vec<_> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(told, codes, "{new}");
        assert!(!answer.body.contains(new));
    }
    let nothing = Request::new("POST", "/auth/password/change").bearer(&access).json("{}");
    let errors = server.send(nothing).json()["errors"].as_array().unwrap().len();
    assert_eq!(errors, 2);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200, "nothing was counted");
}
