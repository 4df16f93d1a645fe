//! Second factors: to show codes, and to show them twice.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::Account;
use crate::asking::{Told, World};
use crate::support::Answer;
use crate::work::Deed;

/// How long a code of an app counts at least, also one of the step that comes next.
const STEP: Duration = Duration::from_secs(25);

/// How many spent recovery codes may be shown before no others are looked at.
const ALLOWED: usize = 4;

#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) is_of_app: bool,
    made: Instant,
}

impl Code {
    pub(crate) fn data(&self) -> Value {
        json!({ "code": self.text })
    }

    fn counts_still(&self) -> bool {
        !self.is_of_app || self.made.elapsed() < STEP
    }
}

impl Account {
    /// A code that nobody has shown yet.
    fn code(&mut self) -> Option<Code> {
        let of_app = self.app.as_mut().and_then(|app| app.next_code());
        let (text, is_of_app) = match of_app {
            Some(code) => (code, true),
            None => (self.recovery.pop()?, false),
        };
        Some(Code { text, is_of_app, made: Instant::now() })
    }

    /// Shows a code in a sign-in that asks for it: the one that was shown before, if nobody knows what came of that.
    pub(crate) fn show_code(&mut self, world: &World, sign_in: &str) {
        let shown = self.shown.take();
        let is_again = shown.is_some();
        if is_again {
            world.work.done(Deed::CodeShownAgain);
        }
        let Some(code) = shown.or_else(|| self.code()) else { return };
        let counts_still = code.counts_still();
        match advance(world, self.from, sign_in, &code.data()) {
            Told::Done(answer) if is_completed(&answer) => {
                self.spend(world, code);
                self.begin(&answer);
            }
            // It let somebody in who was not told, or came too late.
            Told::Done(_) if is_again => {
                self.maybe_signed_in += 1;
                if code.is_of_app {
                    self.maybe_spent.push(code);
                } else {
                    self.spend(world, code);
                }
            }
            Told::Done(answer) if counts_still => {
                world.find(format!("{}: a good code is refused: {}", self.email, answer.body));
            }
            Told::Done(_) => {}
            Told::Refused(answer) if answer.status == 429 => {
                self.limit();
                self.shown = Some(code).filter(|_| is_again);
            }
            Told::Refused(answer) => {
                world.find(format!("{}: showing a code is refused: {answer}", self.email));
            }
            Told::Unknown => {
                self.unheard += 1;
                self.shown = Some(code);
            }
        }
    }

    /// Shows one code in two sign-ins at once: it lets one in.
    pub(crate) fn show_code_twice(&mut self, world: &World) {
        if self.app.is_none() || self.shown.is_some() {
            return;
        }
        let password = self.password.clone();
        let sign_ins: Vec<String> = (0..2)
            .filter_map(|_| match self.login(world, &password) {
                Told::Done(answer) => answer.json()["session_token"].as_str().map(str::to_owned),
                _ => None,
            })
            .collect();
        let Some(code) = self.code().filter(|_| sign_ins.len() == 2) else { return };
        let (from, data) = (self.from, code.data());
        let told: Vec<Told> = thread::scope(|scope| {
            let show = |sign_in: String| advance(world, from, &sign_in, &data);
            let shown: Vec<_> =
                sign_ins.into_iter().map(|sign_in| scope.spawn(move || show(sign_in))).collect();
            shown.into_iter().map(|shown| shown.join().unwrap()).collect()
        });
        let mut let_in = 0;
        for told in &told {
            if let Told::Done(answer) = told
                && is_completed(answer)
            {
                let_in += 1;
                self.begin(answer);
            }
        }
        let is_unknown = told.iter().any(|told| matches!(told, Told::Unknown));
        match let_in {
            0 if is_unknown => {
                self.unheard += 1;
                self.shown = Some(code);
            }
            0 if code.counts_still() && told.iter().all(|told| matches!(told, Told::Done(_))) => {
                world.find(format!("{}: a good code is refused to both", self.email));
            }
            0 => {}
            1 => self.spend(world, code),
            _ => {
                let kind = if code.is_of_app { "app" } else { "recovery" };
                world.find(format!("{}: a code ({kind}) counted twice", self.email));
            }
        }
    }

    fn spend(&mut self, world: &World, code: Code) {
        world.work.done(Deed::SpentCode);
        self.spent.push(code);
    }

    /// In the end: no code lets in that did so before.
    pub(crate) fn check_spent_codes(&mut self, world: &World) {
        // Of the app's the last one, as no other can count; of those for recovery as many as are looked at.
        let of_app = self.spent.iter().rfind(|code| code.is_of_app).cloned();
        let recovery = self.spent.iter().filter(|code| !code.is_of_app).rev().take(ALLOWED);
        let codes: Vec<Code> = recovery.cloned().chain(of_app).collect();
        for code in codes {
            if self.is_limited() || self.doubt.is_some() {
                return;
            }
            let Told::Done(answer) = self.login(world, &self.password.clone()) else { return };
            let Some(sign_in) = sign_in(&answer) else { return };
            match advance(world, self.from, &sign_in, &code.data()) {
                Told::Done(answer) if is_completed(&answer) => {
                    world.find(format!("{}: a code counted once more", self.email));
                }
                Told::Refused(answer) if answer.status == 429 => return,
                _ => {}
            }
        }
    }

    /// How few and how many of the recovery codes may be left.
    pub(crate) fn recovery_codes_left(&self, taken: usize) -> (usize, usize) {
        let of_recovery = |codes: &[Code]| codes.iter().filter(|code| !code.is_of_app).count();
        let in_doubt = self.shown.iter().filter(|code| !code.is_of_app).count();
        let most = taken.saturating_sub(of_recovery(&self.spent));
        (most.saturating_sub(of_recovery(&self.maybe_spent) + in_doubt), most)
    }
}

pub(crate) fn advance(world: &World, from: Ipv4Addr, token: &str, data: &Value) -> Told {
    world.post(from, "/auth/onboarding/advance", &json!({"session_token": token, "data": data}))
}

/// The token of a sign-in that is not over.
pub(crate) fn sign_in(answer: &Answer) -> Option<String> {
    answer.json()["session_token"].as_str().map(str::to_owned)
}

pub(crate) fn is_completed(answer: &Answer) -> bool {
    answer.json()["status"] == "completed"
}
