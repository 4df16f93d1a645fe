//! Somebody who has all that counts no more, and tries it while something is broken.
//!
//! A server that cannot look something up must not let it pass: whatever is answered, it is no grant. What ends a token
//! is at once over at this server, under every form of tokens, as it looks each session up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::account::{Account, Tokens};
use crate::asking::{Told, World};
use crate::codes::{Code, advance, is_completed, sign_in};
use crate::support::Answer;
use crate::work::Deed;

/// How many of each of an account's are taken, the newest first.
const OF_EACH: usize = 3;
/// How often a thief may be looked at at one account where tries are counted: less often than it takes to lock it.
const ALLOWED: u8 = 2;

/// What is taken before each round.
#[derive(Default)]
pub(crate) struct Loot {
    pub(crate) tokens: DeadTokens,
    pub(crate) secrets: Secrets,
}

/// Of sessions that were ended, and access tokens that were refreshed.
#[derive(Default)]
pub(crate) struct DeadTokens {
    ended: Vec<(String, Tokens)>,
    superseded: Vec<(String, String)>,
}

/// Replaced passwords and spent codes, each of which is tried once, as tries are counted.
#[derive(Default)]
pub(crate) struct Secrets(VecDeque<Secret>);

enum Secret {
    Password {
        email: String,
        password: String,
    },
    /// In a sign-in that asks for one.
    Code {
        email: String,
        sign_in: String,
        code: Code,
    },
}

impl Loot {
    /// Takes what an account's owner believes to be worth nothing.
    pub(crate) fn take(&mut self, account: &mut Account, world: &World) {
        let email = || account.email.clone();
        let ended = account.ended.iter().rev().take(OF_EACH).cloned();
        self.tokens.ended.extend(ended.map(|tokens| (email(), tokens)));
        let superseded = account.superseded.iter().rev().take(OF_EACH).cloned();
        self.tokens.superseded.extend(superseded.map(|access| (email(), access)));
        if account.is_limited() || account.doubt.is_some() {
            return;
        }
        if let Some(password) = account.replaced.last().cloned()
            && account.stolen.passwords < ALLOWED
        {
            account.stolen.passwords += 1;
            self.secrets.0.push_back(Secret::Password { email: email(), password });
        }
        let code = account.spent.iter().rfind(|code| !code.is_of_app).cloned();
        if let Some(code) = code.filter(|_| account.stolen.codes < ALLOWED)
            && let Told::Done(answer) = account.login(world, &account.password.clone())
            && let Some(sign_in) = sign_in(&answer)
        {
            account.stolen.codes += 1;
            let email = account.email.clone();
            self.secrets.0.push_back(Secret::Code { email, sign_in, code });
        }
    }
}

impl DeadTokens {
    /// Tries one after the other until it is over.
    pub(crate) fn try_all(&self, world: &World, over: &AtomicBool) {
        let from = world.somebody().1;
        let ended = self.ended.iter().map(|(email, tokens)| (email, &tokens.access, Some(tokens)));
        let superseded = self.superseded.iter().map(|(email, access)| (email, access, None));
        let all: Vec<_> = ended.chain(superseded).collect();
        for (email, access, tokens) in all.into_iter().cycle() {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let told = world.bearing(from, "GET", "/auth/me", access);
            judge(world, email, "an access token that was ended", &told, |_| true);
            if let Some(tokens) = tokens {
                let body = json!({"refresh_token": tokens.refresh});
                let told = world.post(from, "/auth/refresh", &body);
                judge(world, email, "the refresh token of an ended session", &told, |_| true);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Secrets {
    /// Tries each, from when something breaks until it is over.
    pub(crate) fn try_all(&mut self, world: &World, is_broken: &AtomicBool, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
            if !is_broken.load(Ordering::Relaxed) || !world.is_up() {
                continue;
            }
            let Some(next) = self.0.pop_front() else { return };
            let from = world.somebody().1;
            match next {
                Secret::Password { email, password } => {
                    let body = json!({"email": email, "password": password});
                    let told = world.post(from, "/auth/login", &body);
                    judge(world, &email, "a replaced password", &told, |_| true);
                }
                Secret::Code { email, sign_in, code } => {
                    let told = advance(world, from, &sign_in, &code.data());
                    judge(world, &email, "a spent code", &told, is_completed);
                }
            }
        }
    }
}

fn judge(world: &World, email: &str, what: &str, told: &Told, is_grant: impl Fn(&Answer) -> bool) {
    world.work.done(Deed::Theft);
    if let Told::Done(answer) = told
        && is_grant(answer)
    {
        world.find(format!("{email}: {what} lets a thief in: {answer}"));
    }
}
