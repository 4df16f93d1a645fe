//! What somebody knows of their account: the ledger of what was acknowledged.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::json;
use testudo::token::AccessToken;

use crate::asking::{Told, World};
use crate::support::{Answer, App};

/// How long a spent refresh token brings its successor again; the server allows a minute.
pub(crate) const GRACE: Duration = Duration::from_secs(45);

pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) from: Ipv4Addr,
    pub(crate) password: String,
    pub(crate) app: Option<App>,
    /// Recovery codes that nobody has shown yet.
    pub(crate) recovery: Vec<String>,
    /// Codes that have let somebody in.
    pub(crate) spent: Vec<String>,
    pub(crate) sessions: Vec<Session>,
    /// Tokens of sessions whose end was acknowledged.
    pub(crate) ended: Vec<Tokens>,
    /// Passwords whose replacement was acknowledged.
    pub(crate) replaced: Vec<String>,
    /// Nothing else happens to the account before this is settled.
    pub(crate) doubt: Option<Doubt>,
    /// A letter was promised.
    pub(crate) resets: usize,
    /// What must stand in the audit trail: which session, and what happened to it.
    pub(crate) happened: Vec<(String, &'static str)>,
    /// Too many guesses were counted, by answers that never came too.
    pub(crate) is_limited: bool,
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
        AccessToken::parse(&self.access).unwrap().session().to_string()
    }
}

pub(crate) struct Session {
    pub(crate) tokens: Tokens,
    pub(crate) begun: Instant,
    pub(crate) state: State,
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

impl Account {
    pub(crate) fn new(email: String, from: Ipv4Addr, password: String) -> Self {
        Self {
            email,
            from,
            password,
            app: None,
            recovery: Vec::new(),
            spent: Vec::new(),
            sessions: Vec::new(),
            ended: Vec::new(),
            replaced: Vec::new(),
            doubt: None,
            resets: 0,
            happened: Vec::new(),
            is_limited: false,
        }
    }

    pub(crate) fn begin(&mut self, answer: &Answer) {
        let tokens = Tokens::of(answer);
        self.happened.push((tokens.session(), "user_login"));
        self.sessions.push(Session { tokens, begun: Instant::now(), state: State::Live });
    }

    /// All sessions but perhaps one were ended.
    pub(crate) fn end_all_but(&mut self, kept: Option<usize>) {
        let sessions = std::mem::take(&mut self.sessions).into_iter().enumerate();
        for (index, session) in sessions {
            if Some(index) == kept {
                self.sessions.push(session);
            } else {
                self.ended.push(session.tokens);
            }
        }
    }

    /// Notes that the password was replaced.
    pub(crate) fn replace_password(&mut self, new: String) {
        self.replaced.push(std::mem::replace(&mut self.password, new));
    }

    pub(crate) fn login(&self, world: &World, password: &str) -> Told {
        let body = json!({"email": self.email, "password": password});
        world.post(self.from, "/auth/login", &body)
    }

    /// Whether an access token opens anything, if that can be known.
    pub(crate) fn is_alive(&self, world: &World, tokens: &Tokens) -> Option<bool> {
        match world.bearing(self.from, "GET", "/auth/me", &tokens.access) {
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
        let email = self.email.clone();
        for session in &self.sessions {
            if session.state == State::Live
                && session.begun.elapsed() < Duration::from_secs(600)
                && self.is_alive(world, &session.tokens) == Some(false)
            {
                world.find(format!("{email}: a session is lost"));
            }
        }
        // The newest ones are what the last fault was about.
        let looked_at = if is_last { usize::MAX } else { 4 };
        for tokens in self.ended.iter().rev().take(looked_at) {
            if self.is_alive(world, tokens) == Some(true) {
                world.find(format!("{email}: a token is alive that was revoked"));
            }
            let body = json!({"refresh_token": tokens.refresh});
            if let Told::Done(_) = world.post(self.from, "/auth/refresh", &body) {
                world.find(format!("{email}: a session goes on that was ended"));
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

    fn check_passwords(&mut self, world: &World) {
        if self.doubt.is_some() || self.is_limited {
            return;
        }
        match self.login(world, &self.password) {
            Told::Done(_) => {}
            Told::Refused(answer) if answer.status == 429 => self.is_limited = true,
            Told::Refused(answer) => {
                world
                    .find(format!("{}: the account or its password is lost: {answer}", self.email));
            }
            Told::Unknown => world.find(format!("{}: cannot sign in in peace", self.email)),
        }
        if let Some(replaced) = self.replaced.last()
            && let Told::Done(_) = self.login(world, replaced)
        {
            world.find(format!("{}: a password opens that was replaced", self.email));
        }
    }
}
