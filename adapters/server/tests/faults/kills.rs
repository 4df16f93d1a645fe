//! How often each server was killed, and what is to go wrong next.

use std::fmt;

use crate::fault::Fault;
use crate::scene::Scene;

/// The application first, then what it stands on.
pub(crate) struct Kills(Vec<(&'static str, u64)>);

impl Kills {
    pub(crate) fn of(scene: &Scene) -> Self {
        let names = scene.backings.iter().map(|backing| backing.name);
        Self(std::iter::once("application").chain(names).map(|name| (name, 0)).collect())
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        if let Some(killed) = fault.kills() {
            self.0[killed.map_or(0, |number| number + 1)].1 += 1;
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|(_, kills)| kills).sum()
    }

    /// What happens next, to a server that was killed less often than this; nothing where there is none.
    pub(crate) fn next(
        &self,
        wanted: u64,
        scene: &Scene,
        random: &mut fastrand::Rng,
    ) -> Option<Fault> {
        let lacking: Vec<usize> =
            (0..self.0.len()).filter(|server| self.0[*server].1 < wanted).collect();
        let chosen = *lacking.get(random.usize(..lacking.len().max(1)))?;
        Some(match chosen.checked_sub(1) {
            None => Fault::of_application(random),
            Some(number) => Fault::of_server(random, number, &scene.backings[number]),
        })
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, kills)) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(out, "{comma}{name} {kills}")?;
        }
        Ok(())
    }
}
