//! The k-th command fails, for every k, in every flow.

use testudo::event::EventRecord;
use testudo::flow::{
    Login, RegisterUser, authenticate, authenticate_user, login, logout, logout_all, refresh,
    register_user,
};
use testudo::model::{Session, User};
use testudo::testing::{Mishap, World, WorldFault};
use testudo::{Client, Duration, Refusal};

use super::{ADA, PASSWORD, registration, world_with_ada, world_with_session};

type Answer = Result<(), Refusal>;

type Run = Box<dyn Fn(&mut World) -> Result<Answer, WorldFault>>;

/// A flow that is asked for in a certain world.
struct Case {
    name: &'static str,
    world: World,
    run: Run,
    /// What a second try is told when the first one was carried out and its reply was lost.
    retried: Answer,
}

impl Case {
    fn new(
        name: &'static str,
        world: World,
        run: impl Fn(&mut World) -> Result<Answer, WorldFault> + 'static,
    ) -> Self {
        let mut whole = world.clone();
        let _ = run(&mut whole);
        let retried = run(&mut whole).unwrap();
        Self { name, world, run: Box::new(run), retried }
    }
}

/// Every flow, in every way that it can end.
fn cases() -> Vec<Case> {
    let (mut session, start) = world_with_session();
    let phone = session.login(ADA, PASSWORD).tokens;
    let next = session.clone().run(|env| refresh(start.tokens.refresh.expose(), env)).unwrap();
    let mut refreshed = session.clone();
    refreshed.run(|env| refresh(start.tokens.refresh.expose(), env)).unwrap();
    let mut spent = refreshed.clone();
    spent.advance(Duration::from_secs(60));
    let mut account = world_with_ada();
    account.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    let mut outdated = account.clone();
    outdated.change_user(ADA, |user| user.password = World::stored_hash(PASSWORD, false));

    let sign_in = |email: &'static str, password: &'static str| {
        move |world: &mut World| {
            let run = world.try_run(|env| login(Login::new(email, password.into()), env));
            run.map(|result| result.map(drop))
        }
    };
    let exchange = |token: &testudo::Secret<String>| {
        let token = token.clone();
        move |world: &mut World| {
            let run = world.try_run(|env| refresh(token.expose(), env));
            run.map(|result| result.map(drop))
        }
    };
    // For a closure each, to hold for as long as its case lives.
    let [one, two, three, four] = [(); 4].map(|()| phone.access.clone());
    vec![
        Case::new("login", account.clone(), sign_in(ADA, PASSWORD)),
        Case::new("login, outdated hash", outdated, sign_in(ADA, PASSWORD)),
        Case::new("login, wrong password", account.clone(), sign_in(ADA, "a wrong guess")),
        Case::new("login, unknown", account.clone(), sign_in("nobody@example.com", PASSWORD)),
        Case::new("refresh", session.clone(), exchange(&start.tokens.refresh)),
        Case::new("refresh, repeated", refreshed, exchange(&start.tokens.refresh)),
        Case::new("refresh, reused", spent.clone(), exchange(&start.tokens.refresh)),
        Case::new("refresh, second", spent, exchange(&next.tokens.refresh)),
        Case::new("authenticate", session.clone(), move |world| {
            let now = world.now();
            Ok(world.try_run(|_| authenticate(one.expose(), now))?.map(drop))
        }),
        Case::new("authenticate, with user", session.clone(), move |world| {
            let now = world.now();
            Ok(world.try_run(|_| authenticate_user(two.expose(), now))?.map(drop))
        }),
        Case::new("logout", session.clone(), move |world| {
            world.try_run(|env| logout(three.expose(), env))
        }),
        Case::new("logout everywhere", session, move |world| {
            world.try_run(|env| logout_all(four.expose(), env))
        }),
        Case::new("registration", World::new(), |world| {
            Ok(world.try_run(|env| register_user(registration(ADA), env))?.map(drop))
        }),
        Case::new("registration without a password", World::new(), |world| {
            let request = RegisterUser { password: None, ..registration(ADA) };
            Ok(world.try_run(|env| register_user(request, env))?.map(drop))
        }),
        Case::new("registration, taken", account, |world| {
            Ok(world.try_run(|env| register_user(registration(ADA), env))?.map(drop))
        }),
    ]
}

/// All records but the attempt counters, which are counted before anything else.
fn records(world: &World) -> (Vec<&User>, Vec<&Session>, Vec<EventRecord>) {
    let tables = world.tables();
    (tables.users().collect(), tables.sessions().collect(), tables.undelivered(1000))
}

/// The names of the commands of an undisturbed run, its answer, and the world after it.
fn undisturbed(case: &Case) -> (Vec<&'static str>, Answer, World) {
    let mut world = case.world.clone();
    world.take_trace();
    let answer = (case.run)(&mut world).unwrap();
    (world.take_trace(), answer, world)
}

#[test]
fn when_a_command_fails_nothing_is_granted_and_nothing_is_half_done() {
    let mut injected = 0;
    for case in cases() {
        let (commands, answer, whole) = undisturbed(&case);
        for (k, command) in (1..).zip(&commands) {
            for mishap in [Mishap::Before, Mishap::After] {
                let place = format!("{}: {mishap:?} command {k}, {command}", case.name);
                let mut world = case.world.clone();
                world.fail(k, mishap);
                let fault = (case.run)(&mut world).expect_err(&place);
                assert!(matches!(fault, WorldFault::Planned { .. }), "{place}");
                injected += 1;

                let done = *command == "Commit" && mishap == Mishap::After;
                let again = if done {
                    assert_eq!(world.tables(), whole.tables(), "{place}: wholly done");
                    case.retried.clone()
                } else {
                    assert_eq!(records(&world), records(&case.world), "{place}: nothing done");
                    answer.clone()
                };
                assert_eq!((case.run)(&mut world), Ok(again), "{place}: tried again");
            }
        }
    }
    assert!(injected >= 70, "{injected} faults in all flows");
}

#[test]
fn a_failed_command_gives_no_attempt_back() {
    let mut world = world_with_ada();
    for guess in 0..5 {
        world.fail(2 + guess % 3, if guess % 2 == 0 { Mishap::Before } else { Mishap::After });
        let request = Login::new(ADA, "a wrong guess".into());
        world.try_run(|env| login(request, env)).unwrap_err();
    }
    let refused = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused}");
}

#[test]
fn a_conflict_is_looked_at_again_and_comes_to_the_same_answer() {
    for case in cases() {
        let (commands, answer, whole) = undisturbed(&case);
        let Some(k) = commands.iter().position(|command| *command == "Commit") else { continue };
        let mut world = case.world.clone();
        world.fail(k + 1, Mishap::Conflict);
        let got = (case.run)(&mut world).unwrap();
        if case.name.starts_with("registration") {
            // Only a taken address can conflict there.
            assert_eq!(got, Err(Refusal::EmailTaken), "{}", case.name);
            assert_eq!(world.tables(), case.world.tables(), "{}", case.name);
        } else {
            assert_eq!(got, answer, "{}", case.name);
            let count = |world: &World| {
                let (users, sessions, _) = records(world);
                (users.len(), sessions.len(), world.tables().attempts().count())
            };
            assert_eq!(count(&world), count(&whole), "{}", case.name);
        }
    }
}

#[test]
fn a_flow_that_always_loses_says_so_and_has_done_nothing() {
    for case in cases() {
        let (commands, _, _) = undisturbed(&case);
        if !commands.contains(&"Commit") {
            continue;
        }
        let mut world = case.world.clone();
        (1..100).for_each(|k| world.fail(k, Mishap::Conflict));
        let refused = (case.run)(&mut world).unwrap().unwrap_err();
        let expected = match case.name {
            "login, wrong password" | "login, unknown" => Refusal::InvalidCredentials,
            name if name.starts_with("registration") => Refusal::EmailTaken,
            _ => Refusal::Busy,
        };
        assert_eq!(refused, expected, "{}", case.name);
        assert_eq!(records(&world), records(&case.world), "{}", case.name);
    }
}
