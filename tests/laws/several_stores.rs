//! What holds where records live in several stores, wherever a process dies between two of them.

use serde_json::json;
use testudo::Refusal;
use testudo::command::Placement;
use testudo::flow::{ChangePassword, Login, change_password, login};
use testudo::onboarding::SignIn;
use testudo::testing::{Mishap, World};

use super::onboarding::{before_the_last_step, owing, say, skip, with, world_with_totp};
use super::{ADA, PASSWORD, all_apart, in_two_stores, tokens_of, works};

fn placements() -> [Placement; 2] {
    [in_two_stores(), all_apart()]
}

/// The world after its k-th command from now on was carried out and its flow died; `None` when there was no such command.
fn dies_at(
    start: &World,
    k: usize,
    run: impl FnOnce(&mut World) -> Result<(), testudo::testing::WorldFault>,
) -> Option<World> {
    let mut world = start.clone();
    world.fail(k, Mishap::After);
    run(&mut world).is_err().then_some(world)
}

#[test]
fn a_sign_up_that_died_anywhere_is_finished_by_saying_its_last_step_again() {
    let mut resumed = 0;
    for placement in placements() {
        let mut start = World::new();
        start.set_placement(placement);
        let token = before_the_last_step(&mut start, ADA);
        let last = || testudo::onboarding::Advance::skip();
        for k in 1.. {
            let died = dies_at(&start, k, |world| {
                let run = |env| testudo::flow::advance_onboarding(&token, last(), env);
                world.try_run(run).map(drop)
            });
            let Some(mut world) = died else { break };
            let made = world.tables().users().count() == 1;
            match skip(&mut world, &token) {
                Ok(came) => {
                    let signed_in = came.completed().unwrap();
                    assert!(works(&world, &signed_in.tokens));
                    resumed += usize::from(made);
                }
                // All was done but the session, or its answer was lost: there is an account to sign in to.
                Err(refusal) => assert_eq!(refusal, Refusal::OnboardingComplete),
            }
            assert_eq!(world.tables().users().count(), 1);
            let again = skip(&mut world, &token).unwrap_err();
            assert_eq!(again, Refusal::OnboardingComplete);
            world.login(ADA, PASSWORD);
        }
    }
    assert!(resumed >= 2, "an account was made before its onboarding was over");
}

#[test]
fn a_recovery_code_opens_one_session_at_most_wherever_its_sign_in_died() {
    for placement in placements() {
        let (mut start, enrolled) = world_with_totp();
        start.set_placement(placement);
        let token = owing(&mut start);
        let before = start.tables().sessions().count();
        let code = json!({ "code": enrolled.recovery_codes[0].expose() });
        for k in 1.. {
            let died = dies_at(&start, k, |world| {
                let run = |env| testudo::flow::advance_onboarding(&token, with(code.clone()), env);
                world.try_run(run).map(drop)
            });
            let Some(mut world) = died else { break };
            let left = world.tables().users().next().unwrap().recovery_codes.len();
            let opened = world.tables().sessions().count() - before;
            assert!(opened == 0 || left == 9, "a session before the code was spent");
            // Once it is spent, it opens nothing more, in this sign-in or in another.
            let tokens = [token.clone(), owing(&mut world)];
            for token in tokens {
                let _ = say(&mut world, &token, code.clone());
            }
            assert!(world.tables().sessions().count() - before <= 1);
            let another = json!({ "code": enrolled.recovery_codes[1].expose() });
            let token = owing(&mut world);
            assert!(say(&mut world, &token, another).unwrap().completed().is_some());
        }
    }
}

#[test]
fn no_other_session_outlives_a_change_of_password_that_died_after_it_was_made() {
    for placement in placements() {
        let mut start = World::new();
        start.set_placement(placement);
        start.register(ADA, PASSWORD);
        let (own, other) = (start.login(ADA, PASSWORD), start.login(ADA, PASSWORD));
        let mut changed = 0;
        for k in 1.. {
            let died = dies_at(&start, k, |world| {
                let request =
                    ChangePassword { current: PASSWORD.into(), new: "quite another".into() };
                let access = own.tokens.access.expose();
                world.try_run(|env| change_password(access, request, env)).map(drop)
            });
            let Some(mut world) = died else { break };
            let opens = |world: &mut World, password: &str| {
                let came = world.run(|env| login(Login::new(ADA, password.into()), env));
                came.is_ok_and(|came: SignIn| tokens_of(came).is_some())
            };
            let is_changed = opens(&mut world, "quite another");
            assert_ne!(is_changed, opens(&mut world, PASSWORD));
            assert!(!is_changed || !works(&world, &other.tokens));
            changed += usize::from(is_changed);
        }
        assert!(changed > 0);
    }
}
