//! Showing that an address is one's own, and moving to another.

use serde_json::json;

use crate::support::{Answer, EMAIL, Mailbox, PASSWORD, Request, Server, Site};

const NEW: &str = "ada@new.example.com";

fn post(server: &Server, path: &str, access: &str) -> Answer {
    server.send(Request::new("POST", path).bearer(access))
}

fn spend(server: &Server, path: &str, token: &str) -> Answer {
    server.send(Request::new("POST", path).json(json!({"token": token}).to_string()))
}

fn move_to(server: &Server, access: &str, email: &str) -> Answer {
    let body = json!({"new_email": email}).to_string();
    server.send(Request::new("POST", "/auth/email/change/request").bearer(access).json(body))
}

/// Moves Ada to the new address; gives the link that takes her back.
fn moved(server: &Server, mail: &Mailbox) -> String {
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    assert_eq!(move_to(server, &access, NEW).status, 202);
    let letter = mail.letter(1, "email_change");
    assert_eq!(letter["to"], NEW);
    let token = letter["token"].as_str().unwrap();
    assert_eq!(spend(server, "/auth/email/change", token).status, 204);
    server.me(&access).assert_problem(401, "revoked_token");
    let notice = mail.letter(1, "email_changed");
    assert_eq!(notice["to"], EMAIL);
    assert!(notice["text"].as_str().unwrap().contains(NEW));
    notice["token"].as_str().unwrap().to_owned()
}

#[test]
fn an_address_is_verified_by_the_link_once() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let asked = post(&server, "/auth/email/verify/request", &access);
    assert_eq!((asked.status, asked.body.as_str()), (202, ""), "{asked:?}");
    let letter = mail.letter(1, "email_verification");
    let token = letter["token"].as_str().unwrap();
    assert!(letter["link"].as_str().unwrap().ends_with(&format!("/verify?token={token}")));
    // A scanner of mail that follows links spends nothing.
    let by_get = Request::new("GET", &format!("/auth/email/verify?token={token}"));
    server.send(by_get).assert_problem(405, "malformed");
    assert_eq!(server.me(&access).json()["is_verified"], false);

    assert_eq!(spend(&server, "/auth/email/verify", token).status, 204);
    assert_eq!(server.me(&access).json()["is_verified"], true, "the session goes on");
    spend(&server, "/auth/email/verify", token).assert_problem(401, "invalid_token");
    assert_eq!(post(&server, "/auth/email/verify/request", &access).status, 202);
    server
        .send(Request::new("POST", "/auth/email/verify/request"))
        .assert_problem(401, "unauthenticated");
    drop(server);
    assert_eq!(mail.wait_for(1, "email_verification").len(), 1, "there was nothing to verify");
}

#[test]
fn an_account_moves_to_the_address_that_was_proved() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    moved(&server, &mail);
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    let user = server.login(NEW, PASSWORD).json()["user"].clone();
    assert_eq!((&user["email"], &user["is_verified"]), (&json!(NEW), &json!(true)));
    let used = mail.token(1, "email_change");
    spend(&server, "/auth/email/change", &used).assert_problem(401, "invalid_token");
}

#[test]
fn the_old_address_takes_the_account_back_from_whoever_stole_it() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let undo = moved(&server, &mail);
    // The thief changes the password as well.
    let access = server.login(NEW, PASSWORD).text("access_token");
    let thief = "the thief's own phrase";
    let body = json!({"current_password": PASSWORD, "new_password": thief}).to_string();
    let change = Request::new("POST", "/auth/password/change").bearer(&access).json(body);
    assert_eq!(server.send(change).status, 204);

    assert_eq!(spend(&server, "/auth/email/change/undo", &undo).status, 204);
    server.me(&access).assert_problem(401, "revoked_token");
    for (email, password) in [(EMAIL, PASSWORD), (EMAIL, thief), (NEW, thief)] {
        server.login(email, password).assert_problem(401, "invalid_credentials");
    }
    spend(&server, "/auth/email/change/undo", &undo).assert_problem(401, "invalid_token");
    assert_eq!(mail.letter(1, "email_restored")["to"], EMAIL);
    let token = mail.token(1, "password_reset");
    let body = json!({"token": token, "new_password": "a wholly different phrase"}).to_string();
    let reset = server.send(Request::new("POST", "/auth/password/reset").json(body));
    assert_eq!(reset.status, 204, "{reset:?}");
    assert_eq!(server.login(EMAIL, "a wholly different phrase").status, 200);
}

#[test]
fn a_taken_address_answers_like_a_free_one_and_its_owner_is_told() {
    let site = Site::with_user();
    site.create("eve@example.com", PASSWORD);
    let (server, mail) = site.serve_with_mail(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let (taken, free) =
        (move_to(&server, &access, "Eve@example.com"), move_to(&server, &access, NEW));
    assert_eq!((taken.status, &taken.body), (free.status, &free.body));
    assert_eq!(mail.letter(1, "email_change_to_taken")["to"], "eve@example.com");
    assert!(mail.letter(1, "email_change_to_taken")["token"].is_null());
    for wrong in ["", "nowhere", EMAIL, "a@example.com,b@example.com", "a@example.com\r\nBcc: b@c"]
    {
        move_to(&server, &access, wrong).assert_problem(422, "validation_failed");
    }
}

#[test]
fn no_more_than_three_letters_go_to_one_address_in_five_minutes() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for _ in 0..3 {
        assert_eq!(move_to(&server, &access, NEW).status, 202);
        assert_eq!(post(&server, "/auth/email/verify/request", &access).status, 202);
    }
    move_to(&server, &access, NEW).assert_problem(429, "rate_limited");
    post(&server, "/auth/email/verify/request", &access).assert_problem(429, "rate_limited");
    mail.wait_for(3, "email_change");
    mail.wait_for(3, "email_verification");
}
