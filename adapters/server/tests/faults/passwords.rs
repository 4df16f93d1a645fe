//! Passwords: to change and to reset them.

use std::thread;

use serde_json::json;

use crate::account::{Account, Doubt, State};
use crate::asking::{Told, World};
use crate::work::Deed;

impl Account {
    pub(crate) fn change_password(&mut self, world: &World, index: usize, new: String) {
        let body = json!({"current_password": self.password, "new_password": new});
        let access = self.sessions[index].tokens.access.clone();
        match world.post_bearing(self.from, "/auth/password/change", &access, &body) {
            Told::Done(_) => {
                self.replace_password(world, new);
                self.end_all_but(world, Some(index));
            }
            Told::Refused(answer) if answer.status == 429 => self.limit(),
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
                world.work.done(Deed::Reset);
                self.replace_password(world, new);
                self.end_all_but(world, None);
                if let Told::Done(_) = world.post(from, "/auth/password/reset", &body) {
                    world.find(format!("{}: a link counted once more", self.email));
                }
            }
            _ => world.find(format!("{}: a link counted twice", self.email)),
        }
    }

    /// Finds out what became of the account of which nobody knows: all of it or nothing.
    pub(crate) fn settle_doubt(&mut self, world: &World) {
        let (new, kept) = match &self.doubt {
            None => return,
            Some(Doubt::SignedOut) => (None, None),
            Some(Doubt::Password { new, kept }) => (Some(new.clone()), *kept),
        };
        let by_password = new.as_deref().and_then(|new| self.opens(world, new));
        let mut alive = Vec::new();
        for (index, session) in self.sessions.iter().enumerate() {
            if Some(index) != kept && session.state == State::Live && session.is_young() {
                let Some(is_alive) = self.is_alive(world, &session.tokens.access) else { return };
                alive.push(is_alive);
            }
        }
        // A locked account tells by its sessions, if it has any.
        let by_sessions = alive.first().map(|is_alive| !is_alive);
        let is_done = match (&new, by_password.or(by_sessions)) {
            (_, Some(is_done)) => is_done,
            (None, None) => false,
            (Some(_), None) => return,
        };
        if alive.contains(&is_done) {
            world.find(format!("{}: half of something was done: {alive:?}", self.email));
        }
        self.doubt = None;
        world.work.done(Deed::SettledDoubt);
        match new {
            Some(new) if is_done => {
                self.replace_password(world, new);
                self.end_all_but(world, kept);
                // Between two stores there may have been a crash: the owner signs in again.
                let kept = self.sessions.first().filter(|_| world.is_split);
                if kept.is_some_and(|it| self.is_alive(world, &it.tokens.access) == Some(false)) {
                    self.end_all_but(world, None);
                }
            }
            None if is_done => self.end_all_but(world, None),
            _ => {}
        }
    }

    /// Whether a password opens the account, if that can be known.
    fn opens(&mut self, world: &World, password: &str) -> Option<bool> {
        if self.is_limited() {
            return None;
        }
        match self.login(world, password) {
            Told::Done(_) => Some(true),
            Told::Refused(answer) if answer.status == 401 => Some(false),
            Told::Refused(_) | Told::Unknown => None,
        }
    }

    /// In the end: the password opens, and what was there before does not.
    pub(crate) fn check_passwords(&mut self, world: &World) {
        if self.is_limited() {
            return;
        }
        if self.doubt.is_some() {
            return world.find(format!("{}: a doubt cannot be settled", self.email));
        }
        match self.login(world, &self.password.clone()) {
            Told::Done(_) | Told::Unknown => {}
            Told::Refused(answer) if answer.status == 429 => return,
            Told::Refused(answer) => {
                world
                    .find(format!("{}: the account or its password is lost: {answer}", self.email));
            }
        }
        // As many as may be tried before the account is locked.
        for replaced in self.replaced.clone().iter().rev().take(3) {
            if let Told::Done(_) = self.login(world, replaced) {
                world.find(format!("{}: a password opens that was replaced", self.email));
            }
        }
    }
}
