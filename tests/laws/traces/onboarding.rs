//! Registration, and the second factor.

use serde_json::json;
use testudo::event::EventKind;
use testudo::flow::{advance_onboarding, start_onboarding};
use testudo::model::{AcceptedTerms, User};
use testudo::onboarding::{OnboardingResult, StartOnboarding};
use testudo::testing::World;
use testudo::{Client, Duration, Policy, Refusal, SecondFactor};

use super::attempt;
use crate::onboarding::{
    Came, code_of, owing, registration, say, sign_in, with, world_with_totp, wrong_code,
};
use crate::{ADA, world_with_ada};

/// All that is seen of a request, from outside and from beside.
#[derive(Debug, PartialEq)]
struct Seen {
    answer: Result<String, Refusal>,
    commands: Vec<&'static str>,
    hashes: usize,
    events: Vec<EventKind>,
    /// How long each row is that waits to be sent.
    messages: Vec<usize>,
    /// How long the state of each onboarding is.
    onboarding: Vec<usize>,
    /// How much is counted, under however many keys.
    counted: Vec<u32>,
}

fn seen(world: &mut World, ask: impl FnOnce(&mut World) -> Came) -> (Seen, Came) {
    world.take_trace();
    let (hashes, events) = (world.hashes(), world.tables().events().len());
    let came = ask(world);
    let tables = world.tables();
    let mut counted: Vec<_> = tables.attempts().map(|(_, counter)| counter.count).collect();
    counted.sort_unstable();
    let seen = Seen {
        answer: came.clone().map(shown),
        commands: world.trace().to_vec(),
        hashes: world.hashes() - hashes,
        events: tables.events()[events..].iter().map(|it| it.event.kind()).collect(),
        messages: tables.messages().map(|message| message.sealed.len()).collect(),
        onboarding: tables.onboarding().map(|it| it.sealed.len()).filter(|it| *it > 0).collect(),
        counted,
    };
    (seen, came)
}

/// All that is said, but for the token.
fn shown(result: OnboardingResult) -> String {
    let told = result.hint().map(|hint| (hint.description.clone(), hint.extra.clone()));
    let OnboardingResult { session_token: _, state, completed_steps, remaining_steps } = result;
    format!("{state:?} {told:?} {completed_steps:?} {remaining_steps:?}")
}

/// A whole registration by somebody who has not the mailbox.
fn registers(mut world: World, client: &Client) -> Vec<Seen> {
    world.set_client(client.clone());
    let (begun, came) =
        seen(&mut world, |world| world.run(|env| start_onboarding(StartOnboarding::new(ADA), env)));
    let token = came.unwrap().session_token;
    let mut all = vec![begun];
    let guess = json!({ "code": "no code" });
    let said = [json!({ "email": ADA, "password": "short" }), registration(ADA), json!({})];
    let guesses = [&guess; 6].map(Clone::clone);
    for data in said.into_iter().chain(guesses).chain([json!({})]) {
        let advance = with(data);
        let (seen, _) = seen(&mut world, |world| {
            world.run(|env| advance_onboarding(token.expose(), advance, env))
        });
        all.push(seen);
    }
    for _ in 0..4 {
        world.advance(Duration::from_secs(31));
        let (seen, _) = seen(&mut world, |world| say(world, token.expose(), json!({})));
        all.push(seen);
    }
    all
}

fn with_owner(change: fn(&mut User)) -> World {
    let mut world = world_with_ada();
    world.change_user(ADA, change);
    world
}

#[test]
fn who_registers_learns_nothing_of_who_has_the_address_until_and_while_they_are_limited() {
    let owners: [(&str, World); 8] = [
        ("free", crate::new_world()),
        ("taken", with_owner(|owner| owner.is_verified = true)),
        ("unproven", with_owner(|_| ())),
        ("inactive", with_owner(|owner| (owner.is_active, owner.is_verified) = (false, true))),
        ("inactive and unproven", with_owner(|owner| owner.is_active = false)),
        (
            "closing",
            with_owner(|owner| {
                (owner.is_verified, owner.closes_at) = (true, Some(owner.joined_at));
            }),
        ),
        (
            "without a password",
            with_owner(|owner| {
                owner.password = testudo::password::PasswordHash::from_stored("!".into());
                owner.is_verified = true;
            }),
        ),
        ("with an app", {
            let (mut world, _) = world_with_totp();
            world.set_clock(crate::new_world().now());
            world
        }),
    ];
    for client in [Client::unknown(), Client::unknown().with_ip("192.0.2.1".parse().unwrap())] {
        let (_, free) = &owners[0];
        let model = registers(free.clone(), &client);
        // The fourth guess more than the limit, and the fourth mail.
        assert!(matches!(model[9].answer, Err(Refusal::RateLimited { .. })), "{:?}", model[9]);
        assert!(matches!(model[13].answer, Err(Refusal::RateLimited { .. })), "{:?}", model[13]);
        for (name, world) in &owners[1..] {
            let before = (world.tables().messages().count(), counted_before(world));
            let all = registers(world.clone(), &client);
            for (number, (seen, free)) in all.into_iter().zip(&model).enumerate() {
                let seen = without(seen, &before);
                assert_eq!(&seen, free, "{name}, request {number}");
            }
        }
    }
}

fn counted_before(world: &World) -> Vec<u32> {
    world.tables().attempts().map(|(_, counter)| counter.count).collect()
}

/// Without what was there before.
fn without(seen: Seen, (messages, counted): &(usize, Vec<u32>)) -> Seen {
    let messages = seen.messages[*messages..].to_vec();
    let mut left = seen.counted;
    for count in counted {
        if let Some(place) = left.iter().position(|it| it == count) {
            left.remove(place);
        }
    }
    Seen { messages, counted: left, ..seen }
}

/// Ada has signed in with her password, and what she then says is no code that counts.
fn guesses(prepare: impl FnOnce(&mut World) -> String) -> Vec<Seen> {
    let (mut world, _) = world_with_totp();
    guesses_in(&mut world, prepare)
}

fn guesses_in(world: &mut World, prepare: impl FnOnce(&mut World) -> String) -> Vec<Seen> {
    let code = prepare(world);
    let token = owing(world);
    let before = (world.tables().messages().count(), Vec::new());
    let times = 0..7;
    times
        .map(|_| seen(world, |world| say(world, &token, json!({ "code": code.clone() }))).0)
        .map(|seen| without(seen, &before))
        .map(|seen| Seen { onboarding: Vec::new(), ..seen })
        .collect()
}

#[test]
fn codes_that_do_not_count_look_alike_whatever_the_reason() {
    let (mut world, enrolled) = world_with_totp();
    sign_in(&mut world, &enrolled);
    world.set_clock(testudo::Timestamp::from_millis(world.now().as_millis() - 60_000));
    let used = code_of(&enrolled.seed, &world);
    let wrong = wrong_code(&enrolled.seed, &world);
    let (mut one, mut other, mut unreadable) = (world.clone(), world.clone(), world.clone());
    unreadable.change_user(ADA, |user| user.totp.as_mut().unwrap().sealed_seed = vec![7; 68]);
    let model = guesses_in(&mut one, |_| wrong.clone());
    assert!(model[..5].iter().all(|seen| seen.answer.as_ref().is_ok()));
    assert!(matches!(model[5].answer, Err(Refusal::RateLimited { .. })));
    assert_eq!(guesses_in(&mut other, |_| used), model, "a code that was used");
    assert_eq!(guesses_in(&mut unreadable, |_| wrong), model, "a seed that nobody can read");

    let text = "7".repeat(28);
    let (same, spent) = (text.clone(), text.clone());
    let model = guesses(|_| text);
    assert!(matches!(model[5].answer, Err(Refusal::RateLimited { .. })));
    let none_left = guesses(|world| {
        world.change_user(ADA, |user| user.recovery_codes.clear());
        same
    });
    assert_eq!(none_left, model, "no recovery codes left");
    let a_few_left = guesses(|world| {
        world.change_user(ADA, |user| user.recovery_codes.truncate(3));
        spent
    });
    assert_eq!(a_few_left, model, "a few left");
}

#[test]
fn at_the_hard_stop_the_right_code_and_a_wrong_one_look_alike() {
    let stopped = |code: fn(&World, &testudo::Secret<String>) -> String| {
        let (mut world, enrolled) = world_with_totp();
        let mut policy = world.settings().policy().clone();
        policy.totp.hard_stop = Some(3);
        world.set_policy(policy);
        let token = owing(&mut world);
        for _ in 0..3 {
            let data = json!({ "code": wrong_code(&enrolled.seed, &world) });
            say(&mut world, &token, data).unwrap();
        }
        let data = json!({ "code": code(&world, &enrolled.seed) });
        seen(&mut world, |world| say(world, &token, data)).0
    };
    let right = stopped(|world, seed| code_of(seed, world));
    assert_eq!(right.answer, Err(Refusal::SecondFactorStopped));
    assert_eq!(stopped(|world, seed| wrong_code(seed, world)), right);
}

#[test]
fn nobody_learns_what_an_account_owes_who_has_not_its_password() {
    let strict = Policy {
        second_factor: SecondFactor::Required,
        require_verified_email: true,
        terms: Some("2026".into()),
        ..Policy::default()
    };
    let (with_app, _) = world_with_totp();
    let worlds: [(&str, World); 5] = [
        ("owes all", world_with_ada()),
        ("owes nothing", {
            let mut world = with_app.clone();
            let at = world.now();
            world.change_user(ADA, |user| {
                user.terms = Some(AcceptedTerms { version: "2026".into(), at });
            });
            world
        }),
        ("owes the factor", with_app),
        ("must change", with_owner(|user| user.must_change_password = true)),
        ("is verified", with_owner(|user| user.is_verified = true)),
    ];
    for policy in [Policy::default(), strict] {
        let mut all = Vec::new();
        for (name, world) in &worlds {
            let mut world = world.clone();
            world.set_policy(policy.clone());
            world.set_clock(crate::new_world().now());
            let seen: Vec<_> = (0..7).map(|_| attempt(&mut world, ADA, "a wrong guess")).collect();
            all.push((*name, seen));
        }
        let mut world = crate::new_world();
        world.set_policy(policy);
        let nobody: Vec<_> = (0..7).map(|_| attempt(&mut world, ADA, "a wrong guess")).collect();
        assert_eq!(nobody[0].refusal, Refusal::InvalidCredentials);
        for (name, seen) in &all {
            assert_eq!(seen, &nobody, "{name}");
        }
    }
}
