//! Showing that an address is one's own, by a code that went there.

use serde_json::json;
use testudo::event::{Event, LimitName};
use testudo::message::MessageKind;
use testudo::onboarding::OnboardingResult;
use testudo::testing::World;
use testudo::{Duration, Policy, Refusal};

use super::{ADA, Client, at, codes, mailed_code, owes, registration};

/// Somebody who has registered and had a code sent.
fn waiting(world: &mut World) -> Client {
    let (client, _) = Client::start(world);
    client.registers(world);
    client.says(world, json!({})).unwrap();
    client
}

/// A code that is not the one that was sent.
fn wrong_code(world: &World) -> String {
    let right: u32 = mailed_code(world).expose().parse().unwrap();
    format!("{:06}", (right + 1) % 1_000_000)
}

fn sent(world: &World) -> usize {
    let messages = world.messages();
    messages.iter().filter(|message| message.kind == MessageKind::VerificationCode).count()
}

#[test]
fn a_code_of_six_digits_goes_to_the_address_and_nowhere_else() {
    let mut world = World::new();
    let client = waiting(&mut world);
    let letter = world.messages().pop().unwrap();
    assert_eq!((letter.kind, letter.to.as_str()), (MessageKind::VerificationCode, ADA));
    let code = letter.code.unwrap();
    assert!(code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit()));
    let result = client.says(&mut world, json!({"code": "no code"})).unwrap();
    assert_eq!(codes(&result), [("code", "invalid_code")]);
    let hint = result.hint().unwrap();
    assert!(hint.revealed.is_none());
    let told = format!("{:?}{:?}{result:?}{:?}", hint.extra, hint.fields, world.tables());
    assert!(!told.contains(code.expose().as_str()), "only the letter knows the code");
}

#[test]
fn a_code_counts_whatever_spaces_stand_in_it() {
    let mut world = World::new();
    let client = waiting(&mut world);
    let code = mailed_code(&world);
    let (front, back) = code.expose().split_at(3);
    let result = client.says(&mut world, json!({"code": format!(" {front} {back} ")})).unwrap();
    assert_eq!(at(&result), Some("setup_totp"));
}

#[test]
fn a_code_counts_strictly_before_its_end() {
    for (age, expected) in [(600_000 - 1, None), (600_000, Some(("code", "code_expired")))] {
        let mut world = World::new();
        let client = waiting(&mut world);
        world.advance(Duration::from_millis(age));
        let code = mailed_code(&world);
        let result = client.says(&mut world, json!({"code": code.expose()})).unwrap();
        assert_eq!(codes(&result).first().copied(), expected, "after {age} ms");
    }
}

#[test]
fn five_wrong_codes_are_looked_at_whatever_is_sent_again_or_begun_again() {
    let mut world = World::new();
    let mut client = waiting(&mut world);
    for guess in 0..5 {
        if guess == 3 {
            world.advance(Duration::from_secs(30));
            client.says(&mut world, json!({})).unwrap();
        }
        if guess == 4 {
            client = waiting(&mut world);
        }
        let wrong = wrong_code(&world);
        let result = client.says(&mut world, json!({"code": wrong})).unwrap();
        assert_eq!(codes(&result), [("code", "invalid_code")]);
    }
    let right = mailed_code(&world);
    let refused = client.says(&mut world, json!({"code": right.expose()}));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })), "{refused:?}");
    let limits = world.tables().events().into_iter();
    let limit = Event::RateLimitExceeded { limit: LimitName::EmailCode };
    assert_eq!(limits.filter(|it| it.event == limit).count(), 1);
}

#[test]
fn another_code_is_sent_after_a_while_and_takes_the_place_of_the_first() {
    let mut world = World::new();
    let client = waiting(&mut world);
    let first = mailed_code(&world);
    let soon = client.says(&mut world, json!({})).unwrap();
    assert_eq!(codes(&soon), [("code", "too_soon")]);
    assert_eq!(soon.hint().unwrap().extra["resend_after"], 30);
    world.advance(Duration::from_secs(30));
    client.says(&mut world, json!({})).unwrap();
    assert_eq!(sent(&world), 2);
    let second = mailed_code(&world);
    assert_ne!(first.expose(), second.expose(), "with these draws");
    let old = client.says(&mut world, json!({"code": first.expose()})).unwrap();
    assert_eq!(codes(&old), [("code", "invalid_code")]);
    let new = client.says(&mut world, json!({"code": second.expose()})).unwrap();
    assert_eq!(at(&new), Some("setup_totp"));
}

#[test]
fn so_many_letters_go_to_one_address_whoever_asks() {
    let mut world = World::new();
    for _ in 0..3 {
        waiting(&mut world);
    }
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    let refused = client.says(&mut world, json!({}));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })), "{refused:?}");
    assert_eq!(sent(&world), 3);
}

#[test]
fn the_code_of_one_onboarding_opens_no_other_of_the_same_address() {
    let mut world = World::new();
    world.set_policy(Policy { one_onboarding_per_email: false, ..Policy::default() });
    let first = waiting(&mut world);
    let code = mailed_code(&world);
    let second = waiting(&mut world);
    assert_ne!(code.expose(), mailed_code(&world).expose(), "with these draws");
    let refused = second.says(&mut world, json!({"code": code.expose()})).unwrap();
    assert_eq!(codes(&refused), [("code", "invalid_code")]);
    assert_eq!(
        at(&first.says(&mut world, json!({"code": code.expose()})).unwrap()),
        Some("setup_totp")
    );
}

#[test]
fn a_code_before_any_was_sent_is_not_looked_at() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    world.take_trace();
    let result = client.says(&mut world, json!({"code": "123456"})).unwrap();
    assert_eq!(codes(&result), [("code", "no_code_sent")]);
    assert!(world.take_trace().iter().all(|asked| *asked != "FindUser"));
}

#[test]
fn who_signs_in_where_addresses_must_be_verified_verifies_theirs_at_once() {
    let mut world = World::new();
    let ada = world.register(ADA, super::PASSWORD);
    world.set_policy(Policy { require_verified_email: true, ..Policy::default() });
    let (client, begun) = owes(&mut world);
    assert_eq!(
        (at(&begun), &begun.remaining_steps[..]),
        (Some("verify_email"), &["verify_email".to_owned()][..])
    );
    assert!(!begun.hint().unwrap().skippable);
    let signed_in = client.verifies(&mut world).completed().unwrap();
    assert_eq!((signed_in.user.id, signed_in.user.is_verified), (ada.id, true));
    assert_eq!(signed_in.user.epoch, ada.epoch, "what they left open elsewhere goes on");
    let events = world.tables().events().into_iter();
    assert_eq!(events.filter(|it| it.event == Event::EmailVerified).count(), 1);
}

#[test]
fn a_taken_address_is_told_at_once_where_the_policy_wants_that() {
    let mut world = World::new();
    world.register(ADA, "the owner's own phrase");
    world.change_user(ADA, |user| user.is_verified = true);
    world.set_policy(Policy { tell_taken_addresses: true, ..Policy::default() });
    let (client, _) = Client::start(&mut world);
    let refused = client.says(&mut world, registration()).unwrap();
    assert_eq!(codes(&refused), [("email", "email_taken")]);
}

#[test]
fn no_code_is_right_for_an_address_that_is_taken() {
    let mut world = World::new();
    world.register(ADA, "the owner's own phrase");
    world.change_user(ADA, |user| user.is_verified = true);
    let client = waiting(&mut world);
    assert_eq!(sent(&world), 0);
    let refused: Vec<OnboardingResult> = (0..5)
        .map(|guess| client.says(&mut world, json!({"code": format!("{guess:06}")})).unwrap())
        .collect();
    assert!(refused.iter().all(|result| codes(result) == [("code", "invalid_code")]));
}
