//! Signing up over JSON alone.

use serde_json::{Value, json};

use crate::support::{Answer, EMAIL, Mailbox, PASSWORD, Server, Site, Visitor, registration};

fn site() -> (Site, Server, Mailbox) {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(&[], &[]);
    (site, server, mailbox)
}

#[test]
fn somebody_signs_up_with_all_steps_and_comes_back_with_app_and_recovery_code() {
    whole_story(&[]);
}

#[test]
fn signing_up_is_the_same_with_jwts() {
    whole_story(&["--tokens", "jwt"]);
}

#[test]
fn signing_up_is_the_same_with_hybrid_tokens() {
    whole_story(&["--tokens", "hybrid"]);
}

fn whole_story(arguments: &[&str]) {
    let site = Site::new();
    let (server, mailbox) = site.serve_with(arguments, &[]);
    let mut ada = server.signs_up(EMAIL);
    assert_eq!((ada.step(), &ada.result["completed_steps"]), ("register", &json!([])));
    ada.say(&registration(EMAIL));
    assert_eq!(ada.step(), "verify_email");
    let sent = ada.say(&json!({})).to_string();
    let code = mailbox.code_to(EMAIL);
    assert!(code.len() == 6 && !sent.contains(&code), "the code goes by mail alone: {sent}");
    ada.say(&json!({ "code": code }));
    assert_eq!(ada.result["client_hint"]["skippable"], true, "an app is offered");
    let mut app = ada.enrols();
    let codes = ada.takes_recovery_codes();
    let access = ada.access();
    assert_eq!(
        ada.result["completed_steps"],
        json!([
            "register",
            "verify_email",
            "setup_totp",
            "recovery_codes",
            "profile",
            "accept_terms"
        ])
    );

    let user = server.me(&access).json();
    assert_eq!(user, ada.result["user"]);
    assert_eq!((&user["is_verified"], &user["second_factors"]), (&json!(true), &json!(["totp"])));
    assert_eq!(server.logout(&access).status, 204);

    let mut by_app = server.owing(EMAIL, PASSWORD);
    assert_eq!(
        (by_app.step(), &by_app.result["remaining_steps"]),
        ("second_factor", &json!(["second_factor"]))
    );
    by_app.say(&json!({ "code": app.code() }));
    assert_eq!(server.me(&by_app.access()).status, 200);

    let mut by_code = server.owing(EMAIL, PASSWORD);
    by_code.say(&json!({ "code": codes[0] }));
    let access = by_code.access();
    let factors = server.call("GET", "/auth/totp", &access, &Value::Null);
    assert_eq!(factors.json()["recovery_codes_left"], 9, "{factors:?}");
    let sessions = server.call("GET", "/auth/sessions", &access, &Value::Null).json();
    assert_eq!(sessions["sessions"][0]["methods"], json!(["pwd", "recovery"]), "{sessions}");
}

/// All of an answer that is not different each time anyway: secrets, moments and what is the address's own.
fn comparable(answer: &Answer, email: &str, token: &str) -> (u16, Vec<String>, String) {
    let names = answer.headers.iter().map(|(name, value)| match name.as_str() {
        "date" | "x-request-id" => name.clone(),
        _ => format!("{name}: {value}"),
    });
    let body = answer.body.replace(token, "TOKEN").replace(email, "EMAIL");
    (answer.status, names.collect(), body)
}

#[test]
fn a_taken_address_looks_like_a_fresh_one_and_its_owner_is_told() {
    let site = Site::with_verified_user();
    let (server, mailbox) = site.serve_with(&[], &[]);
    // As long as the other one.
    let fresh = "eve@example.com";
    let said = [registration(EMAIL), json!({}), json!({"code": "000000"}), json!({})];
    let lived: Vec<Vec<_>> = [EMAIL, fresh]
        .into_iter()
        .map(|email| {
            let started = server.post("/auth/onboarding/start", &json!({ "email": email }));
            let visitor = Visitor::of(&server, &started);
            let mut answers = vec![started];
            for data in &said {
                let data = data.to_string().replace(EMAIL, email).parse().unwrap();
                answers.push(visitor.try_to_say(&data));
            }
            answers.push(visitor.try_to_resume());
            // How long to wait for another code shrinks by the second.
            answers
                .iter()
                .map(|answer| comparable(answer, email, &visitor.token))
                .map(|(status, headers, body)| {
                    let body = body.replace(|letter: char| letter.is_ascii_digit(), "#");
                    (status, headers, body.replace("##", "#"))
                })
                .collect()
        })
        .collect();
    assert_eq!(lived[0], lived[1]);
    let told = mailbox.letter(1, "registration_of_taken");
    assert_eq!(told["to"], EMAIL);
    assert_eq!((&told["code"], &told["token"]), (&Value::Null, &Value::Null));
    assert_eq!(mailbox.letter(1, "verification_code")["to"], fresh);
    assert_eq!(mailbox.letters().len(), 2, "{:?}", mailbox.letters());
}

#[test]
fn no_code_opens_a_taken_address() {
    let site = Site::with_verified_user();
    let (server, mailbox) = site.serve_with(&[], &[]);
    let (mut thief, mut eve) = (server.signs_up(EMAIL), server.signs_up("eve@example.com"));
    for (visitor, email) in [(&mut thief, EMAIL), (&mut eve, "eve@example.com")] {
        visitor.say(&registration(email));
        visitor.say(&json!({}));
    }
    let hers = mailbox.code_to("eve@example.com");
    thief.say(&json!({ "code": hers }));
    assert_eq!(thief.errors(), [("code".into(), "invalid_code".into())], "another one's code");
    eve.say(&json!({ "code": hers }));
    assert_eq!(eve.step(), "setup_totp");
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200, "the owner's password is as it was");
}

#[test]
fn a_token_of_onboarding_opens_no_route_and_no_other_token_goes_on() {
    let (_site, server, mailbox) = site();
    let mut ada = server.signs_up(EMAIL);
    for path in ["/auth/me", "/auth/sessions", "/auth/totp"] {
        let answer = server.call("GET", path, &ada.token, &Value::Null);
        answer.assert_problem(401, "invalid_token");
    }
    server.refresh(&ada.token).assert_problem(401, "invalid_token");
    ada.registers_and_verifies(EMAIL, &mailbox);
    ada.skip();
    let refresh = ada.result["refresh_token"].as_str().unwrap();
    for token in [ada.access().as_str(), refresh, "", "tdo_made-up", &ada.token[1..]] {
        for path in ["/auth/onboarding/advance", "/auth/onboarding/resume"] {
            let answer = server.post(path, &json!({"session_token": token, "data": {}}));
            answer.assert_problem(404, "session_invalid");
        }
    }
}

#[test]
fn what_is_over_is_told_to_who_holds_its_token() {
    let (_site, server, mailbox) = site();
    let mut ada = server.signs_up(EMAIL);
    ada.registers_and_verifies(EMAIL, &mailbox);
    ada.skip();
    ada.access();
    ada.try_to_say(&json!({})).assert_problem(409, "flow_complete");
    ada.try_to_resume().assert_problem(409, "flow_complete");

    let before = server.signs_up("bob@example.com");
    let mut after = server.signs_up("bob@example.com");
    before.try_to_resume().assert_problem(404, "session_invalid");
    assert_eq!(after.resume()["current_step"], "register");
}

#[test]
fn a_session_that_is_over_is_gone() {
    let site = Site::new();
    let (server, _) = site.serve_with(&[], &[("TESTUDO_POLICY__ONBOARDING_LIFETIME", "1")]);
    let ada = server.signs_up(EMAIL);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ada.try_to_say(&json!({})).assert_problem(410, "session_expired");
    ada.try_to_resume().assert_problem(410, "session_expired");
}

#[test]
fn wrong_types_are_refused_and_what_is_not_known_is_ignored() {
    let (_site, server, _mailbox) = site();
    let path = "/auth/onboarding/start";
    for body in [json!({}), json!({"email": 7}), json!({"email": [EMAIL]}), json!([EMAIL])] {
        server.post(path, &body).assert_problem(422, "validation_failed");
    }
    for email in ["", "ada", "a@example.com,b@example.com", "Ada <ada@example.com>", "a@b.c\r\nd"] {
        let answer = server.post(path, &json!({ "email": email }));
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "email");
    }
    let answer = server.post(path, &json!({"email": EMAIL, "role": "admin", "step": 3}));
    let mut ada = Visitor::of(&server, &answer);
    for wrong in [
        json!({"session_token": 7}),
        json!({"data": {}}),
        json!({"session_token": ada.token, "data": "x"}),
        json!({"session_token": ada.token, "data": []}),
        json!({"session_token": ada.token, "skip": "yes"}),
        json!({"session_token": ada.token, "step": 1}),
    ] {
        let answer = server.post("/auth/onboarding/advance", &wrong);
        answer.assert_problem(422, "validation_failed");
    }
    // What is wrong inside the data is for the step to say.
    ada.say(&json!({"email": ["x"], "password": {"a": 1}, "password_confirm": 7}));
    let codes: Vec<_> = ada.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(codes, ["email", "password"], "{}", ada.result);
    ada.say(&json!({}));
    assert_eq!(ada.result["status"], "error");
    ada.say(&json!({"email": EMAIL, "password": "short", "password_confirm": "other"}));
    let errors = ada.errors();
    assert!(errors.contains(&("password".into(), "password_too_short".into())), "{errors:?}");
    assert!(errors.contains(&("password_confirm".into(), "password_mismatch".into())));
    let extra = json!({"email": EMAIL, "password": PASSWORD, "password_confirm": PASSWORD,
        "is_verified": true, "id": "x", "session_token": "y"});
    ada.say(&extra);
    assert_eq!((ada.step(), ada.errors()), ("verify_email", vec![]));
}

#[test]
fn a_required_step_is_not_skipped_and_a_form_that_is_sent_twice_counts_once() {
    let (_site, server, mailbox) = site();
    let mut ada = server.signs_up(EMAIL);
    ada.skip();
    assert_eq!((ada.step(), ada.errors()[0].1.as_str()), ("register", "not_skippable"));
    ada.registers_and_verifies(EMAIL, &mailbox);
    let again =
        json!({"session_token": ada.token, "step": "register", "data": registration(EMAIL)});
    let answer = server.post("/auth/onboarding/advance", &again);
    let mut ada = Visitor::of(&server, &answer);
    assert_eq!((ada.step(), &ada.result["status"]), ("setup_totp", &json!("in_progress")));
    ada.skip();
    assert_eq!(server.me(&ada.access()).json()["second_factors"], json!([]));
}

#[test]
fn nothing_that_was_shown_once_is_shown_again_but_with_what_was_wrong() {
    let (_site, server, mailbox) = site();
    let mut ada = server.signs_up(EMAIL);
    ada.registers_and_verifies(EMAIL, &mailbox);
    let hint = ada.say(&json!({}))["client_hint"].clone();
    let shown = &hint["extra"];
    for field in ["secret", "provisioning_uri", "qr_svg"] {
        assert!(shown[field].is_string(), "{field} in {shown}");
    }
    let again = ada.resume()["client_hint"]["extra"].clone();
    assert!(again["secret"].is_null(), "{again}");
    for wrong in ["000000", "no code"] {
        ada.say(&json!({ "code": wrong }));
        assert_eq!((&ada.result["status"], &ada.result["client_hint"]), (&json!("error"), &hint));
    }
    // But another one is, and then the one before counts no more.
    let other = ada.say(&json!({}))["client_hint"]["extra"].clone();
    assert_ne!(other["secret"], shown["secret"]);
}
