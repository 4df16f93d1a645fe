//! Invitations: by mail to one address, or by a link for whoever has it.

use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site};

const GUEST: &str = "guest@example.com";

fn with_inviter() -> Site {
    let site = Site::new();
    let made = site.run(&["user", "create", EMAIL, "--password-stdin", "--verified"], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    site
}

fn invite(server: &Server, access: &str, body: Value) -> Answer {
    server.send(Request::new("POST", "/auth/invitations").bearer(access).json(body.to_string()))
}

fn accept(server: &Server, body: Value) -> Answer {
    server.send(Request::new("POST", "/auth/invitations/accept").json(body.to_string()))
}

fn listed(server: &Server, access: &str) -> Vec<Value> {
    let answer = server.send(Request::new("GET", "/auth/invitations").bearer(access));
    answer.json()["invitations"].as_array().unwrap().clone()
}

#[test]
fn an_invited_address_gets_an_account_that_is_verified() {
    let site = with_inviter();
    let (server, mail) = site.serve_with_mail(&["--invitations", "users"]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let invited = invite(&server, &access, json!({"email": GUEST}));
    assert_eq!(invited.status, 201, "{invited:?}");
    assert!(invited.json()["token"].is_null(), "it goes by mail alone");
    let token = mail.token(1, "invitation");
    let other = json!({"token": token, "email": "other@example.com", "password": PASSWORD});
    assert_ne!(accept(&server, other).status, 204);
    let answer = accept(
        &server,
        json!({"token": token, "password": PASSWORD, "profile": {"role": "admin"}}),
    );
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    let user = server.login(GUEST, PASSWORD).json()["user"].clone();
    assert_eq!((&user["is_verified"], &user["profile"]), (&json!(true), &json!({})));
    accept(&server, json!({"token": token, "password": PASSWORD}))
        .assert_problem(401, "invalid_token");
    assert_eq!(listed(&server, &access)[0]["taken"], 1);
}

#[test]
fn the_last_seat_is_taken_once() {
    let site = with_inviter();
    let (server, _mail) = site.serve_with_mail(&[
        "--invitations",
        "users",
        "--argon2-memory",
        "19456",
        "--argon2-passes",
        "2",
    ]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let invited = invite(&server, &access, json!({"seats": 2}));
    let token = invited.text("token");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let guests: Vec<_> = (0..20)
            .map(|n| {
                let (server, token) = (&server, &token);
                scope.spawn(move || {
                    loop {
                        let email = format!("guest-{n}@example.com");
                        let body = json!({"token": token, "email": email, "password": PASSWORD});
                        let status = accept(server, body).status;
                        if status != 503 {
                            return status;
                        }
                    }
                })
            })
            .collect();
        guests.into_iter().map(|guest| guest.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 2, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 18, "{statuses:?}");
    assert_eq!(site.users().len(), 3);
}

#[test]
fn who_comes_by_an_open_invitation_verifies_the_address_afterwards() {
    let site = with_inviter();
    let (server, mail) = site.serve_with_mail(&["--invitations", "users"]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let token = invite(&server, &access, json!({})).text("token");
    let body = json!({"token": token, "email": GUEST, "password": PASSWORD});
    assert_eq!(accept(&server, body).status, 204);
    assert_eq!(server.login(GUEST, PASSWORD).json()["user"]["is_verified"], false);
    let link = mail.letter(1, "email_verification");
    assert_eq!(link["to"], GUEST);
    let verify = json!({"token": link["token"]}).to_string();
    let verified = server.send(Request::new("POST", "/auth/email/verify").json(verify));
    assert_eq!(verified.status, 204, "{verified:?}");
    assert_eq!(server.login(GUEST, PASSWORD).json()["user"]["is_verified"], true);
}

#[test]
fn a_revoked_invitation_is_dead_and_a_foreign_one_is_not_found() {
    let site = with_inviter();
    site.create("eve@example.com", PASSWORD);
    let (server, _mail) = site.serve_with_mail(&["--invitations", "users"]);
    let ada = server.login(EMAIL, PASSWORD).text("access_token");
    let eve = server.login("eve@example.com", PASSWORD).text("access_token");
    let invited = invite(&server, &ada, json!({"seats": 5, "expires_in": 3600}));
    let id = invited.json()["invitation"]["id"].as_str().unwrap().to_owned();
    let revoke = |access: &str, id: &str| {
        server.send(Request::new("DELETE", &format!("/auth/invitations/{id}")).bearer(access))
    };
    let foreign = revoke(&eve, &id);
    foreign.assert_problem(404, "not_found");
    assert_eq!(foreign.json(), revoke(&eve, "01890000-0000-7000-8000-000000000000").json());
    assert_eq!(revoke(&ada, &id).status, 204);
    accept(&server, json!({"token": invited.text("token"), "email": GUEST, "password": PASSWORD}))
        .assert_problem(401, "invalid_token");
}

#[test]
fn users_invite_nobody_unless_the_operator_lets_them() {
    let site = with_inviter();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    invite(&server, &access, json!({"email": GUEST})).assert_problem(403, "forbidden");
    invite(&server, "tda_x", json!({"email": GUEST})).assert_problem(401, "invalid_token");
}
