//! Closing an account, and opening it again.

use serde_json::json;

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site};

fn close(server: &Server, access: &str) -> Answer {
    server.send(Request::new("POST", "/auth/account/close").bearer(access))
}

fn reopen(server: &Server, token: &str) -> Answer {
    let body = json!({"token": token}).to_string();
    server.send(Request::new("POST", "/auth/account/reopen").json(body))
}

#[test]
fn a_closed_account_is_dead_at_once_and_comes_back_by_its_link() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let signed_in = server.login(EMAIL, PASSWORD);
    let access = signed_in.text("access_token");
    let closed = close(&server, &access);
    assert_eq!(closed.status, 202, "{closed:?}");
    assert!(closed.json()["closes_at"].as_str().is_some_and(|moment| moment.ends_with('Z')));
    server.me(&access).assert_problem(401, "revoked_token");
    server.refresh(&signed_in.text("refresh_token")).assert_problem(401, "revoked_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    // Nor does a reset open it.
    let forgot = json!({"email": EMAIL}).to_string();
    let forgot = server.send(Request::new("POST", "/auth/password/forgot").json(forgot));
    assert_eq!(forgot.status, 202);

    let token = mail.token(1, "account_closed");
    assert_eq!(reopen(&server, &token).status, 204);
    reopen(&server, &token).assert_problem(401, "invalid_token");
    server.me(&access).assert_problem(401, "revoked_token");
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    mail.wait_for(1, "account_reopened");
    drop(server);
    assert!(mail.letters().iter().all(|letter| letter["kind"] != "password_reset"));
}

#[test]
fn what_an_administrator_closed_no_link_opens() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    assert_eq!(close(&server, &access).status, 202);
    let token = mail.token(1, "account_closed");
    assert!(site.run(&["user", "deactivate", EMAIL], "").status.success());
    reopen(&server, &token).assert_problem(401, "invalid_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    assert!(site.user(EMAIL)["closes_at"].is_string());
    // An administrator opens what an administrator closed, and what its owner closed.
    assert!(site.run(&["user", "activate", EMAIL], "").status.success());
    assert_eq!(site.user(EMAIL)["closes_at"], serde_json::Value::Null);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
}
