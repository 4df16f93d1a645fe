//! Second factors: to show codes, and to show them twice.

use std::net::Ipv4Addr;
use std::thread;

use serde_json::{Value, json};

use crate::account::Account;
use crate::asking::{Told, World};
use crate::support::Answer;

impl Account {
    /// A code that nobody has shown yet, and whether it is of the app.
    fn code(&mut self) -> Option<(String, bool)> {
        let of_app = self.app.as_mut().and_then(|app| app.next_code());
        of_app.map(|code| (code, true)).or_else(|| Some((self.recovery.pop()?, false)))
    }

    /// Shows a code in a sign-in that asks for it.
    pub(crate) fn show_code(&mut self, world: &World, sign_in: &str) {
        let Some((code, _)) = self.code() else { return };
        match advance(world, self.from, sign_in, &json!({ "code": code })) {
            Told::Done(answer) if is_completed(&answer) => {
                self.spent.push(code);
                self.begin(&answer);
            }
            Told::Done(answer) => {
                world.find(format!("{}: a good code is refused: {}", self.email, answer.body));
            }
            Told::Refused(answer) if answer.status == 429 => self.is_limited = true,
            Told::Refused(answer) => {
                world.find(format!("{}: showing a code is refused: {answer}", self.email));
            }
            Told::Unknown => {}
        }
    }

    /// Shows one code in two sign-ins at once: it lets one in.
    pub(crate) fn show_code_twice(&mut self, world: &World) {
        if self.app.is_none() {
            return;
        }
        let sign_ins: Vec<String> = (0..2)
            .filter_map(|_| match self.login(world, &self.password) {
                Told::Done(answer) => Some(answer.text("session_token")),
                _ => None,
            })
            .collect();
        let Some((code, is_of_app)) = self.code() else { return };
        let (from, data) = (self.from, json!({ "code": code }));
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
        match let_in {
            0 => {}
            1 => self.spent.push(code),
            _ => {
                let kind = if is_of_app { "app" } else { "recovery" };
                world.find(format!("{}: a code ({kind}) counted twice", self.email));
            }
        }
    }

    pub(crate) fn check_spent_codes(&self, world: &World) {
        let Some(code) = self.spent.last().filter(|_| !self.is_limited && self.doubt.is_none())
        else {
            return;
        };
        let Told::Done(answer) = self.login(world, &self.password) else { return };
        let data = json!({ "code": code });
        if let Told::Done(answer) = advance(world, self.from, &answer.text("session_token"), &data)
            && is_completed(&answer)
        {
            world.find(format!("{}: a code counted once more", self.email));
        }
    }
}

pub(crate) fn advance(world: &World, from: Ipv4Addr, token: &str, data: &Value) -> Told {
    world.post(from, "/auth/onboarding/advance", &json!({"session_token": token, "data": data}))
}

pub(crate) fn is_completed(answer: &Answer) -> bool {
    answer.json()["status"] == "completed"
}
