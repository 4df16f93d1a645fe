use std::collections::BTreeSet;

use super::*;
use crate::ask;
use crate::command::{CountAttempt, HashPassword};
use crate::model::{AttemptKey, AttemptLimit};
use crate::password::{Password, Salt};
use crate::time::Duration;

/// A flow that counts under its own key as often as it is told to.
fn counts(key: &'static str, times: u32, now: crate::Timestamp) -> Step<()> {
    let limit = AttemptLimit {
        attempts: 9,
        window: Duration::from_secs(60),
        lock: Duration::ZERO,
        hard_stop: None,
    };
    let email: crate::model::Email = format!("{key}@example.com").parse().unwrap();
    let key_of = AttemptKey::login_account(email.key());
    if times == 0 {
        return Step::Done(());
    }
    ask(CountAttempt { key: key_of, limit, now }, move |_| counts(key, times - 1, now))
}

fn explorer(world: &World, times: [u32; 2]) -> Explorer<'static, ()> {
    let now = world.now();
    Explorer::new(world).flow("one", move |_| counts("one", times[0], now), |()| ()).flow(
        "two",
        move |_| counts("two", times[1], now),
        |()| (),
    )
}

#[test]
fn every_interleaving_is_run_once() {
    let world = World::new();
    // (3 + 2)! / (3! 2!) orders.
    assert_eq!(explorer(&world, [3, 2]).check(|_, _| ()), 10);
    assert_eq!(explorer(&world, [1, 1]).check(|_, _| ()), 2);
}

#[test]
fn every_crash_is_run() {
    let (world, mut seen) = (World::new(), BTreeSet::new());
    explorer(&world, [2, 1]).with_crashes().check(|world, endings| {
        assert!(endings.iter().filter(|ending| **ending == Ending::Crashed).count() <= 1);
        let counted: Vec<_> = world.tables().attempts().map(|(_, one)| one.count).collect();
        let crashed: Vec<_> = endings.iter().map(|ending| ending.done().is_none()).collect();
        seen.insert((crashed, counted));
    });
    let first = |counted: &[u32]| (vec![true, false], counted.to_vec());
    // The first flow counts no time, once or twice before it dies; the second always once.
    assert!(seen.contains(&first(&[1])));
    assert!(seen.contains(&first(&[1, 1])));
    assert!(seen.contains(&first(&[2, 1])));
    assert!(seen.contains(&(vec![false, true], vec![2])));
    assert!(seen.contains(&(vec![false, false], vec![2, 1])));
}

#[test]
fn hashing_makes_no_schedules_of_its_own() {
    let world = World::new();
    let hashes = |_| {
        let command = HashPassword { password: Password::from("any"), salt: Salt::new([0; 16]) };
        ask(command, |_| Step::Done(()))
    };
    let explorer = Explorer::new(&world).flow("one", hashes, |()| ()).flow("two", hashes, |()| ());
    let schedules = explorer.check(|world, _| assert_eq!(world.hashes(), 2));
    assert_eq!(schedules, 1);
}

#[test]
fn a_broken_law_is_reported_with_its_schedule() {
    let world = World::new();
    let broken = catch_unwind(AssertUnwindSafe(|| {
        explorer(&world, [1, 1]).check(|world, _| {
            assert_ne!(world.trace().len(), 2, "two commands were carried out");
        })
    }));
    let message = message(broken.unwrap_err().as_ref()).to_owned();
    assert!(message.contains("two commands were carried out"), "{message}");
    assert!(message.contains("1. one: "), "{message}");
    assert!(message.contains("2. two: "), "{message}");
    assert!(message.contains("asks CountAttempt"), "{message}");
}

#[test]
#[should_panic(expected = "more than 5 schedules")]
fn too_many_schedules_are_refused() {
    explorer(&World::new(), [3, 2]).at_most(5).check(|_, _| ());
}
