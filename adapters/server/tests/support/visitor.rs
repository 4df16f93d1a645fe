//! Somebody who knows nothing but JSON, and an authenticator app.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::http::{Answer, Request, names};
use super::mailbox::Mailbox;
use super::process::{Server, Site};
use super::{EMAIL, PASSWORD};

/// Settings under which hashes cost little, where what they cost is not the question.
pub(crate) const CHEAP: [&str; 6] =
    ["--argon2-memory", "19456", "--argon2-passes", "2", "--argon2-lanes", "1"];

impl Site {
    /// A site with Ada's account, whose address is known to be hers.
    pub(crate) fn with_verified_user() -> Self {
        let site = Self::new();
        let create = ["user", "create", EMAIL, "--password-stdin", "--verified"];
        let made = site.run(&[&create, &CHEAP[..]].concat(), PASSWORD);
        assert!(made.status.success(), "{made:?}");
        site
    }

    /// Serves with cheap hashes, mail to a mailbox, and these variables.
    pub(crate) fn serve_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Server, Mailbox) {
        let always = ["serve", "--listen", "127.0.0.1:0", "--mail", "dir:mail"];
        let mut command = self.command(&[&always, &CHEAP[..], arguments].concat());
        command.envs(variables.iter().copied());
        (Server::start(command), self.mailbox())
    }
}

impl Server {
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let request = Request::new(method, path).bearer(token);
        self.send(if body.is_null() { request } else { request.json(body.to_string()) })
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", path).json(body.to_string()))
    }

    /// Begins to sign up.
    pub(crate) fn signs_up(&self, email: &str) -> Visitor<'_> {
        let answer = self.post("/auth/onboarding/start", &json!({ "email": email }));
        Visitor::of(self, &answer)
    }

    /// Signs in with the password where more is owed.
    pub(crate) fn owing(&self, email: &str, password: &str) -> Visitor<'_> {
        Visitor::of(self, &self.login(email, password))
    }
}

/// Somebody on their way through the steps.
pub(crate) struct Visitor<'a> {
    server: &'a Server,
    pub(crate) token: String,
    /// What they were told last.
    pub(crate) result: Value,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(server: &'a Server, answer: &Answer) -> Self {
        let result = onboarding(answer);
        let token = answer.text("session_token");
        Self { server, token, result }
    }

    /// Fills in what the current step asks for; the bare answer.
    pub(crate) fn try_to_say(&self, data: &Value) -> Answer {
        let body = json!({"session_token": self.token, "data": data});
        self.server.post("/auth/onboarding/advance", &body)
    }

    pub(crate) fn say(&mut self, data: &Value) -> &Value {
        let answer = self.try_to_say(data);
        self.told(&answer)
    }

    pub(crate) fn skip(&mut self) -> &Value {
        let body = json!({"session_token": self.token, "skip": true});
        let answer = self.server.post("/auth/onboarding/advance", &body);
        self.told(&answer)
    }

    pub(crate) fn resume(&mut self) -> &Value {
        let answer = self.try_to_resume();
        self.told(&answer)
    }

    pub(crate) fn try_to_resume(&self) -> Answer {
        self.server.post("/auth/onboarding/resume", &json!({ "session_token": self.token }))
    }

    fn told(&mut self, answer: &Answer) -> &Value {
        self.result = onboarding(answer);
        assert_eq!(self.result["session_token"], self.token, "it stays the same");
        &self.result
    }

    pub(crate) fn step(&self) -> &str {
        self.result["current_step"].as_str().unwrap_or_default()
    }

    /// Field and code of each error.
    pub(crate) fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = self.result["errors"].as_array().unwrap().iter();
        errors.map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }

    pub(crate) fn access(&self) -> String {
        assert_eq!(self.result["status"], "completed", "{}", self.result);
        self.result["access_token"].as_str().unwrap().to_owned()
    }

    /// Registers, and shows the code from the mail.
    pub(crate) fn registers_and_verifies(&mut self, email: &str, mailbox: &Mailbox) {
        self.say(&registration(email));
        self.verifies(email, mailbox);
    }

    pub(crate) fn verifies(&mut self, email: &str, mailbox: &Mailbox) {
        assert_eq!(self.step(), "verify_email");
        self.say(&json!({}));
        let code = mailbox.code_to(email);
        self.say(&json!({ "code": code }));
        assert_ne!(self.step(), "verify_email", "{}", self.result);
    }

    /// Connects an app in `setup_totp`.
    pub(crate) fn enrols(&mut self) -> App {
        assert_eq!(self.step(), "setup_totp");
        self.say(&json!({}));
        let mut app = App::of(&self.result["client_hint"]["extra"]);
        self.say(&json!({ "code": app.code() }));
        assert_eq!(self.step(), "recovery_codes", "{}", self.result);
        app
    }

    /// Takes recovery codes in the step of that name.
    pub(crate) fn takes_recovery_codes(&mut self) -> Vec<String> {
        let codes = recovery_codes(&self.say(&json!({}))["client_hint"]["extra"]);
        self.say(&json!({"saved": true}));
        codes
    }
}

/// Ten codes that differ.
pub(crate) fn recovery_codes(of: &Value) -> Vec<String> {
    let codes = of["recovery_codes"].as_array().unwrap_or_else(|| panic!("no codes in {of}"));
    let codes: Vec<_> = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!((codes.len(), distinct.len()), (10, 10));
    codes
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "password_confirm": PASSWORD})
}

/// Holds an answer against the contract for results of onboarding.
fn onboarding(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let result = answer.json();
    let steps =
        |list: &str| result[list].as_array().unwrap_or_else(|| panic!("{list}: {result}")).clone();
    let remaining = steps("remaining_steps");
    steps("completed_steps");
    let (errors, hint) = (steps("errors"), &result["client_hint"]);
    match result["status"].as_str() {
        Some("completed") => {
            assert_eq!((hint, &result["current_step"]), (&Value::Null, &Value::Null));
            assert!(remaining.is_empty() && result["user"].is_object(), "{result}");
            assert_eq!(result["token_type"], "Bearer");
        }
        status => {
            assert_eq!(errors.is_empty(), status == Some("in_progress"), "{result}");
            assert_eq!(errors.is_empty(), status != Some("error"), "{result}");
            assert_eq!(hint["step_name"], result["current_step"]);
            assert_eq!(remaining.first(), Some(&result["current_step"]));
            for absent in ["user", "access_token", "refresh_token"] {
                assert!(result[absent].is_null(), "{absent} in {result}");
            }
            for field in hint["fields"].as_array().unwrap() {
                let names = names(field);
                let agreed =
                    ["field_type", "label", "name", "placeholder", "required", "validation"];
                assert_eq!(names, agreed);
            }
        }
    }
    result
}

/// An authenticator app, which never shows one code twice.
pub(crate) struct App {
    totp: totp_rs::Totp,
    last: u64,
}

const STEP: u64 = 30;

impl App {
    /// With the key of a hint, or of what `POST /auth/totp/begin` answers.
    pub(crate) fn of(shown: &Value) -> Self {
        let secret = shown["secret"].as_str().unwrap_or_else(|| panic!("no secret in {shown}"));
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self { totp: totp_rs::Builder::new().with_secret(secret).build_noncompliant(), last: 0 }
    }

    /// The code of now, or the one after it where that was shown already: the server takes it, as its clock may be
    /// a little behind.
    pub(crate) fn code(&mut self) -> String {
        self.next_code().expect("that many codes take half a minute each")
    }

    /// The same; none where the next one is too far ahead.
    pub(crate) fn next_code(&mut self) -> Option<String> {
        let now = now() / STEP;
        let next = now.max(self.last.saturating_add(1));
        let code = self.totp.generate(next.saturating_mul(STEP)).to_string();
        (next <= now.saturating_add(1)).then(|| {
            self.last = next;
            code
        })
    }

    /// The code that was shown last.
    pub(crate) fn last_code(&self) -> String {
        self.totp.generate(self.last.saturating_mul(STEP)).to_string()
    }

    /// A code of no step around now.
    pub(crate) fn wrong_code(&self) -> String {
        let now = now();
        let near = (0..8).map(|step| now.saturating_sub(3 * STEP).saturating_add(step * STEP));
        let near: Vec<_> = near.map(|at| self.totp.generate(at).to_string()).collect();
        let mut codes = (0..9).map(|number| format!("{number:06}"));
        codes.find(|code| !near.contains(code)).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}
