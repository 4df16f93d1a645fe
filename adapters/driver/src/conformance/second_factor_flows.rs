//! What second factors promise, kept by the real store under them.

use serde_json::json;
use testudo::event::{Event, LoginFailure};
use testudo::flow::admin::{ImportUser, Imported};
use testudo::onboarding::OnboardingResult;
use testudo::{Client, Duration, Policy, Refusal, Secret};

use super::observe::Observe;
use super::race::race;
use super::world::newcomer::{Newcomer, came, code_of, wrong_code};
use super::world::{ADA, World, count, refusal_of};
use crate::{Clock as _, Store};

/// However many sign-ins they are spread over.
pub async fn of_1000_parallel_wrong_codes_of_an_app_5_are_looked_at<S: Store>(store: S) {
    let world = World::new(store);
    let (seed, _) = ada_with_an_app(&world).await;
    let wrong = wrong_code(&seed, world.clock.now());
    let at_the_door = guess(&world, &wrong).await;
    // Not even the right one, for a while, in whatever sign-in.
    let lock = Policy::default().totp.lock;
    let locked = Err(Refusal::RateLimited { retry_after: lock });
    let late = Newcomer::owes(&world, ADA).await;
    let right = code_of(&seed, world.clock.now());
    for ada in [&at_the_door, &late] {
        assert_eq!(ada.says(json!({ "code": right })).await.map(drop), locked);
    }
    world.clock.advance(lock);
    let late = Newcomer::owes(&world, ADA).await;
    let right = code_of(&seed, world.clock.now());
    let signed_in = late.says(json!({ "code": right })).await.expect("the code is right");
    assert!(signed_in.completed().is_some());
}

pub async fn of_1000_parallel_wrong_recovery_codes_5_are_looked_at<S: Store>(store: S) {
    let world = World::new(store);
    let (_, codes) = ada_with_an_app(&world).await;
    let at_the_door = guess(&world, "0000-0000-0000-0000-0000-0000-0000").await;
    let lock = Policy::default().recovery_code.lock;
    let locked = Err(Refusal::RateLimited { retry_after: lock });
    let right = json!({"code": codes[0].expose()});
    assert_eq!(at_the_door.says(right.clone()).await.map(drop), locked);
    world.clock.advance(lock);
    let late = Newcomer::owes(&world, ADA).await;
    let signed_in = late.says(right).await.expect("the code is right");
    assert!(signed_in.completed().is_some());
}

pub async fn a_code_of_an_app_counts_once_and_none_of_an_earlier_step_after_it<S: Store>(store: S) {
    let world = World::new(store);
    let (seed, _) = ada_with_an_app(&world).await;
    let before = code_of(&seed, world.clock.now());
    world.clock.advance(Duration::from_secs(30));
    let right = code_of(&seed, world.clock.now());
    let first = Newcomer::owes(&world, ADA).await;
    let signed_in = first.says(json!({ "code": right })).await.expect("the code is right");
    assert!(signed_in.completed().is_some());
    let second = Newcomer::owes(&world, ADA).await;
    for again in [right, before] {
        assert!(came(&second.says(json!({ "code": again })).await, "invalid_code"));
    }
    world.clock.advance(Duration::from_secs(30));
    let next = code_of(&seed, world.clock.now());
    let signed_in =
        second.says(json!({ "code": next })).await.expect("the code is of a later step");
    assert!(signed_in.completed().is_some());
}

/// However many sign-ins they are spread over.
pub async fn of_100_parallel_uses_of_a_code_of_an_app_one_signs_in<S: Store>(store: S) {
    let world = World::new(store);
    let (seed, _) = ada_with_an_app(&world).await;
    let right = code_of(&seed, world.clock.now());
    submit(&world, &right).await;
}

pub async fn of_100_parallel_uses_of_a_recovery_code_one_signs_in<S: Store>(store: S) {
    let world = World::new(store);
    let (_, codes) = ada_with_an_app(&world).await;
    let ada = submit(&world, codes[3].expose()).await;
    let left = ada.completed().expect("one is in").user.recovery_codes.len();
    assert_eq!(left, 9);
    let key = testudo::model::EmailKey::from_stored(ADA.into());
    let stored = world.store().user_by_email(&key).await.expect("she is there");
    assert_eq!(stored.recovery_codes.len(), 9, "the others still count");
    // Who came too late has used up the guesses.
    world.clock.advance(Policy::default().recovery_code.lock);
    let late = Newcomer::owes(&world, ADA).await;
    assert!(came(&late.says(json!({"code": codes[3].expose()})).await, "invalid_code"));
    let other = late.says(json!({"code": codes[4].expose()})).await.expect("it was not used");
    assert!(other.completed().is_some());
}

/// An export has neither factor nor codes in it, and takes none away where the account is.
pub async fn an_import_over_an_account_leaves_its_app_and_its_codes<S: Store>(store: S) {
    let world = World::new(store);
    let (seed, _) = ada_with_an_app(&world).await;
    let key = testudo::model::EmailKey::from_stored(ADA.into());
    let before = world.store().user_by_email(&key).await.expect("she is there");
    let exported = ImportUser {
        is_verified: before.is_verified,
        profile: before.profile.clone(),
        ..ImportUser::new(ADA, Some(before.password.clone()))
    };
    let here = Client::unknown();
    let imported = world.auth.admin().import_users(vec![exported], &here).await;
    assert_eq!(refusal_of(imported), Ok(vec![Imported::Exists]));
    assert_eq!(world.store().user_by_email(&key).await, Some(before));
    let ada = Newcomer::owes(&world, ADA).await;
    let code = code_of(&seed, world.clock.now());
    assert!(ada.says(json!({ "code": code })).await.expect("right").completed().is_some());
}

/// Registers Ada with an authenticator app and recovery codes, a step of the app later than its first code.
async fn ada_with_an_app<S: Store>(world: &World<S>) -> (Secret<String>, Vec<Secret<String>>) {
    let ada = Newcomer::starts(world, ADA).await;
    ada.registers().await;
    ada.verifies().await;
    let (seed, _) = ada.enrols().await;
    let (codes, completed) = ada.keeps_recovery_codes().await;
    assert!(completed.completed().is_some());
    world.clock.advance(Duration::from_secs(30));
    (seed, codes)
}

/// A thousand guesses with one wrong code over 20 sign-ins.
async fn guess<'a, S: Store>(world: &'a World<S>, wrong: &str) -> Newcomer<'a, S> {
    let mut sign_ins = owing(world).await;
    let outcomes = race(1000, |n| sign_ins[n as usize % 20].says(json!({ "code": wrong }))).await;
    assert_eq!(outcomes.iter().filter(|it| came(it, "invalid_code")).count(), 5);
    let locked = Refusal::RateLimited { retry_after: Policy::default().totp.lock };
    assert_eq!(count(&outcomes, &locked), 995);
    let is_one = |event: &&Event| {
        let reason = LoginFailure::WrongSecondFactor;
        matches!(event, Event::UserLoginFailed { reason: why, .. } if *why == reason)
    };
    assert_eq!(world.events().await.iter().filter(is_one).count(), 5);
    sign_ins.pop().expect("there are 20")
}

/// A right code a hundred times over 20 sign-ins: what came of the one that counted.
async fn submit<S: Store>(world: &World<S>, right: &str) -> OnboardingResult {
    let sign_ins = owing(world).await;
    let outcomes = race(100, |n| sign_ins[n as usize % 20].says(json!({ "code": right }))).await;
    let mut signed_in = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(result) if result.errors().is_empty() => signed_in.push(result),
            Ok(result) => assert_eq!(result.errors()[0].code, "invalid_code"),
            Err(refusal) => assert!(
                matches!(
                    refusal,
                    Refusal::OnboardingMoved
                        | Refusal::OnboardingComplete
                        | Refusal::RateLimited { .. }
                        | Refusal::Busy
                ),
                "{refusal:?}"
            ),
        }
    }
    assert_eq!(signed_in.len(), 1);
    let is_login = |event: &&Event| matches!(event, Event::UserLogin { .. });
    let logins = world.events().await.iter().filter(is_login).count();
    assert_eq!(logins, 2, "the one at the end of signing up, and this one");
    let tokens = signed_in[0].clone().completed().expect("one is in").tokens;
    assert!(world.check(&tokens).await.is_ok());
    signed_in.swap_remove(0)
}

async fn owing<S: Store>(world: &World<S>) -> Vec<Newcomer<'_, S>> {
    let mut sign_ins = Vec::new();
    for _ in 0..20 {
        sign_ins.push(Newcomer::owes(world, ADA).await);
    }
    sign_ins
}
