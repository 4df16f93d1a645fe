//! Resetting a password: asking for the link, and using it once.

use testudo::command::{Commit, Conflict, UserKey, Write};
use testudo::event::{DeadLink, Event, LimitName};
use testudo::flow::admin::{activate, deactivate, send_password_reset};
use testudo::flow::{
    ChangePassword, Login, ResetPassword, change_password, login, logout_all,
    request_password_reset, reset_password,
};
use testudo::message::{Message, MessageKind};
use testudo::model::{AttemptKey, AttemptVerdict, Email, EmailKey, User};
use testudo::password::PasswordHash;
use testudo::signing::{self, Claim, PurposeSigner};
use testudo::testing::{World, expect};
use testudo::{Client, Duration, KeyRing, Policy, Refusal, Secret, Step};

use super::{
    ADA, PASSWORD, allow, by_email, mail, mailed, notice, record, world_with_ada,
    world_with_session,
};

const NEW: &str = "a wholly different phrase";

fn ask_for_link(world: &mut World, email: &str) -> Result<(), Refusal> {
    world.run(|env| request_password_reset(email, env))
}

/// Asks for a link for Ada, and reads her mail.
fn link(world: &mut World) -> Secret<String> {
    ask_for_link(world, ADA).unwrap();
    mailed(world, MessageKind::PasswordReset)
}

fn using(token: &Secret<String>, new: &str) -> ResetPassword {
    ResetPassword { token: token.clone(), new_password: new.into() }
}

fn reset(world: &mut World, token: &Secret<String>) -> Result<(), Refusal> {
    world.run(|env| reset_password(using(token, NEW), env))
}

fn last_event(world: &World) -> Event {
    world.tables().events().pop().unwrap().event
}

fn opened(batch: &Commit) -> Message {
    let [sealed] = &batch.messages[..] else { panic!("{} messages", batch.messages.len()) };
    sealed.open(&KeyRing::parse(World::SECRET).unwrap()).unwrap()
}

#[test]
fn a_request_is_counted_and_sends_one_link_that_replaces_those_before() {
    let (mut world, ada) = world_with_ada();
    world.set_client(Client::unknown().with_ip("192.0.2.7".parse().unwrap()));
    world.advance(Duration::from_minutes(1));
    let policy = world.settings().policy().clone();
    let ask = expect!(request_password_reset(" ADA@example.com", world.env()), CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::mail_network("192.0.2.7".parse().unwrap()));
    assert_eq!(ask.command.limit, policy.mail_network);
    let window = world.now();
    let step = ask.answer(AttemptVerdict::Allowed { window, is_last: true });
    let ask = expect!(step, CountAttempt);
    assert_eq!(ask.command.key, AttemptKey::password_reset(ada.email.key()));
    assert_eq!(ask.command.limit, policy.password_reset);
    let step = ask.answer(AttemptVerdict::Allowed { window, is_last: true });
    let ask = expect!(expect!(step, FindUser).answer(Some(ada.clone())), Commit);

    let [Write::ReplaceUser { user, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, ada.version);
    let (reset_serial, version) = (ada.reset_serial.next(), ada.version.next());
    assert_eq!(**user, User { reset_serial, version, ..ada.clone() }, "nothing else changes");
    let message = opened(&ask.command);
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::PasswordReset, ADA));
    assert_eq!(message.expires_at, Some(world.now() + policy.password_reset_lifetime));
    let events: Vec<_> = ask.command.events.iter().map(|record| &record.event).collect();
    let requested = Event::PasswordResetRequested { email: "a***@example.com".into(), sent: true };
    let reached = [LimitName::MailNetwork, LimitName::PasswordReset]
        .map(|limit| Event::RateLimitExceeded { limit });
    assert_eq!(events, [&requested, &reached[0], &reached[1]]);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn for_what_is_no_address_the_same_is_done_as_for_one_that_nobody_has() {
    let long = "x".repeat(100_000);
    for garbage in
        ["", " ", "nobody", "a@b", "hunter2\0", "ada@example.com, eve@example.com", &long]
    {
        let (mut world, _) = world_with_ada();
        let step = request_password_reset(garbage, world.env());
        let ask = expect!(step, CountAttempt);
        let (key, window) = (ask.command.key.clone(), world.now());
        let text = key.as_str();
        assert!(text.len() <= 20 && text.is_ascii(), "{text:?} of {} bytes", garbage.len());
        assert_eq!(ask.command.limit, world.settings().policy().password_reset);
        let ask = expect!(ask.answer(AttemptVerdict::Allowed { window, is_last: false }), FindUser);
        let UserKey::Email(email) = ask.command.key.clone() else { panic!("by an id") };
        assert!(email.as_str().parse::<Email>().is_err(), "an account may have {email}");
        let ask = expect!(ask.answer(None), Commit);
        assert!(ask.command.writes.is_empty() && ask.command.messages.len() == 1);
        let events: Vec<_> = ask.command.events.iter().map(|record| &record.event).collect();
        let email = "***@".to_owned();
        assert_eq!(events, [&Event::PasswordResetRequested { email, sent: false }]);
        assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));

        (0..3).for_each(|_| ask_for_link(&mut world, garbage).unwrap());
        let limited = ask_for_link(&mut world, garbage);
        assert!(matches!(limited, Err(Refusal::RateLimited { .. })), "{limited:?}");
        assert!(mail(&world).is_empty());
    }
}

#[test]
fn a_link_sets_the_password_ends_all_sessions_and_tells_the_owner_in_one_commit() {
    let (mut world, signed_in) = world_with_session();
    world.change_user(ADA, |user| user.must_change_password = true);
    let token = link(&mut world);
    world.advance(Duration::from_minutes(29));
    let ada = record(&world, ADA);
    let step = reset_password(using(&token, NEW), world.env());
    let ask = expect!(step, FindUser);
    assert_eq!(ask.command.key, UserKey::Id(ada.id));
    let ask = expect!(ask.answer(Some(ada.clone())), HashPassword);
    assert_eq!(ask.command.password.expose(), NEW);
    let hash = World::stored_hash(NEW, true);
    let ask = expect!(ask.answer(Ok(hash.clone())), Commit);
    let [Write::ReplaceUser { user, was }, Write::ClearAttempts(key)] = &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*was, key), (ada.version, &AttemptKey::login_account(ada.email.key())));
    let expected = User {
        password: hash,
        must_change_password: false,
        epoch: ada.epoch.beginning_at(world.now()),
        version: ada.version.next(),
        updated_at: world.now(),
        ..ada
    };
    assert_eq!(**user, expected, "not verified, not signed in");
    assert_eq!(notice(&ask.command), (MessageKind::PasswordChanged, ADA.to_owned()));
    assert_eq!(ask.command.events[0].event, Event::PasswordResetCompleted);

    reset(&mut world, &token).unwrap();
    let old = world.authenticate(signed_in.tokens.access.expose());
    assert_eq!(old, Err(Refusal::RevokedToken));
    assert_eq!(world.tables().sessions().count(), 1, "nobody is signed in by it");
    world.login(ADA, NEW);
}

#[test]
fn a_link_counts_once_and_strictly_before_its_time_is_over() {
    let (mut world, _) = world_with_ada();
    let token = link(&mut world);
    let lifetime = world.settings().policy().password_reset_lifetime;
    world.advance(Duration::from_millis(lifetime.as_millis() - 1));
    let mut late = world.clone();
    late.advance(Duration::from_millis(1));
    assert_eq!(reset(&mut late, &token), Err(Refusal::InvalidToken));
    assert_eq!(last_event(&late), Event::PasswordResetFailed { reason: DeadLink::Expired });
    assert_eq!(reset(&mut world, &token), Ok(()));
    assert_eq!(reset(&mut world, &token), Err(Refusal::InvalidToken));
    assert_eq!(last_event(&world), Event::PasswordResetFailed { reason: DeadLink::Superseded });
}

/// What kills a link, and the reason that the audit trail gives.
#[test]
fn whatever_changes_the_account_kills_its_links() {
    let (mut world, signed_in) = world_with_session();
    let token = link(&mut world);
    let access = signed_in.tokens.access;
    type Change = Box<dyn Fn(&mut World)>;
    let superseded: [Change; 5] = [
        Box::new(|world| drop(link(world))),
        Box::new(|world| world.run(|env| send_password_reset(by_email(ADA), env)).unwrap()),
        Box::new(move |world| world.run(|env| logout_all(access.expose(), env)).unwrap()),
        Box::new(|world| {
            let access = world.login(ADA, PASSWORD).tokens.access;
            let request = ChangePassword { current: PASSWORD.into(), new: NEW.into() };
            world.run(|env| change_password(access.expose(), request, env)).unwrap();
        }),
        Box::new(|world| {
            world.run(|env| deactivate(by_email(ADA), env)).unwrap();
            world.run(|env| activate(by_email(ADA), env)).unwrap();
        }),
    ];
    let inactive: [Change; 2] = [
        Box::new(|world| drop(world.run(|env| deactivate(by_email(ADA), env)).unwrap())),
        Box::new(|world| {
            let closes_at = Some(world.now());
            world.change_user(ADA, |user| user.closes_at = closes_at);
        }),
    ];
    let changes = superseded.iter().map(|change| (change, DeadLink::Superseded));
    let changes = changes.chain(inactive.iter().map(|change| (change, DeadLink::Inactive)));
    for (place, (change, reason)) in changes.enumerate() {
        let mut world = world.clone();
        change(&mut world);
        let stored = record(&world, ADA).password;
        assert_eq!(reset(&mut world, &token), Err(Refusal::InvalidToken), "{place}");
        assert_eq!(last_event(&world), Event::PasswordResetFailed { reason }, "{place}");
        assert_eq!(record(&world, ADA).password, stored, "{place}");
    }
    assert_eq!(reset(&mut world, &token), Ok(()), "left alone, it counts");
}

#[test]
fn a_link_dies_with_the_key_that_signed_it() {
    let (mut world, _) = world_with_ada();
    let token = link(&mut world);
    let newer = "another-secret-of-tests-and-no-other-9Xw4";
    world.set_keys(&format!("{newer},{}", World::SECRET));
    assert_eq!(reset(&mut world.clone(), &token), Ok(()), "rotated, and still in the ring");
    world.set_keys(newer);
    assert_eq!(reset(&mut world, &token), Err(Refusal::InvalidToken));
}

#[test]
fn a_link_that_is_made_up_or_for_another_purpose_asks_nothing() {
    let (mut world, ada) = world_with_ada();
    let genuine = link(&mut world);
    let keys = KeyRing::parse(World::SECRET).unwrap();
    let claim = || Claim::new("1", world.now() + Duration::from_days(1)).unwrap();
    let about = claim().about(ada.id, ada.epoch);
    let tokens = [
        "".into(),
        "tdl_".into(),
        genuine.expose().replacen("tdl_", "tdr_", 1),
        format!("{}A", genuine.expose()),
        PurposeSigner::<signing::EmailVerification>::new(&keys).sign(about).expose().clone(),
        // Genuine, for this purpose, about nobody.
        PurposeSigner::<signing::PasswordReset>::new(&keys).sign(claim()).expose().clone(),
    ];
    for token in tokens {
        let step = reset_password(using(&Secret::new(token), NEW), world.env());
        assert_eq!(expect!(step, Done), Err(Refusal::InvalidToken));
    }
}

#[test]
fn a_password_that_is_not_acceptable_leaves_the_link_as_good_as_it_was() {
    let (mut world, _) = world_with_ada();
    let token = link(&mut world);
    let before = world.clone();
    for (new, code) in [
        ("short", "password_too_short"),
        ("password1", "password_too_common"),
        ("ada@example.com", "password_too_similar"),
    ] {
        let refused = world.run(|env| reset_password(using(&token, new), env));
        let Err(Refusal::Invalid(errors)) = refused else { panic!("{refused:?}") };
        assert!(errors.iter().any(|it| (&*it.field, &*it.code) == ("new_password", code)));
    }
    assert_eq!(before.tables(), world.tables());
    assert_eq!(world.hashes(), before.hashes());
    assert_eq!(reset(&mut world, &token), Ok(()));
}

#[test]
fn a_reset_that_loses_looks_again_and_hashes_once() {
    let (mut world, _) = world_with_ada();
    let token = link(&mut world);
    let ada = record(&world, ADA);
    let until_commit = |world: &mut World| {
        let step = reset_password(using(&token, NEW), world.env());
        let step = expect!(step, FindUser).answer(Some(ada.clone()));
        let step = expect!(step, HashPassword).answer(Ok(World::stored_hash(NEW, true)));
        expect!(expect!(step, Commit).answer(Err(Conflict)), FindUser)
    };
    // Somebody signed in meanwhile: only the version is another.
    let signed_in = User { version: ada.version.next(), ..ada.clone() };
    let step = until_commit(&mut world).answer(Some(signed_in));
    assert_eq!(expect!(expect!(step, Commit).answer(Ok(())), Done), Ok(()));
    // The same link was used meanwhile.
    let used = User { epoch: ada.epoch.next(), version: ada.version.next(), ..ada.clone() };
    let ask = expect!(until_commit(&mut world).answer(Some(used)), Commit);
    assert!(ask.command.writes.is_empty());
    assert_eq!(expect!(ask.answer(Ok(())), Done), Err(Refusal::InvalidToken));
    // The account is gone.
    let ask = expect!(until_commit(&mut world).answer(None), Commit);
    let reason = DeadLink::UnknownUser;
    assert_eq!(ask.command.events[0].event, Event::PasswordResetFailed { reason });
}

#[test]
fn the_mail_goes_to_the_spelling_of_the_account() {
    let mut world = World::new();
    world.register("Kate@Example.com", PASSWORD);
    // U+212A, the Kelvin sign, is folded to k: the same account, and maybe another mailbox.
    for typed in ["\u{212a}ATE@example.com", "kate@EXAMPLE.COM"] {
        ask_for_link(&mut world, typed).unwrap();
        let sent = mail(&world).pop().unwrap();
        assert_eq!(sent, (MessageKind::PasswordReset, "Kate@Example.com".to_owned()));
    }
    // U+0131, the dotless i, is another letter, so this is nobody.
    world.register("mike@example.com", PASSWORD);
    let before = mail(&world).len();
    ask_for_link(&mut world, "m\u{131}ke@example.com").unwrap();
    assert_eq!(mail(&world).len(), before);
}

#[test]
fn the_fourth_request_of_a_window_waits_and_so_does_the_thirty_first_of_a_network() {
    let (mut world, _) = world_with_ada();
    assert!((0..3).all(|_| ask_for_link(&mut world, ADA).is_ok()));
    let refused = ask_for_link(&mut world, "Ada@Example.com");
    let retry_after = Duration::from_secs(300);
    assert_eq!(refused, Err(Refusal::RateLimited { retry_after }));
    world.set_client(Client::unknown().with_ip("192.0.2.7".parse().unwrap()));
    let mut ask = |n| ask_for_link(&mut world, &format!("user-{n}@example.com"));
    assert!((0..30).all(|n| ask(n).is_ok()));
    assert_eq!(ask(30), Err(Refusal::RateLimited { retry_after }));
}

#[test]
fn a_network_over_its_limit_uses_up_nobodys_requests() {
    let (mut world, ada) = world_with_ada();
    world.set_client(Client::unknown().with_ip("192.0.2.7".parse().unwrap()));
    let step = request_password_reset(ADA, world.env());
    let until = world.now() + Duration::from_secs(300);
    let step = expect!(step, CountAttempt).answer(AttemptVerdict::Locked { until });
    assert!(matches!(expect!(step, Done), Err(Refusal::RateLimited { .. })));
    let key = AttemptKey::password_reset(ada.email.key());
    assert!(world.tables().attempts().all(|(counted, _)| *counted != key));
}

#[test]
fn an_account_that_was_locked_on_purpose_is_opened_by_its_owner() {
    let (mut world, _) = world_with_ada();
    let sign_in = |world: &mut World, password: &str| {
        world.run(|env| login(Login::new(ADA, password.into()), env)).map(drop)
    };
    let mut policy = Policy::default();
    policy.login_account.hard_stop = Some(5);
    world.set_policy(policy);
    (0..5).for_each(|_| drop(sign_in(&mut world, "a wrong guess")));
    assert_eq!(sign_in(&mut world, PASSWORD), Err(Refusal::PasswordStopped));
    let token = link(&mut world);
    assert_eq!(reset(&mut world, &token), Ok(()));
    assert_eq!(sign_in(&mut world, NEW), Ok(()));
}

#[test]
fn an_account_without_a_password_is_sent_a_link_unless_the_policy_says_no() {
    for (stored, allowed, sent) in
        [("!", true, true), ("!", false, false), ("!legacy", false, true), ("$x$", false, true)]
    {
        let (mut world, _) = world_with_ada();
        let password = PasswordHash::from_stored(stored.into());
        world.change_user(ADA, |user| user.password = password);
        world.set_policy(Policy { reset_unusable_passwords: allowed, ..Policy::default() });
        ask_for_link(&mut world, ADA).unwrap();
        assert_eq!(mail(&world).len(), usize::from(sent), "{stored} {allowed}");
        let email = "a***@example.com".to_owned();
        assert_eq!(last_event(&world), Event::PasswordResetRequested { email, sent });
        assert_eq!(world.tables().messages().count(), 1, "one row either way");
    }
}

#[test]
fn an_administrator_starts_a_reset_and_never_knows_the_password() {
    let (mut world, _) = world_with_ada();
    world.set_policy(Policy { reset_unusable_passwords: false, ..Policy::default() });
    world.change_user(ADA, |user| user.password = PasswordHash::from_stored("!".into()));
    let send = |world: &mut World, key| world.run(|env| send_password_reset(key, env));
    (0..10).for_each(|_| send(&mut world, by_email(ADA)).unwrap());
    assert_eq!(last_event(&world), Event::PasswordResetSent);
    let token = mailed(&world, MessageKind::PasswordReset);
    assert_eq!(reset(&mut world, &token), Ok(()));

    let nobody = UserKey::Email(EmailKey::from_stored("nobody@example.com".into()));
    assert_eq!(send(&mut world, nobody), Err(Refusal::NotFound));
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    assert_eq!(send(&mut world, by_email(ADA)), Err(Refusal::Inactive));
}

#[test]
fn a_request_that_loses_looks_again_and_counts_once() {
    let (mut world, ada) = world_with_ada();
    let step = request_password_reset(ADA, world.env());
    let step = expect!(allow(step, &world), FindUser).answer(Some(ada.clone()));
    let step: Step<_> = expect!(step, Commit).answer(Err(Conflict));
    let again = User { version: ada.version.next(), ..ada };
    let ask = expect!(expect!(step, FindUser).answer(Some(again.clone())), Commit);
    let [Write::ReplaceUser { was, .. }] = &ask.command.writes[..] else { panic!("no write") };
    assert_eq!(*was, again.version);
}
