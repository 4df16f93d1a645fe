//! What somebody knows of their account: the ledger of what was acknowledged.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testudo::token::AccessToken;

use crate::asking::{Told, World};
use crate::codes::Code;
use crate::support::{Answer, App};
use crate::work::Deed;

/// How long a spent refresh token brings its successor again; the server allows a minute.
pub(crate) const GRACE: Duration = Duration::from_secs(45);

/// Longer than an account stays locked after too many guesses.
const LOCK: Duration = Duration::from_secs(620);

/// How long an access token may be held against the server, which gives it a quarter of an hour.
const LIFETIME: Duration = Duration::from_secs(600);

pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) from: Ipv4Addr,
    pub(crate) password: String,
    pub(crate) app: Option<App>,
    /// Recovery codes that nobody has shown yet.
    pub(crate) recovery: Vec<String>,
    /// Codes that have let somebody in.
    pub(crate) spent: Vec<Code>,
    /// Codes of which nobody knows whether they have.
    pub(crate) maybe_spent: Vec<Code>,
    /// One that was shown, and nobody was told what came of it. It is shown again before any other.
    pub(crate) shown: Option<Code>,
    pub(crate) sessions: Vec<Session>,
    /// Tokens of sessions whose end was acknowledged.
    pub(crate) ended: Vec<Tokens>,
    /// Access tokens whose refresh was acknowledged.
    pub(crate) superseded: Vec<String>,
    /// Passwords whose replacement was acknowledged.
    pub(crate) replaced: Vec<String>,
    /// Nothing else happens to the account before this is settled.
    pub(crate) doubt: Option<Doubt>,
    /// A letter was promised.
    pub(crate) resets: usize,
    /// What must stand in the audit trail: which session, and what happened to it.
    pub(crate) happened: Vec<(String, &'static str)>,
    /// How many sign-ins may stand there beside those.
    pub(crate) maybe_signed_in: usize,
    /// How many sign-ins nobody knows of since the last one that succeeded: they were counted, perhaps.
    pub(crate) unheard: u8,
    /// What a thief was given of it.
    pub(crate) stolen: Stolen,
    /// Since when too many guesses were counted, by answers that never came too.
    limited: Option<Instant>,
}

#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        Self { access: answer.text("access_token"), refresh: answer.text("refresh_token") }
    }

    /// The session's id.
    pub(crate) fn session(&self) -> String {
        if let Ok(token) = AccessToken::parse(&self.access) {
            return token.session().to_string();
        }
        let claims = URL_SAFE_NO_PAD.decode(self.access.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["sid"].as_str().unwrap().to_owned()
    }
}

pub(crate) struct Session {
    pub(crate) tokens: Tokens,
    pub(crate) begun: Instant,
    pub(crate) state: State,
}

impl Session {
    /// Whether its access token has not expired.
    pub(crate) fn is_young(&self) -> bool {
        self.begun.elapsed() < LIFETIME
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    /// A refresh was sent at that moment, and nobody knows what became of it.
    Refreshing(Instant),
    /// It may have been signed out.
    Leaving,
}

/// What may have happened to the account, as a whole or not at all.
pub(crate) enum Doubt {
    /// All sessions have ended.
    SignedOut,
    /// The password is another one, and all sessions but perhaps this one have ended.
    Password { new: String, kept: Option<usize> },
}

/// How often what was taken has been tried where tries are counted.
#[derive(Default)]
pub(crate) struct Stolen {
    pub(crate) passwords: u8,
    pub(crate) codes: u8,
}

impl Account {
    pub(crate) fn new(email: String, from: Ipv4Addr, password: String) -> Self {
        Self {
            email,
            from,
            password,
            app: None,
            recovery: Vec::new(),
            spent: Vec::new(),
            maybe_spent: Vec::new(),
            shown: None,
            sessions: Vec::new(),
            ended: Vec::new(),
            superseded: Vec::new(),
            replaced: Vec::new(),
            doubt: None,
            resets: 0,
            happened: Vec::new(),
            maybe_signed_in: 0,
            unheard: 0,
            stolen: Stolen::default(),
            limited: None,
        }
    }

    pub(crate) fn begin(&mut self, answer: &Answer) {
        let tokens = Tokens::of(answer);
        self.happened.push((tokens.session(), "user_login"));
        self.sessions.push(Session { tokens, begun: Instant::now(), state: State::Live });
    }

    /// A session's end was acknowledged.
    pub(crate) fn end(&mut self, world: &World, index: usize) {
        world.work.done(Deed::EndedSession);
        let tokens = self.sessions.remove(index).tokens;
        self.ended.push(tokens);
    }

    /// All sessions but perhaps one were ended.
    pub(crate) fn end_all_but(&mut self, world: &World, kept: Option<usize>) {
        for index in (0..self.sessions.len()).rev().filter(|index| Some(*index) != kept) {
            self.end(world, index);
        }
    }

    /// Notes that the password was replaced.
    pub(crate) fn replace_password(&mut self, world: &World, new: String) {
        world.work.done(Deed::ReplacedPassword);
        self.replaced.push(std::mem::replace(&mut self.password, new));
    }

    pub(crate) fn limit(&mut self) {
        self.limited = Some(Instant::now());
    }

    /// Whether it may still be locked.
    pub(crate) fn is_limited(&self) -> bool {
        self.limited.is_some_and(|since| since.elapsed() < LOCK)
    }

    /// Whether something happened to it of which nobody knows yet.
    pub(crate) fn is_unsettled(&self) -> bool {
        let is_settled = |session: &Session| session.state == State::Live;
        self.doubt.is_some() || self.unheard > 0 || !self.sessions.iter().all(is_settled)
    }

    /// Signs in with a password, right or wrong.
    pub(crate) fn login(&mut self, world: &World, password: &str) -> Told {
        let body = json!({"email": self.email, "password": password});
        let told = world.post(self.from, "/auth/login", &body);
        match &told {
            Told::Done(answer) if answer.json()["status"] == "completed" => {
                if self.app.is_some() {
                    world.find(format!("{}: let in without the second factor", self.email));
                }
                self.happened.push((Tokens::of(answer).session(), "user_login"));
            }
            Told::Unknown => {
                self.unheard += 1;
                self.maybe_signed_in += usize::from(self.app.is_none());
            }
            Told::Refused(answer) if answer.status == 429 => self.limit(),
            _ => {}
        }
        told
    }

    /// Whether an access token opens anything, if that can be known.
    pub(crate) fn is_alive(&self, world: &World, access: &str) -> Option<bool> {
        match world.bearing(self.from, "GET", "/auth/me", access) {
            Told::Done(_) => Some(true),
            Told::Refused(answer) if answer.status == 401 => Some(false),
            Told::Refused(answer) => {
                world.find(format!("{}: who one is was refused: {answer}", self.email));
                None
            }
            Told::Unknown => None,
        }
    }

    /// Settles what was in doubt, and holds all that was acknowledged against what the server says now. Nothing
    /// must be broken meanwhile.
    pub(crate) fn check(&mut self, world: &World, is_last: bool) {
        self.settle_sessions(world);
        self.settle_doubt(world);
        if self.unheard > 0 && self.doubt.is_none() && !self.is_limited() {
            // In peace the password opens; and those that were counted are forgotten.
            self.unheard = 0;
            self.sign_in(world);
        }
        let email = self.email.clone();
        for session in &self.sessions {
            if session.state == State::Live
                && session.is_young()
                && self.is_alive(world, &session.tokens.access) == Some(false)
            {
                world.find(format!("{email}: a session is lost"));
            }
        }
        // The newest ones are what the last fault was about.
        let looked_at = if is_last { usize::MAX } else { 4 };
        for tokens in self.ended.iter().rev().take(looked_at) {
            if self.is_alive(world, &tokens.access) == Some(true) {
                world.find(format!("{email}: a token is alive that was revoked"));
            }
            let body = json!({"refresh_token": tokens.refresh});
            if let Told::Done(_) = world.post(self.from, "/auth/refresh", &body) {
                world.find(format!("{email}: a session goes on that was ended"));
            }
        }
        for access in self.superseded.iter().rev().take(looked_at) {
            if self.is_alive(world, access) == Some(true) {
                world.find(format!("{email}: a token is alive that was refreshed"));
            }
        }
        if is_last {
            if (1..9).contains(&self.resets) {
                world.letters.wait_for(world, &email, "password_reset", self.resets);
            }
            self.check_passwords(world);
            self.check_spent_codes(world);
        }
    }
}
