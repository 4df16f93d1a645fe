//! Somebody who guesses at an account, through faults and from everywhere at once.

use std::collections::BTreeMap;
use std::thread;

use serde_json::json;

use crate::asking::{Told, World};
use crate::work::Deed;

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
        let count = self.victims.entry(victim.clone()).or_default();
        for told in &told {
            match told {
                Told::Refused(answer) if answer.status == 401 => *count += 1,
                Told::Refused(answer) if answer.status == 429 => {
                    world.work.done(Deed::RefusedGuess);
                }
                Told::Done(_) => world.find(format!("{victim}: a guess was let in")),
                Told::Refused(_) | Told::Unknown => {}
            }
        }
        if *count > ALLOWED {
            world.find(format!("{victim}: {count} guesses were looked at"));
        }
    }
}
