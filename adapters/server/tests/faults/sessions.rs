//! Sessions: to begin, refresh and end them.

use std::thread;
use std::time::Instant;

use serde_json::json;

use crate::account::{Account, Doubt, GRACE, State, Tokens};
use crate::asking::{Told, World};

impl Account {
    /// Signs in with the password; with what else is asked for, if there is any.
    pub(crate) fn sign_in(&mut self, world: &World) {
        match self.login(world, &self.password.clone()) {
            Told::Done(answer) if answer.json()["status"] == "completed" => self.begin(&answer),
            Told::Done(answer) => self.show_code(world, &answer.text("session_token")),
            Told::Refused(answer) if answer.status == 429 => {}
            Told::Refused(answer) => {
                world.find(format!("{}: a right password is refused: {answer}", self.email));
            }
            Told::Unknown => {}
        }
    }

    /// Sends one refresh token so many times at once. There is one successor, whoever is told of it.
    pub(crate) fn refresh(&mut self, world: &World, index: usize, at_once: usize) {
        let sent = Instant::now();
        let (from, session) = (self.from, &self.sessions[index]);
        let (since, was) = match session.state {
            State::Refreshing(since) => (since, session.tokens.clone()),
            _ => (sent, session.tokens.clone()),
        };
        let body = json!({"refresh_token": was.refresh});
        let told: Vec<Told> = thread::scope(|scope| {
            let ask = || world.post(from, "/auth/refresh", &body);
            let asking: Vec<_> = (0..at_once).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let mut successors: Vec<Tokens> = Vec::new();
        for told in &told {
            match told {
                Told::Done(answer) => successors.push(Tokens::of(answer)),
                Told::Refused(answer) if since.elapsed() < GRACE => {
                    world.find(format!("{}: a refresh is refused: {answer}", self.email));
                }
                Told::Refused(_) => {
                    // Too late for the grace: the whole session is dead, and must stay so.
                    return self.end(world, index);
                }
                Told::Unknown => {}
            }
        }
        if successors.windows(2).any(|pair| pair[0].refresh != pair[1].refresh) {
            world.find(format!("{}: a refresh has two successors", self.email));
        }
        let session = &mut self.sessions[index];
        match successors.pop() {
            Some(tokens) => {
                session.tokens = tokens;
                self.superseded.push(was.access);
                session.begun = Instant::now();
                session.state = State::Live;
            }
            None => session.state = State::Refreshing(since),
        }
    }

    pub(crate) fn sign_out(&mut self, world: &World, index: usize) {
        let access = self.sessions[index].tokens.access.clone();
        match world.bearing(self.from, "POST", "/auth/logout", &access) {
            Told::Done(_) => {
                let session = self.sessions[index].tokens.session();
                self.happened.push((session, "user_logout"));
                self.end(world, index);
            }
            Told::Refused(answer) => {
                world.find(format!("{}: signing out is refused: {answer}", self.email));
            }
            Told::Unknown => self.sessions[index].state = State::Leaving,
        }
    }

    pub(crate) fn sign_out_everywhere(&mut self, world: &World, index: usize) {
        let access = self.sessions[index].tokens.access.clone();
        match world.bearing(self.from, "POST", "/auth/logout-all", &access) {
            Told::Done(_) => self.end_all_but(world, None),
            Told::Refused(answer) => {
                world.find(format!("{}: signing out everywhere is refused: {answer}", self.email));
            }
            Told::Unknown => self.doubt = Some(Doubt::SignedOut),
        }
    }

    /// Finds out what became of the sessions of which nobody knows.
    pub(crate) fn settle_sessions(&mut self, world: &World) {
        if self.doubt.is_some() {
            return;
        }
        for index in (0..self.sessions.len()).rev() {
            match self.sessions[index].state {
                State::Live => {}
                State::Refreshing(_) => self.refresh(world, index, 1),
                State::Leaving => match self.is_alive(world, &self.sessions[index].tokens.access) {
                    Some(true) => self.sessions[index].state = State::Live,
                    Some(false) => self.end(world, index),
                    None => {}
                },
            }
        }
    }
}
