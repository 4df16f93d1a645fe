//! What administrators do.

use testudo::command::{Conflict, Guard, UserKey, Write};
use testudo::event::Event;
use testudo::flow::admin::{
    ImportUser, Imported, SetPassword, UserPage, activate, deactivate, end_session, end_sessions,
    find_user, import_users, list_users, reset_second_factor, set_password, user_sessions,
};
use testudo::flow::{Login, SessionPage, SignedIn, login};
use testudo::message::MessageKind;
use testudo::model::{AttemptKey, SessionId, User};
use testudo::password::PasswordHash;
use testudo::testing::{World, expect};
use testudo::{Refusal, Timestamp};

use super::{ADA, PASSWORD, by_email, notice, world_with_ada, world_with_session};

const NEW: &str = "a wholly different phrase";

fn nobody() -> UserKey {
    by_email("nobody@example.com")
}

#[test]
fn deactivation_kills_every_session_with_one_write() {
    let (mut world, SignedIn { user, tokens, .. }) = world_with_session();
    let step = deactivate(by_email(ADA), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(user.clone())), Commit);
    let [Write::ReplaceUser { user: closed, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*was, closed.is_active), (user.version, false));
    assert_eq!(
        (closed.epoch, closed.version),
        (user.epoch.beginning_at(world.now()), user.version.next())
    );
    assert_eq!(ask.command.events[0].event, Event::UserDeactivated);

    let closed = world.run(|env| deactivate(UserKey::Id(user.id), env)).unwrap();
    assert!(!closed.is_active);
    assert_eq!(world.authenticate(tokens.access.expose()), Err(Refusal::RevokedToken));
    let refused = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
    assert_eq!(refused, Refusal::InvalidCredentials);
}

#[test]
fn activation_lets_in_again_and_brings_no_session_back() {
    let (mut world, SignedIn { user, tokens, .. }) = world_with_session();
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    let opened = world.run(|env| activate(by_email(ADA), env)).unwrap();
    assert_eq!((opened.is_active, opened.epoch), (true, user.epoch.beginning_at(world.now())));
    assert_eq!(world.authenticate(tokens.access.expose()), Err(Refusal::RevokedToken));
    world.login(ADA, PASSWORD);
}

#[test]
fn what_is_so_already_is_not_written_again() {
    let (mut world, ada) = world_with_ada();
    assert_eq!(world.run(|env| activate(by_email(ADA), env)), Ok(ada));
    let closed = world.run(|env| deactivate(by_email(ADA), env));
    let before = world.clone();
    assert_eq!(world.run(|env| deactivate(by_email(ADA), env)), closed);
    assert_eq!(before.tables(), world.tables());
}

/// What made it so may be under way still.
#[test]
fn what_is_so_already_is_told_when_a_guard_of_what_was_read_was_committed() {
    let (mut world, ada) = world_with_ada();
    let inactive = User { is_active: false, ..ada.clone() };
    let flows: [(fn(_, _) -> _, _); 3] =
        [(activate, &ada), (reset_second_factor, &ada), (deactivate, &inactive)];
    for (flow, user) in flows {
        let ask = expect!(flow(by_email(ADA), world.env()), FindUser);
        let ask = expect!(ask.answer(Some(user.clone())), Commit);
        assert_eq!(ask.command.guards, [Guard::UserEpoch { id: user.id, epoch: user.epoch }]);
        assert!(ask.command.writes.is_empty() && ask.command.events.is_empty());
        let ask = expect!(ask.answer(Err(Conflict)), FindUser);
        let ask = expect!(ask.answer(Some(user.clone())), Commit);
        assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap(), *user);
    }
}

#[test]
fn after_a_conflict_the_account_is_read_again() {
    let (mut world, ada) = world_with_ada();
    let step = deactivate(by_email(ADA), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(ada.clone())), Commit);
    let next = User { version: ada.version.next(), ..ada };
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(next.clone()));
    let ask = expect!(step, Commit);
    let Write::ReplaceUser { was, .. } = &ask.command.writes[0] else { panic!("no user") };
    assert_eq!(*was, next.version);
}

#[test]
fn a_password_that_is_set_ends_sessions_and_locks() {
    let (mut world, SignedIn { user, tokens, .. }) = world_with_session();
    for _ in 0..5 {
        world.run(|env| login(Login::new(ADA, "a wrong guess".into()), env)).unwrap_err();
    }
    let key = AttemptKey::login_account(user.email.key());
    assert!(world.tables().attempts().any(|(counted, _)| *counted == key));
    let request = SetPassword { user: by_email(ADA), password: NEW.into(), must_change: false };
    let changed = world.run(|env| set_password(request, env)).unwrap();
    assert_eq!(changed.epoch, user.epoch.beginning_at(world.now()));
    assert_eq!(world.authenticate(tokens.access.expose()), Err(Refusal::RevokedToken));
    world.login(ADA, NEW);
}

#[test]
fn a_temporary_password_must_be_changed_at_the_next_sign_in() {
    let (mut world, _) = world_with_ada();
    let request = SetPassword { user: by_email(ADA), password: NEW.into(), must_change: true };
    assert!(world.run(|env| set_password(request, env)).unwrap().must_change_password);
    let owing = world.run(|env| login(Login::new(ADA, NEW.into()), env)).unwrap().owing().unwrap();
    assert_eq!(owing.remaining_steps, ["change_password"]);
}

#[test]
fn a_password_that_is_set_obeys_the_rules_and_is_hashed_once() {
    let (mut world, ada) = world_with_ada();
    let request = SetPassword { user: by_email(ADA), password: "1234".into(), must_change: true };
    let refusal = world.run(|env| set_password(request, env)).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(errors) if errors[0].field == "password"));

    let request = SetPassword { user: by_email(ADA), password: NEW.into(), must_change: true };
    let step = set_password(request, world.env());
    let step = expect!(step, FindUser).answer(Some(ada.clone()));
    let step = expect!(step, HashPassword).answer(Ok(World::stored_hash(NEW, true)));
    let step = expect!(step, Commit).answer(Err(Conflict));
    let step = expect!(step, FindUser).answer(Some(ada));
    let ask = expect!(step, Commit);
    assert_eq!(notice(&ask.command), (MessageKind::PasswordChanged, ADA.to_owned()));
    let user = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!(user.password, World::stored_hash(NEW, true));
}

#[test]
fn sessions_are_seen_and_ended_from_outside() {
    let (mut world, first) = world_with_session();
    let second = world.login(ADA, PASSWORD);
    let (now, page) = (world.now(), SessionPage::default());
    let ids = |world: &mut World| -> Vec<SessionId> {
        let sessions = world.run(|_| user_sessions(by_email(ADA), page, now)).unwrap();
        sessions.iter().map(|session| session.id).collect()
    };
    assert_eq!(ids(&mut world).len(), 2);
    world.run(|env| end_session(first.session.id, env)).unwrap();
    assert_eq!(world.authenticate(first.tokens.access.expose()), Err(Refusal::RevokedToken));
    assert_eq!(ids(&mut world), [second.session.id]);
    let again = world.run(|env| end_session(first.session.id, env));
    assert_eq!(again, Err(Refusal::NotFound));

    world.run(|env| end_sessions(by_email(ADA), env)).unwrap();
    assert_eq!(world.authenticate(second.tokens.access.expose()), Err(Refusal::RevokedToken));
    assert!(ids(&mut world).is_empty());
    world.login(ADA, PASSWORD);
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    assert!(ids(&mut world).is_empty());
}

#[test]
fn nobody_is_not_found_by_any_of_them() {
    let (mut world, _) = world_with_ada();
    let (now, page) = (world.now(), SessionPage::default());
    let set = SetPassword { user: nobody(), password: NEW.into(), must_change: false };
    let refusals = [
        world.run(|env| activate(nobody(), env)).err(),
        world.run(|env| deactivate(nobody(), env)).err(),
        world.run(|env| set_password(set, env)).err(),
        world.run(|env| end_sessions(nobody(), env)).err(),
        world.run(|_| user_sessions(nobody(), page, now)).err(),
        world.run(|_| find_user(nobody())).err(),
    ];
    assert_eq!(refusals, [(); 6].map(|()| Some(Refusal::NotFound)));
}

#[test]
fn users_are_listed_page_by_page() {
    let mut world = World::new();
    let made: Vec<_> = (0..5)
        .map(|n| {
            world.advance(testudo::Duration::from_millis(1));
            world.register(&format!("user-{n}@example.com"), PASSWORD).id
        })
        .collect();
    let mut listed = Vec::new();
    let mut page = UserPage { limit: 2, ..UserPage::default() };
    loop {
        let users = world.run(|_| list_users(page));
        listed.extend(users.iter().map(|user| user.id));
        let Some(last) = users.last() else { break };
        page.after = Some(last.id);
    }
    assert_eq!(listed, made);
}

fn django(email: &str) -> ImportUser {
    ImportUser::new(email, Some(World::stored_hash(PASSWORD, false)))
}

#[test]
fn accounts_are_brought_along_in_one_commit_and_sign_in() {
    let mut world = World::new();
    let joined = Timestamp::from_millis(1_300_000_000_000);
    let old = ImportUser {
        is_verified: true,
        created_at: Some(joined),
        last_login: Some(joined),
        ..django(ADA)
    };
    let closed = ImportUser { is_active: false, ..django("eve@example.com") };
    let social = ImportUser::new("bob@example.com", None);
    let step = import_users(vec![old, closed, social], world.env());
    let mut step = step;
    for _ in 0..3 {
        step = expect!(step, FindUser).answer(None);
    }
    let ask = expect!(step, Commit);
    assert_eq!((ask.command.writes.len(), ask.command.events.len()), (3, 3));
    assert!(ask.command.events.iter().all(|record| record.event == Event::UserImported));
    let Write::InsertUser(ada) = &ask.command.writes[0] else { panic!("no insert") };
    assert_eq!((ada.created_at, ada.joined_at, ada.last_login), (joined, joined, Some(joined)));
    assert!(ada.is_verified && ada.is_active);
    let Write::InsertUser(bob) = &ask.command.writes[2] else { panic!("no insert") };
    assert!(!bob.password.is_usable());

    let outcome = world.run(|env| import_users(vec![django(ADA)], env)).unwrap();
    assert!(matches!(outcome[..], [Imported::Created(_)]));
    let signed_in = world.login(ADA, PASSWORD);
    assert_ne!(signed_in.user.password, World::stored_hash(PASSWORD, false), "not replaced");
}

#[test]
fn doing_it_twice_changes_nothing_the_second_time() {
    let mut world = World::new();
    let batch = || vec![django(ADA), django("eve@example.com"), django("Ada@EXAMPLE.com")];
    let first = world.run(|env| import_users(batch(), env)).unwrap();
    assert!(matches!(first[..], [Imported::Created(_), Imported::Created(_), Imported::Exists]));
    let before = world.clone();
    let second = world.run(|env| import_users(batch(), env)).unwrap();
    assert_eq!(second, [Imported::Exists, Imported::Exists, Imported::Exists]);
    assert_eq!(before.tables(), world.tables());
}

#[test]
fn what_cannot_be_an_account_is_refused_and_the_others_go_in() {
    let mut world = World::new();
    let long = PasswordHash::from_stored("x".repeat(1001));
    let batch =
        vec![django("not an address"), ImportUser::new("eve@example.com", Some(long)), django(ADA)];
    let outcome = world.run(|env| import_users(batch, env)).unwrap();
    let [Imported::Refused(address), Imported::Refused(hash), Imported::Created(_)] = &outcome[..]
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((&*address[0].field, &*hash[0].field), ("email", "password_hash"));
}

#[test]
fn a_hash_with_a_control_character_is_refused_before_any_store_sees_it() {
    let world = World::new();
    for stored in
        ["!\0", "!legacy\0", "pbkdf2_sha256$2$sa\0lt$QxjC", "$2b$\n", "x\u{7f}", "x\u{85}"]
    {
        let hash = PasswordHash::from_stored(stored.to_owned());
        let step = import_users(vec![ImportUser::new(ADA, Some(hash))], world.clone().env());
        let outcome = expect!(step, Done).unwrap();
        let [Imported::Refused(errors)] = &outcome[..] else { panic!("{stored:?}: {outcome:?}") };
        assert_eq!((&*errors[0].field, &*errors[0].code), ("password_hash", "unprintable"));
        assert_eq!(errors[0].message, "expected no control characters");
    }
}

#[test]
fn imported_accounts_are_listed_in_the_order_of_the_import() {
    let mut world = World::new();
    let emails: Vec<_> = (0..30).map(|place| format!("user{place}@example.com")).collect();
    let batch = emails.iter().map(|email| django(email)).collect();
    world.run(|env| import_users(batch, env)).unwrap();
    let listed = world.run(|_| list_users(UserPage::default()));
    let listed: Vec<_> = listed.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(listed, emails);
}

#[test]
fn an_import_that_loses_an_address_makes_the_others() {
    let mut world = World::new();
    let step = import_users(vec![django(ADA), django("eve@example.com")], world.env());
    let step = expect!(expect!(step, FindUser).answer(None), FindUser).answer(None);
    let ada = world.register(ADA, PASSWORD);
    let step = expect!(expect!(step, Commit).answer(Err(Conflict)), FindUser).answer(Some(ada));
    let ask = expect!(expect!(step, FindUser).answer(None), Commit);
    assert_eq!(ask.command.writes.len(), 1);
    let outcome = expect!(ask.answer(Ok(())), Done).unwrap();
    assert!(matches!(outcome[..], [Imported::Exists, Imported::Created(_)]));
}
