//! Password login.

use testudo::command::{Commit, Conflict, PasswordVerdict, Unhashable, Write};
use testudo::event::{Event, LimitName, LoginFailure};
use testudo::flow::{Login, login};
use testudo::model::{AttemptKey, AttemptVerdict, Method, Session, User};
use testudo::onboarding::SignIn;
use testudo::testing::{World, expect};
use testudo::{Ask, Client, Duration, Refusal, Step, Timestamp};

use super::{ADA, PASSWORD, allow, by_email, stored, world_with_ada};

type Outcome = Result<SignIn, Refusal>;

const VALID: PasswordVerdict = PasswordVerdict::Valid { outdated: false };
const OUTDATED: PasswordVerdict = PasswordVerdict::Valid { outdated: true };

fn begin(world: &mut World) -> Step<Outcome> {
    login(Login::new(ADA, PASSWORD.into()), world.env())
}

/// The commit that follows when `user` is found and the password compares as `verdict`.
fn commit_after(
    world: &mut World,
    user: Option<User>,
    verdict: PasswordVerdict,
) -> Ask<Commit, Outcome> {
    let step = begin(world);
    let step = expect!(allow(step, world), FindUser).answer(user);
    expect!(expect!(step, VerifyPassword).answer(verdict), Commit)
}

fn events(batch: &Commit) -> Vec<&Event> {
    batch.events.iter().map(|record| &record.event).collect()
}

fn account_key(user: &User) -> AttemptKey {
    AttemptKey::login_account(user.email.key())
}

fn failure(reason: LoginFailure) -> Event {
    Event::UserLoginFailed { email: "a***@example.com".into(), reason }
}

#[test]
fn a_right_password_opens_a_session_in_one_commit() {
    let (mut world, ada) = world_with_ada();
    let ask = expect!(begin(&mut world), CountAttempt);
    assert_eq!(ask.command.key, account_key(&ada));
    assert_eq!(ask.command.limit, world.settings().policy().login_account);
    assert_eq!(ask.command.now, world.now());

    let window = world.now() + Duration::from_secs(300);
    let step = ask.answer(AttemptVerdict::Allowed { window, is_last: false });
    let ask = expect!(step, FindUser);
    assert_eq!(ask.command.key, by_email(ADA));

    let ask = expect!(ask.answer(Some(ada.clone())), VerifyPassword);
    assert_eq!(stored(&ask.command.against), Some(ada.password.as_stored()));
    assert_eq!(ask.command.password.expose(), PASSWORD);

    let ask = expect!(ask.answer(VALID), Commit);
    assert!(ask.command.guards.is_empty(), "replacing the user is a guard itself");
    let [
        Write::ReplaceUser { user, was },
        Write::InsertSession(session),
        Write::ClearAttempts(key),
    ] = &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, ada.version);
    let expected =
        User { last_login: Some(world.now()), version: ada.version.next(), ..ada.clone() };
    assert_eq!(**user, expected);
    assert_eq!((session.user, session.epoch, session.generation), (ada.id, ada.epoch, 0));
    assert_eq!(*key, account_key(&ada));
    let methods = vec![Method::Password];
    assert_eq!(events(&ask.command), [&Event::UserLogin { methods, password_rehashed: false }]);
    let session = session.clone();

    let signed_in = expect!(ask.answer(Ok(())), Done).unwrap().signed_in().unwrap();
    assert_eq!(signed_in.session, *session);
    assert_eq!(signed_in.tokens.expires_in, Duration::from_minutes(15));
}

#[test]
fn the_network_is_counted_first_and_gets_its_attempt_back() {
    let (mut world, ada) = world_with_ada();
    let ip = "192.0.2.1".parse().unwrap();
    world.set_client(Client::unknown().with_ip(ip));
    let ask = expect!(begin(&mut world), CountAttempt);
    let network = AttemptKey::login_network(ip);
    assert_eq!(ask.command.key, network);
    assert_eq!(ask.command.limit, world.settings().policy().login_network);

    let window = world.now() + Duration::from_secs(299);
    let step = ask.answer(AttemptVerdict::Allowed { window, is_last: false });
    assert_eq!(expect!(&step, CountAttempt).command.key, account_key(&ada));
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada.clone()));
    let ask = expect!(expect!(step, VerifyPassword).answer(VALID), Commit);
    let refund = ask.command.writes.iter().find_map(|write| match write {
        Write::RefundAttempt { key, window } => Some((key.clone(), *window)),
        _ => None,
    });
    assert_eq!(refund, Some((network, window)), "the window in which it was reserved");
}

#[test]
fn a_wrong_password_is_recorded_and_stays_counted() {
    let (mut world, ada) = world_with_ada();
    let ask = commit_after(&mut world, Some(ada.clone()), PasswordVerdict::Invalid);
    assert!(ask.command.writes.is_empty());
    assert_eq!(events(&ask.command), [&failure(LoginFailure::WrongPassword)]);
    assert_eq!(ask.command.events[0].user, Some(ada.id));
    let refused = expect!(ask.answer(Ok(())), Done).unwrap_err();
    assert_eq!(refused, Refusal::InvalidCredentials);
}

#[test]
fn the_last_allowed_attempt_records_that_the_limit_is_reached() {
    let (mut world, ada) = world_with_ada();
    let step = expect!(begin(&mut world), CountAttempt)
        .answer(AttemptVerdict::Allowed { window: world.now(), is_last: true });
    let step = expect!(step, FindUser).answer(Some(ada));
    let ask = expect!(expect!(step, VerifyPassword).answer(PasswordVerdict::Invalid), Commit);
    let reached = Event::RateLimitExceeded { limit: LimitName::LoginAccount };
    assert_eq!(events(&ask.command), [&failure(LoginFailure::WrongPassword), &reached]);
}

#[test]
fn an_unknown_address_is_verified_against_nobody() {
    let mut world = World::new();
    let step = begin(&mut world);
    let step = expect!(allow(step, &world), FindUser).answer(None);
    let ask = expect!(step, VerifyPassword);
    assert_eq!(stored(&ask.command.against), None);
    // Not even a hasher that says yes opens a session for nobody.
    for verdict in [PasswordVerdict::Invalid, VALID, OUTDATED] {
        let ask = commit_after(&mut world, None, verdict);
        assert!(ask.command.writes.is_empty());
        assert_eq!(events(&ask.command), [&failure(LoginFailure::UnknownUser)]);
        assert_eq!(ask.command.events[0].user, None);
        let refused = expect!(ask.answer(Ok(())), Done).unwrap_err();
        assert_eq!(refused, Refusal::InvalidCredentials);
    }
}

#[test]
fn an_inactive_account_is_refused_whether_or_not_the_password_is_right() {
    let (mut world, _) = world_with_ada();
    let ada = world.change_user(ADA, |user| user.is_active = false);
    let reasons =
        [(VALID, LoginFailure::Inactive), (PasswordVerdict::Invalid, LoginFailure::WrongPassword)];
    for (verdict, reason) in reasons {
        let ask = commit_after(&mut world, Some(ada.clone()), verdict);
        assert!(ask.command.writes.is_empty());
        assert_eq!(events(&ask.command), [&failure(reason)]);
        let refused = expect!(ask.answer(Ok(())), Done).unwrap_err();
        assert_eq!(refused, Refusal::InvalidCredentials);
    }
}

#[test]
fn an_inactive_account_pays_for_a_new_hash_as_an_active_one_does_and_does_not_get_it() {
    let (mut world, _) = world_with_ada();
    let ada = world.change_user(ADA, |user| user.is_active = false);
    let step = begin(&mut world);
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada));
    let step = expect!(step, VerifyPassword).answer(OUTDATED);
    let ask =
        expect!(expect!(step, HashPassword).answer(Ok(World::stored_hash(PASSWORD, true))), Commit);
    assert!(ask.command.writes.is_empty());
    assert_eq!(events(&ask.command), [&failure(LoginFailure::Inactive)]);
}

#[test]
fn a_password_that_the_preferred_hasher_cannot_take_keeps_its_old_hash() {
    let (mut world, ada) = world_with_ada();
    let step = begin(&mut world);
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada.clone()));
    let step = expect!(step, VerifyPassword).answer(OUTDATED);
    let refused = Err(Unhashable::TooLong { most: 72 });
    let ask = expect!(expect!(step, HashPassword).answer(refused), Commit);
    let signed_in = expect!(ask.answer(Ok(())), Done).unwrap().signed_in().unwrap();
    assert_eq!(signed_in.user.password, ada.password);
}

#[test]
fn an_account_without_a_password_is_verified_against_nobody() {
    let (mut world, _) = world_with_ada();
    for unusable in ["!", ""] {
        let ada = world.change_user(ADA, |user| {
            user.password = testudo::password::PasswordHash::from_stored(unusable.into());
        });
        let step = begin(&mut world);
        let step = expect!(allow(step, &world), FindUser).answer(Some(ada));
        let ask = expect!(step, VerifyPassword);
        assert_eq!(stored(&ask.command.against), None);
        // Not even a hasher that says yes signs anybody in.
        let ask = expect!(ask.answer(VALID), Commit);
        assert_eq!(events(&ask.command), [&failure(LoginFailure::UnusablePassword)]);
        let refused = expect!(ask.answer(Ok(())), Done).unwrap_err();
        assert_eq!(refused, Refusal::InvalidCredentials);
    }
}

#[test]
fn a_locked_account_is_refused_before_anything_is_looked_up() {
    let mut world = World::new();
    let until = world.now() + Duration::from_secs(61);
    let step = expect!(begin(&mut world), CountAttempt).answer(AttemptVerdict::Locked { until });
    let retry_after = Duration::from_secs(61);
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::RateLimited { retry_after });

    let step = expect!(begin(&mut world), CountAttempt).answer(AttemptVerdict::Stopped);
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::PasswordStopped);
}

#[test]
fn a_network_over_its_limit_locks_no_account() {
    let mut world = World::new();
    world.set_client(Client::unknown().with_ip("2001:db8::1".parse().unwrap()));
    let locked = AttemptVerdict::Locked { until: world.now() + Duration::from_secs(1) };
    let step = expect!(begin(&mut world), CountAttempt).answer(locked);
    let retry_after = Duration::from_secs(1);
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::RateLimited { retry_after });
}

#[test]
fn an_outdated_hash_is_replaced_in_the_commit_that_opens_the_session() {
    let (mut world, ada) = world_with_ada();
    let step = begin(&mut world);
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada.clone()));
    let step = expect!(step, VerifyPassword).answer(OUTDATED);
    let ask = expect!(step, HashPassword);
    assert_eq!(ask.command.password.expose(), PASSWORD);

    let new = World::stored_hash(PASSWORD, true);
    let ask = expect!(ask.answer(Ok(new.clone())), Commit);
    let [Write::ReplaceUser { user, was }, Write::InsertSession(_), ..] = &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, ada.version, "a password that was changed meanwhile is not overwritten");
    assert_eq!(user.password, new);
    assert_eq!(user.epoch, ada.epoch, "the password is the same: no session dies");
    let methods = vec![Method::Password];
    assert_eq!(events(&ask.command), [&Event::UserLogin { methods, password_rehashed: true }]);
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap().signed_in().unwrap().user.password, new);
}

#[test]
fn after_a_conflict_the_account_is_looked_at_again_without_another_hash() {
    let (mut world, ada) = world_with_ada();
    let ask = commit_after(&mut world, Some(ada), VALID);
    let ask = expect!(ask.answer(Err(Conflict)), FindUser);
    assert_eq!(ask.command.key, by_email(ADA));

    let renamed = world.change_user(ADA, |user| user.is_verified = true);
    let ask = expect!(ask.answer(Some(renamed.clone())), Commit);
    let [Write::ReplaceUser { user, was }, ..] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, renamed.version);
    assert!(user.is_verified, "what the other one wrote is kept");
}

#[test]
fn after_a_conflict_the_hash_that_replaces_an_outdated_one_is_not_made_again() {
    let (mut world, ada) = world_with_ada();
    let step = begin(&mut world);
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada.clone()));
    let step = expect!(step, VerifyPassword).answer(OUTDATED);
    let new = World::stored_hash(PASSWORD, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(new.clone())), Commit);
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(ada));
    let signed_in =
        expect!(expect!(step, Commit).answer(Ok(())), Done).unwrap().signed_in().unwrap();
    assert_eq!(signed_in.user.password, new);
}

#[test]
fn after_a_conflict_another_hash_is_verified_again() {
    let (mut world, ada) = world_with_ada();
    let ask = commit_after(&mut world, Some(ada), VALID);
    let changed = world.change_user(ADA, |user| {
        user.password = World::stored_hash("another password", true);
    });
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(changed.clone()));
    let ask = expect!(step, VerifyPassword);
    assert_eq!(stored(&ask.command.against), Some(changed.password.as_stored()));
    let ask = expect!(ask.answer(PasswordVerdict::Invalid), Commit);
    assert_eq!(events(&ask.command), [&failure(LoginFailure::WrongPassword)]);
}

#[test]
fn after_a_conflict_an_account_that_was_deactivated_or_deleted_is_refused() {
    let (mut world, ada) = world_with_ada();
    let inactive = world.change_user(ADA, |user| user.is_active = false);
    let ask = commit_after(&mut world, Some(ada.clone()), VALID);
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(inactive));
    assert_eq!(events(&expect!(step, Commit).command), [&failure(LoginFailure::Inactive)]);

    let ask = commit_after(&mut world, Some(ada), VALID);
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(None);
    let step = expect!(step, VerifyPassword).answer(PasswordVerdict::Invalid);
    assert_eq!(events(&expect!(step, Commit).command), [&failure(LoginFailure::UnknownUser)]);
}

#[test]
fn a_login_that_keeps_losing_gives_up() {
    let (mut world, ada) = world_with_ada();
    let mut ask = commit_after(&mut world, Some(ada.clone()), VALID);
    for _ in 0..16 {
        let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(ada.clone()));
        ask = expect!(step, Commit);
    }
    assert_eq!(expect!(ask.answer(Err(Conflict)), Done).unwrap_err(), Refusal::Busy);
}

/// Stores count with spans.
#[test]
fn a_session_that_is_never_idle_has_a_span_that_every_store_can_count_with() {
    let (mut world, _) = world_with_ada();
    let mut policy = world.settings().policy().clone();
    policy.session.absolute = Duration::from_millis(u64::MAX);
    policy.session.idle = Duration::from_millis(u64::MAX);
    world.set_policy(policy);
    let session = world.login(ADA, PASSWORD).session;
    assert_eq!(session.idle_timeout, Session::LONGEST_IDLE);
    assert_eq!(session.refresh_expires_at(), Timestamp::MAX);
}

#[test]
fn a_remembered_login_lasts_longer_and_claims_travel_with_the_session() {
    let (mut world, _) = world_with_ada();
    let mut request = Login::new(ADA, PASSWORD.into());
    request.remember = true;
    request.claims.insert("tenant".into(), 7.into());
    let remembered = world.run(|env| login(request, env)).unwrap().signed_in().unwrap().session;
    let lifetime = world.settings().policy().remembered_session;
    assert_eq!(remembered.idle_timeout, lifetime.idle);
    assert_eq!(remembered.expires_at, world.now() + lifetime.absolute);
    assert_eq!(remembered.claims["tenant"], 7);

    let ordinary = world.login(ADA, PASSWORD).session;
    let lifetime = world.settings().policy().session;
    assert_eq!(ordinary.idle_timeout, lifetime.idle);
    assert_eq!(ordinary.expires_at, world.now() + lifetime.absolute);
}

#[test]
fn input_that_cannot_be_an_address_or_a_password_asks_nothing() {
    let mut world = World::new();
    let long = "x".repeat(4097);
    let requests = [("not an address", PASSWORD, "email"), (ADA, long.as_str(), "password")];
    for (email, password, field) in requests {
        let step = login(Login::new(email, password.into()), world.env());
        let Err(Refusal::Invalid(errors)) = expect!(step, Done) else { panic!("was taken") };
        assert_eq!(errors.iter().map(|error| &*error.field).collect::<Vec<_>>(), [field]);
    }
}
