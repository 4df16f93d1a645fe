//! What an outsider could tell accounts apart by is the same for all of them.

mod onboarding;

use testudo::flow::{
    CreateApiKey, Login, authenticate_api_key, create_api_key, login, request_email_change,
    request_password_reset, revoke_api_key, revoke_session,
};
use testudo::model::User;
use testudo::password::PasswordHash;
use testudo::testing::World;
use testudo::{Client, Policy, Refusal, Respond, Secret};

use super::{ADA, PASSWORD, world_with_ada};

/// All that is seen of a refused login, from outside and from beside.
#[derive(Debug, PartialEq)]
struct Seen {
    refusal: Refusal,
    commands: Vec<&'static str>,
    hashes: usize,
    events: usize,
}

fn attempt(world: &mut World, email: &str, password: &str) -> Seen {
    world.take_trace();
    let (hashes, events) = (world.hashes(), world.tables().events().len());
    let refusal = world.run(|env| login(Login::new(email, password.into()), env)).unwrap_err();
    Seen {
        refusal,
        commands: world.take_trace(),
        hashes: world.hashes() - hashes,
        events: world.tables().events().len() - events,
    }
}

/// Worlds in which a login fails for another reason each, and what is tried there.
fn reasons() -> Vec<(&'static str, World, &'static str, &'static str)> {
    let changed = |change: fn(&mut User)| {
        let mut world = world_with_ada();
        world.change_user(ADA, change);
        world
    };
    let inactive = || changed(|user| user.is_active = false);
    let with_hash = |stored: &str| {
        let (mut world, hash) = (world_with_ada(), PasswordHash::from_stored(stored.into()));
        world.change_user(ADA, |user| user.password = hash);
        world
    };
    vec![
        ("wrong password", world_with_ada(), ADA, "a wrong guess"),
        ("unknown address", world_with_ada(), "nobody@example.com", PASSWORD),
        ("inactive, right password", inactive(), ADA, PASSWORD),
        ("inactive, wrong password", inactive(), ADA, "a wrong guess"),
        ("unusable password", with_hash("!"), ADA, PASSWORD),
        ("empty password column", with_hash(""), ADA, PASSWORD),
        ("password that is the mark itself", with_hash("!"), ADA, "!"),
        ("unreadable hash", with_hash("$insecure$v=2$"), ADA, PASSWORD),
        ("unknown scheme", with_hash("$unheard-of$of$"), ADA, PASSWORD),
        ("plain text", with_hash(PASSWORD), ADA, PASSWORD),
        ("must change, wrong password", changed(|it| it.must_change_password = true), ADA, "guess"),
        ("password elsewhere, where nobody asks", with_hash("!legacy"), ADA, PASSWORD),
    ]
}

#[test]
fn refused_logins_look_alike_until_and_while_the_account_is_locked() {
    for client in [Client::unknown(), Client::unknown().with_ip("192.0.2.1".parse().unwrap())] {
        let mut all = Vec::new();
        for (reason, mut world, email, password) in reasons() {
            world.set_client(client.clone());
            let seen: Vec<_> = (0..7).map(|_| attempt(&mut world, email, password)).collect();
            all.push((reason, seen));
        }
        let (_, model) = &all[0];
        assert_eq!(model[0].refusal, Refusal::InvalidCredentials);
        assert_eq!(model[0].hashes, 1);
        assert!(matches!(model[5].refusal, Refusal::RateLimited { .. }));
        assert_eq!(model[5].hashes, 0);
        for (reason, seen) in &all {
            assert_eq!(seen, model, "{reason}");
        }
    }
}

#[test]
fn the_hard_stop_looks_alike_for_accounts_that_do_not_exist() {
    let stopped = |email: &str| {
        let mut world = world_with_ada();
        let mut policy = world.settings().policy().clone();
        policy.login_account.hard_stop = Some(3);
        world.set_policy(policy);
        (0..5).map(|_| attempt(&mut world, email, "a wrong guess")).collect::<Vec<_>>()
    };
    let known = stopped(ADA);
    assert_eq!(known[3].refusal, Refusal::PasswordStopped);
    assert_eq!(known, stopped("nobody@example.com"));
}

#[test]
fn a_right_password_on_an_outdated_hash_costs_the_same_whether_or_not_it_lets_in() {
    let outdated = |is_active| {
        let mut world = world_with_ada();
        world.change_user(ADA, |user| {
            user.password = World::stored_hash(PASSWORD, false);
            user.is_active = is_active;
        });
        world.take_trace();
        let before = world.hashes();
        let _ = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env));
        (world.take_trace(), world.hashes() - before)
    };
    assert_eq!(outdated(true), outdated(false));
}

#[test]
fn what_the_old_system_says_changes_no_cost() {
    let asked = |password: &str| {
        let mut world = world_with_ada();
        world.set_policy(Policy { consult_legacy: true, ..Policy::default() });
        world.change_user(ADA, |user| user.password = PasswordHash::legacy());
        world.set_legacy_password(ADA, PASSWORD);
        let before = world.hashes();
        world.take_trace();
        let _ = world.run(|env| login(Login::new(ADA, password.into()), env));
        (world.take_trace().len(), world.hashes() - before)
    };
    assert_eq!(asked(PASSWORD), asked("a wrong guess"));
}

#[test]
fn foreign_and_unknown_sessions_look_alike_to_who_wants_to_end_them() {
    let mut world = world_with_ada();
    let own = world.login(ADA, PASSWORD);
    world.register("eve@example.com", PASSWORD);
    let foreign = world.login("eve@example.com", PASSWORD).session.id;
    let unknown = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let mut ended = |id| {
        world.take_trace();
        let refused = world.run(|env| revoke_session(own.tokens.access.expose(), id, env));
        (refused, world.take_trace())
    };
    assert_eq!(ended(foreign), ended(unknown));
}

#[test]
fn foreign_and_unknown_api_keys_look_alike_to_who_wants_to_revoke_them() {
    let mut world = world_with_ada();
    let own = world.login(ADA, PASSWORD).tokens.access;
    world.register("eve@example.com", PASSWORD);
    let eve = world.login("eve@example.com", PASSWORD).tokens.access;
    let foreign = create_key(&mut world, &eve).0;
    let unknown = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let mut revoked = |id| {
        world.take_trace();
        let refused = world.run(|env| revoke_api_key(own.expose(), id, env));
        (refused, world.take_trace())
    };
    assert_eq!(revoked(foreign), revoked(unknown));
}

#[test]
fn unknown_api_keys_and_known_ones_with_another_secret_look_alike() {
    let mut world = world_with_ada();
    let own = world.login(ADA, PASSWORD).tokens.access;
    let before = world.clone();
    let (_, text) = create_key(&mut world, &own);
    let stored = world.tables().api_keys().next().unwrap().clone();
    let other = testudo::model::Digest::of(b"another secret");
    let write = testudo::command::Write::ReplaceApiKey {
        key: Box::new(testudo::model::ApiKey { digest: other, ..stored.clone() }),
        was: stored.version,
    };
    let seen = |mut world: World| {
        world.take_trace();
        let refused = world.run(|env| authenticate_api_key(text.expose(), None, env)).unwrap_err();
        (refused, world.take_trace())
    };
    let unknown = seen(before);
    let mut exchanged = world.clone();
    exchanged
        .commit(testudo::command::Commit { writes: vec![write], ..Default::default() })
        .unwrap()
        .unwrap();
    assert_eq!(seen(exchanged), unknown);
    assert_eq!(unknown.0, Refusal::InvalidToken);
}

fn create_key(
    world: &mut World,
    access: &Secret<String>,
) -> (testudo::model::ApiKeyId, Secret<String>) {
    let request = CreateApiKey::new("any");
    let (key, text) = world.run(|env| create_api_key(access.expose(), request, env)).unwrap();
    (key.id, text)
}

/// All that is seen of a request for a link, from outside and from beside.
#[derive(Debug, PartialEq)]
struct Asked {
    answer: Result<(), Refusal>,
    commands: Vec<&'static str>,
    events: usize,
    /// How long each row is that waits to be sent.
    messages: Vec<usize>,
    hashes: usize,
}

fn asked(world: &mut World, ask: impl Fn(&mut World) -> Result<(), Refusal>) -> Asked {
    world.take_trace();
    let (hashes, events) = (world.hashes(), world.tables().events().len());
    let answer = ask(world);
    Asked {
        answer,
        commands: world.take_trace(),
        events: world.tables().events().len() - events,
        messages: world.tables().messages().map(|message| message.sealed.len()).collect(),
        hashes: world.hashes() - hashes,
    }
}

#[test]
fn requests_for_a_reset_look_alike_whoever_has_the_address_until_and_while_they_are_limited() {
    let no_passwords = Policy { reset_unusable_passwords: false, ..Policy::default() };
    let mut worlds: Vec<_> =
        reasons().into_iter().map(|(name, world, email, _)| (name, world, email)).collect();
    for (name, change) in [
        ("closed", (|user| user.closes_at = Some(user.joined_at)) as fn(&mut User)),
        ("closed and inactive", |user| {
            (user.is_active, user.closes_at) = (false, Some(user.joined_at));
        }),
        ("verified", |user| user.is_verified = true),
    ] {
        let mut world = world_with_ada();
        world.change_user(ADA, change);
        worlds.push((name, world, ADA));
    }
    for (name, guesses, hard_stop) in [("locked", 5, 100), ("stopped", 3, 3)] {
        let mut world = world_with_ada();
        let mut policy = no_passwords.clone();
        policy.login_account.hard_stop = Some(hard_stop);
        world.set_policy(policy);
        (0..guesses).for_each(|_| drop(attempt(&mut world, ADA, "a wrong guess")));
        let locked = attempt(&mut world, ADA, PASSWORD).refusal;
        assert_ne!(locked, Refusal::InvalidCredentials, "{name}");
        worlds.push((name, world, ADA));
    }
    for client in [Client::unknown(), Client::unknown().with_ip("192.0.2.1".parse().unwrap())] {
        let mut all = Vec::new();
        for (name, world, email) in &worlds {
            for policy in [world.settings().policy().clone(), no_passwords.clone()] {
                let mut world = world.clone();
                world.set_client(client.clone());
                world.set_policy(policy);
                let ask = |world: &mut World| world.run(|env| request_password_reset(email, env));
                let seen: Vec<_> = (0..5).map(|_| asked(&mut world, ask)).collect();
                all.push((*name, seen));
            }
        }
        let (_, model) = &all[0];
        assert_eq!((&model[0].answer, model[0].hashes), (&Ok(()), 0));
        assert_eq!((model[2].messages.len(), model[2].events), (3, 2));
        assert!(matches!(model[3].answer, Err(Refusal::RateLimited { .. })));
        for (name, seen) in &all {
            assert_eq!(seen, model, "{name}");
        }
    }
}

#[test]
fn requests_for_another_address_look_alike_whether_it_is_free_or_taken() {
    let requests = |prepare: fn(&mut World)| {
        let mut world = world_with_ada();
        prepare(&mut world);
        let access = world.login(ADA, PASSWORD).tokens.access;
        let ask = |world: &mut World| {
            world.run(|env| request_email_change(access.expose(), "eve@example.com", env))
        };
        (0..5).map(|_| asked(&mut world, ask)).collect::<Vec<_>>()
    };
    let free = requests(|_| ());
    assert_eq!((&free[0].answer, free[2].messages.len()), (&Ok(()), 3));
    assert!(matches!(free[3].answer, Err(Refusal::RateLimited { .. })));
    let taken: [fn(&mut World); 3] = [
        |world| drop(world.register("eve@example.com", PASSWORD)),
        |world| drop(world.register("EVE@example.com", PASSWORD)),
        |world| {
            world.register("eve@example.com", PASSWORD);
            world.change_user("eve@example.com", |user| user.is_active = false);
        },
    ];
    for prepare in taken {
        assert_eq!(requests(prepare), free);
    }
}
