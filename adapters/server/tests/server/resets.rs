//! Getting a new password by mail.

use std::thread;

use serde_json::json;

use crate::support::{Answer, EMAIL, Mailbox, PASSWORD, Request, Server, Site};

const NEW: &str = "a wholly different phrase";

fn forgot(server: &Server, email: &str) -> Answer {
    let body = json!({"email": email}).to_string();
    server.send(Request::new("POST", "/auth/password/forgot").json(body))
}

fn reset(server: &Server, token: &str, new: &str) -> Answer {
    let body = json!({"token": token, "new_password": new}).to_string();
    server.send(Request::new("POST", "/auth/password/reset").json(body))
}

fn asked(server: &Server, mail: &Mailbox, count: usize) -> String {
    assert_eq!(forgot(server, EMAIL).status, 202);
    mail.token(count, "password_reset")
}

#[test]
fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&["--public-url", "https://id.example.com"]);
    let before = server.login(EMAIL, PASSWORD);
    // Asked for in another spelling; the letter goes to the one that is stored.
    let answer = forgot(&server, "Ada@EXAMPLE.com ");
    assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{answer:?}");
    let letter = mail.letter(1, "password_reset");
    let token = letter["token"].as_str().unwrap();
    assert_eq!(letter["to"], EMAIL);
    assert_eq!(letter["link"], format!("https://id.example.com/reset?token={token}"));
    for field in ["subject", "text", "created_at"] {
        assert!(letter[field].as_str().is_some_and(|text| !text.is_empty()), "{letter}");
    }

    let answer = reset(&server, token, NEW);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    server.me(&before.text("access_token")).assert_problem(401, "revoked_token");
    server.refresh(&before.text("refresh_token")).assert_problem(401, "revoked_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    let after = server.login(EMAIL, NEW);
    assert_eq!(after.status, 200);
    assert_eq!(after.json()["user"]["is_verified"], false, "a reset verifies no address");
    assert_eq!(mail.letter(1, "password_changed")["to"], EMAIL);
    reset(&server, token, PASSWORD).assert_problem(401, "invalid_token");
}

#[test]
fn the_answer_is_the_same_for_addresses_that_nobody_has() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let (known, unknown) = (forgot(&server, EMAIL), forgot(&server, "nobody@example.com"));
    let without_id = |answer: &Answer| {
        let headers = answer
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
        (answer.status, headers.cloned().collect::<Vec<_>>(), answer.body.clone())
    };
    assert_eq!(without_id(&known), without_id(&unknown));
    mail.wait_for(1, "password_reset");
    drop(server);
    assert_eq!(mail.letters().len(), 1, "nobody is written to");
}

#[test]
fn the_answer_is_the_same_for_every_text() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    for text in
        ["", "nobody", "a@b", "ada@example.com ada@example.com", "\u{0}", "@", "x\r\ny@z.example"]
    {
        let answer = forgot(&server, text);
        assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{text:?}: {answer:?}");
    }
    for (body, code) in [("{}", "required"), (r#"{"email": 1}"#, "wrong_type")] {
        let answer = server.send(Request::new("POST", "/auth/password/forgot").json(body));
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["code"], code, "{body}");
    }
    assert_eq!(forgot(&server, EMAIL).status, 202);
    mail.wait_for(1, "password_reset");
    drop(server);
    assert_eq!(mail.letters().len(), 1, "nobody is written to");
}

#[test]
fn the_fourth_request_within_five_minutes_is_refused_whoever_it_is_about() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    for email in [EMAIL, "nobody@example.com", "nobody"] {
        for _ in 0..3 {
            assert_eq!(forgot(&server, email).status, 202);
        }
        forgot(&server, email).assert_problem(429, "rate_limited");
    }
    mail.wait_for(3, "password_reset");
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200, "asking locks nobody out");
}

#[test]
fn a_locked_account_is_opened_by_a_reset() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    for _ in 0..5 {
        server.login(EMAIL, "a wrong guess").assert_problem(401, "invalid_credentials");
    }
    server.login(EMAIL, PASSWORD).assert_problem(429, "rate_limited");
    let token = asked(&server, &mail, 1);
    assert_eq!(reset(&server, &token, NEW).status, 204);
    assert_eq!(server.login(EMAIL, NEW).status, 200);
}

#[test]
fn an_unfit_password_is_told_and_leaves_the_link_good() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let token = asked(&server, &mail, 1);
    let answer = reset(&server, &token, "password1");
    answer.assert_problem(422, "validation_failed");
    assert_eq!(answer.json()["errors"][0]["field"], "new_password");
    assert_eq!(reset(&server, &token, NEW).status, 204);
}

#[test]
fn a_link_is_dead_after_a_second_request_a_change_of_password_or_deactivation() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let first = asked(&server, &mail, 1);
    let second = asked(&server, &mail, 2);
    reset(&server, &first, NEW).assert_problem(401, "invalid_token");

    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let body = json!({"current_password": PASSWORD, "new_password": NEW}).to_string();
    let change = Request::new("POST", "/auth/password/change").bearer(&access).json(body);
    assert_eq!(server.send(change).status, 204);
    reset(&server, &second, PASSWORD).assert_problem(401, "invalid_token");

    let third = asked(&server, &mail, 3);
    assert!(site.run(&["user", "deactivate", EMAIL], "").status.success());
    reset(&server, &third, PASSWORD).assert_problem(401, "invalid_token");
    assert!(site.run(&["user", "activate", EMAIL], "").status.success());
    reset(&server, &third, PASSWORD).assert_problem(401, "invalid_token");
    assert_eq!(server.login(EMAIL, NEW).status, 200);
}

#[test]
fn of_100_parallel_uses_of_one_link_one_succeeds() {
    let site = Site::with_user();
    let (server, mail) =
        site.serve_with_mail(&["--argon2-memory", "19456", "--argon2-passes", "2"]);
    let token = asked(&server, &mail, 1);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let uses: Vec<_> = (0..100)
            .map(|n| {
                let (server, token) = (&server, &token);
                scope.spawn(move || {
                    // Whoever finds the hashing queue full tries again.
                    loop {
                        let answer = reset(server, token, &format!("{NEW} number {n}"));
                        if answer.status != 503 {
                            return answer.status;
                        }
                    }
                })
            })
            .collect();
        uses.into_iter().map(|used| used.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 99, "{statuses:?}");
    assert_eq!(mail.wait_for(1, "password_changed").len(), 1);
}

#[test]
fn what_is_no_token_of_a_reset_is_refused_as_one() {
    let site = Site::with_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let token = asked(&server, &mail, 1);
    let signed_in = server.login(EMAIL, PASSWORD);
    let cut = token[..token.len() - 1].to_owned();
    let (access, refresh) = (signed_in.text("access_token"), signed_in.text("refresh_token"));
    for wrong in ["", "tdl_", &cut, &format!("{token}A"), &token.to_uppercase(), &access, &refresh]
    {
        reset(&server, wrong, NEW).assert_problem(401, "invalid_token");
    }
    let nothing = Request::new("POST", "/auth/password/reset").json("{}");
    assert_eq!(server.send(nothing).json()["errors"].as_array().unwrap().len(), 2);
    let by_get = Request::new("GET", &format!("/auth/password/reset?token={token}"));
    server.send(by_get).assert_problem(405, "malformed");
    assert_eq!(reset(&server, &token, NEW).status, 204, "nothing of that spent it");
}

#[test]
fn a_letter_that_was_committed_is_delivered_after_a_crash() {
    let site = Site::with_user();
    // The directory cannot be written to for now.
    let (server, mail) = site.serve_with_mail(&[]);
    std::fs::remove_dir_all(site.path("mail")).unwrap();
    assert_eq!(forgot(&server, EMAIL).status, 202);
    server.kill();
    std::fs::create_dir(site.path("mail")).unwrap();
    assert_eq!(mail.letters().len(), 0);
    let (server, mail) = site.serve_with_mail(&[]);
    let token = mail.token(1, "password_reset");
    assert_eq!(reset(&server, &token, NEW).status, 204);
}

#[test]
fn the_database_holds_no_link() {
    let site = Site::on_sqlite("it reads the bytes of the files").and_user();
    let (server, mail) = site.serve_with_mail(&[]);
    let token = asked(&server, &mail, 1);
    // Committed and not delivered.
    std::fs::remove_dir_all(site.path("mail")).unwrap();
    assert_eq!(forgot(&server, EMAIL).status, 202);
    let log = server.kill();
    for name in ["testudo.db", "testudo.db-wal"] {
        let bytes = std::fs::read(site.path(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("tdl_") && !text.contains(&token[4..]), "{name}");
    }
    assert!(!log.contains("tdl_"), "{log}");
}
