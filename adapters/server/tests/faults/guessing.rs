//! Somebody who guesses at an account, through faults and from everywhere at once.

use std::collections::BTreeMap;
use std::thread;

use serde_json::json;

use crate::asking::{Told, World};

/// What the policy allows at one account before it is locked for longer than a round takes.
const ALLOWED: usize = 5;

#[derive(Default)]
pub(crate) struct Guesser {
    /// How often each account's guesses were looked at.
    victims: BTreeMap<String, usize>,
}

impl Guesser {
    /// Guesses at the account in turn, or at another one.
    pub(crate) fn tick(&mut self, world: &World, is_fresh: bool) {
        let newest = self.victims.keys().next_back().cloned().filter(|_| !is_fresh);
        let victim =
            newest.unwrap_or_else(|| format!("victim-{:06}@example.com", self.victims.len()));
        let body = json!({"email": victim, "password": "a guess at a password"});
        let told: Vec<Told> = thread::scope(|scope| {
            let guess = || world.post(world.somebody().1, "/auth/login", &body);
            let guesses: Vec<_> = (0..8).map(|_| scope.spawn(guess)).collect();
            guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
        });
        let looked_at =
            |told: &&Told| matches!(told, Told::Refused(answer) if answer.status == 401);
        let count = self.victims.entry(victim.clone()).or_default();
        *count += told.iter().filter(looked_at).count();
        if *count > ALLOWED {
            world.find(format!("{victim}: {count} guesses were looked at"));
        }
        if told.iter().any(|told| matches!(told, Told::Done(_))) {
            world.find(format!("{victim}: a guess was let in"));
        }
    }
}
