//! Several servers on the same records, behind somebody who sends each request to the next of them.

use std::thread;

use serde_json::{Value, json};

use crate::support::{
    Answer, App, EMAIL, Nodes, PASSWORD, Site, Visitor, recovery_codes, registration,
};

const NEW: &str = "a wholly different phrase";

/// Three servers and Ada's account, with these arguments for each.
fn three(arguments: &[&str]) -> (Site, Nodes) {
    let site = Site::with_verified_user();
    let nodes = Nodes::start(&site, &["", "", ""], arguments);
    (site, nodes)
}

#[test]
fn of_a_thousand_guesses_five_are_looked_at() {
    of_a_thousand_guesses_five_are_looked_at_by(&three(&[]).1);
}

pub(crate) fn of_a_thousand_guesses_five_are_looked_at_by(nodes: &Nodes) {
    let guess = |_| nodes.next().login(EMAIL, "not the password").status;
    let statuses =
        at_once(50, |number| (0..20).map(|_| guess(number)).collect::<Vec<_>>()).concat();
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!(count(401), 5, "{statuses:?}");
    // One that waited too long for the stores on a busy machine was looked at by nobody.
    assert!(count(503) <= 50 && count(429) + count(503) == 995, "{statuses:?}");
    for server in nodes.all() {
        server.login(EMAIL, PASSWORD).assert_problem(429, "rate_limited");
    }
}

#[test]
fn a_refresh_has_one_successor() {
    a_refresh_has_one_successor_on(&three(&[]).1);
}

pub(crate) fn a_refresh_has_one_successor_on(nodes: &Nodes) {
    let mut token = nodes.next().login(EMAIL, PASSWORD).text("refresh_token");
    for _ in 0..5 {
        let refreshed = at_once(30, |_| nodes.next().refresh(&token));
        let mut successors: Vec<_> =
            refreshed.iter().map(|answer| answer.text("refresh_token")).collect();
        successors.dedup();
        assert_eq!(successors.len(), 1, "{successors:?}");
        for server in nodes.all() {
            assert_eq!(server.me(&refreshed[0].text("access_token")).status, 200);
        }
        token = successors.remove(0);
    }
}

#[test]
fn a_spent_refresh_token_ends_the_session_everywhere() {
    let (_site, nodes) = three(&["--refresh-grace", "1"]);
    let first = nodes.next().login(EMAIL, PASSWORD).text("refresh_token");
    let access = nodes.next().refresh(&first).text("access_token");
    thread::sleep(std::time::Duration::from_millis(1100));
    nodes.next().refresh(&first).assert_problem(401, "revoked_token");
    for server in nodes.all() {
        server.me(&access).assert_problem(401, "revoked_token");
    }
}

#[test]
fn a_link_counts_once() {
    let (site, nodes) = three(&[]);
    a_link_counts_once_on(&site, &nodes);
}

pub(crate) fn a_link_counts_once_on(site: &Site, nodes: &Nodes) {
    let forgot = json!({ "email": EMAIL });
    assert_eq!(nodes.next().post("/auth/password/forgot", &forgot).status, 202);
    let token = site.mailbox().token(1, "password_reset");
    let reset = json!({"token": token, "new_password": NEW});
    let answers = at_once(60, |_| nodes.next().post("/auth/password/reset", &reset));
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 204) {
        answer.assert_problem(401, "invalid_token");
    }
}

#[test]
fn a_code_counts_once() {
    a_code_counts_once_on(&three(&[]).1);
}

/// Of the app, and for recovery.
pub(crate) fn a_code_counts_once_on(nodes: &Nodes) {
    let access = nodes.next().login(EMAIL, PASSWORD).text("access_token");
    let begun = nodes.next().call("POST", "/auth/totp/begin", &access, &Value::Null);
    let mut app = App::of(&begun.json());
    let code = json!({ "code": app.code() });
    let confirmed = nodes.next().call("POST", "/auth/totp/confirm", &access, &code);
    let recovery = recovery_codes(&confirmed.json());
    let shown_before = nodes.next().owing(EMAIL, PASSWORD);
    let answer = shown_before.try_to_say(&code);
    assert_eq!(answer.json()["errors"][0]["code"], "invalid_code", "it has confirmed the app");
    for code in [recovery[0].clone(), app.code()] {
        // A sign-in goes on anywhere, whoever began it.
        let sign_ins: Vec<_> = (0..12).map(|_| nodes.next().login(EMAIL, PASSWORD)).collect();
        let tokens: Vec<_> = sign_ins.iter().map(|answer| answer.text("session_token")).collect();
        let answers = at_once(tokens.len(), |number| {
            let said = json!({"session_token": tokens[number], "data": {"code": code}});
            nodes.next().post("/auth/onboarding/advance", &said)
        });
        let completed =
            |answer: &&Answer| answer.status == 200 && answer.json()["status"] == "completed";
        let let_in: Vec<_> = answers.iter().filter(completed).collect();
        assert_eq!(let_in.len(), 1, "{answers:?}");
        for server in nodes.all() {
            assert_eq!(server.me(&let_in[0].text("access_token")).status, 200);
        }
    }
}

#[test]
fn signing_out_counts_everywhere_at_once_under_every_form_of_tokens() {
    for form in ["opaque", "jwt", "hybrid"] {
        signing_out_counts_everywhere_on(&three(&["--tokens", form]).1);
    }
}

pub(crate) fn signing_out_counts_everywhere_on(nodes: &Nodes) {
    let sign_in = || nodes.next().login(EMAIL, PASSWORD);
    let alone = sign_in().text("access_token");
    let sessions: Vec<_> = (0..6).map(|_| sign_in()).collect();
    let access: Vec<_> = sessions.iter().map(|answer| answer.text("access_token")).collect();
    for token in access.iter().chain([&alone]) {
        for server in nodes.all() {
            assert_eq!(server.me(token).status, 200);
        }
    }
    assert_eq!(nodes.next().logout(&alone).status, 204);
    for server in nodes.all() {
        server.me(&alone).assert_problem(401, "revoked_token");
        assert_eq!(server.me(&access[0]).status, 200);
    }
    assert_eq!(nodes.next().logout_all(&access[0]).status, 204);
    for server in nodes.all() {
        for answer in &sessions {
            server.me(&answer.text("access_token")).assert_problem(401, "revoked_token");
            server.refresh(&answer.text("refresh_token")).assert_problem(401, "revoked_token");
        }
    }
}

#[test]
fn somebody_signs_up_wherever_each_request_goes() {
    let site = Site::new();
    let nodes = Nodes::start(&site, &["", "", ""], &[]);
    somebody_signs_up_on(&site, &nodes);
}

pub(crate) fn somebody_signs_up_on(site: &Site, nodes: &Nodes) {
    let email = "grace@example.com";
    let started = nodes.next().post("/auth/onboarding/start", &json!({ "email": email }));
    let token = started.text("session_token");
    let say = |data: &Value| {
        let said = json!({"session_token": token, "data": data});
        Visitor::of(nodes.next(), &nodes.next().post("/auth/onboarding/advance", &said))
    };
    assert_eq!(say(&registration(email)).step(), "verify_email");
    say(&json!({}));
    let code = site.mailbox().code_to(email);
    assert_eq!(say(&json!({ "code": code })).step(), "setup_totp");
    let body = json!({"session_token": token, "skip": true});
    let done = nodes.next().post("/auth/onboarding/advance", &body);
    for server in nodes.all() {
        assert_eq!(server.me(&done.text("access_token")).json()["email"], email);
    }
    // What it was in the end is known to all of them.
    for server in nodes.all() {
        server.post("/auth/onboarding/advance", &body).assert_problem(409, "flow_complete");
    }
}

#[test]
fn of_accounts_for_one_address_there_is_one() {
    let site = Site::new();
    let nodes = Nodes::start(&site, &["", "", ""], &[]);
    of_accounts_for_one_address_there_is_one_on(&site, &nodes);
}

pub(crate) fn of_accounts_for_one_address_there_is_one_on(site: &Site, nodes: &Nodes) {
    let (email, spelt_otherwise) = ("grace@example.com", "Grace@EXAMPLE.com");
    // Starting again ends what was begun before, so one gets through.
    let tokens = at_once(9, |number| {
        let email = if number % 2 == 0 { email } else { spelt_otherwise };
        let started = nodes.next().post("/auth/onboarding/start", &json!({ "email": email }));
        let token = started.text("session_token");
        let said = json!({"session_token": token, "data": registration(email)});
        nodes.next().post("/auth/onboarding/advance", &said);
        token
    });
    for token in &tokens {
        let asked = json!({"session_token": token, "data": {}});
        nodes.next().post("/auth/onboarding/advance", &asked);
    }
    let codes: Vec<_> = site.mailbox().wait_for(1, "verification_code");
    for token in &tokens {
        for letter in &codes {
            let said = json!({"session_token": token, "data": {"code": letter["code"]}});
            nodes.next().post("/auth/onboarding/advance", &said);
        }
        let skip = json!({"session_token": token, "skip": true});
        nodes.next().post("/auth/onboarding/advance", &skip);
    }
    assert_eq!(site.users().len(), 1, "{:?}", site.users());
}

fn at_once<T: Send>(times: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let act = &act;
        let acting: Vec<_> = (0..times).map(|number| scope.spawn(move || act(number))).collect();
        acting.into_iter().map(|acted| acted.join().unwrap()).collect()
    })
}
