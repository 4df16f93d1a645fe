//! The k-th command fails, for every k, in every flow.

mod accounts;
mod attempts;
mod onboarding;

use testudo::Env;
use testudo::command::UserKey;
use testudo::event::EventRecord;
use testudo::flow::admin::{
    self, ImportUser, SetPassword, UserPage, activate, deactivate, end_session, end_sessions,
    import_users, list_users, set_password, user_sessions,
};
use testudo::flow::{
    AcceptInvitation, ApiKeyPage, ChangePassword, CreateApiKey, EventPage, ExternalLogin,
    InvitationPage, Invite, Login, RegisterUser, SessionPage, SignedIn, accept_invitation,
    authenticate, authenticate_api_key, authenticate_service, authenticate_user, change_password,
    create_api_key, external_login, invite, list_api_keys, list_events, list_invitations,
    list_sessions, login, logout, logout_all, refresh, register_user, revoke_api_key,
    revoke_invitation, revoke_session, sweep,
};
use testudo::message::SealedMessage;
use testudo::model::{ApiKey, Email, Invitation, OnboardingSession, Session, User};
use testudo::password::PasswordHash;
use testudo::testing::{Backend, Mishap, World, WorldFault};
use testudo::{Client, Duration, Policy, Refusal, Secret, Step};

use super::{ADA, PASSWORD, forms, registration, world_with_ada};

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

/// Every flow, in every way that it can end, under every form of tokens.
fn cases() -> Vec<Case> {
    forms().into_iter().flat_map(|(_, tokens)| cases_under(tokens)).collect()
}

fn cases_under(tokens: Backend) -> Vec<Case> {
    let (mut session, start) = session_under(tokens);
    let phone = session.login(ADA, PASSWORD).tokens;
    let next = session.clone().run(|env| refresh(start.tokens.refresh.expose(), env)).unwrap();
    let mut refreshed = session.clone();
    refreshed.run(|env| refresh(start.tokens.refresh.expose(), env)).unwrap();
    let mut spent = refreshed.clone();
    spent.advance(Duration::from_secs(60));
    let mut account = world_under(tokens);
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
    let mut cases = vec![
        Case::new("login", account.clone(), sign_in(ADA, PASSWORD)),
        Case::new("login, outdated hash", outdated, sign_in(ADA, PASSWORD)),
        Case::new("login, wrong password", account.clone(), sign_in(ADA, "a wrong guess")),
        Case::new("login, unknown", account.clone(), sign_in("nobody@example.com", PASSWORD)),
        Case::new("login with another service", account.clone(), |world| {
            let ada = world.tables().users().next().unwrap().id;
            let request = ExternalLogin::new(ada);
            Ok(world.try_run(|env| external_login(request, env))?.map(drop))
        }),
        Case::new("refresh", session.clone(), exchange(&start.tokens.refresh)),
        Case::new("refresh, repeated", refreshed, exchange(&start.tokens.refresh)),
        Case::new("refresh, reused", spent.clone(), exchange(&start.tokens.refresh)),
        Case::new("refresh, second", spent, exchange(&next.tokens.refresh)),
        Case::new("authenticate", session.clone(), move |world| {
            let now = world.now();
            Ok(world.try_run(|env| authenticate(one.expose(), env.settings(), now))?.map(drop))
        }),
        Case::new("authenticate, with user", session.clone(), move |world| {
            let now = world.now();
            Ok(world.try_run(|env| authenticate_user(two.expose(), env.settings(), now))?.map(drop))
        }),
        Case::new("logout", session.clone(), move |world| {
            world.try_run(|env| logout(three.expose(), env))
        }),
        Case::new("logout everywhere", session, move |world| {
            world.try_run(|env| logout_all(four.expose(), env))
        }),
        Case::new("registration", crate::new_world(), |world| {
            Ok(world.try_run(|env| register_user(registration(ADA), env))?.map(drop))
        }),
        Case::new("registration without a password", crate::new_world(), |world| {
            let request = RegisterUser { password: None, ..registration(ADA) };
            Ok(world.try_run(|env| register_user(request, env))?.map(drop))
        }),
        Case::new("registration, taken", account, |world| {
            Ok(world.try_run(|env| register_user(registration(ADA), env))?.map(drop))
        }),
    ];
    cases.extend(cases_of_passwords(tokens));
    cases.extend(cases_of_events(tokens));
    cases.extend(cases_of_sessions(tokens));
    cases.extend(cases_of_api_keys(tokens));
    cases.extend(cases_of_invitations(tokens));
    cases.extend(cases_of_administration(tokens));
    cases.extend(accounts::cases());
    cases.extend(onboarding::cases(tokens));
    cases
}

fn world_under(tokens: Backend) -> World {
    let mut world = world_with_ada();
    world.set_tokens(tokens);
    world
}

fn session_under(tokens: Backend) -> (World, SignedIn) {
    let mut world = world_under(tokens);
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

const NEW: &str = "a wholly different phrase";

fn cases_of_passwords(tokens: Backend) -> [Case; 4] {
    let (session, start) = session_under(tokens);
    let access = start.tokens.access;
    let change = |current: &'static str| {
        let access = access.clone();
        move |world: &mut World| {
            let request = ChangePassword { current: current.into(), new: NEW.into() };
            world.try_run(|env| change_password(access.expose(), request, env))
        }
    };
    let sign_in = |world: &mut World| {
        Ok(world.try_run(|env| login(Login::new(ADA, PASSWORD.into()), env))?.map(drop))
    };
    let mut owing = world_under(tokens);
    owing.change_user(ADA, |user| user.must_change_password = true);
    let mut legacy = world_under(tokens);
    legacy.set_policy(Policy { consult_legacy: true, ..Policy::default() });
    legacy.change_user(ADA, |user| user.password = PasswordHash::legacy());
    legacy.set_legacy_password(ADA, PASSWORD);
    [
        Case::new("change of password", session.clone(), change(PASSWORD)),
        Case::new("change of password, wrong password", session, change("a wrong guess")),
        Case::new("login, change owed", owing, sign_in),
        Case::new("login, password elsewhere", legacy, sign_in),
    ]
}

fn cases_of_events(tokens: Backend) -> [Case; 7] {
    const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    let (mut world, start) = session_under(tokens);
    let access = start.tokens.access;
    let (key, text) =
        world.run(|env| create_api_key(access.expose(), CreateApiKey::new("x"), env)).unwrap();
    let mut revoked = world.clone();
    revoked.run(|env| admin::revoke_api_key(key.id, env)).unwrap();
    let mut stale = world.clone();
    stale.advance(Duration::from_minutes(11));
    let mut elsewhere = world.clone();
    elsewhere.set_client(Client::unknown().with_user_agent("another"));
    let create = access.clone();
    let list = move |world: &mut World| {
        let (now, page) = (world.now(), EventPage::default());
        let listed =
            world.try_run(|env| list_events(access.expose(), page, env.settings(), now))?;
        Ok(listed.map(drop))
    };
    let serve = |token: &'static str| {
        move |world: &mut World| {
            let tokens = SERVICE.parse().unwrap();
            Ok(world.try_run(|env| authenticate_service(token, None, &tokens, env))?.map(drop))
        }
    };
    [
        Case::new("list of events", world.clone(), list),
        Case::new("list of events, by an administrator", world.clone(), |world| {
            world.try_run(|_| admin::list_events(None, EventPage::default())).map(|_| Ok(()))
        }),
        Case::new("service", world.clone(), serve(SERVICE)),
        Case::new("service, wrong token", world, serve("another")),
        Case::new("use of an API key that was revoked", revoked, move |world| {
            Ok(world.try_run(|env| authenticate_api_key(text.expose(), None, env))?.map(drop))
        }),
        Case::new("API key, stale sign-in", stale, move |world| {
            let request = CreateApiKey::new("y");
            Ok(world.try_run(|env| create_api_key(create.expose(), request, env))?.map(drop))
        }),
        Case::new("login, new device", elsewhere, |world| {
            Ok(world.try_run(|env| login(Login::new(ADA, PASSWORD.into()), env))?.map(drop))
        }),
    ]
}

fn cases_of_sessions(tokens: Backend) -> [Case; 5] {
    let (mut world, start) = session_under(tokens);
    let phone = world.login(ADA, PASSWORD).session.id;
    let own = start.session.id;
    let access = start.tokens.access;
    let revoke = |id| {
        let access = access.clone();
        move |world: &mut World| world.try_run(|env| revoke_session(access.expose(), id, env))
    };
    let list = {
        let access = access.clone();
        move |world: &mut World| {
            let (now, page) = (world.now(), SessionPage::default());
            let listed =
                world.try_run(|env| list_sessions(access.expose(), page, env.settings(), now))?;
            Ok(listed.map(drop))
        }
    };
    let mut later = world.clone();
    later.advance(Duration::from_days(30));
    [
        Case::new("list of sessions", world.clone(), list),
        Case::new("end of another session", world.clone(), revoke(phone)),
        Case::new("end of the own session", world, revoke(own)),
        Case::new("sweep", later, |world| {
            let now = world.now();
            world.try_run(|env| sweep(100, env.settings().policy(), now)).map(|_| Ok(()))
        }),
        Case::new("sweep, nothing to do", world_under(tokens), |world| {
            let now = world.now();
            world.try_run(|env| sweep(100, env.settings().policy(), now)).map(|_| Ok(()))
        }),
    ]
}

fn cases_of_api_keys(tokens: Backend) -> [Case; 8] {
    let (mut world, start) = session_under(tokens);
    world.set_policy(Policy { api_keys: 2, ..Policy::default() });
    let access = start.tokens.access;
    let create = {
        let access = access.clone();
        move |world: &mut World| {
            let request = CreateApiKey::new("any");
            Ok(world.try_run(|env| create_api_key(access.expose(), request, env))?.map(drop))
        }
    };
    let short = CreateApiKey { expires_in: Some(Duration::from_secs(1)), ..CreateApiKey::new("x") };
    let mut crowded = world.clone();
    let mut one_there = world.clone();
    for world in [&mut crowded, &mut one_there] {
        world.run(|env| create_api_key(access.expose(), short.clone(), env)).unwrap();
    }
    crowded.run(|env| create_api_key(access.expose(), short, env)).unwrap();
    let mut full = crowded.clone();
    full.set_clock(start.session.created_at);
    crowded.advance(Duration::from_secs(1));
    let (key, text) = world
        .clone()
        .run(|env| create_api_key(access.expose(), CreateApiKey::new("x"), env))
        .unwrap();
    let mut with_key = world.clone();
    with_key.run(|env| create_api_key(access.expose(), CreateApiKey::new("x"), env)).unwrap();
    let authenticate = move |world: &mut World| {
        Ok(world.try_run(|env| authenticate_api_key(text.expose(), None, env))?.map(drop))
    };
    let mut used = with_key.clone();
    authenticate(&mut used).unwrap().unwrap();
    let list = {
        let access = access.clone();
        move |world: &mut World| {
            let (now, page) = (world.now(), ApiKeyPage::default());
            Ok(world
                .try_run(|env| list_api_keys(access.expose(), page, env.settings(), now))?
                .map(drop))
        }
    };
    let revoke = {
        let access = access.clone();
        move |world: &mut World| world.try_run(|env| revoke_api_key(access.expose(), key.id, env))
    };
    [
        Case::new("API key", one_there, create.clone()),
        Case::new("API key, in the room of others", crowded, create.clone()),
        Case::new("API key, one too many", full, create),
        Case::new("list of API keys", with_key.clone(), list),
        Case::new("end of an API key", with_key.clone(), revoke),
        Case::new("end of an API key, by an administrator", with_key.clone(), move |world| {
            world.try_run(|env| admin::revoke_api_key(key.id, env))
        }),
        Case::new("use of an API key", with_key, authenticate.clone()),
        Case::new("use of an API key, once more", used, authenticate),
    ]
}

fn cases_of_invitations(tokens: Backend) -> [Case; 11] {
    const BOB: &str = "bob@example.com";
    let (mut world, start) = session_under(tokens);
    world.change_user(ADA, |user| user.is_verified = true);
    world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    let access = start.tokens.access;
    let inviting = |request: Invite| {
        let access = access.clone();
        move |world: &mut World| {
            let request = request.clone();
            Ok(world.try_run(|env| invite(access.expose(), request, env))?.map(drop))
        }
    };
    let mut with_open = world.clone();
    let open = Invite::open(2);
    let open = with_open.run(|env| invite(access.expose(), open, env)).unwrap();
    let mut with_bound = world.clone();
    with_bound.run(|env| invite(access.expose(), Invite::bound(BOB), env)).unwrap();
    let bound = with_bound.messages().pop().unwrap().token.unwrap();
    let mut full = with_open.clone();
    full.set_policy(Policy { open_invitations: 1, ..Policy::default() });
    let (mut taken_open, mut taken_bound) = (with_open.clone(), with_bound.clone());
    taken_open.register(BOB, PASSWORD);
    taken_bound.register(BOB, PASSWORD);
    let accepting = |token: &Secret<String>| {
        let token = token.clone();
        move |world: &mut World| {
            let request = AcceptInvitation {
                token: token.clone(),
                email: Some(BOB.to_owned()),
                password: PASSWORD.into(),
                profile: Default::default(),
            };
            world.try_run(|env| accept_invitation(request, env))
        }
    };
    let id = open.invitation.id;
    let open = open.token.unwrap();
    let list = {
        let access = access.clone();
        move |world: &mut World| {
            let (now, page) = (world.now(), InvitationPage::default());
            Ok(world
                .try_run(|env| list_invitations(access.expose(), page, env.settings(), now))?
                .map(drop))
        }
    };
    let revoke = {
        let access = access.clone();
        move |world: &mut World| world.try_run(|env| revoke_invitation(access.expose(), id, env))
    };
    [
        Case::new("invitation", world.clone(), inviting(Invite::open(1))),
        Case::new("invitation by mail", world.clone(), inviting(Invite::bound(BOB))),
        Case::new("invitation, one too many", full, inviting(Invite::open(1))),
        Case::new("invitation by an administrator", world, |world| {
            Ok(world.try_run(|env| admin::invite(Invite::open(1), env))?.map(drop))
        }),
        Case::new("list of invitations", with_open.clone(), list),
        Case::new("end of an invitation", with_open.clone(), revoke),
        Case::new("end of an invitation, by an administrator", with_open.clone(), move |world| {
            world.try_run(|env| admin::revoke_invitation(id, env))
        }),
        Case::new("acceptance", with_open, accepting(&open)),
        Case::new("acceptance, taken", taken_open, accepting(&open)),
        Case::new("acceptance by mail", with_bound, accepting(&bound)),
        Case::new("acceptance by mail, taken", taken_bound, accepting(&bound)),
    ]
}

fn cases_of_administration(tokens: Backend) -> [Case; 9] {
    fn run<T>(
        flow: impl Fn(Env) -> Step<Result<T, Refusal>> + 'static,
    ) -> impl Fn(&mut World) -> Result<Answer, WorldFault> {
        move |world| Ok(world.try_run(&flow)?.map(drop))
    }
    let ada = || UserKey::Email(ADA.parse::<Email>().unwrap().key().clone());
    let (session, start) = session_under(tokens);
    let id = start.session.id;
    let now = session.now();
    let mut closed = session.clone();
    closed.change_user(ADA, |user| user.is_active = false);
    let password = move |env| {
        let request = SetPassword { user: ada(), password: NEW.into(), must_change: true };
        set_password(request, env)
    };
    let import = |env| {
        let emails = [ADA, "bob@example.com", "Ada@Example.com", "no address"];
        import_users(emails.map(|email| ImportUser::new(email, None)).into(), env)
    };
    [
        Case::new("activation", closed, run(move |env| activate(ada(), env))),
        Case::new("deactivation", session.clone(), run(move |env| deactivate(ada(), env))),
        Case::new("password set", session.clone(), run(password)),
        Case::new("end of a session", session.clone(), run(move |env| end_session(id, env))),
        Case::new("end of all", session.clone(), run(move |env| end_sessions(ada(), env))),
        Case::new("sessions of a user", session.clone(), {
            run(move |_| user_sessions(ada(), SessionPage::default(), now))
        }),
        Case::new("list of users", session.clone(), |world| {
            world.try_run(|_| list_users(UserPage::default())).map(|_| Ok(()))
        }),
        Case::new("import", crate::new_world(), run(import)),
        Case::new("import, some there", session, run(import)),
    ]
}

/// All records but the attempt counters, which are counted before anything else.
#[derive(Debug, PartialEq)]
struct Records<'a> {
    users: Vec<&'a User>,
    sessions: Vec<&'a Session>,
    api_keys: Vec<&'a ApiKey>,
    invitations: Vec<&'a Invitation>,
    onboarding: Vec<&'a OnboardingSession>,
    events: Vec<EventRecord>,
    messages: Vec<&'a SealedMessage>,
}

fn records(world: &World) -> Records<'_> {
    let tables = world.tables();
    Records {
        users: tables.users().collect(),
        sessions: tables.sessions().collect(),
        api_keys: tables.api_keys().collect(),
        invitations: tables.invitations().collect(),
        onboarding: tables.onboarding().collect(),
        events: tables.events(),
        messages: tables.messages().collect(),
    }
}

/// The names of the commands of an undisturbed run, its answer, and the world after it.
fn undisturbed(case: &Case) -> (Vec<&'static str>, Answer, World) {
    let mut world = case.world.clone();
    world.take_trace();
    let answer = (case.run)(&mut world).unwrap();
    (world.take_trace(), answer, world)
}

/// Over two, see the laws of several stores.
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

                let writes = ["Commit", "Sweep"].contains(command);
                let done = writes && mishap == Mishap::After;
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
    assert!(injected >= 220, "{injected} faults in all flows");
}

#[test]
fn a_conflict_is_looked_at_again_and_comes_to_the_same_answer() {
    crate::wherever_records_live(|| {
        for case in cases() {
            let (commands, answer, whole) = undisturbed(&case);
            let Some(k) = commands.iter().position(|command| *command == "Commit") else {
                continue;
            };
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
                    let tables = world.tables();
                    let Records {
                        users,
                        sessions,
                        api_keys,
                        invitations,
                        onboarding,
                        messages,
                        ..
                    } = records(world);
                    let granted = (users.len(), sessions.len(), api_keys.len(), invitations.len());
                    (granted, onboarding.len(), messages.len(), tables.attempts().count())
                };
                assert_eq!(count(&world), count(&whole), "{}", case.name);
            }
        }
    });
}

#[test]
fn a_flow_that_always_loses_says_so_and_has_done_nothing() {
    crate::wherever_records_live(|| {
        for case in cases() {
            let (commands, _, _) = undisturbed(&case);
            if !commands.contains(&"Commit") {
                continue;
            }
            let mut world = case.world.clone();
            (1..100).for_each(|k| world.fail(k, Mishap::Conflict));
            let answer = (case.run)(&mut world).unwrap();
            let expected = match case.name {
                // What is written then changes no answer.
                "use of an API key" => {
                    assert_eq!((answer, records(&world)), (Ok(()), records(&case.world)));
                    continue;
                }
                "login, wrong password" | "login, unknown" => Refusal::InvalidCredentials,
                "change of password, wrong password" => Refusal::InvalidPassword,
                "reset, superseded link" | "reset, expired link" => Refusal::InvalidToken,
                "service" => {
                    assert_eq!(answer, Ok(()), "nothing that could conflict was decided");
                    continue;
                }
                "service, wrong token" => Refusal::InvalidToken,
                name if onboarding::decides_nothing(name) => {
                    assert_eq!(answer, undisturbed(&case).1, "{name}: nothing that could conflict");
                    assert_eq!(records(&world), records(&case.world), "{name}");
                    continue;
                }
                "use of an API key that was revoked" => Refusal::RevokedToken,
                "API key, stale sign-in" => Refusal::StepUpRequired,
                name if name.starts_with("registration") => Refusal::EmailTaken,
                _ => Refusal::Busy,
            };
            assert_eq!(answer, Err(expected), "{}", case.name);
            assert_eq!(records(&world), records(&case.world), "{}", case.name);
        }
    });
}
