//! Changing a password from within a session.

use testudo::command::{Conflict, PasswordVerdict, Unhashable, Write};
use testudo::event::{Event, LimitName, LoginFailure};
use testudo::flow::{ChangePassword, SignedIn, change_password, logout, refresh};
use testudo::message::MessageKind;
use testudo::model::{AttemptKey, AttemptVerdict, User};
use testudo::testing::{World, expect};
use testudo::{Duration, Refusal, Step};

use super::{ADA, PASSWORD, allow, notice, stored, world_with_session};

const NEW: &str = "a wholly different phrase";
const VALID: PasswordVerdict = PasswordVerdict::Valid { outdated: false };

fn request(current: &str, new: &str) -> ChangePassword {
    ChangePassword { current: current.into(), new: new.into() }
}

fn until_counted(world: &mut World, signed_in: &SignedIn) -> Step<Result<(), Refusal>> {
    let access = signed_in.tokens.access.expose();
    let step = change_password(access, request(PASSWORD, NEW), world.env());
    let found = (signed_in.session.clone(), signed_in.user.clone());
    allow(expect!(step, FindSessionWithUser).answer(Some(found)), world)
}

#[test]
fn the_current_password_is_proved_and_all_other_sessions_end_in_one_commit() {
    let (mut world, signed_in) = world_with_session();
    world.advance(Duration::from_minutes(1));
    let SignedIn { user, session, tokens } = &signed_in;
    let step = change_password(tokens.access.expose(), request(PASSWORD, NEW), world.env());
    let found = Some((session.clone(), user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::login_account(user.email.key()));
    assert_eq!(ask.command.limit, world.settings().policy().login_account);

    let window = world.now();
    let step = ask.answer(AttemptVerdict::Allowed { window, is_last: false });
    let ask = expect!(step, VerifyPassword);
    assert_eq!(stored(&ask.command.against), Some(user.password.as_stored()));
    assert_eq!(ask.command.password.expose(), PASSWORD);
    let ask = expect!(ask.answer(VALID), HashPassword);
    assert_eq!(ask.command.password.expose(), NEW);
    let hash = World::stored_hash(NEW, true);
    let ask = expect!(ask.answer(Ok(hash.clone())), Commit);

    let [
        Write::ReplaceUser { user: changed, was },
        Write::ReplaceSession { session: kept, was: session_was },
        Write::ClearAttempts(key),
    ] = &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*was, *session_was), (user.version, session.version));
    assert_eq!(*key, AttemptKey::login_account(user.email.key()));
    let expected = User {
        password: hash,
        epoch: user.epoch.beginning_at(world.now()),
        version: user.version.next(),
        updated_at: world.now(),
        ..user.clone()
    };
    assert_eq!(**changed, expected);
    assert_eq!((kept.epoch, kept.access_digest), (changed.epoch, session.access_digest));
    assert_eq!(kept.version, session.version.next());
    assert_eq!(ask.command.events[0].event, Event::PasswordChanged);
    assert_eq!(notice(&ask.command), (MessageKind::PasswordChanged, ADA.to_owned()));
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_wrong_current_password_stays_counted_and_is_recorded() {
    let (mut world, signed_in) = world_with_session();
    for (verdict, reason) in [
        (PasswordVerdict::Invalid, LoginFailure::WrongPassword),
        (PasswordVerdict::Unreadable, LoginFailure::UnreadableHash),
    ] {
        let step = until_counted(&mut world, &signed_in);
        let ask = expect!(expect!(step, VerifyPassword).answer(verdict), Commit);
        assert!(ask.command.writes.is_empty());
        assert_eq!(ask.command.events[0].event, Event::PasswordChangeFailed { reason });
        assert_eq!(expect!(ask.answer(Ok(())), Done), Err(Refusal::InvalidPassword));
    }
}

#[test]
fn the_last_guess_of_a_window_says_so_in_the_audit_trail() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let step = change_password(access, request("a wrong guess", NEW), world.env());
    let found = Some((signed_in.session.clone(), signed_in.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), CountAttempt);
    let step = ask.answer(AttemptVerdict::Allowed { window: world.now(), is_last: true });
    let ask = expect!(expect!(step, VerifyPassword).answer(PasswordVerdict::Invalid), Commit);
    let limit = LimitName::LoginAccount;
    assert_eq!(ask.command.events[1].event, Event::RateLimitExceeded { limit });
}

#[test]
fn guesses_from_a_stolen_session_count_as_guesses_at_signing_in() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let mut guess = || world.run(|env| change_password(access, request("a guess", NEW), env));
    for _ in 0..5 {
        assert_eq!(guess(), Err(Refusal::InvalidPassword));
    }
    assert!(matches!(guess(), Err(Refusal::RateLimited { .. })));
    assert_eq!(world.hashes(), 2 + 5, "the sixth was looked at");
    let request = testudo::flow::Login::new(ADA, PASSWORD.into());
    let refused = world.run(|env| testudo::flow::login(request, env)).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }));
}

#[test]
fn an_unfit_password_is_refused_before_anything_is_counted() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let long = "x".repeat(5000);
    for (current, new, field, code) in [
        (PASSWORD, "short", "new_password", "password_too_short"),
        (PASSWORD, "password1", "new_password", "password_too_common"),
        (PASSWORD, "ada@example.com", "new_password", "password_too_similar"),
        (PASSWORD, PASSWORD, "new_password", "password_unchanged"),
        (PASSWORD, &long, "new_password", "password_too_long"),
        (&long, NEW, "current_password", "password_too_long"),
    ] {
        let step = change_password(access, request(current, new), world.env());
        let found = Some((signed_in.session.clone(), signed_in.user.clone()));
        let step = expect!(step, FindSessionWithUser).answer(found);
        let refusal = expect!(step, Done).unwrap_err();
        let Refusal::Invalid(errors) = refusal else { panic!("{refusal:?}") };
        assert!(
            errors.iter().any(|error| (&*error.field, &*error.code) == (field, code)),
            "{errors:?}"
        );
    }
}

#[test]
fn a_password_that_cannot_be_hashed_gives_the_attempt_back() {
    let (mut world, signed_in) = world_with_session();
    let step = until_counted(&mut world, &signed_in);
    let step = expect!(step, VerifyPassword).answer(VALID);
    let refused = Err(Unhashable::TooLong { most: 72 });
    let ask = expect!(expect!(step, HashPassword).answer(refused), Commit);
    assert!(matches!(&ask.command.writes[..], [Write::RefundAttempt { .. }]));
    assert!(matches!(expect!(ask.answer(Ok(())), Done), Err(Refusal::Invalid(_))));
}

#[test]
fn an_account_without_a_password_has_no_current_one() {
    let (mut world, signed_in) = world_with_session();
    let user = User {
        password: testudo::password::PasswordHash::from_stored("!".into()),
        ..signed_in.user.clone()
    };
    let signed_in = SignedIn { user, ..signed_in };
    let ask = expect!(until_counted(&mut world, &signed_in), VerifyPassword);
    assert_eq!(stored(&ask.command.against), None);
    let ask = expect!(ask.answer(VALID), Commit);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Err(Refusal::InvalidPassword));
}

#[test]
fn a_change_that_loses_to_a_refresh_is_made_in_the_next_generation_without_hashing_again() {
    let (mut world, signed_in) = world_with_session();
    let step = until_counted(&mut world, &signed_in);
    let step = expect!(step, VerifyPassword).answer(VALID);
    let hash = World::stored_hash(NEW, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(hash)), Commit);
    let refreshed = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    let found = Some((refreshed.session, signed_in.user.clone()));
    let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser).answer(found);
    assert_eq!(expect!(expect!(step, Commit).answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_change_that_loses_to_another_password_proves_itself_again() {
    let (mut world, signed_in) = world_with_session();
    let step = until_counted(&mut world, &signed_in);
    let step = expect!(step, VerifyPassword).answer(VALID);
    let hash = World::stored_hash(NEW, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(hash)), Commit);
    let rehashed = User { password: World::stored_hash(PASSWORD, false), ..signed_in.user.clone() };
    let found = Some((signed_in.session.clone(), rehashed.clone()));
    let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser).answer(found);
    let ask = expect!(step, VerifyPassword);
    assert_eq!(stored(&ask.command.against), Some(rehashed.password.as_stored()));
    let ask = expect!(ask.answer(PasswordVerdict::Invalid), Commit);
    assert!(ask.command.writes.is_empty());
}

#[test]
fn a_session_that_ended_meanwhile_changes_nothing() {
    let (mut world, signed_in) = world_with_session();
    world.run(|env| logout(signed_in.tokens.access.expose(), env)).unwrap();
    let ended = world.tables().sessions().next().unwrap().clone();
    for (found, refusal) in [
        (Some((ended, signed_in.user.clone())), Refusal::RevokedToken),
        (None, Refusal::InvalidToken),
    ] {
        let step = until_counted(&mut world, &signed_in);
        let step = expect!(step, VerifyPassword).answer(VALID);
        let hash = World::stored_hash(NEW, true);
        let ask = expect!(expect!(step, HashPassword).answer(Ok(hash)), Commit);
        let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser).answer(found);
        assert_eq!(expect!(step, Done), Err(refusal));
    }
}

#[test]
fn after_the_change_this_session_lives_the_others_are_dead_and_the_new_password_signs_in() {
    let (mut world, signed_in) = world_with_session();
    let other = world.login(ADA, PASSWORD);
    let access = signed_in.tokens.access.expose();
    world.run(|env| change_password(access, request(PASSWORD, NEW), env)).unwrap();
    assert!(world.authenticate(access).is_ok());
    assert_eq!(world.authenticate(other.tokens.access.expose()), Err(Refusal::RevokedToken));
    let refreshed = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    assert!(world.authenticate(refreshed.tokens.access.expose()).is_ok());
    let refused = world.run(|env| refresh(other.tokens.refresh.expose(), env)).unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
    world.login(ADA, NEW);
}
