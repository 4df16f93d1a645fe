//! Guessing at codes: how often, and what buys no more of it.

use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, App, EMAIL, PASSWORD, Server, Site, Visitor, registration};

/// Does one thing so often, as much of it at once as the machine allows.
fn all_at_once(count: usize, one: impl Fn() -> Answer + Sync) -> Vec<Answer> {
    const LANES: usize = 50;
    thread::scope(|scope| {
        let lane = |_| scope.spawn(|| (0..count / LANES).map(|_| one()).collect::<Vec<_>>());
        let lanes: Vec<_> = (0..LANES).map(lane).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    })
}

/// How many guesses were looked at; the others were turned away.
fn evaluated(answers: &[Answer]) -> usize {
    let (looked_at, turned_away): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    for answer in turned_away {
        answer.assert_problem(429, "rate_limited");
    }
    for answer in &looked_at {
        assert_eq!(answer.json()["errors"][0]["code"], "invalid_code", "{answer:?}");
    }
    looked_at.len()
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Ada's account has an app.
fn with_app(server: &Server) -> App {
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let mut app = App::of(&server.call("POST", "/auth/totp/begin", &access, &Value::Null).json());
    let code = json!({ "code": app.code() });
    assert_eq!(server.call("POST", "/auth/totp/confirm", &access, &code).status, 200);
    app
}

#[test]
fn of_1000_parallel_wrong_codes_from_the_mail_5_are_looked_at_and_the_right_one_comes_too_late() {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let mut ada = server.signs_up(EMAIL);
    ada.say(&registration(EMAIL));
    ada.say(&json!({}));
    let code = mailbox.code_to(EMAIL);
    let wrong = json!({ "code": other_than(&code) });
    assert_eq!(evaluated(&all_at_once(1000, || ada.try_to_say(&wrong))), 5);
    ada.try_to_say(&json!({ "code": code })).assert_problem(429, "rate_limited");
    // Nor does it help to begin again.
    let mut again = server.signs_up(EMAIL);
    again.say(&registration(EMAIL));
    again.say(&json!({}));
    let code = mailbox.codes_to(EMAIL, 2).pop().unwrap();
    again.try_to_say(&json!({ "code": code })).assert_problem(429, "rate_limited");
}

#[test]
fn another_code_by_mail_buys_no_more_guesses() {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(&[], &[("TESTUDO_POLICY__EMAIL_CODE_COOLDOWN", "0")]);
    let mut ada = server.signs_up(EMAIL);
    ada.say(&registration(EMAIL));
    ada.say(&json!({}));
    let first = mailbox.code_to(EMAIL);
    for _ in 0..4 {
        ada.say(&json!({ "code": other_than(&first) }));
        assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())]);
    }
    ada.say(&json!({}));
    let second = mailbox.codes_to(EMAIL, 2).pop().unwrap();
    ada.say(&json!({ "code": other_than(&second) }));
    assert_eq!(ada.errors(), [("code".into(), "invalid_code".into())]);
    ada.try_to_say(&json!({ "code": second })).assert_problem(429, "rate_limited");
}

#[test]
fn another_code_takes_a_while_and_makes_the_one_before_worthless() {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let mut ada = server.signs_up(EMAIL);
    ada.say(&registration(EMAIL));
    ada.say(&json!({}));
    ada.say(&json!({}));
    assert_eq!(ada.errors(), [("code".into(), "too_soon".into())]);
    assert!(ada.result["client_hint"]["extra"]["resend_after"].as_u64().unwrap() <= 30);
    // Of another onboarding for the same address no code counts, right as it was.
    let first = mailbox.code_to(EMAIL);
    let mut again = server.signs_up(EMAIL);
    again.say(&registration(EMAIL));
    again.say(&json!({}));
    let second = mailbox.codes_to(EMAIL, 2).pop().unwrap();
    if first != second {
        again.say(&json!({ "code": first }));
        assert_eq!(again.errors(), [("code".into(), "invalid_code".into())]);
    }
    again.say(&json!({ "code": second }));
    assert_eq!(again.step(), "setup_totp");
}

/// Holds 100 answers to one right code against each other: one of them went on.
fn assert_one_success(answers: &[Answer], went_on: impl Fn(&Value) -> bool) {
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200 && went_on(&answer.json()));
    assert_eq!(good.len(), 1, "{good:?}");
    for answer in bad {
        let json = answer.json();
        let fits = matches!(answer.status, 409 | 429) || json["status"] == "error";
        assert!(fits, "{answer:?}");
    }
}

#[test]
fn of_100_parallel_uses_of_one_code_from_the_mail_one_goes_on() {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let mut ada = server.signs_up(EMAIL);
    ada.say(&registration(EMAIL));
    ada.say(&json!({}));
    let right = json!({"code": mailbox.code_to(EMAIL)});
    let answers = all_at_once(100, || ada.try_to_say(&right));
    assert_one_success(&answers, |json| json["status"] == "in_progress");
    assert_eq!(ada.resume()["current_step"], "setup_totp");
}

#[test]
fn of_100_parallel_uses_of_one_code_of_the_app_one_signs_in() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[]);
    let mut app = with_app(&server);
    let ada = server.owing(EMAIL, PASSWORD);
    let right = json!({ "code": app.code() });
    let answers = all_at_once(100, || ada.try_to_say(&right));
    assert_one_success(&answers, |json| json["status"] == "completed");
}

#[test]
fn one_code_of_the_app_signs_in_once_however_many_sign_in_with_it_at_once() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[("TESTUDO_POLICY__TOTP__ATTEMPTS", "1000")]);
    let mut app = with_app(&server);
    let many: Vec<_> = (0..50).map(|_| server.owing(EMAIL, PASSWORD)).collect();
    let right = json!({ "code": app.code() });
    let answers: Vec<_> = thread::scope(|scope| {
        let say = |ada: &'_ Visitor<'_>| ada.try_to_say(&right);
        let threads: Vec<_> = many.iter().map(|ada| scope.spawn(move || say(ada))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_one_success(&answers, |json| json["status"] == "completed");
}

#[test]
fn of_1000_parallel_wrong_codes_of_the_app_5_are_looked_at_whoever_signs_in_again() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[]);
    let mut app = with_app(&server);
    let ada = server.owing(EMAIL, PASSWORD);
    let wrong = json!({"code": app.wrong_code()});
    assert_eq!(evaluated(&all_at_once(1000, || ada.try_to_say(&wrong))), 5);
    let right = json!({ "code": app.code() });
    ada.try_to_say(&right).assert_problem(429, "rate_limited");
    let again = server.owing(EMAIL, PASSWORD);
    again.try_to_say(&right).assert_problem(429, "rate_limited");
}

#[test]
fn of_1000_parallel_wrong_recovery_codes_5_are_looked_at_and_the_app_still_opens() {
    let site = Site::with_verified_user();
    let (server, _) = site.serve_with(&[], &[]);
    let mut app = with_app(&server);
    let mut ada = server.owing(EMAIL, PASSWORD);
    let wrong = json!({"code": "aaaa-bbbb-cccc-dddd"});
    assert_eq!(evaluated(&all_at_once(1000, || ada.try_to_say(&wrong))), 5);
    ada.say(&json!({ "code": app.code() }));
    assert_eq!(server.me(&ada.access()).status, 200);
}
