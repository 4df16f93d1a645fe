//! Somebody on their way to an account.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::Account;
use crate::asking::{Told, World};
use crate::codes::{advance, is_completed};
use crate::support::{Answer, App, recovery_codes};

/// After this long another code is asked for.
const LETTER: Duration = Duration::from_secs(3);

pub(crate) struct SigningUp {
    account: Account,
    token: String,
    step: String,
    wants_app: bool,
    /// What was said last may have been taken.
    is_in_doubt: bool,
    /// What was said last ends it.
    is_last: bool,
    app: Option<App>,
    asked: Option<Instant>,
    /// What was said last asks for something.
    asks: bool,
    is_promised: bool,
    codes_tried: usize,
    errors: usize,
}

/// What became of it.
pub(crate) enum Way {
    On(Box<SigningUp>),
    Member(Box<Account>),
    Lost,
}

impl SigningUp {
    pub(crate) fn begin(world: &World, wants_app: bool) -> Option<Self> {
        let (email, from) = world.somebody();
        let Told::Done(answer) = start(world, &email, from) else { return None };
        // Nothing like the address, which would be refused.
        let password = "a first phrase, and a good one".to_owned();
        Some(Self {
            account: Account::new(email, from, password),
            token: answer.text("session_token"),
            step: answer.text("current_step"),
            wants_app,
            is_in_doubt: false,
            is_last: false,
            app: None,
            asked: None,
            asks: false,
            is_promised: false,
            codes_tried: 0,
            errors: 0,
        })
    }

    /// One request further.
    pub(crate) fn tick(mut self: Box<Self>, world: &World) -> Way {
        if self.is_in_doubt {
            return self.look_again(world);
        }
        let email = self.account.email.clone();
        self.is_last = false;
        let said = match self.step.as_str() {
            "register" => {
                let password = &self.account.password;
                json!({"email": email, "password": password, "password_confirm": password})
            }
            "verify_email" => match self.code_from_mail(world) {
                Some(data) => data,
                None => return Way::On(self),
            },
            "setup_totp" if !self.wants_app => {
                self.is_last = true;
                let body = json!({"session_token": self.token, "skip": true});
                let told = world.post(self.account.from, "/auth/onboarding/advance", &body);
                return self.hear(world, told);
            }
            "setup_totp" => match &mut self.app {
                None => json!({}),
                Some(app) => match app.next_code() {
                    Some(code) => json!({ "code": code }),
                    None => return Way::On(self),
                },
            },
            "recovery_codes" if self.account.recovery.is_empty() => json!({}),
            "recovery_codes" => {
                self.is_last = true;
                json!({"saved": true})
            }
            step => {
                world.find(format!("{email}: nobody knows the step {step}"));
                return Way::Lost;
            }
        };
        let told = advance(world, self.account.from, &self.token, &said);
        self.asks = said == json!({});
        self.hear(world, told)
    }

    /// A letter that was promised comes in the end, whatever was killed with it in hand.
    pub(crate) fn check_letter(&self, world: &World) {
        if self.is_promised {
            world.letters.wait_for(world, &self.account.email, "verification_code", 1);
        }
    }

    /// The newest code that was not shown yet; or `{}`, which asks for one.
    fn code_from_mail(&mut self, world: &World) -> Option<Value> {
        let codes = world.letters.secrets(&self.account.email, "verification_code", "code");
        if codes.len() > self.codes_tried {
            self.codes_tried = codes.len();
            return codes.last().map(|code| json!({ "code": code }));
        }
        let waits = self.asked.is_some_and(|asked| asked.elapsed() < LETTER);
        (!waits).then(|| {
            self.asked = Some(Instant::now());
            json!({})
        })
    }

    fn hear(mut self: Box<Self>, world: &World, told: Told) -> Way {
        let answer = match told {
            Told::Done(answer) => answer,
            Told::Unknown => {
                self.is_in_doubt = true;
                return Way::On(self);
            }
            Told::Refused(answer) if answer.status == 429 => return Way::Lost,
            Told::Refused(answer) => {
                world.find(format!("{}: {} is refused: {answer}", self.account.email, self.step));
                return Way::Lost;
            }
        };
        if is_completed(&answer) {
            return self.arrive(Some(&answer));
        }
        let result = answer.json();
        let is_too_soon = result["errors"][0]["code"] == "too_soon";
        if self.step == "verify_email" && self.asks && result["status"] == "in_progress" {
            self.is_promised = true;
        }
        if result["status"] == "error" && !is_too_soon {
            self.errors += 1;
            // Of an answer that never came a code may have been spent, or superseded by one on its way.
            if self.errors > 5 {
                world.find(format!("{}: {} never ends: {result}", self.account.email, self.step));
                return Way::Lost;
            }
        }
        let extra = &result["client_hint"]["extra"];
        if extra["secret"].is_string() {
            self.app = Some(App::of(extra));
        }
        if extra["recovery_codes"].is_array() {
            self.account.recovery = recovery_codes(extra);
        }
        self.step = answer.text("current_step");
        Way::On(self)
    }

    /// After an answer that never came.
    fn look_again(mut self: Box<Self>, world: &World) -> Way {
        let body = json!({"session_token": self.token});
        match world.post(self.account.from, "/auth/onboarding/resume", &body) {
            Told::Done(answer) => {
                self.is_in_doubt = false;
                self.step = answer.text("current_step");
                Way::On(self)
            }
            Told::Refused(answer) if answer.status == 409 && self.is_last => self.arrive(None),
            Told::Refused(answer) => {
                world.find(format!("{}: {} is lost: {answer}", self.account.email, self.step));
                Way::Lost
            }
            Told::Unknown => Way::On(self),
        }
    }

    fn arrive(self: Box<Self>, answer: Option<&Answer>) -> Way {
        let mut account = self.account;
        account.app = self.app.filter(|_| self.wants_app);
        if let Some(answer) = answer {
            account.begin(answer);
        }
        Way::Member(Box::new(account))
    }
}

pub(crate) fn start(world: &World, email: &str, from: Ipv4Addr) -> Told {
    world.post(from, "/auth/onboarding/start", &json!({ "email": email }))
}
