//! Somebody on their way to an account.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::Account;
use crate::asking::{Told, World};
use crate::codes::{advance, is_completed};
use crate::support::{Answer, App, recovery_codes};
use crate::work::Deed;

/// After this long another code is asked for.
const LETTER: Duration = Duration::from_secs(3);

const ADVANCE: &str = "/auth/onboarding/advance";

pub(crate) struct SigningUp {
    account: Account,
    token: String,
    step: String,
    wants_app: bool,
    /// What ends it is said twice: at the same time, and again if nobody knows what came of it.
    is_hasty: bool,
    /// What was said last may have been taken.
    is_in_doubt: bool,
    /// How many times something was said that nobody answered, since the last time that something was taken. Who was
    /// to answer may be dead, and what they had begun to commit still on its way.
    under_way: usize,
    /// What was said last ends it: this.
    last: Option<Value>,
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
    pub(crate) fn begin(world: &World, wants_app: bool, is_hasty: bool) -> Option<Self> {
        let (email, from) = world.somebody();
        let Told::Done(answer) = start(world, &email, from) else { return None };
        // Nothing like the address, which would be refused.
        let password = "a first phrase, and a good one".to_owned();
        Some(Self {
            account: Account::new(email, from, password),
            token: answer.text("session_token"),
            step: answer.text("current_step"),
            wants_app,
            is_hasty,
            is_in_doubt: false,
            under_way: 0,
            last: None,
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
        self.last = None;
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
                let body = json!({"session_token": self.token, "skip": true});
                return self.say_last(world, body);
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
                let body = json!({"session_token": self.token, "data": {"saved": true}});
                return self.say_last(world, body);
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

    /// Says what makes the account, of which there is one however often that is said.
    fn say_last(mut self: Box<Self>, world: &World, body: Value) -> Way {
        let (from, times) = (self.account.from, if self.is_hasty { 2 } else { 1 });
        let told: Vec<Told> = thread::scope(|scope| {
            let ask = || world.post(from, ADVANCE, &body);
            let asking: Vec<_> = (0..times).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        self.last = Some(body);
        if self.is_hasty {
            world.work.done(Deed::LastStepTwice);
        }
        if world.is_split {
            // Whoever comes second finds the account made and the onboarding not over: a sign-in is noted, and then
            // there is none.
            self.account.maybe_signed_in += times - 1;
        }
        let is_through = |told: &Told| matches!(told, Told::Done(answer) if is_completed(answer));
        if told.iter().filter(|told| is_through(told)).count() > 1 {
            world.find(format!("{}: signed up twice", self.account.email));
        }
        // One of them is counted with what is heard.
        let unknown = told.iter().filter(|told| matches!(told, Told::Unknown)).count();
        self.under_way += unknown.saturating_sub(1);
        let certainty = |told: &Told| match told {
            Told::Done(_) if is_through(told) => 3,
            Told::Unknown => 2,
            Told::Done(_) => 1,
            Told::Refused(_) => 0,
        };
        match told.into_iter().max_by_key(certainty) {
            Some(told) => self.hear(world, told),
            None => Way::On(self),
        }
    }

    fn hear(mut self: Box<Self>, world: &World, told: Told) -> Way {
        let answer = match told {
            Told::Done(answer) => answer,
            Told::Unknown => {
                self.under_way += 1;
                return self.doubt(world);
            }
            Told::Refused(answer) if answer.status == 429 => return Way::Lost,
            // What was said before was taken after all, and only now.
            Told::Refused(answer) if self.under_way > 0 && came_second(&answer) => {
                self.under_way -= 1;
                return self.doubt(world);
            }
            Told::Refused(answer) => {
                world.find(format!("{}: {} is refused: {answer}", self.account.email, self.step));
                return Way::Lost;
            }
        };
        if is_completed(&answer) {
            return self.arrive(world, Some(&answer));
        }
        let result = answer.json();
        let is_too_soon = result["errors"][0]["code"] == "too_soon";
        if self.step == "verify_email" && self.asks && result["status"] == "in_progress" {
            self.is_promised = true;
        }
        if result["status"] == "in_progress" {
            self.under_way = 0;
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

    fn doubt(mut self: Box<Self>, world: &World) -> Way {
        self.is_in_doubt = true;
        self.account.maybe_signed_in += usize::from(world.is_split);
        Way::On(self)
    }

    /// After an answer that never came: says the last step again, or asks where things stand.
    fn look_again(mut self: Box<Self>, world: &World) -> Way {
        let resume = json!({"session_token": self.token});
        let (path, body) = match &self.last {
            Some(last) if self.is_hasty => (ADVANCE, last),
            _ => ("/auth/onboarding/resume", &resume),
        };
        match world.post(self.account.from, path, body) {
            Told::Done(answer) if is_completed(&answer) => self.arrive(world, Some(&answer)),
            Told::Done(answer) => {
                self.is_in_doubt = false;
                self.step = answer.text("current_step");
                Way::On(self)
            }
            Told::Refused(answer) if answer.status == 409 && self.last.is_some() => {
                self.arrive(world, None)
            }
            Told::Refused(answer) => {
                world.find(format!("{}: {} is lost: {answer}", self.account.email, self.step));
                Way::Lost
            }
            Told::Unknown => {
                self.under_way += usize::from(path == ADVANCE);
                self.doubt(world)
            }
        }
    }

    fn arrive(self: Box<Self>, world: &World, answer: Option<&Answer>) -> Way {
        world.work.done(Deed::Account);
        let mut account = self.account;
        account.app = self.app.filter(|_| self.wants_app);
        match answer {
            Some(answer) => account.begin(answer),
            None => account.maybe_signed_in += 1,
        }
        Way::Member(Box::new(account))
    }
}

/// Whether another request had come first, which moved it on or ended it.
fn came_second(answer: &Answer) -> bool {
    let problem = answer.json();
    let has_moved = problem["detail"].as_str().is_some_and(|it| it.contains("came first"));
    answer.status == 409 && (has_moved || problem["code"] == "flow_complete")
}

pub(crate) fn start(world: &World, email: &str, from: Ipv4Addr) -> Told {
    world.post(from, "/auth/onboarding/start", &json!({ "email": email }))
}
