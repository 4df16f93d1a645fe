//! Signing in with a second factor.

use serde_json::{Value, json};

use crate::support::{
    App, EMAIL, Mailbox, PASSWORD, Server, Site, complaint, printed, printed_json, recovery_codes,
};

/// Ada's account has an app and recovery codes.
fn enrolled(server: &Server) -> (App, Vec<String>) {
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let mut app = App::of(&server.call("POST", "/auth/totp/begin", &access, &Value::Null).json());
    let code = json!({ "code": app.code() });
    let confirmed = server.call("POST", "/auth/totp/confirm", &access, &code);
    (app, recovery_codes(&confirmed.json()))
}

fn with_app() -> (Site, Server, Mailbox, App, Vec<String>) {
    let site = Site::with_verified_user();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let (app, codes) = enrolled(&server);
    (site, server, mailbox, app, codes)
}

#[test]
fn a_right_password_alone_opens_nothing() {
    let (_site, server, _, _, _) = with_app();
    let ada = server.owing(EMAIL, PASSWORD);
    assert_eq!(ada.step(), "second_factor");
    let field = &ada.result["client_hint"]["fields"][0];
    assert_eq!((&field["name"], &field["field_type"]), (&json!("code"), &json!("code")));
    for (method, path) in [
        ("GET", "/auth/me"),
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/totp"),
        ("POST", "/auth/recovery-codes"),
        ("POST", "/auth/logout-all"),
    ] {
        server.call(method, path, &ada.token, &Value::Null).assert_problem(401, "invalid_token");
    }
    server.refresh(&ada.token).assert_problem(401, "invalid_token");
    server.login(EMAIL, "wrong").assert_problem(401, "invalid_credentials");
}

#[test]
fn a_code_of_the_app_counts_once() {
    let (_site, server, _, mut app, _) = with_app();
    let mut ada = server.owing(EMAIL, PASSWORD);
    ada.say(&json!({"code": app.last_code()}));
    assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())], "it enrolled the app");
    ada.skip();
    assert_eq!(ada.errors()[0].1, "not_skippable");
    ada.say(&json!({ "code": app.code() }));
    assert_eq!(server.me(&ada.access()).json()["second_factors"], json!(["totp"]));
    let mut again = server.owing(EMAIL, PASSWORD);
    again.say(&json!({"code": app.last_code()}));
    assert_eq!(again.errors(), [("code".into(), "invalid_code".into())]);
}

#[test]
fn a_recovery_code_counts_once_however_it_is_written_and_its_owner_is_told() {
    let (_site, server, mailbox, _, codes) = with_app();
    let typed = [codes[0].to_lowercase(), codes[1].replace('-', " "), codes[2].to_uppercase()];
    for code in &typed {
        let mut ada = server.owing(EMAIL, PASSWORD);
        ada.say(&json!({ "code": format!(" {code}\n") }));
        ada.access();
    }
    let mut ada = server.owing(EMAIL, PASSWORD);
    for code in &codes[..3] {
        ada.say(&json!({ "code": code }));
        assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())]);
    }
    let told = mailbox.wait_for(3, "recovery_code_used");
    assert!(told.iter().all(|letter| letter["to"] == EMAIL && letter["code"].is_null()));
    ada.say(&json!({ "code": codes[3] }));
    let left = server.call("GET", "/auth/totp", &ada.access(), &Value::Null).json();
    assert_eq!(left["recovery_codes_left"], 6);
}

#[test]
fn a_reset_of_the_password_is_no_way_round_the_second_factor() {
    let (_site, server, mailbox, mut app, _) = with_app();
    assert_eq!(server.post("/auth/password/forgot", &json!({ "email": EMAIL })).status, 202);
    let token = mailbox.token(1, "password_reset");
    let reset = json!({"token": token, "new_password": "a wholly different phrase"});
    assert_eq!(server.post("/auth/password/reset", &reset).status, 204);
    let mut ada = server.owing(EMAIL, "a wholly different phrase");
    assert_eq!(ada.step(), "second_factor");
    ada.say(&json!({ "code": app.code() }));
    ada.access();
}

#[test]
fn who_lost_app_and_codes_is_let_in_again_by_an_administrator() {
    let (site, server, mailbox, _, codes) = with_app();
    let mut before = server.owing(EMAIL, PASSWORD);
    before.say(&json!({ "code": codes[0] }));
    let shown = site.user(EMAIL);
    assert_eq!(
        (&shown["second_factors"], &shown["recovery_codes_left"]),
        (&json!(["totp"]), &json!(9))
    );
    assert_eq!(site.users()[0]["second_factors"], json!(["totp"]));
    let table = printed(&site.run(&["user", "list"], ""));
    assert!(table.lines().next().unwrap().contains("FACTOR"), "{table}");

    let reset = ["user", "reset-second-factor", EMAIL];
    let help = printed(&site.run(&["user", "reset-second-factor", "--help"], ""));
    assert!(help.contains("make sure who is asking"), "{help}");
    let told = printed(&site.run(&reset, ""));
    assert!(told.contains(EMAIL) && told.contains("no second factor"), "{told}");
    server.me(&before.access()).assert_problem(401, "revoked_token");
    assert_eq!(mailbox.letter(1, "totp_removed")["to"], EMAIL);
    let signed_in = server.login(EMAIL, PASSWORD).json();
    assert_eq!(
        (&signed_in["status"], &signed_in["user"]["second_factors"]),
        (&json!("completed"), &json!([]))
    );
    assert_eq!(site.user(EMAIL)["second_factor"], false);

    // Twice is as good as once.
    assert!(printed(&site.run(&reset, "")).contains("nothing was changed"));
    let json = printed_json(&site.run(&[&reset[..], &["--json"]].concat(), ""));
    assert_eq!(json["second_factors"], json!([]));
    let nobody = site.run(&["user", "reset-second-factor", "nobody@example.com"], "");
    assert!(complaint(&nobody).starts_with("no account for nobody@example.com"));
}

#[test]
fn a_sign_in_takes_ten_minutes_at_most() {
    let site = Site::with_verified_user();
    let variables = [("TESTUDO_POLICY__SIGN_IN_LIFETIME", "1")];
    let (server, _) = site.serve_with(&[], &variables);
    let (mut app, _) = enrolled(&server);
    let ada = server.owing(EMAIL, PASSWORD);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ada.try_to_say(&json!({ "code": app.code() })).assert_problem(410, "session_expired");
}
