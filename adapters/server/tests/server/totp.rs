//! What users do with the second factor of their own account.

use serde_json::{Value, json};

use crate::support::{App, EMAIL, PASSWORD, Server, Site, names, recovery_codes};

fn begin(server: &Server, access: &str) -> Value {
    let begun = server.call("POST", "/auth/totp/begin", access, &Value::Null);
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let seed = begun.json();
    assert_eq!(names(&seed), ["provisioning_uri", "qr_svg", "secret"]);
    seed
}

fn enrol(server: &Server, access: &str) -> (App, Vec<String>) {
    let mut app = App::of(&begin(server, access));
    let code = json!({ "code": app.code() });
    let confirmed = server.call("POST", "/auth/totp/confirm", access, &code);
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert_eq!(confirmed.header("cache-control"), Some("no-store"));
    (app, recovery_codes(&confirmed.json()))
}

fn factors(server: &Server, access: &str) -> Value {
    server.call("GET", "/auth/totp", access, &Value::Null).json()
}

#[test]
fn an_app_is_set_up_by_a_code_and_all_other_sessions_end() {
    let site = Site::with_verified_user();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let elsewhere = server.login(EMAIL, PASSWORD).text("access_token");
    let none = json!({"enrolled": false, "enrolled_at": null, "recovery_codes_left": 0});
    assert_eq!(factors(&server, &access), none);
    let seed = begin(&server, &access);
    let secret = seed["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits in base32");
    let uri = seed["provisioning_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Testudo:ada%40example.com?secret="), "{uri}");
    assert!(uri.contains(secret), "{uri}");
    assert!(seed["qr_svg"].as_str().unwrap().starts_with("<svg "));
    // Nothing has changed before a code was seen.
    assert_eq!(factors(&server, &access), none);
    assert_eq!(server.login(EMAIL, PASSWORD).json()["status"], "completed");
    let mut app = App::of(&seed);
    let confirm =
        |code: &str| server.call("POST", "/auth/totp/confirm", &access, &json!({ "code": code }));
    for wrong in [app.wrong_code().as_str(), "12345", "", "abcdef"] {
        let answer = confirm(wrong);
        answer.assert_problem(422, "validation_failed");
        let error = &answer.json()["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("code"), &json!("invalid_code")));
    }
    recovery_codes(&confirm(&app.code()).json());
    assert_eq!(server.me(&access).json()["second_factors"], json!(["totp"]));
    server.me(&elsewhere).assert_problem(401, "revoked_token");
    assert_eq!(mailbox.letter(1, "totp_enrolled")["to"], EMAIL);
    confirm(&app.last_code()).assert_problem(404, "not_found");
    assert_eq!(factors(&server, &access)["enrolled"], true);
}

#[test]
fn an_app_is_removed_and_set_up_anew_and_recovery_codes_are_replaced() {
    let site = Site::with_verified_user();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let call = |method, path| server.call(method, path, &access, &Value::Null);
    call("DELETE", "/auth/totp").assert_problem(404, "not_found");
    call("POST", "/auth/recovery-codes").assert_problem(404, "not_found");
    let (mut first_app, first) = enrol(&server, &access);
    let replaced = call("POST", "/auth/recovery-codes");
    assert_eq!((replaced.status, replaced.header("cache-control")), (200, Some("no-store")));
    let second = recovery_codes(&replaced.json());
    mailbox.letter(1, "recovery_codes_replaced");
    let mut ada = server.owing(EMAIL, PASSWORD);
    ada.say(&json!({ "code": first[0] }));
    assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())], "the old set is dead");
    ada.say(&json!({ "code": second[0] }));
    ada.access();

    // To another app, without removing the one before.
    let (mut other_app, _) = enrol(&server, &access);
    let mut ada = server.owing(EMAIL, PASSWORD);
    ada.say(&json!({ "code": first_app.code() }));
    assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())]);
    ada.say(&json!({ "code": other_app.code() }));
    let elsewhere = ada.access();

    let removed = call("DELETE", "/auth/totp");
    assert_eq!((removed.status, removed.body.as_str()), (204, ""), "{removed:?}");
    assert_eq!(removed.header("cache-control"), Some("no-store"));
    server.me(&elsewhere).assert_problem(401, "revoked_token");
    assert_eq!(mailbox.letter(1, "totp_removed")["to"], EMAIL);
    assert_eq!(server.login(EMAIL, PASSWORD).json()["status"], "completed");
}

#[test]
fn nothing_of_it_goes_with_a_sign_in_that_is_too_long_ago() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[("TESTUDO_POLICY__FRESH_SIGN_IN", "1")]);
    let signed_in = server.login(EMAIL, PASSWORD);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    // However fresh its token.
    let access = server.refresh(&signed_in.text("refresh_token")).text("access_token");
    for (method, path, body) in [
        ("GET", "/auth/totp", Value::Null),
        ("POST", "/auth/totp/begin", Value::Null),
        ("POST", "/auth/totp/confirm", json!({"code": "000000"})),
        ("DELETE", "/auth/totp", Value::Null),
        ("POST", "/auth/recovery-codes", Value::Null),
    ] {
        server.call(method, path, &access, &body).assert_problem(403, "step_up_required");
        server.call(method, path, "tda_made-up", &body).assert_problem(401, "invalid_token");
    }
    assert_eq!(server.me(&access).status, 200);
}

#[test]
fn an_address_that_is_not_verified_gets_no_second_factor() {
    let site = Site::with_user();
    let (server, _) = site.serve_with(&[], &[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let begun = server.call("POST", "/auth/totp/begin", &access, &Value::Null);
    begun.assert_problem(403, "forbidden");
    assert!(begun.json()["detail"].as_str().unwrap().contains("verif"), "{begun:?}");
}

#[test]
fn guesses_at_a_new_app_are_counted() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let mut app = App::of(&begin(&server, &access));
    let confirm =
        |code: &str| server.call("POST", "/auth/totp/confirm", &access, &json!({ "code": code }));
    for _ in 0..5 {
        confirm(&app.wrong_code()).assert_problem(422, "validation_failed");
    }
    confirm(&app.code()).assert_problem(429, "rate_limited");
}

#[test]
fn all_other_sessions_are_ended_with_one_request() {
    let site = Site::with_user();
    for tokens in ["opaque", "jwt", "hybrid"] {
        let (server, _) = site.serve_with(&["--tokens", tokens], &[]);
        let signed_in = server.login(EMAIL, PASSWORD);
        let access = signed_in.text("access_token");
        let others: Vec<_> = (0..3).map(|_| server.login(EMAIL, PASSWORD)).collect();
        let ended = server.call("DELETE", "/auth/sessions", &access, &Value::Null);
        assert_eq!((ended.status, ended.body.as_str()), (204, ""), "{ended:?}");
        for other in others {
            server.me(&other.text("access_token")).assert_problem(401, "revoked_token");
            server.refresh(&other.text("refresh_token")).assert_problem(401, "revoked_token");
        }
        let sessions = server.call("GET", "/auth/sessions", &access, &Value::Null).json();
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
        assert_eq!(sessions["sessions"][0]["current"], true);
        assert_eq!(server.refresh(&signed_in.text("refresh_token")).status, 200);
    }
}
