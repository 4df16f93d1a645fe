//! How long hashing takes.

use std::thread;
use std::time::{Duration, Instant};

use testudo::password::{Argon2id, HashError, Hasher as _, Salt, WorkBuffer};

use crate::failure::{Failure, while_doing};

/// A work buffer for each core, used again and again as the server's are.
pub(super) struct Rig(Vec<WorkBuffer>);

/// How long a hash of these settings takes when every core hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) settings: Argon2id,
    pub(super) time: Duration,
}

/// Hashes on each core that count, after one that takes the memory. The median of all is what counts.
const ROUNDS: usize = 3;

impl Rig {
    pub(super) fn new(cores: usize) -> Self {
        Self(std::iter::repeat_with(WorkBuffer::new).take(cores).collect())
    }

    pub(super) fn measure(&mut self, settings: Argon2id) -> Result<Measured, Failure> {
        let times = thread::scope(|scope| {
            // All are started before any is waited for.
            let cores: Vec<_> =
                self.0.iter_mut().map(|work| scope.spawn(move || times(settings, work))).collect();
            let times = cores.into_iter().map(|core| {
                let times = core.join().map_err(|_| Failure::new("a measurement broke down"))?;
                times.map_err(while_doing("cannot measure"))
            });
            times.collect::<Result<Vec<_>, Failure>>()
        })?;
        let mut times = times.concat();
        times.sort_unstable();
        let median = times.get(times.len() / 2);
        median
            .map(|time| Measured { settings, time: *time })
            .ok_or_else(|| Failure::new("nothing was measured: there is no core to measure on"))
    }
}

fn times(settings: Argon2id, work: &mut WorkBuffer) -> Result<Vec<Duration>, HashError> {
    let mut hash = || settings.hash(b"a password to measure with", &Salt::new([7; 16]), work);
    hash()?;
    let mut timed = || {
        let begun = Instant::now();
        hash().map(|_| begun.elapsed())
    };
    (0..ROUNDS).map(|_| timed()).collect()
}
