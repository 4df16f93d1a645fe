//! Which settings to measure, and which to recommend.

use std::cmp::Reverse;
use std::time::Duration;

use testudo::password::{Argon2id, HashError};

use super::measure::Measured;

/// Settings are whole MiB.
const MIB: u32 = 1024;

/// What to measure first: the least memory that one pass may have, which no machine takes long for.
pub(super) fn first() -> Result<Argon2id, HashError> {
    let [(memory, passes), ..] = Argon2id::FLOORS;
    Argon2id::new(memory, passes, lanes())
}

/// What takes about `target` if a KiB takes as long as it took when this was measured.
pub(super) fn next(measured: &Measured, target: Duration, most_memory_kib: u32) -> Argon2id {
    let took = measured.time.as_micros().max(1);
    let affordable = u128::from(work(measured.settings)).saturating_mul(target.as_micros()) / took;
    let affordable = u64::try_from(affordable).unwrap_or(u64::MAX);
    settings(affordable, most_memory_kib).unwrap_or(measured.settings)
}

/// What to recommend: the most work that does not take too long, or else what is quickest.
pub(super) fn best(measured: &[Measured], target: Duration) -> Option<&Measured> {
    let in_time = measured.iter().filter(|measured| !is_too_slow(measured.time, target));
    in_time
        .max_by_key(|measured| (work(measured.settings), measured.settings.memory_kib()))
        .or_else(|| measured.iter().min_by_key(|measured| measured.time))
}

/// Whether a hash takes longer than it may.
pub(super) fn is_too_slow(time: Duration, target: Duration) -> bool {
    time > target && !is_near(time, target)
}

/// Whether two times differ by no more than measurements do: a tenth.
pub(super) fn is_near(time: Duration, target: Duration) -> bool {
    time.abs_diff(target) <= target / 10
}

/// The best settings of at most this much work, which is memory times passes.
///
/// Memory comes first, then passes over it (RFC 9106 section 4): where there is time for more than a
/// pass, and not for another, up to a quarter of the memory is given for the other. Where there is
/// time for nothing that is safe, it is the least that is.
fn settings(affordable_kib: u64, most_memory_kib: u32) -> Option<Argon2id> {
    let most_memory_kib = most_memory_kib.min(Argon2id::MAX_MEMORY_KIB);
    let candidates = (1..=Argon2id::MAX_PASSES).filter_map(|passes| {
        let affordable = affordable_kib.min(Argon2id::MAX_WORK_KIB.into()) / u64::from(passes);
        let memory = u32::try_from(affordable).ok()?.min(most_memory_kib);
        Argon2id::new(memory / MIB * MIB, passes, lanes()).ok()
    });
    let candidates: Vec<_> = candidates.collect();
    let most = candidates.iter().map(Argon2id::memory_kib).max().unwrap_or_default();
    let ample = |settings: &Argon2id| settings.memory_kib() >= most / 4 * 3;
    candidates
        .into_iter()
        .filter(ample)
        .max_by_key(|settings| (work(*settings), settings.memory_kib()))
        .or_else(least)
}

/// The settings of the least work that are safe.
fn least() -> Option<Argon2id> {
    let mut floors = Argon2id::FLOORS;
    floors.sort_by_key(|(memory, passes)| {
        (u64::from(*memory) * u64::from(*passes), Reverse(*memory))
    });
    floors.iter().find_map(|(memory, passes)| Argon2id::new(*memory, *passes, lanes()).ok())
}

fn work(settings: Argon2id) -> u64 {
    u64::from(settings.memory_kib()) * u64::from(settings.passes())
}

/// Lanes are not searched for: the library takes one after the other, so they change no time. These
/// are the ones that RFC 9106 recommends.
fn lanes() -> u32 {
    Argon2id::default().lanes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: u32 = u32::MAX;

    fn planned(affordable_mib: u64, most_memory_mib: u32) -> (u32, u32) {
        let most = most_memory_mib.saturating_mul(MIB);
        let settings = settings(affordable_mib * 1024, most).unwrap();
        (settings.memory_kib() / MIB, settings.passes())
    }

    fn measured(memory: u32, passes: u32, millis: u64) -> Measured {
        let settings = Argon2id::new(memory * MIB, passes, lanes()).unwrap();
        Measured { settings, time: Duration::from_millis(millis) }
    }

    #[test]
    fn memory_comes_first_and_then_passes() {
        for (affordable, expected) in [
            (46, (46, 1)),
            (100, (100, 1)),
            (256, (256, 1)),
            (300, (256, 1)),
            (400, (200, 2)),
            (512, (256, 2)),
            (600, (200, 3)),
            (1024, (256, 4)),
            (1_000_000, (256, 4)),
        ] {
            assert_eq!(planned(affordable, PLENTY), expected, "{affordable}");
        }
    }

    #[test]
    fn nothing_is_planned_that_the_machine_has_no_memory_for() {
        assert_eq!(planned(256, 64), (64, 4));
        assert_eq!(planned(256, 32), (32, 8));
        assert_eq!(planned(10_000, 12), (12, 16));
    }

    #[test]
    fn nothing_is_planned_that_is_weaker_than_is_safe() {
        assert_eq!(planned(45, PLENTY), (22, 2));
        assert_eq!(planned(37, PLENTY), (12, 3));
        assert_eq!(planned(0, PLENTY), (12, 3));
        assert_eq!(planned(1024, 1), (12, 3));
        for affordable in 0..1100 {
            for most in [0, 1, 12, 19, 20, 46, 64, 100, 256, 1000] {
                // Made at all, settings are not too weak: their constructor refuses such.
                let (memory, passes) = planned(affordable, most);
                let (memory, passes) = (u64::from(memory), u64::from(passes));
                let is_least = (memory, passes) == (12, 3);
                assert!(memory * passes <= affordable || is_least, "{affordable} {most}");
                assert!(memory <= u64::from(most) || is_least, "{affordable} {most}");
            }
        }
    }

    #[test]
    fn what_is_next_follows_from_how_long_the_last_took() {
        let next = |target| {
            let target = Duration::from_millis(target);
            let next = next(&measured(46, 1, 46), target, PLENTY);
            (next.memory_kib() / MIB, next.passes())
        };
        assert_eq!(next(128), (128, 1));
        assert_eq!(next(46), (46, 1));
        assert_eq!(next(1), (12, 3));
        assert_eq!(next(u64::MAX), (256, 4));
    }

    #[test]
    fn what_is_recommended_is_the_most_work_in_time() {
        let best = |target| {
            let all = [measured(46, 1, 40), measured(256, 1, 240), measured(200, 2, 400)];
            let best = best(&all, Duration::from_millis(target)).copied().unwrap();
            (best.settings.memory_kib() / MIB, best.settings.passes())
        };
        assert_eq!(best(400), (200, 2));
        assert_eq!(best(370), (200, 2));
        assert_eq!(best(250), (256, 1));
        assert_eq!(best(10), (46, 1));
    }
}
