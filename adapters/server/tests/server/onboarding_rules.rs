//! What an operator sets about signing up and signing in.

use serde_json::{Value, json};

use crate::support::{
    App, EMAIL, PASSWORD, Request, Server, Site, Visitor, complaint, printed_json, registration,
    run,
};

const PROFILE: &str = r#"
[onboarding]
sign_up = ["register", "verify_email", "profile"]

[[onboarding.profile]]
name = "name"
label = "Your name"
kind = "text"
max_length = 20

[[onboarding.profile]]
name = "size"
label = "T-shirt"
kind = "choice"
required = false
choices = [{ value = "s", label = "Small" }, { value = "l", label = "Large" }]
"#;

fn serve(site: &Site, file: &str, variables: &[(&str, &str)]) -> Server {
    site.write("testudo.toml", file);
    site.serve_with(&["--config", "testudo.toml"], variables).0
}

#[test]
fn only_declared_fields_are_written_when_signing_up_and_later() {
    let site = Site::new();
    let server = serve(&site, PROFILE, &[]);
    let mut ada = server.signs_up(EMAIL);
    ada.registers_and_verifies(EMAIL, &site.mailbox());
    assert_eq!((ada.step(), &ada.result["client_hint"]["skippable"]), ("profile", &json!(false)));
    let fields = ada.result["client_hint"]["fields"].as_array().unwrap().clone();
    assert_eq!(fields[0]["validation"]["max_length"], 20);
    assert_eq!(fields[1]["validation"]["choices"][1], json!({"value": "l", "label": "Large"}));
    ada.skip();
    assert_eq!(ada.errors()[0].1, "not_skippable");
    ada.say(&json!({"name": 7, "size": "xl"}));
    let expected = [("name", "wrong_type"), ("size", "invalid_choice")];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(ada.errors(), expected);
    let smuggled = json!({"name": "Ada", "role": "admin", "is_verified": false, "is_active": false,
        "id": "x", "email": "eve@example.com", "second_factors": ["totp"]});
    ada.say(&smuggled);
    let access = ada.access();
    let user = server.me(&access).json();
    assert_eq!((&user["profile"], &user["email"]), (&json!({"name": "Ada"}), &json!(EMAIL)));
    assert_eq!((&user["is_verified"], &user["second_factors"]), (&json!(true), &json!([])));

    let patch = |body: Value| server.call("PATCH", "/auth/me", &access, &body);
    let mut profile = smuggled;
    profile["size"] = json!("l");
    let mut body = json!({"email": "eve@example.com", "is_active": false});
    body["profile"] = profile;
    let changed = patch(body);
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.header("cache-control"), Some("no-store"));
    let mut expected = user;
    expected["profile"] = json!({"name": "Ada", "size": "l"});
    assert_eq!(changed.json(), expected);
    assert_eq!(patch(json!({"profile": {"size": null}})).json()["profile"], json!({"name": "Ada"}));
    for (wrong, field) in [
        (json!({"profile": {"name": null}}), "name"),
        (json!({"profile": {"name": "x".repeat(21)}}), "name"),
        (json!({"profile": "x"}), "profile"),
        (json!({}), "profile"),
    ] {
        let answer = patch(wrong);
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    assert_eq!(server.me(&access).json()["profile"], json!({"name": "Ada"}));
}

#[test]
fn who_lacks_a_required_field_is_asked_for_it_at_the_next_sign_in() {
    let site = Site::with_verified_user();
    let asked = [("TESTUDO_ONBOARDING__AT_SIGN_IN", "profile")];
    let server = serve(&site, PROFILE, &asked);
    let mut ada = server.owing(EMAIL, PASSWORD);
    assert_eq!(ada.step(), "profile");
    ada.say(&json!({"name": "Ada"}));
    assert_eq!(ada.result["user"]["profile"], json!({"name": "Ada"}));
    assert_eq!(server.login(EMAIL, PASSWORD).json()["status"], "completed");
}

#[test]
fn where_nobody_may_sign_up_nobody_can() {
    let site = Site::with_verified_user();
    let (open, _) = site.serve_with(&[], &[]);
    let begun = open.signs_up("mallory@example.com").token;
    open.kill();
    let (server, _) = site.serve_with(&[], &[("TESTUDO_ONBOARDING__SIGN_UP", "")]);
    let answer = server.post("/auth/onboarding/start", &json!({"email": "eve@example.com"}));
    answer.assert_problem(403, "forbidden");
    let go_on = json!({"session_token": begun, "data": registration("mallory@example.com")});
    for path in ["/auth/onboarding/advance", "/auth/onboarding/resume"] {
        server.post(path, &go_on).assert_problem(403, "forbidden");
    }
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
}

#[test]
fn where_only_guests_may_sign_up_an_invitation_opens_the_door_to_its_own_address() {
    let site = Site::with_verified_user();
    let order = "validate_invitation,register,verify_email";
    let variables = [("TESTUDO_ONBOARDING__SIGN_UP", order)];
    let (mut for_nobody, _) = site.serve_with(&[], &variables);
    for_nobody.wait_for_log("nobody may invite without --invitations users");
    drop(for_nobody);
    let (server, mailbox) = site.serve_with(&["--invitations", "users"], &variables);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let invite = json!({"email": "guest@example.com"});
    assert_eq!(server.call("POST", "/auth/invitations", &access, &invite).status, 201);
    let invitation = mailbox.token(1, "invitation");

    let mut eve = server.signs_up("eve@example.com");
    for data in [json!({ "invitation": invitation }), json!({"invitation": "made up"}), json!({})] {
        eve.say(&data);
        assert_eq!((eve.step(), eve.errors().len()), ("validate_invitation", 1));
    }
    eve.skip();
    assert_eq!(eve.errors()[0].1, "not_skippable");
    let mut guest = server.signs_up("guest@example.com");
    guest.say(&json!({ "invitation": invitation }));
    guest.say(&registration("guest@example.com"));
    assert_eq!(guest.result["user"]["is_verified"], true, "the link went to that address");
    let mut twice = server.signs_up("guest@example.com");
    twice.say(&json!({ "invitation": invitation }));
    assert_eq!(twice.errors()[0].1, "invalid_invitation");
}

#[test]
fn where_a_second_factor_is_required_nobody_gets_round_it() {
    let site = Site::with_user();
    let (server, mailbox) =
        site.serve_with(&["--require-totp", "--service-name", "Gopher: Shop"], &[]);
    let mut eve = server.signs_up("eve@example.com");
    eve.registers_and_verifies("eve@example.com", &mailbox);
    assert_eq!(eve.result["client_hint"]["skippable"], false);
    eve.skip();
    assert_eq!((eve.step(), eve.errors()[0].1.as_str()), ("setup_totp", "not_skippable"));
    eve.say(&json!({}));
    let extra = &eve.result["client_hint"]["extra"];
    let uri = extra["provisioning_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Gopher") && uri.contains("eve%40example.com"), "{uri}");
    let mut app = App::of(extra);
    eve.skip();
    assert_eq!(eve.errors()[0].1, "not_skippable");
    eve.say(&json!({ "code": app.code() }));
    eve.skip();
    assert_eq!(eve.result["user"]["second_factors"], json!(["totp"]));
    let removed = server.call("DELETE", "/auth/totp", &eve.access(), &Value::Null);
    removed.assert_problem(403, "forbidden");

    // Who was there before enrols at the next sign-in, and first shows that the address is theirs.
    let mut ada = server.owing(EMAIL, PASSWORD);
    assert_eq!(
        ada.result["remaining_steps"],
        json!(["verify_email", "setup_totp", "recovery_codes"])
    );
    ada.skip();
    assert_eq!(ada.errors()[0].1, "not_skippable");
    ada.verifies(EMAIL, &mailbox);
    ada.skip();
    assert_eq!((ada.step(), ada.errors()[0].1.as_str()), ("setup_totp", "not_skippable"));
    ada.enrols();
    ada.takes_recovery_codes();
    assert_eq!(server.me(&ada.access()).json()["second_factors"], json!(["totp"]));
    assert_eq!(server.owing(EMAIL, PASSWORD).step(), "second_factor");
}

#[test]
fn where_addresses_must_be_verified_a_sign_in_verifies_them() {
    let site = Site::with_user();
    let variables = [("TESTUDO_POLICY__REQUIRE_VERIFIED_EMAIL", "true")];
    let (server, mailbox) = site.serve_with(&[], &variables);
    let mut ada = server.owing(EMAIL, PASSWORD);
    ada.verifies(EMAIL, &mailbox);
    assert_eq!(server.me(&ada.access()).json()["is_verified"], true);
    assert_eq!(server.login(EMAIL, PASSWORD).json()["status"], "completed");
}

#[test]
fn a_password_that_must_be_changed_is_changed_on_the_way_in() {
    let site = Site::with_user();
    let set = ["user", "set-password", EMAIL, "--password-stdin", "--must-change", "--json"];
    printed_json(&site.run(&set, "given by the office"));
    let (server, _) = site.serve_with(&[], &[]);
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    let mut ada = server.owing(EMAIL, "given by the office");
    assert_eq!(ada.step(), "change_password");
    ada.skip();
    assert_eq!(ada.errors()[0].1, "not_skippable");
    for (new, code) in
        [("given by the office", "password_unchanged"), ("short", "password_too_short")]
    {
        ada.say(&json!({"new_password": new, "new_password_confirm": new}));
        assert!(ada.errors().contains(&("new_password".into(), code.into())), "{}", ada.result);
    }
    ada.say(&json!({"new_password": "my own horse", "new_password_confirm": "my own horse"}));
    assert_eq!(server.me(&ada.access()).status, 200);
    assert_eq!(server.login(EMAIL, "my own horse").json()["status"], "completed");
    server.login(EMAIL, "given by the office").assert_problem(401, "invalid_credentials");
}

#[test]
fn terms_are_accepted_by_version_and_asked_for_again_when_they_change() {
    let site = Site::with_user();
    let terms = |version| {
        let url = ("TESTUDO_ONBOARDING__TERMS_URL", "https://example.com/terms");
        site.serve_with(&[], &[("TESTUDO_POLICY__TERMS", version), url]).0
    };
    let server = terms("2026-11");
    let mut ada = server.owing(EMAIL, PASSWORD);
    let extra = ada.result["client_hint"]["extra"].clone();
    assert_eq!((ada.step(), &extra["terms_version"]), ("accept_terms", &json!("2026-11")));
    assert_eq!(extra["terms_url"], "https://example.com/terms");
    ada.say(&json!({"accept": false}));
    assert_eq!(ada.errors(), [("accept".into(), "required".into())]);
    ada.say(&json!({"accept": true}));
    ada.access();
    assert_eq!(server.login(EMAIL, PASSWORD).json()["status"], "completed");
    drop(server);
    assert_eq!(terms("2027-01").owing(EMAIL, PASSWORD).step(), "accept_terms");
}

#[test]
fn to_be_remembered_is_carried_over_to_the_session_at_the_end() {
    let site = Site::with_user();
    let variables = [("TESTUDO_POLICY__REQUIRE_VERIFIED_EMAIL", "true")];
    let (server, mailbox) = site.serve_with(&[], &variables);
    let idle_days = |access: &str| {
        let sessions = server.call("GET", "/auth/sessions", access, &Value::Null).json();
        let session = &sessions["sessions"][0];
        let day = |field: &str| {
            let moment: testudo::Timestamp = session[field].as_str().unwrap().parse().unwrap();
            moment.as_millis() / 86_400_000
        };
        day("expires_at") - day("created_at")
    };
    let remembered = json!({"email": EMAIL, "password": PASSWORD, "remember": true});
    let mut ada = Visitor::of(&server, &server.post("/auth/login", &remembered));
    ada.verifies(EMAIL, &mailbox);
    assert_eq!(idle_days(&ada.access()), 30);
    for (remember, days) in [(true, 30), (false, 1)] {
        let email = format!("{days}@example.com");
        let start = json!({"email": email, "remember": remember});
        let mut new = Visitor::of(&server, &server.post("/auth/onboarding/start", &start));
        new.registers_and_verifies(&email, &mailbox);
        new.skip();
        assert_eq!(idle_days(&new.access()), days);
    }
}

#[test]
fn rules_that_cannot_be_are_refused_in_one_line_and_all_at_once() {
    let site = Site::new();
    for (text, expected) in [
        ("[onboarding]\nsignup = []", vec!["line 2", "signup"]),
        ("[onboarding]\nsign_up = [\"verify_email\"]", vec!["onboarding.sign_up", "register"]),
        ("[onboarding]\nsign_up = [\"register\"]", vec!["onboarding.sign_up", "verify_email"]),
        (
            "service_name = \"\"\n[policy]\nsecond_factor = \"required\"\ntotp_skew = 2\n[onboarding]\n\
             at_sign_in = [\"pay\"]\nterms_url = \"javascript:x\"",
            vec![
                "service_name",
                "policy.totp_skew",
                "onboarding.at_sign_in",
                "second_factor",
                "onboarding.terms_url",
                "policy.terms",
            ],
        ),
        (
            "[[onboarding.profile]]\nname = \"a\"\nlabel = \"A\"\nkind = \"choice\"",
            vec!["onboarding.profile[0]", "choices"],
        ),
        ("[[onboarding.profile]]\nname = \"a\"\nkind = \"text\"", vec!["line 1", "label"]),
        ("[policy]\nsecond_factor = \"always\"", vec!["line 2", "if_enrolled", "required"]),
        ("require_totp = \"yes\"", vec!["line 1", "boolean"]),
    ] {
        site.write("testudo.toml", text);
        let listen = ["serve", "--config", "testudo.toml", "--listen", "127.0.0.1:0"];
        let refused = site.run(&listen, "");
        assert_eq!(refused.status.code(), Some(1), "{text}");
        let complaint = complaint(&refused);
        assert!(expected.iter().all(|part| complaint.contains(part)), "{text}: {complaint}");
    }
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_ONBOARDING__PROFILE", "name").env("TESTUDO_POLICY__SECOND_FACTOR", "x");
    let refused = complaint(&run(command, ""));
    for name in ["TESTUDO_ONBOARDING__PROFILE", "TESTUDO_POLICY__SECOND_FACTOR"] {
        assert!(refused.contains(name), "{refused}");
    }
    let refused = site.run(&["serve", "--require-totp=perhaps"], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(complaint(&refused).contains("--require-totp"));
}

#[test]
fn a_requirement_is_taken_back_where_it_wins_over_the_file() {
    let site = Site::with_user();
    site.write("testudo.toml", "require_totp = true\n");
    let status = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["--config", "testudo.toml"], arguments].concat();
        let (server, _) = site.serve_with(&arguments, variables);
        server.login(EMAIL, PASSWORD).json()["status"].clone()
    };
    assert_eq!(status(&[], &[]), "in_progress");
    assert_eq!(status(&["--require-totp=false"], &[]), "completed");
    assert_eq!(status(&[], &[("TESTUDO_REQUIRE_TOTP", "false")]), "completed");
    assert_eq!(status(&["--require-totp"], &[("TESTUDO_REQUIRE_TOTP", "false")]), "in_progress");
    let request = Request::new("GET", "/healthz");
    let (server, _) = site.serve_with(&[], &[("TESTUDO_POLICY__SECOND_FACTOR", "never")]);
    assert_eq!(server.send(request).status, 200);
}
