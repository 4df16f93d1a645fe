//! What stays counted when a command fails.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use testudo::flow::{Login, login};
use testudo::model::AttemptKey;
use testudo::password::PasswordHash;
use testudo::testing::{Mishap, World, WorldFault};
use testudo::{Client, Policy};

use super::{cases, undisturbed};
use crate::{ADA, PASSWORD, world_with_ada};

/// How many attempts stand against each key.
fn counted(world: &World) -> BTreeMap<AttemptKey, (u32, u32)> {
    let tables = world.tables();
    let counters = tables.attempts();
    let counters =
        counters.map(|(key, counter)| (key.clone(), (counter.count, counter.consecutive)));
    counters.filter(|(_, counted)| *counted != (0, 0)).collect()
}

/// What a flow asks before it looks at a secret, or to look at it.
const NOTHING_LOOKED_AT: [&str; 7] = [
    "FindUser",
    "FindInvitation",
    "FindOnboarding",
    "ListInvitations",
    "VerifyPassword",
    "ConsultLegacy",
    "HashPassword",
];

#[test]
fn a_question_without_an_answer_costs_no_attempt_while_nothing_secret_was_looked_at() {
    crate::wherever_records_live(|| {
        let (mut given_back, mut kept) = (0, BTreeSet::new());
        for case in cases() {
            let (commands, _, _) = undisturbed(&case);
            for (k, command) in (1..).zip(&commands) {
                if !NOTHING_LOOKED_AT.contains(command) {
                    continue;
                }
                for mishap in [Mishap::Before, Mishap::After] {
                    let mut world = case.world.clone();
                    world.fail(k, mishap);
                    (case.run)(&mut world).unwrap_err();
                    if counted(&world) != counted(&case.world) {
                        kept.insert((case.name, *command));
                    } else if commands.iter().take(k).any(|earlier| *earlier == "CountAttempt") {
                        given_back += 1;
                    }
                }
            }
        }
        assert_eq!(kept, BTreeSet::from(KEPT), "what stays counted");
        assert!(given_back >= 60, "{given_back} attempts were given back");
    });
}

/// What a flow asks after it has looked at a secret.
const KEPT: [(&str, &str); 2] =
    [("code of a mail", "FindUser"), ("owed: password", "HashPassword")];

#[test]
fn a_guess_that_was_looked_at_stays_counted_when_what_became_of_it_cannot_be_recorded() {
    crate::wherever_records_live(|| {
        let mut guesses = BTreeSet::new();
        for case in cases().into_iter().filter(|case| case.name.contains("wrong")) {
            let (commands, _, _) = undisturbed(&case);
            let counts = commands.contains(&"CountAttempt") && !case.name.starts_with("service");
            for (k, _) in (1..).zip(&commands).filter(|(_, name)| counts && **name == "Commit") {
                for mishap in [Mishap::Before, Mishap::After] {
                    let mut world = case.world.clone();
                    world.fail(k, mishap);
                    (case.run)(&mut world).unwrap_err();
                    assert_ne!(counted(&world), counted(&case.world), "{}: {mishap:?}", case.name);
                    guesses.insert(case.name);
                }
            }
        }
        assert!(guesses.len() >= 4, "{guesses:?}");
    });
}

/// The old system said no, whatever becomes of the hash that is to cost as much as any other.
#[test]
fn a_guess_that_the_old_system_refused_stays_counted() {
    let mut world = world_with_ada();
    world.set_policy(Policy { consult_legacy: true, ..Policy::default() });
    world.change_user(ADA, |user| user.password = PasswordHash::legacy());
    world.set_legacy_password(ADA, PASSWORD);
    for (command, stays) in [("FindUser", 0), ("ConsultLegacy", 0), ("VerifyPassword", 1)] {
        let guess = |env| login(Login::new(ADA, "a wrong guess".into()), env);
        let mut whole = world.clone();
        whole.take_trace();
        whole.run(guess).unwrap_err();
        let k = whole.trace().iter().position(|name| *name == command).unwrap() + 1;
        let mut world = world.clone();
        world.fail(k, Mishap::Before);
        world.try_run(guess).unwrap_err();
        assert_eq!(counted(&world).len(), stays, "{command}");
    }
}

/// Of a count whose answer is lost it is not known whether it was made.
#[test]
fn a_second_count_that_fails_gives_the_first_one_back() {
    let mut world = world_with_ada();
    world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    for (mishap, stays) in [(Mishap::Before, 0), (Mishap::After, 1)] {
        let mut world = world.clone();
        world.fail(2, mishap);
        world.try_run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
        assert_eq!(counted(&world).len(), stays, "{mishap:?}");
        assert!(counted(&world).keys().all(|key| key.account().is_some()), "the network's is back");
    }
}

#[test]
fn an_outage_locks_nobody_out() {
    crate::wherever_records_live(|| {
        for k in [2, 3] {
            let mut world = world_with_ada();
            for _ in 0..100 {
                world.fail(k, Mishap::Before);
                world.try_run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
            }
            world.login(ADA, PASSWORD);
        }
    });
}

/// A guess with what goes wrong meanwhile.
fn any_guesses() -> impl Strategy<Value = Vec<Vec<(usize, Mishap)>>> {
    let mishap = prop_oneof![Just(Mishap::Before), Just(Mishap::After), Just(Mishap::Conflict)];
    vec(vec((1..7_usize, mishap), 0..3), 1..40)
}

proptest! {
    #[test]
    fn whatever_fails_no_more_guesses_are_looked_at_than_the_limit_allows(guesses in any_guesses()) {
        let mut world = world_with_ada();
        world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
        let most = world.settings().policy().login_account.attempts;
        let mut judged = 0;
        for mishaps in guesses {
            for (k, mishap) in mishaps {
                world.fail(k, mishap);
            }
            world.take_trace();
            let told = world.try_run(|env| login(Login::new(ADA, "a guess".into()), env));
            // Whoever answered the question, its flow went on: the guess was judged.
            let trace = world.take_trace();
            let verified = trace.iter().position(|command| *command == "VerifyPassword");
            let lost = matches!(
                told,
                Err(WorldFault::Planned { command: "VerifyPassword", .. })
            );
            judged += u32::from(verified.is_some() && !lost);
        }
        prop_assert!(judged <= most, "{judged} guesses were judged");
    }
}
