//! Beginning, going on, looking again, skipping, ending.

use serde_json::json;
use testudo::command::{Conflict, Guard, Write};
use testudo::event::Event;
use testudo::flow::{
    ExternalLogin, advance_onboarding, external_login, resume_onboarding, start_onboarding,
};
use testudo::model::{AttemptVerdict, Method};
use testudo::onboarding::{Advance, Onboarding, OnboardingState, StartOnboarding};
use testudo::testing::{World, expect};
use testudo::token::OnboardingToken;
use testudo::{Client as Peer, Duration, Policy, Refusal, Step};

use super::{ADA, Client, PASSWORD, at, codes, fields, mailed_code, registration};
use crate::mail;

#[test]
fn ada_registers_verifies_skips_the_rest_and_is_signed_in() {
    let mut world = World::new();
    let (client, begun) = Client::start(&mut world);
    assert_eq!(at(&begun), Some("register"));
    assert!(begun.completed_steps.is_empty());
    let all =
        ["register", "verify_email", "setup_totp", "recovery_codes", "profile", "accept_terms"];
    assert_eq!(begun.remaining_steps, all);

    assert_eq!(at(&client.registers(&mut world)), Some("verify_email"));
    assert_eq!(world.tables().users().count(), 0, "there is no account before the last step");
    let verified = client.verifies(&mut world);
    assert_eq!(at(&verified), Some("setup_totp"));
    assert!(verified.hint().unwrap().skippable);

    let done = client.skips(&mut world).unwrap();
    assert_eq!(done.completed_steps, all, "what is skipped or not needed shows as completed");
    assert!(done.remaining_steps.is_empty());
    let signed_in = done.completed().unwrap();
    assert!(signed_in.user.is_verified);
    assert_eq!(signed_in.session.methods, [Method::Password]);
    assert!(world.authenticate(signed_in.tokens.access.expose()).is_ok());
    world.login(ADA, PASSWORD);
}

#[test]
fn the_last_step_makes_account_and_session_and_ends_the_onboarding_in_one_commit() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    let step = advance_onboarding(&client.token, Advance::skip(), world.env());
    let id = OnboardingToken::parse(&client.token).unwrap().id();
    let ask = expect!(step, FindOnboarding);
    let stored = world.tables().onboarding().find(|session| session.id == ask.command.id);
    assert_eq!(ask.command.id, id);
    let ask = expect!(ask.answer(stored.cloned()), FindUser);
    let ask = expect!(ask.answer(None), Commit);
    let writes = &ask.command.writes[..];
    let [Write::InsertUser(user), Write::ReplaceOnboarding { .. }, Write::InsertSession(session)] =
        writes
    else {
        panic!("{writes:?}")
    };
    assert_eq!((session.user, user.last_login), (user.id, Some(world.now())));
    let kinds: Vec<_> = ask.command.events.iter().map(|it| it.event.kind().as_str()).collect();
    let expected =
        ["onboarding_step_skipped", "user_login", "user_created", "onboarding_completed"];
    assert_eq!(kinds, expected);
    let done = expect!(ask.answer(Ok(())), Done).unwrap();
    assert!(matches!(done.state, OnboardingState::Completed(_)));
}

#[test]
fn resuming_shows_the_current_step_and_changes_nothing() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    let before = world.tables().clone();
    let resumed = world.run(|env| resume_onboarding(&client.token, env)).unwrap();
    assert_eq!(at(&resumed), Some("verify_email"));
    assert_eq!(resumed.completed_steps, ["register"]);
    assert_eq!(*world.tables(), before);
}

#[test]
fn a_made_up_token_an_unknown_and_a_replaced_one_are_the_same() {
    let mut world = World::new();
    let (first, _) = Client::start(&mut world);
    let (second, _) = Client::start(&mut world);
    let unknown = Client::start(&mut World::new()).0;
    world.register("bob@example.com", PASSWORD);
    for token in ["", "tdo_", &first.token, &unknown.token] {
        let resumed = world.run(|env| resume_onboarding(token, env));
        assert_eq!(resumed.unwrap_err(), Refusal::OnboardingUnknown, "{token}");
        let advanced = world.run(|env| advance_onboarding(token, Advance::skip(), env));
        assert_eq!(advanced.unwrap_err(), Refusal::OnboardingUnknown, "{token}");
    }
    assert_eq!(at(&second.registers(&mut world)), Some("verify_email"));
    assert_eq!(world.tables().onboarding().count(), 1, "one record for each address");
}

#[test]
fn several_onboardings_of_one_address_stand_side_by_side_if_the_policy_says_so() {
    let mut world = World::new();
    world.set_policy(Policy { one_onboarding_per_email: false, ..Policy::default() });
    let (first, _) = Client::start(&mut world);
    let (second, _) = Client::start(&mut world);
    assert_eq!(at(&first.registers(&mut world)), Some("verify_email"));
    assert_eq!(at(&second.registers(&mut world)), Some("verify_email"));
}

#[test]
fn an_onboarding_counts_strictly_before_its_end() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    world.advance(Duration::from_millis(60 * 60 * 1000 - 1));
    assert!(client.says(&mut world, json!({})).is_ok());
    world.advance(Duration::from_millis(1));
    assert_eq!(client.skips(&mut world).unwrap_err(), Refusal::OnboardingExpired);
    assert_eq!(client.skips(&mut world).unwrap_err(), Refusal::OnboardingExpired);
    let expired = world.tables().events().into_iter();
    let expired =
        expired.filter(|it| matches!(it.event, Event::OnboardingSessionExpired { .. })).count();
    assert_eq!(expired, 1, "once a minute");
}

#[test]
fn a_completed_onboarding_says_so_and_opens_nothing_more() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    client.skips(&mut world).unwrap();
    let sessions = world.tables().sessions().count();
    assert_eq!(client.skips(&mut world).unwrap_err(), Refusal::OnboardingComplete);
    let resumed = world.run(|env| resume_onboarding(&client.token, env));
    assert_eq!(resumed.unwrap_err(), Refusal::OnboardingComplete);
    assert_eq!(world.tables().sessions().count(), sessions);
}

#[test]
fn a_step_that_must_be_taken_cannot_be_skipped() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    let refused = client.skips(&mut world).unwrap();
    assert_eq!(codes(&refused), [("skip", "not_skippable")]);
    assert_eq!(at(&refused), Some("register"));
    client.registers(&mut world);
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
}

#[test]
fn what_is_said_to_another_step_than_the_current_one_does_nothing() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    let before = world.tables().clone();
    let advance = Advance::with(fields(registration())).at("register");
    let shown = world.run(|env| advance_onboarding(&client.token, advance, env)).unwrap();
    assert_eq!(at(&shown), Some("verify_email"));
    assert!(shown.errors().is_empty());
    assert_eq!(*world.tables(), before);
}

#[test]
fn of_two_requests_at_once_the_second_learns_that_the_session_moved() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    let advance = Advance::with(fields(registration()));
    let slow = advance_onboarding(&client.token, advance, world.env());
    let stored = world.tables().onboarding().next().cloned();
    let slow = expect!(slow, FindOnboarding).answer(stored);
    client.registers(&mut world);
    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(expect!(slow, HashPassword).answer(Ok(hash)), Commit);
    let ask = expect!(ask.answer(Err(Conflict)), FindOnboarding);
    let moved = world.tables().onboarding().next().cloned();
    assert_eq!(expect!(ask.answer(moved), Done).unwrap_err(), Refusal::OnboardingMoved);
}

#[test]
fn nothing_is_looked_up_about_an_address_when_somebody_begins_or_registers() {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world.take_trace();
    let (client, _) = Client::start(&mut world);
    assert_eq!(world.take_trace(), ["FindOnboarding", "Commit"]);
    client.registers(&mut world);
    assert_eq!(world.take_trace(), ["FindOnboarding", "HashPassword", "Commit"]);
}

#[test]
fn beginnings_are_counted_by_network() {
    let mut world = World::new();
    world.set_client(Peer::unknown().with_ip("192.0.2.7".parse().unwrap()));
    let step = start_onboarding(StartOnboarding::new(ADA), world.env());
    let ask = expect!(step, CountAttempt);
    assert_eq!(ask.command.key.as_str(), "onboarding:network:192.0.2.7");
    let until = world.now() + Duration::from_secs(30);
    let refused = expect!(ask.answer(AttemptVerdict::Locked { until }), Done).unwrap_err();
    assert_eq!(refused, Refusal::RateLimited { retry_after: Duration::from_secs(30) });
}

#[test]
fn a_closed_registration_takes_nobody_and_asks_nothing() {
    let mut world = World::new();
    world.set_onboarding(Onboarding::standard().sign_up::<&str>([]));
    let step = start_onboarding(StartOnboarding::new(ADA), world.env());
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::RegistrationClosed);
}

#[test]
fn an_address_that_somebody_else_verified_meanwhile_is_taken() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    world.register(ADA, "another phrase entirely");
    world.change_user(ADA, |user| user.is_verified = true);
    assert_eq!(client.skips(&mut world).unwrap_err(), Refusal::EmailTaken);
}

#[test]
fn an_unproven_owner_of_the_address_keeps_nothing() {
    let mut world = World::new();
    let squatter = world.register(ADA, "the squatter's own phrase");
    let theirs = world.login(ADA, "the squatter's own phrase");
    world.change_user(ADA, |user| {
        user.profile.insert("role".into(), json!("admin"));
    });
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    let owner = client.skips(&mut world).unwrap().completed().unwrap().user;
    assert_ne!(owner.id, squatter.id, "by which the application may know the squatter");
    assert!(owner.profile.is_empty());
    let dead = world.authenticate(theirs.tokens.access.expose());
    assert_eq!(dead.unwrap_err(), Refusal::InvalidToken);
    let vouched = world.run(|env| external_login(ExternalLogin::new(squatter.id), env));
    assert_eq!(vouched.unwrap_err(), Refusal::InvalidCredentials);
    assert_eq!(world.tables().users().count(), 1);
    let removed = Event::UnprovenAccountRemoved { by: owner.id };
    let told = world.tables().events().into_iter().find(|it| it.event == removed);
    assert_eq!(told.unwrap().user, Some(squatter.id));
    world.login(ADA, PASSWORD);
}

#[test]
fn a_taken_address_looks_like_a_free_one_and_its_owner_is_told() {
    let (mut taken, mut free) = (World::new(), World::new());
    taken.register(ADA, "the owner's own phrase");
    taken.change_user(ADA, |user| user.is_verified = true);
    let mut traces = Vec::new();
    for world in [&mut taken, &mut free] {
        world.take_trace();
        let (client, _) = Client::start(world);
        client.registers(world);
        let sent = client.says(world, json!({})).unwrap();
        let guessed = client.says(world, json!({"code": "no code"})).unwrap();
        let shown = format!("{:?}{:?}", sent.hint().unwrap().extra, sent.hint().unwrap().fields);
        traces.push((world.take_trace(), shown, codes(&guessed).len()));
    }
    assert_eq!(traces[0], traces[1]);
    assert_eq!(mail(&taken).last().unwrap().0, testudo::message::MessageKind::RegistrationOfTaken);
    assert!(!mailed_code(&free).expose().is_empty());
}

#[test]
fn an_unverified_account_of_another_id_is_no_longer_claimed_after_verification() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    world.register(ADA, "a latecomer's own phrase");
    assert_eq!(client.skips(&mut world).unwrap_err(), Refusal::EmailTaken);
}

#[test]
fn an_invitation_is_taken_with_the_account_and_its_inviter_is_guarded() {
    use testudo::flow::{Invite, invite};
    let mut world = World::new();
    world.register("bob@example.com", PASSWORD);
    world.change_user("bob@example.com", |user| user.is_verified = true);
    let bob = world.login("bob@example.com", PASSWORD);
    let request = Invite::bound(ADA);
    world.run(|env| invite(bob.tokens.access.expose(), request, env)).unwrap();
    let token = crate::mailed(&world, testudo::message::MessageKind::Invitation);
    world.set_onboarding(Onboarding::standard().sign_up([
        "validate_invitation",
        "register",
        "verify_email",
    ]));
    let (client, begun) = Client::start(&mut world);
    assert_eq!(at(&begun), Some("validate_invitation"));
    let wrong = client.says(&mut world, json!({"invitation": "tdl_made_up"})).unwrap();
    assert_eq!(codes(&wrong), [("invitation", "invalid_invitation")]);
    client.says(&mut world, json!({"invitation": token.expose()})).unwrap();
    let advance = Advance::with(fields(registration()));
    let step = advance_onboarding(&client.token, advance, world.env());
    let commit = until_commit(step, &mut world);
    assert!(matches!(commit.guards[..], [Guard::UserEpoch { .. }]));
    let takes_seat = |write: &Write| matches!(write, Write::ReplaceInvitation { .. });
    assert!(commit.writes.iter().any(takes_seat));
    let verified = |write: &Write| matches!(write, Write::InsertUser(user) if user.is_verified);
    assert!(commit.writes.iter().any(verified), "the link went to the address");
}

/// Carries out what is asked until something is to be committed.
fn until_commit<T>(mut step: Step<T>, world: &mut World) -> testudo::command::Commit {
    loop {
        step = match step {
            Step::Commit(ask) => return ask.command,
            Step::Done(_) => panic!("nothing was committed"),
            other => testudo::respond(other, world).unwrap(),
        };
    }
}
