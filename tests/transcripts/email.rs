//! Proving addresses, moving to another one, and coming back.

use testudo::command::{Commit, Conflict, Guard, UserKey, Write};
use testudo::event::{Event, LimitName};
use testudo::flow::admin::{deactivate, end_sessions};
use testudo::flow::{
    Invite, Login, ResetPassword, change_email, close_account, invite, login, logout, refresh,
    request_email_change, request_email_verification, request_password_reset, reset_password,
    undo_email_change, verify_email,
};
use testudo::message::{Message, MessageKind};
use testudo::model::{AttemptKey, AttemptVerdict, Email, PreviousEmail, User};
use testudo::signing::{self, Claim, PurposeSigner};
use testudo::testing::{World, expect};
use testudo::{Duration, KeyRing, Policy, Refusal, Secret};

use super::{
    ADA, PASSWORD, by_email, mail, mailed, record, recorded, world_with_ada, world_with_session,
};

const NEW: &str = "ada@new.example";
const THIRD: &str = "ada@third.example";

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn opened(batch: &Commit) -> Message {
    let [sealed] = &batch.messages[..] else { panic!("{} messages", batch.messages.len()) };
    sealed.open(&KeyRing::parse(World::SECRET).unwrap()).unwrap()
}

fn ask_to_verify(world: &mut World, access: &str) -> Result<(), Refusal> {
    world.run(|env| request_email_verification(access, env))
}

fn verify(world: &mut World, token: &Secret<String>) -> Result<(), Refusal> {
    world.run(|env| verify_email(token.expose(), env))
}

fn change(world: &mut World, token: &Secret<String>) -> Result<(), Refusal> {
    world.run(|env| change_email(token.expose(), env))
}

fn undo(world: &mut World, token: &Secret<String>) -> Result<(), Refusal> {
    world.run(|env| undo_email_change(token.expose(), env))
}

/// Signs in at an address, asks to move to another one, and reads what is mailed there.
fn link_to(world: &mut World, from: &str, to: &str) -> Secret<String> {
    let access = world.login(from, PASSWORD).tokens.access;
    world.run(|env| request_email_change(access.expose(), to, env)).unwrap();
    mailed(world, MessageKind::EmailChange)
}

/// Moves an account, and reads the link back, if there is one.
fn moved(world: &mut World, from: &str, to: &str) -> Option<Secret<String>> {
    let token = link_to(world, from, to);
    change(world, &token).unwrap();
    let mut messages = world.messages();
    messages.retain(|message| message.kind == MessageKind::EmailChanged);
    let last = messages.pop().unwrap();
    assert_eq!((last.to.as_str(), last.other_email.as_deref()), (from, Some(to)));
    last.token
}

#[test]
fn a_verification_is_counted_and_mailed_to_the_address_of_the_account() {
    let (mut world, signed_in) = world_with_session();
    let (session, ada) = (&signed_in.session, &signed_in.user);
    let step = request_email_verification(signed_in.tokens.access.expose(), world.env());
    let found = Some((session.clone(), ada.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::email_proof(ada.email.key()));
    assert_eq!(ask.command.limit, world.settings().policy().email_proof);
    let step = ask.answer(AttemptVerdict::Allowed { window: world.now(), is_last: true });
    let ask = expect!(step, Commit);
    assert!(ask.command.writes.is_empty(), "asking changes nothing");
    let guards = [
        Guard::SessionVersion { id: session.id, version: session.version },
        Guard::UserEpoch { id: ada.id, epoch: ada.epoch },
    ];
    assert_eq!(ask.command.guards, guards);
    let message = opened(&ask.command);
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::EmailVerification, ADA));
    let events: Vec<_> = ask.command.events.iter().map(|record| &record.event).collect();
    let reached = Event::RateLimitExceeded { limit: LimitName::EmailProof };
    assert_eq!(events, [&Event::EmailVerificationRequested, &reached]);
    // A refresh came first: looked at again, and counted once.
    let next = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
    let step = step.answer(Some((next.session, ada.clone())));
    assert_eq!(expect!(expect!(step, Commit).answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_verified_address_is_sent_nothing_and_gets_the_same_answer() {
    let (mut world, signed_in) = world_with_session();
    world.change_user(ADA, |user| user.is_verified = true);
    assert_eq!(ask_to_verify(&mut world, signed_in.tokens.access.expose()), Ok(()));
    assert_eq!(world.tables().messages().count(), 0);
}

#[test]
fn a_session_that_ended_before_the_commit_sends_nothing() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let ends: [fn(&mut World, &str); 2] = [
        |world, access| world.run(|env| logout(access, env)).unwrap(),
        |world, _| drop(world.run(|env| end_sessions(by_email(ADA), env)).unwrap()),
    ];
    for end in ends {
        let mut after = world.clone();
        end(&mut after, access);
        let ended = after.tables().sessions().next().unwrap().clone();
        let found = (signed_in.session.clone(), signed_in.user.clone());
        for step in [
            request_email_verification(access, world.env()),
            request_email_change(access, NEW, world.env()),
        ] {
            let step = expect!(step, FindSessionWithUser).answer(Some(found.clone()));
            let mut step = super::allow(step, &world);
            if step.pending() == Some("CountAttempt") {
                step = expect!(super::allow(step, &world), FindUser).answer(None);
            }
            let step = expect!(step, Commit).answer(Err(Conflict));
            let found = Some((ended.clone(), record(&after, ADA)));
            let step = expect!(step, FindSessionWithUser).answer(found);
            assert_eq!(expect!(step, Done), Err(Refusal::RevokedToken));
        }
    }
}

#[test]
fn a_link_verifies_the_address_once_and_ends_nothing() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    ask_to_verify(&mut world, access).unwrap();
    let token = mailed(&world, MessageKind::EmailVerification);
    let ada = record(&world, ADA);
    let step = verify_email(token.expose(), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(ada.clone())), Commit);
    let [Write::ReplaceUser { user, was }] = &ask.command.writes[..] else { panic!("no write") };
    assert_eq!(*was, ada.version);
    let (version, updated_at) = (ada.version.next(), world.now());
    assert_eq!(**user, User { is_verified: true, version, updated_at, ..ada });
    assert_eq!(ask.command.events[0].event, Event::EmailVerified);

    assert_eq!(verify(&mut world, &token), Ok(()));
    assert_eq!(verify(&mut world, &token), Err(Refusal::InvalidToken));
    assert!(world.authenticate(access).is_ok());
    assert_eq!(world.tables().sessions().count(), 1);
}

#[test]
fn a_verification_counts_for_its_address_in_its_epoch_and_time_only() {
    let (mut world, signed_in) = world_with_session();
    ask_to_verify(&mut world, signed_in.tokens.access.expose()).unwrap();
    let token = mailed(&world, MessageKind::EmailVerification);
    let lifetime = world.settings().policy().email_proof_lifetime;
    let spoils: [&dyn Fn(&mut World); 4] = [
        &|world| world.advance(lifetime),
        &|world| drop(world.run(|env| end_sessions(by_email(ADA), env)).unwrap()),
        &|world| drop(world.change_user(ADA, |user| user.is_active = false)),
        &|world| drop(world.change_user(ADA, |user| user.email = email(NEW))),
    ];
    for (place, spoil) in spoils.iter().enumerate() {
        let mut world = world.clone();
        spoil(&mut world);
        assert_eq!(verify(&mut world, &token), Err(Refusal::InvalidToken), "{place}");
    }
    world.advance(Duration::from_millis(lifetime.as_millis() - 1));
    assert_eq!(verify(&mut world, &token), Ok(()), "left alone, it counts");
}

#[test]
fn a_reset_verifies_no_address_and_a_verification_sets_no_password() {
    let (mut world, signed_in) = world_with_session();
    ask_to_verify(&mut world, signed_in.tokens.access.expose()).unwrap();
    world.run(|env| request_password_reset(ADA, env)).unwrap();
    let verification = mailed(&world, MessageKind::EmailVerification);
    let reset = mailed(&world, MessageKind::PasswordReset);
    for token in [&reset, &signed_in.tokens.access] {
        for refused in
            [verify(&mut world, token), change(&mut world, token), undo(&mut world, token)]
        {
            assert_eq!(refused, Err(Refusal::InvalidToken));
        }
    }
    let request = ResetPassword { token: verification, new_password: "a new phrase".into() };
    let refused = world.run(|env| reset_password(request, env));
    assert_eq!(refused, Err(Refusal::InvalidToken));
    let request = ResetPassword { token: reset, new_password: "a new phrase".into() };
    world.run(|env| reset_password(request, env)).unwrap();
    assert!(!record(&world, ADA).is_verified);
}

#[test]
fn a_change_is_counted_under_who_asks_and_the_new_address_and_sends_one_message_there() {
    let (mut world, signed_in) = world_with_session();
    let (session, ada) = (&signed_in.session, &signed_in.user);
    let step = request_email_change(signed_in.tokens.access.expose(), NEW, world.env());
    let found = Some((session.clone(), ada.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::mail_user(ada.id));
    assert_eq!(ask.command.limit, world.settings().policy().mail_user);
    let step = ask.answer(AttemptVerdict::Allowed { window: world.now(), is_last: true });
    let ask = expect!(step, CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::email_proof(email(NEW).key()));
    let step = ask.answer(AttemptVerdict::Allowed { window: world.now(), is_last: false });
    let ask = expect!(step, FindUser);
    assert_eq!(ask.command.key, by_email(NEW));
    let ask = expect!(ask.answer(None), Commit);
    assert!(ask.command.writes.is_empty(), "asking changes nothing");
    let message = opened(&ask.command);
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::EmailChange, NEW));
    assert_eq!(message.other_email, None, "who is written to by mistake learns no address");
    let email = "a***@new.example".to_owned();
    let requested = Event::EmailChangeRequested { email, taken: Some(false) };
    let reached = Event::RateLimitExceeded { limit: LimitName::MailUser };
    let events: Vec<_> = ask.command.events.iter().map(|record| record.event.clone()).collect();
    assert_eq!(events, [requested, reached]);
    // A refresh came first: looked at again, and counted once.
    let next = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
    let step = step.answer(Some((next.session, ada.clone())));
    let step = expect!(step, FindUser).answer(None);
    assert_eq!(expect!(expect!(step, Commit).answer(Ok(())), Done), Ok(()));
}

#[test]
fn the_owner_of_a_taken_address_is_told_and_who_asks_is_not() {
    let (mut world, signed_in) = world_with_session();
    world.register("Eve@Example.com", PASSWORD);
    let access = signed_in.tokens.access.expose();
    world.run(|env| request_email_change(access, "eve@example.com", env)).unwrap();
    let told = (MessageKind::EmailChangeToTaken, "Eve@Example.com".to_owned());
    assert_eq!(mail(&world), [told]);
    let message = &world.messages()[0];
    assert!(message.token.is_none() && message.other_email.is_none());
}

#[test]
fn a_change_needs_a_fresh_sign_in_and_another_address() {
    let (mut world, signed_in) = world_with_session();
    let fresh = world.settings().policy().fresh_sign_in;
    let mut access = signed_in.tokens.access.clone();
    let ask = |world: &mut World, access: &Secret<String>, to: &str| {
        world.run(|env| request_email_change(access.expose(), to, env))
    };
    for (to, code) in [(" ADA@Example.com", "email_unchanged"), ("no address", "invalid_email")] {
        let Err(Refusal::Invalid(errors)) = ask(&mut world, &access, to) else { panic!("{to}") };
        assert_eq!((&*errors[0].field, &*errors[0].code), ("new_email", code));
    }
    world.advance(fresh);
    assert_eq!(ask(&mut world, &access, NEW), Ok(()), "the last fresh moment");
    // Refreshing makes nothing fresh.
    access =
        world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap().tokens.access;
    world.advance(Duration::from_millis(1));
    assert_eq!(ask(&mut world, &access, NEW), Err(Refusal::StepUpRequired));
    let closed = world.run(|env| close_account(access.expose(), env));
    assert_eq!(closed, Err(Refusal::StepUpRequired));
}

#[test]
fn an_address_is_sent_three_links_in_a_window_whoever_asks() {
    let (mut world, _) = world_with_ada();
    world.register("eve@example.com", PASSWORD);
    (0..2).for_each(|_| drop(link_to(&mut world, ADA, NEW)));
    link_to(&mut world, "eve@example.com", NEW);
    let access = world.login(ADA, PASSWORD).tokens.access;
    let refused = world.run(|env| request_email_change(access.expose(), "Ada@NEW.example", env));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })));
}

#[test]
fn a_user_asks_for_mail_to_ten_addresses_in_a_window_and_uses_up_no_eleventh() {
    let (mut world, signed_in) = world_with_session();
    world.change_user(ADA, |user| user.is_verified = true);
    let access = signed_in.tokens.access.expose();
    let guest = |number: usize| format!("guest{number}@example.com");
    for number in (0..10).step_by(2) {
        world.run(|env| request_email_change(access, &guest(number), env)).unwrap();
        world.run(|env| invite(access, Invite::bound(guest(number + 1)), env)).unwrap();
    }
    let limited = |refused: Refusal| matches!(refused, Refusal::RateLimited { .. });
    assert!(limited(world.run(|env| request_email_change(access, &guest(10), env)).unwrap_err()));
    let bound = Invite::bound(guest(10));
    assert!(limited(world.run(|env| invite(access, bound, env)).unwrap_err()));
    assert_eq!(world.messages().len(), 10);
    assert!(world.run(|env| invite(access, Invite::open(1), env)).is_ok(), "it mails nobody");
    // Another user may write to the eleventh as often as anybody.
    world.register("eve@example.com", PASSWORD);
    (0..3).for_each(|_| drop(link_to(&mut world, "eve@example.com", &guest(10))));
}

#[test]
fn the_new_address_becomes_the_accounts_and_the_old_one_is_told_in_one_commit() {
    let (mut world, _) = world_with_ada();
    let token = link_to(&mut world, ADA, NEW);
    let access = world.login(ADA, PASSWORD).tokens.access;
    world.advance(Duration::from_minutes(5));
    let ada = record(&world, ADA);
    let step = change_email(token.expose(), world.env());
    let ask = expect!(step, FindUser);
    assert_eq!(ask.command.key, UserKey::Id(ada.id));
    let ask = expect!(ask.answer(Some(ada.clone())), FindUser);
    assert_eq!(ask.command.key, by_email(NEW));
    let ask = expect!(ask.answer(None), Commit);
    let [Write::ReplaceUser { user, was }] = &ask.command.writes[..] else { panic!("no write") };
    assert_eq!(*was, ada.version);
    let until = world.now() + world.settings().policy().email_undo_lifetime;
    let expected = User {
        email: email(NEW),
        is_verified: true,
        previous_email: Some(PreviousEmail { email: email(ADA), until }),
        epoch: ada.epoch.beginning_at(world.now()),
        version: ada.version.next(),
        updated_at: world.now(),
        ..ada
    };
    assert_eq!(**user, expected);
    let message = opened(&ask.command);
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::EmailChanged, ADA));
    assert_eq!((message.other_email.as_deref(), message.expires_at), (Some(NEW), Some(until)));
    let (from, to) = ("a***@example.com".into(), "a***@new.example".into());
    assert_eq!(ask.command.events[0].event, Event::EmailChanged { from, to });

    change(&mut world, &token).unwrap();
    assert_eq!(world.authenticate(access.expose()), Err(Refusal::RevokedToken));
    assert_eq!(change(&mut world, &token), Err(Refusal::InvalidToken));
    let old = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
    assert_eq!(old, Refusal::InvalidCredentials);
    world.login(NEW, PASSWORD);
}

#[test]
fn an_address_that_was_taken_meanwhile_is_not_moved_to() {
    let (mut world, _) = world_with_ada();
    let token = link_to(&mut world, ADA, NEW);
    let ada = record(&world, ADA);
    let step = change_email(token.expose(), world.env());
    let step = expect!(step, FindUser).answer(Some(ada.clone()));
    let step = expect!(step, FindUser).answer(None);
    // Taken between the look and the commit.
    let rival = world.register("ADA@new.example", PASSWORD);
    let step = expect!(step, Commit).answer(Err(Conflict));
    let step = expect!(step, FindUser).answer(Some(ada.clone()));
    let step = expect!(step, FindUser).answer(Some(rival));
    assert_eq!(expect!(recorded(step), Done), Err(Refusal::InvalidToken));
    assert_eq!(change(&mut world, &token), Err(Refusal::InvalidToken));
    assert_eq!(record(&world, ADA), ada);
}

#[test]
fn a_link_to_another_address_dies_with_the_epoch_and_its_time() {
    let (mut world, _) = world_with_ada();
    let token = link_to(&mut world, ADA, NEW);
    let spoils: [&dyn Fn(&mut World); 4] = [
        &|world| world.advance(world.settings().policy().email_proof_lifetime),
        &|world| drop(world.run(|env| end_sessions(by_email(ADA), env)).unwrap()),
        &|world| drop(world.run(|env| deactivate(by_email(ADA), env)).unwrap()),
        &|world| drop(world.change_user(ADA, |user| user.is_active = false)),
    ];
    for (place, spoil) in spoils.iter().enumerate() {
        let mut world = world.clone();
        spoil(&mut world);
        assert_eq!(change(&mut world, &token), Err(Refusal::InvalidToken), "{place}");
    }
    assert_eq!(change(&mut world, &token), Ok(()), "left alone, it counts");
}

#[test]
fn a_genuine_link_to_what_is_no_address_moves_nothing() {
    let (mut world, ada) = world_with_ada();
    let keys = KeyRing::parse(World::SECRET).unwrap();
    let claim = Claim::new("no address", world.now() + Duration::from_days(1)).unwrap();
    let claim = claim.about(ada.id, ada.epoch);
    let token = PurposeSigner::<signing::EmailChange>::new(&keys).sign(claim);
    let step = change_email(token.expose(), world.env());
    assert_eq!(expect!(step, Done), Err(Refusal::InvalidToken));
}

/// The whole story of a stolen session: the thief moves the account twice, sets another password and
/// closes it, and the owner takes it back with the first mail that came.
#[test]
fn an_owner_takes_an_account_back_whatever_the_thief_did_since() {
    let (mut world, _) = world_with_ada();
    let way_back = moved(&mut world, ADA, NEW).unwrap();
    assert!(moved(&mut world, NEW, THIRD).is_none(), "the older address stays");
    world.run(|env| request_password_reset(THIRD, env)).unwrap();
    let token = mailed(&world, MessageKind::PasswordReset);
    let request = ResetPassword { token, new_password: "a phrase of the thief".into() };
    world.run(|env| reset_password(request, env)).unwrap();
    world.run(|env| request_password_reset(THIRD, env)).unwrap();
    let thiefs_link = mailed(&world, MessageKind::PasswordReset);
    let thief = world.login(THIRD, "a phrase of the thief");
    world.run(|env| close_account(thief.tokens.access.expose(), env)).unwrap();
    let reopening = mailed(&world, MessageKind::AccountClosed);

    world.advance(Duration::from_days(6));
    let was = record(&world, THIRD);
    undo(&mut world, &way_back).unwrap();
    let ada = record(&world, ADA);
    assert!(!ada.password.is_usable());
    let expected = User {
        email: email(ADA),
        is_verified: true,
        previous_email: None,
        closes_at: None,
        password: ada.password.clone(),
        epoch: was.epoch.beginning_at(world.now()),
        version: was.version.next(),
        updated_at: world.now(),
        ..was
    };
    assert_eq!(ada, expected);
    let mut sent = mail(&world);
    let sent = sent.split_off(sent.len() - 2);
    let to_ada = |kind| (kind, ADA.to_owned());
    assert_eq!(sent, [MessageKind::EmailRestored, MessageKind::PasswordReset].map(to_ada));
    let from = "a***@third.example".into();
    let event = world.tables().events().pop().unwrap().event;
    assert_eq!(event, Event::EmailRestored { from });

    // Nothing of the thief's is left.
    assert!(world.authenticate(thief.tokens.access.expose()).is_err());
    let request =
        |token| ResetPassword { token, new_password: "another phrase of the owner".into() };
    let refused = world.run(|env| reset_password(request(thiefs_link), env));
    assert_eq!(refused, Err(Refusal::InvalidToken));
    let refused = world.run(|env| testudo::flow::reopen_account(reopening.expose(), env));
    assert_eq!(refused, Err(Refusal::InvalidToken));
    assert_eq!(undo(&mut world, &way_back), Err(Refusal::InvalidToken), "once");
    // And the owner is in.
    let token = mailed(&world, MessageKind::PasswordReset);
    world.run(|env| reset_password(request(token), env)).unwrap();
    world.login(ADA, "another phrase of the owner");
}

#[test]
fn each_move_has_a_way_back_of_its_own_and_it_counts_strictly_before_its_end() {
    let (mut world, _) = world_with_ada();
    let lifetime = world.settings().policy().email_undo_lifetime;
    let first = moved(&mut world, ADA, NEW).unwrap();
    let mut late = world.clone();
    late.advance(lifetime);
    assert_eq!(undo(&mut late, &first), Err(Refusal::InvalidToken));
    // What is kept is over: the next move keeps the address before it.
    let second = moved(&mut late, NEW, THIRD).unwrap();
    assert_eq!(undo(&mut late, &first), Err(Refusal::InvalidToken));
    assert_eq!(undo(&mut late, &second), Ok(()));
    assert_eq!(record(&late, NEW).previous_email, None);

    world.advance(Duration::from_millis(lifetime.as_millis() - 1));
    assert_eq!(undo(&mut world, &first), Ok(()));
    // Moved once more from the same address: the first link is of another move.
    let again = moved_after_reset(&mut world);
    assert_eq!(undo(&mut world, &first), Err(Refusal::InvalidToken));
    assert_eq!(undo(&mut world, &again), Ok(()));
}

#[test]
fn moves_within_one_millisecond_have_ways_back_of_their_own() {
    let (mut world, _) = world_with_ada();
    let first = moved(&mut world, ADA, NEW).unwrap();
    assert_eq!(undo(&mut world, &first), Ok(()));
    let second = moved_after_reset(&mut world);
    assert_eq!(undo(&mut world, &first), Err(Refusal::InvalidToken), "once");
    // There and back by links of moving, of which nobody's password ends.
    moved(&mut world, NEW, ADA).unwrap();
    assert_eq!(undo(&mut world, &second), Err(Refusal::InvalidToken));
    let third = moved(&mut world, ADA, NEW).unwrap();
    for spent in [&first, &second] {
        assert_eq!(undo(&mut world, spent), Err(Refusal::InvalidToken));
    }
    assert_eq!(undo(&mut world, &third), Ok(()));
}

/// Sets the password again that taking an account back took away, and moves it to [`NEW`].
fn moved_after_reset(world: &mut World) -> Secret<String> {
    let token = mailed(world, MessageKind::PasswordReset);
    let request = ResetPassword { token, new_password: PASSWORD.into() };
    world.run(|env| reset_password(request, env)).unwrap();
    moved(world, ADA, NEW).unwrap()
}

#[test]
fn an_owner_who_moves_there_and_back_by_themselves_may_be_taken_back_to_where_they_went() {
    let (mut world, _) = world_with_ada();
    let first = moved(&mut world, ADA, NEW).unwrap();
    world.advance(Duration::from_minutes(1));
    let second = moved(&mut world, NEW, ADA).unwrap();
    world.advance(Duration::from_minutes(1));
    assert_eq!(undo(&mut world.clone(), &first), Err(Refusal::InvalidToken));
    assert_eq!(undo(&mut world.clone(), &second), Ok(()));
    // Moved on from there, the account is kept where it was, anew.
    let third = moved(&mut world, ADA, NEW).unwrap();
    assert_eq!(undo(&mut world.clone(), &second), Err(Refusal::InvalidToken));
    assert_eq!(undo(&mut world, &third), Ok(()));
    assert_eq!(record(&world, ADA).previous_email, None);
}

#[test]
fn a_way_back_that_is_blocked_or_gone_changes_nothing() {
    let (mut world, _) = world_with_ada();
    let token = moved(&mut world, ADA, NEW).unwrap();
    let moved = record(&world, NEW);
    let mut taken = world.clone();
    taken.register("Ada@EXAMPLE.com", PASSWORD);
    assert_eq!(undo(&mut taken, &token), Err(Refusal::EmailTaken));
    assert_eq!(record(&taken, NEW), moved);
    // Closed, and the time in which it could be opened again is over.
    let mut gone = world.clone();
    let closes_at = Some(gone.now());
    gone.change_user(NEW, |user| user.closes_at = closes_at);
    assert_eq!(undo(&mut gone, &token), Err(Refusal::InvalidToken));
    // Taken between the look and the commit.
    let step = undo_email_change(token.expose(), world.env());
    let step = expect!(step, FindUser).answer(Some(moved.clone()));
    let step = expect!(step, FindUser).answer(None);
    let step = expect!(step, Commit).answer(Err(Conflict));
    let step = expect!(step, FindUser).answer(Some(moved));
    let rival = record(&taken, "Ada@EXAMPLE.com");
    let step = expect!(step, FindUser).answer(Some(rival));
    assert_eq!(expect!(step, Done), Err(Refusal::EmailTaken));
}

#[test]
fn what_an_administrator_deactivated_comes_back_inactive_and_without_a_link() {
    let (mut world, _) = world_with_ada();
    let token = moved(&mut world, ADA, NEW).unwrap();
    world.run(|env| deactivate(by_email(NEW), env)).unwrap();
    undo(&mut world, &token).unwrap();
    assert!(!record(&world, ADA).is_active);
    let last = mail(&world).pop().unwrap();
    assert_eq!(last, (MessageKind::EmailRestored, ADA.to_owned()));
}

#[test]
fn where_passwords_are_nobodys_choice_taking_back_offers_none() {
    let (mut world, _) = world_with_ada();
    let token = moved(&mut world, ADA, NEW).unwrap();
    world.set_policy(Policy { reset_unusable_passwords: false, ..Policy::default() });
    let mut without = world.clone();
    let unusable = testudo::password::PasswordHash::from_stored("!".into());
    without.change_user(NEW, |user| user.password = unusable);
    for (world, messages) in [(&mut world, 2), (&mut without, 1)] {
        let before = mail(world).len();
        undo(world, &token).unwrap();
        assert_eq!(mail(world).len() - before, messages);
    }
}
