//! Passwords: to change and to reset them.

use std::thread;

use serde_json::json;

use crate::account::{Account, Doubt, State};
use crate::asking::{Told, World};
use crate::support::Request;

impl Account {
    pub(crate) fn change_password(&mut self, world: &World, index: usize, new: String) {
        let body = json!({"current_password": self.password, "new_password": new}).to_string();
        let access = &self.sessions[index].tokens.access;
        let request = Request::new("POST", "/auth/password/change").bearer(access).json(body);
        match world.ask(self.from, request) {
            Told::Done(_) => {
                self.replace_password(new);
                self.end_all_but(Some(index));
            }
            Told::Refused(answer) if answer.status == 429 => self.is_limited = true,
            Told::Refused(answer) => {
                world.find(format!("{}: a change is refused: {answer}", self.email));
            }
            Told::Unknown => self.doubt = Some(Doubt::Password { new, kept: Some(index) }),
        }
    }

    /// Asks for a letter.
    pub(crate) fn forget_password(&mut self, world: &World) {
        let body = json!({"email": self.email});
        if let Told::Done(_) = world.post(self.from, "/auth/password/forgot", &body) {
            self.resets += 1;
        }
    }

    /// Uses the link of the newest letter twice at once, if there is a letter for each time that one was asked for.
    pub(crate) fn reset_password(&mut self, world: &World, new: String) {
        let links = world.letters.secrets(&self.email, "password_reset", "token");
        let Some(link) = links.last().filter(|_| links.len() >= self.resets) else { return };
        // Of a request that was told nothing there may be one more letter on its way, which would supersede this.
        let body = json!({"token": link, "new_password": new});
        let from = self.from;
        let told: Vec<Told> = thread::scope(|scope| {
            let ask = || world.post(from, "/auth/password/reset", &body);
            let asking: Vec<_> = (0..2).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let done = told.iter().filter(|told| matches!(told, Told::Done(_))).count();
        let is_unknown = told.iter().any(|told| matches!(told, Told::Unknown));
        self.resets = usize::MAX;
        match (done, is_unknown) {
            (0, true) => self.doubt = Some(Doubt::Password { new, kept: None }),
            (0, false) => {}
            (1, _) => {
                self.replace_password(new);
                self.end_all_but(None);
                if let Told::Done(_) = world.post(from, "/auth/password/reset", &body) {
                    world.find(format!("{}: a link counted once more", self.email));
                }
            }
            _ => world.find(format!("{}: a link counted twice", self.email)),
        }
    }

    /// Finds out what became of the account of which nobody knows: all of it or nothing.
    pub(crate) fn settle_doubt(&mut self, world: &World) {
        let is_done = match &self.doubt {
            None => return,
            Some(Doubt::SignedOut) => None,
            Some(Doubt::Password { new, .. }) => match self.login(world, &new.clone()) {
                Told::Done(_) => Some(true),
                Told::Refused(answer) if answer.status == 401 => Some(false),
                Told::Refused(_) | Told::Unknown => return,
            },
        };
        let kept = match &self.doubt {
            Some(Doubt::Password { kept, .. }) => *kept,
            _ => None,
        };
        let mut alive = Vec::new();
        for (index, session) in self.sessions.iter().enumerate() {
            if Some(index) != kept && session.state == State::Live {
                let Some(is_alive) = self.is_alive(world, &session.tokens) else { return };
                alive.push(is_alive);
            }
        }
        let is_done = is_done.unwrap_or_else(|| alive.contains(&false));
        if alive.contains(&is_done) {
            world.find(format!("{}: half of something was done: {alive:?}", self.email));
        }
        match self.doubt.take() {
            Some(Doubt::Password { new, .. }) if is_done => {
                self.replace_password(new);
                self.end_all_but(kept);
                // Between two stores there may have been a crash: the owner signs in again.
                let kept = self.sessions.first().filter(|_| world.is_split);
                if kept.is_some_and(|kept| self.is_alive(world, &kept.tokens) == Some(false)) {
                    self.end_all_but(None);
                }
            }
            Some(Doubt::SignedOut) if is_done => self.end_all_but(None),
            _ => {}
        }
    }
}
