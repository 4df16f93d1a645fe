//! The machine that all of it runs on, which may stand still itself: that is nobody's fault here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A nap that takes this long was none of ours.
const STANDSTILL: Duration = Duration::from_secs(2);

/// Knows how long the machine stood still, until it is dropped.
pub(crate) struct Machine(Arc<Watch>);

#[derive(Default)]
struct Watch {
    is_over: AtomicBool,
    /// When it went on, and how long it had stood still.
    standstills: Mutex<Vec<(Instant, Duration)>>,
}

impl Machine {
    pub(crate) fn watched() -> Self {
        let watch = Arc::new(Watch::default());
        let watching = Arc::clone(&watch);
        thread::spawn(move || {
            while !watching.is_over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                thread::sleep(LOOK_EVERY);
                let took = begun.elapsed();
                if took > STANDSTILL {
                    watching.standstills.lock().unwrap().push((Instant::now(), took));
                }
            }
        });
        Self(watch)
    }

    /// How much time there was between two moments in which anybody could do anything.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> Duration {
        let time = to.saturating_duration_since(from);
        if time < STANDSTILL {
            return time;
        }
        // Who watches may be the last to go on.
        thread::sleep(LOOK_EVERY * 4);
        let standstills = self.0.standstills.lock().unwrap();
        let within =
            standstills.iter().filter(|(end, _)| *end > from && *end - LOOK_EVERY * 4 < to);
        time.saturating_sub(within.map(|(_, took)| *took).sum())
    }

    pub(crate) fn since(&self, begun: Instant) -> Duration {
        self.between(begun, Instant::now())
    }

    pub(crate) fn stood_still(&self) -> Duration {
        self.0.standstills.lock().unwrap().iter().map(|(_, took)| *took).sum()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}
