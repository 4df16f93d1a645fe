//! What signing up promises, kept by the real store under it.

use serde_json::json;
use testudo::event::Event;
use testudo::flow::Invite;
use testudo::message::MessageKind;
use testudo::onboarding::OnboardingResult;
use testudo::{Client, Duration, Policy, Refusal};

use super::observe::Observe;
use super::race::race;
use super::world::newcomer::{Newcomer, came, registration, says};
use super::world::{ADA, World, count, refusal_of};
use crate::Store;

/// Each request may come to another handle.
pub async fn a_sign_up_goes_on_from_its_start_to_a_session<S: Store>(store: S) {
    let world = World::new(store);
    let ada = Newcomer::starts(&world, ADA).await;
    let registered = ada.registers().await;
    assert_eq!(registered.current_step(), Some("verify_email"));
    let resumed = refusal_of(world.auth.resume_onboarding(&ada.token, &Client::unknown()).await);
    let resumed = resumed.expect("it goes on");
    assert_eq!(resumed.completed_steps, registered.completed_steps);
    assert_eq!(ada.verifies().await.current_step(), Some("setup_totp"));
    assert!(world.sign_in(ADA).await.is_err(), "there is no account before the last step");
    let (_, enrolled) = ada.enrols().await;
    assert_eq!(enrolled.current_step(), Some("recovery_codes"));
    let (codes, completed) = ada.keeps_recovery_codes().await;
    assert_eq!(codes.len(), 10);
    let signed_in = completed.completed().expect("nothing is owed");
    assert!(world.check(&signed_in.tokens).await.is_ok());
    let stored = world.store().user(signed_in.user.id).await;
    assert_eq!(stored, Some(signed_in.user));
    assert_eq!(ada.says(json!({})).await.map(drop), Err(Refusal::OnboardingComplete));
}

pub async fn of_1000_parallel_wrong_codes_by_mail_5_are_looked_at_whatever_is_sent_again<
    S: Store,
>(
    store: S,
) {
    let policy = Policy {
        one_onboarding_per_email: false,
        email_code_cooldown: Duration::ZERO,
        email_proof: many(Policy::default().email_proof),
        ..Policy::default()
    };
    let limit = policy.email_code;
    let world = World::with_steps(store, policy, ["register", "verify_email"]);
    let mut begun = Vec::new();
    for _ in 0..10 {
        let ada = Newcomer::starts(&world, ADA).await;
        ada.registers().await;
        ada.has_a_code_sent().await;
        begun.push(ada);
    }
    let begun = &begun;
    let outcomes = race(1000, |n| async move {
        let ada = &begun[n as usize % 10];
        if n / 10 % 10 == 5 {
            // Another code, in the midst of it; whoever comes second does not move it on.
            let sent = ada.says(json!({})).await;
            assert!(matches!(sent, Ok(_) | Err(Refusal::OnboardingMoved | Refusal::Busy)));
            return None;
        }
        Some(ada.says(json!({"code": NO_CODE})).await)
    });
    let outcomes: Vec<_> = outcomes.await.into_iter().flatten().collect();
    assert_eq!(outcomes.iter().filter(|it| came(it, "invalid_code")).count(), 5);
    let locked = Refusal::RateLimited { retry_after: limit.lock };
    assert_eq!((outcomes.len(), count(&outcomes, &locked)), (900, 895));
    assert_eq!(failures(&world, "invalid_code").await, 5);
    // Not even the right one, however new it and its session are, for a while.
    let late = Newcomer::starts(&world, ADA).await;
    late.registers().await;
    for ada in [&begun[0], &late] {
        let code = ada.has_a_code_sent().await;
        assert_eq!(ada.says(json!({ "code": code })).await.map(drop), Err(locked.clone()));
    }
    world.clock.advance(limit.lock);
    assert!(late.verifies().await.completed().is_some());
}

pub async fn of_100_parallel_submissions_of_a_code_by_mail_one_counts<S: Store>(store: S) {
    let world = World::with_steps(store, Policy::default(), ["register", "verify_email"]);
    let ada = Newcomer::starts(&world, ADA).await;
    ada.registers().await;
    let code = ada.has_a_code_sent().await;
    let outcomes = race(100, |_| ada.says(json!({ "code": code }))).await;
    assert_eq!(completed(&outcomes), 1);
    for refusal in outcomes.into_iter().filter_map(Result::err) {
        assert!(is_of_a_latecomer(&refusal), "{refusal:?}");
    }
    let events = world.events().await;
    for once in [Event::UserCreated.kind(), "onboarding_completed".parse().expect("a kind")] {
        assert_eq!(events.iter().filter(|event| event.kind() == once).count(), 1, "{once:?}");
    }
}

pub async fn of_100_parallel_starts_for_one_address_one_is_alive<S: Store>(store: S) {
    let world = World::new(store);
    let started = race(100, |n| {
        let spelling = if n % 2 == 0 { ADA } else { " ADA@Example.com" };
        Newcomer::start(&world, spelling)
    });
    let (mut alive, mut busy) = (0, 0);
    for started in started.await {
        match started {
            Ok(ada) => alive += u32::from(ada.is_alive().await),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Busy);
                busy += 1;
            }
        }
    }
    assert_eq!(alive, 1, "{busy} were told to try again");
    assert!(Newcomer::starts(&world, ADA).await.is_alive().await);
}

pub async fn of_100_parallel_ends_of_signing_up_with_one_address_one_makes_an_account<S: Store>(
    store: S,
) {
    let policy = Policy {
        one_onboarding_per_email: false,
        terms: Some("2026-11".into()),
        email_proof: many(Policy::default().email_proof),
        ..Policy::default()
    };
    let world = World::with_steps(store, policy, ["register", "verify_email", "accept_terms"]);
    let spellings = ["\u{e0}da@example.com", " a\u{300}DA@Example.com", "\u{c0}da@EXAMPLE.COM "];
    let mut all = Vec::new();
    for spelling in spellings.into_iter().cycle().take(100) {
        let ada = Newcomer::starts(&world, spelling).await;
        ada.registers().await;
        ada.sends().await;
        all.push(ada);
    }
    // They are in the order in which they were sent.
    for (ada, code) in all.iter().zip(world.codes().await) {
        let verified = ada.says(json!({ "code": code })).await.expect("the code is right");
        assert_eq!(verified.current_step(), Some("accept_terms"));
    }
    let all = &all;
    let outcomes = race(100, |n| all[n as usize].says(json!({"accept": true}))).await;
    assert_eq!(completed(&outcomes), 1);
    assert_eq!(count(&outcomes, &Refusal::EmailTaken), 99);
    let created = world.events().await;
    assert_eq!(created.iter().filter(|event| **event == Event::UserCreated).count(), 1);
    let ada = world.sign_in(spellings[0]).await.expect("the password is right").user;
    assert_eq!(ada.terms.map(|terms| terms.version).as_deref(), Some("2026-11"));
}

pub async fn of_20_parallel_sign_ups_the_last_seat_of_an_invitation_goes_to_one<S: Store>(
    store: S,
) {
    let steps = ["validate_invitation", "register", "verify_email"];
    let world = World::with_steps(store, Policy::default(), steps);
    let invited = world.auth.admin().invite(Invite::open(1), &Client::unknown()).await;
    let invited = refusal_of(invited).expect("a request that is fit");
    let token = invited.token.expect("an open invitation");
    let mut all = Vec::new();
    for number in 0..20 {
        let guest = Newcomer::starts(&world, &format!("guest-{number}@example.com")).await;
        guest.says(json!({"invitation": token.expose()})).await.expect("there is a seat");
        guest.registers().await;
        let code = guest.has_a_code_sent().await;
        all.push((guest, code));
    }
    let all = &all;
    let outcomes = race(20, |n| {
        let (guest, code) = &all[n as usize];
        guest.says(json!({ "code": code }))
    });
    let outcomes = outcomes.await;
    assert_eq!(completed(&outcomes), 1);
    let refused = |it: &&Came| came(it, "invalid_invitation") || it.is_err();
    assert_eq!(outcomes.iter().filter(refused).count(), 19);
    let stored = world.store().invitation(invited.invitation.id).await.expect("it is there");
    assert_eq!(stored.taken, 1);
    // Who came too late is told so, also when they try again, and has no account.
    for ((guest, code), outcome) in all.iter().zip(&outcomes) {
        let is_in = outcome.as_ref().is_ok_and(|it| it.clone().completed().is_some());
        assert_eq!(world.sign_in(&guest.email).await.is_ok(), is_in);
        let again = guest.says(json!({ "code": code })).await;
        assert!(is_in == again.is_err() || came(&again, "invalid_invitation"), "{again:?}");
    }
}

/// Of an address that is verified already, the owner is told, and whoever signs up learns nothing.
pub async fn of_20_parallel_sign_ups_with_a_taken_address_none_gets_in<S: Store>(store: S) {
    let policy = Policy {
        one_onboarding_per_email: false,
        email_proof: many(Policy::default().email_proof),
        ..Policy::default()
    };
    let world = World::with_steps(store, policy, ["register", "verify_email"]);
    let owner = Newcomer::starts(&world, ADA).await;
    owner.registers().await;
    assert!(owner.verifies().await.completed().is_some());
    let mut all = Vec::new();
    for _ in 0..20 {
        let ada = Newcomer::starts(&world, ADA).await;
        let shown = says(&ada, registration(ADA, "another phrase")).await;
        assert_eq!(shown.current_step(), Some("verify_email"));
        all.push(ada);
    }
    for sent in race(20, |n| all[n as usize].sends()).await {
        assert_eq!(sent.hint().map(|hint| hint.fields.len()), Some(1), "as for anybody");
    }
    let mail = world.mail().await;
    let told = mail.iter().filter(|it| it.kind == MessageKind::RegistrationOfTaken);
    assert_eq!((told.count(), world.codes().await.len()), (20, 1));
    let guesses = race(20, |n| all[n as usize].says(json!({"code": "123456"}))).await;
    assert_eq!(completed(&guesses), 0);
    assert!(world.sign_in(ADA).await.is_ok(), "her password is what it was");
}

type Came = Result<OnboardingResult, Refusal>;

/// Looked at like any other, and never right.
const NO_CODE: &str = "00000x";

/// A limit that is in nobody's way.
const fn many(limit: testudo::model::AttemptLimit) -> testudo::model::AttemptLimit {
    testudo::model::AttemptLimit { attempts: 10_000, ..limit }
}

fn completed(outcomes: &[Came]) -> usize {
    let is_in = |it: &&Came| it.as_ref().is_ok_and(|it| it.clone().completed().is_some());
    outcomes.iter().filter(is_in).count()
}

/// What all but one of many requests at once are told. Between the other's end and a look at the session that it
/// ended, the address is simply taken.
const fn is_of_a_latecomer(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::OnboardingMoved
            | Refusal::OnboardingComplete
            | Refusal::EmailTaken
            | Refusal::RateLimited { .. }
            | Refusal::Busy
    )
}

/// How often it was recorded that a step failed with this code.
async fn failures<S: Store>(world: &World<S>, wanted: &str) -> usize {
    let is_one = |event: &Event| match event {
        Event::OnboardingStepFailed { codes, .. } => codes.iter().any(|code| code == wanted),
        _ => false,
    };
    world.events().await.into_iter().filter(is_one).count()
}
