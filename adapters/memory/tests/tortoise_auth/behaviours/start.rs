//! `OnboardingService.start`.

use smol::block_on;
use testudo::event::Event;
use testudo::model::Digest;
use testudo::onboarding::Onboarding;
use testudo::{Client, Policy, Refusal};

use crate::service::{ADA, Service};

#[test]
fn start_shows_the_first_step_and_lists_all_as_remaining() {
    let service = Service::of_steps(["register", "verify_email"]);
    let started = service.start(ADA);
    assert_eq!(started.current_step(), Some("register"));
    assert_eq!(started.hint().unwrap().step_name, "register");
    assert_eq!(started.errors(), []);
    assert!(started.completed_steps.is_empty());
    assert_eq!(started.remaining_steps, ["register", "verify_email"]);
}

#[test]
fn start_hands_out_a_random_token_of_which_only_a_digest_is_stored() {
    let service = Service::new();
    let (hers, his) = (service.begin(ADA), service.begin("ben@example.com"));
    assert_ne!(hers.expose(), his.expose());
    let record = service.record(&hers).unwrap();
    let stored = [record.sealed.as_slice(), record.digest.as_bytes()].concat();
    let secret = hers.expose().rsplit('_').next().unwrap().as_bytes();
    assert!(!stored.windows(16).any(|window| secret.windows(16).any(|part| part == window)));
    assert_ne!(record.digest, Digest::of(b""));
}

#[test]
fn start_passes_over_a_step_that_is_not_needed_which_shows_as_completed() {
    // There are no terms to accept.
    let service = Service::of_steps(["accept_terms", "register", "verify_email"]);
    let started = service.start(ADA);
    assert_eq!(started.current_step(), Some("register"));
    assert_eq!(started.completed_steps, ["accept_terms"]);
    assert_eq!(started.remaining_steps, ["register", "verify_email"]);
}

#[test]
fn start_ends_the_session_that_was_started_for_the_same_address_before() {
    let service = Service::new();
    let first = service.begin(ADA);
    // In another spelling; tortoise-auth takes that for another address.
    let second = service.begin(" Ada@Example.com");
    assert_eq!(service.resume(&first).unwrap_err(), Refusal::OnboardingUnknown);
    assert!(service.resume(&second).is_ok());
}

#[test]
fn start_leaves_the_session_before_alone_if_the_policy_says_so() {
    let policy = Policy { one_onboarding_per_email: false, ..Policy::default() };
    let service = Service::with(policy, Onboarding::standard());
    let (first, second) = (service.begin(ADA), service.begin(ADA));
    assert!(service.resume(&first).is_ok() && service.resume(&second).is_ok());
}

#[test]
fn start_records_that_it_started_and_from_which_address_of_the_network() {
    let ip = "192.0.2.7".parse().unwrap();
    let service = Service::new().from(Client::unknown().with_ip(ip));
    service.start(ADA);
    let events = service.events();
    let [started] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(started.event, Event::OnboardingStarted { .. }));
    assert_eq!(started.client.ip(), Some(ip));
}

/// There `start` takes any text and the first step finds out.
#[test]
fn start_refuses_what_is_no_address_which_tortoise_auth_takes() {
    let service = Service::new();
    for text in ["", "ada", "ada@", "a@x.com,b@y.com", "ada@example.com\r\nBcc: b@y.com"] {
        let refused = block_on(service.starting(text)).unwrap_err();
        assert!(matches!(refused, Refusal::Invalid(_)), "{text:?}: {refused:?}");
    }
}
