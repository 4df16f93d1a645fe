//! Laws that hold in every order in which the commands of two or three flows can reach a store.

mod accounts;
mod onboarding;

use testudo::command::{Against, PasswordVerdict, VerifyPassword};
use testudo::event::Event;
use testudo::flow::admin::{ImportUser, SetPassword, deactivate, import_users, set_password};
use testudo::flow::{
    ChangePassword, ExternalLogin, Login, change_password, external_login, login, logout,
    logout_all, refresh, register_user, revoke_session,
};
use testudo::model::{Epoch, SessionId};
use testudo::password::{PasswordHash, WorkBuffer};
use testudo::testing::{Ending, Explorer, InsecureHasher, World};
use testudo::token::Tokens;
use testudo::{Client, Duration, Refusal};

use super::{
    ADA, PASSWORD, ada, probe_access, probe_refresh, registration, session_of, tokens_of, works,
    world_with_ada, worlds_that_list_sessions, worlds_with_ada, worlds_with_session,
};

/// What a flow is remembered for: the tokens that it gave, or that it said yes, or no.
type Answer = Result<Option<Tokens>, Refusal>;

/// Puts the flows that these laws are about into an explorer.
trait Flows<'a>: Sized {
    fn refreshing(self, name: &'static str, tokens: &'a Tokens) -> Self;
    fn signing_in(self, name: &'static str, email: &'a str, password: &'a str) -> Self;
    fn signing_out(self, tokens: &'a Tokens) -> Self;
    fn signing_out_everywhere(self, tokens: &'a Tokens) -> Self;
    fn changing_password(self, name: &'static str, tokens: &'a Tokens, new: &'a str) -> Self;
    fn ending(self, name: &'static str, tokens: &'a Tokens, target: SessionId) -> Self;
    fn deactivating(self) -> Self;
    fn setting_password(self, new: &'a str) -> Self;
    fn importing(self, name: &'static str, emails: [&'a str; 2]) -> Self;
    fn registering(self, name: &'static str, email: &'a str) -> Self;
}

impl<'a> Flows<'a> for Explorer<'a, Answer> {
    fn refreshing(self, name: &'static str, tokens: &'a Tokens) -> Self {
        self.flow(
            name,
            |env| refresh(tokens.refresh.expose(), env),
            |result| result.map(|refreshed| Some(refreshed.tokens)),
        )
    }

    fn signing_in(self, name: &'static str, email: &'a str, password: &'a str) -> Self {
        self.flow(
            name,
            move |env| login(Login::new(email, password.into()), env),
            |result| result.map(tokens_of),
        )
    }

    fn signing_out(self, tokens: &'a Tokens) -> Self {
        let begin = |env| logout(tokens.access.expose(), env);
        self.flow("logout", begin, |result| result.map(|()| None))
    }

    fn signing_out_everywhere(self, tokens: &'a Tokens) -> Self {
        let begin = |env| logout_all(tokens.access.expose(), env);
        self.flow("logout everywhere", begin, |result| result.map(|()| None))
    }

    fn changing_password(self, name: &'static str, tokens: &'a Tokens, new: &'a str) -> Self {
        let begin = move |env| {
            let request = ChangePassword { current: PASSWORD.into(), new: new.into() };
            change_password(tokens.access.expose(), request, env)
        };
        self.flow(name, begin, |result| result.map(|()| None))
    }

    fn ending(self, name: &'static str, tokens: &'a Tokens, target: SessionId) -> Self {
        let begin = move |env| revoke_session(tokens.access.expose(), target, env);
        self.flow(name, begin, |result| result.map(|()| None))
    }

    fn deactivating(self) -> Self {
        let begin = |env| deactivate(ada(), env);
        self.flow("deactivation", begin, |result| result.map(|_| None))
    }

    fn setting_password(self, new: &'a str) -> Self {
        let begin = move |env| {
            let request = SetPassword { user: ada(), password: new.into(), must_change: false };
            set_password(request, env)
        };
        self.flow("password set", begin, |result| result.map(|_| None))
    }

    fn importing(self, name: &'static str, emails: [&'a str; 2]) -> Self {
        let begin =
            move |env| import_users(emails.map(|email| ImportUser::new(email, None)).into(), env);
        self.flow(name, begin, |result| result.map(|_| None))
    }

    fn registering(self, name: &'static str, email: &'a str) -> Self {
        let begin = move |env| register_user(registration(email), env);
        self.flow(name, begin, |result| result.map(|_| None))
    }
}

fn is_hash_of(stored: &PasswordHash, password: &str) -> bool {
    let against = Against::Stored(stored.clone());
    let request = VerifyPassword { password: password.into(), against };
    let verdict = InsecureHasher::current().chain().verify(&request, &mut WorkBuffer::new());
    matches!(verdict, Ok(PasswordVerdict::Valid { .. }))
}

/// Whether somebody can sign in as Ada with this password.
fn opens(world: &World, password: &str) -> bool {
    world.clone().run(|env| login(Login::new(ADA, password.into()), env)).is_ok()
}

const NEW_PASSWORD: &str = "a wholly different phrase";

/// The tokens that were given, in the order of the flows.
fn given(endings: &[Ending<Answer>]) -> Vec<&Tokens> {
    endings.iter().filter_map(|ending| ending.done()?.as_ref().ok()?.as_ref()).collect()
}

fn count_events(world: &World, which: fn(&Event) -> bool) -> usize {
    world.tables().events().iter().filter(|record| which(&record.event)).count()
}

fn said_yes(ending: &Ending<Answer>) -> bool {
    matches!(ending, Ending::Done(Ok(_)))
}

fn refused_with(ending: &Ending<Answer>, refusal: &Refusal) -> bool {
    matches!(ending, Ending::Done(Err(refused)) if refused == refusal)
}

fn assert_dead<'a>(world: &World, tokens: impl IntoIterator<Item = &'a Tokens>) {
    for pair in tokens {
        assert!(!works(world, pair), "a token of {:?} works", session_of(pair));
    }
}

/// Of these pairs, of one session, at most one can be exchanged for a new one.
fn assert_one_live_branch<'a>(world: &World, tokens: impl IntoIterator<Item = &'a Tokens>) {
    let mut later = world.clone();
    later.advance(Duration::from_secs(60));
    let mut live: Vec<_> = tokens
        .into_iter()
        .filter(|pair| probe_refresh(&later, pair).is_ok())
        .map(|pair| pair.refresh.expose())
        .collect();
    live.sort();
    live.dedup();
    assert!(live.len() <= 1, "{} refresh tokens of one session are live", live.len());
}

fn without_grace(world: &mut World) {
    let mut policy = world.settings().policy().clone();
    policy.refresh_grace = Duration::ZERO;
    world.set_policy(policy);
}

/// Limits an account to `attempts` guesses.
fn limit_guesses(world: &mut World, attempts: u32) {
    let mut policy = world.settings().policy().clone();
    policy.login_account.attempts = attempts;
    world.set_policy(policy);
}

#[test]
fn parallel_refreshes_of_one_token_get_one_successor() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explore = |names: &[&'static str]| {
                let mut explorer = Explorer::new(&world);
                for name in names {
                    explorer = explorer.refreshing(name, &start.tokens);
                }
                explorer.check(|world, endings| {
                    let successors = given(endings);
                    assert_eq!(successors.len(), endings.len(), "all are answered");
                    for successor in &successors {
                        assert_eq!(successor.refresh.expose(), successors[0].refresh.expose());
                        assert_eq!(successor.access.expose(), successors[0].access.expose());
                    }
                    assert_eq!(probe_access(world, successors[0]), Ok(()));
                    assert_eq!(world.tables().sessions().next().unwrap().generation, 1);
                    assert_one_live_branch(world, successors);
                })
            };
            assert!(explore(&["one", "two"]) >= 4);
            assert!(explore(&["one", "two", "three"]) >= 36);
        }
    });
}

#[test]
fn a_refresh_that_is_lost_in_a_crash_is_repeated_with_the_same_token() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .refreshing("one", &start.tokens)
                .refreshing("two", &start.tokens)
                .with_crashes();
            let mut crashes = 0;
            let schedules = explorer.check(|world, endings| {
                crashes += endings.iter().filter(|ending| ending.done().is_none()).count();
                assert_eq!(probe_refresh(world, &start.tokens), Ok(1));
                assert_one_live_branch(world, given(endings));
            });
            assert!(crashes >= 8 && crashes < schedules);
        }
    });
}

#[test]
fn without_a_grace_a_parallel_refresh_is_taken_for_theft() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_with_session() {
            without_grace(&mut world);
            let explorer = Explorer::new(&world)
                .refreshing("one", &start.tokens)
                .refreshing("two", &start.tokens)
                .refreshing("three", &start.tokens);
            explorer.check(|world, endings| {
                assert_eq!(given(endings).len(), 1);
                let refused =
                    endings.iter().filter(|end| refused_with(end, &Refusal::RevokedToken));
                assert_eq!(refused.count(), 2);
                assert_dead(world, given(endings));
            });
        }
    });
}

#[test]
fn a_logout_that_is_acknowledged_ends_the_session_whatever_refreshes_meanwhile() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .refreshing("one", &start.tokens)
                .refreshing("two", &start.tokens)
                .signing_out(&start.tokens)
                .with_crashes();
            let (mut won, mut lost) = (0, 0);
            explorer.check(|world, endings| {
                let known: Vec<_> = given(endings).into_iter().chain([&start.tokens]).collect();
                assert_one_live_branch(world, known.iter().copied());
                match &endings[2] {
                    Ending::Done(Ok(_)) => {
                        won += 1;
                        assert_dead(world, known);
                    }
                    // The refresh was complete before the logout began: its token was not current any more.
                    Ending::Done(Err(refusal)) => {
                        lost += 1;
                        assert_eq!(*refusal, Refusal::InvalidToken);
                        assert_eq!(probe_refresh(world, &start.tokens), Ok(1));
                    }
                    Ending::Crashed => {}
                }
            });
            assert!(won > 0 && lost > 0);
        }
    });
}

#[test]
fn a_logout_everywhere_that_is_acknowledged_ends_every_session_that_was_there() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_with_session() {
            let phone = world.login(ADA, PASSWORD);
            let explorer = Explorer::new(&world)
                .refreshing("laptop", &start.tokens)
                .refreshing("phone", &phone.tokens)
                .signing_out_everywhere(&start.tokens)
                .with_crashes();
            let mut won = 0;
            explorer.check(|world, endings| {
                let known = given(endings).into_iter().chain([&start.tokens, &phone.tokens]);
                match &endings[2] {
                    Ending::Done(Ok(_)) => {
                        won += 1;
                        assert_dead(world, known);
                    }
                    Ending::Done(Err(refusal)) => {
                        assert_eq!(*refusal, Refusal::InvalidToken);
                        assert_eq!(probe_refresh(world, &phone.tokens), Ok(1));
                    }
                    Ending::Crashed => {}
                }
            });
            assert!(won > 0);
        }
    });
}

#[test]
fn two_ways_to_sign_out_agree_that_the_session_is_over() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .signing_out(&start.tokens)
                .signing_out_everywhere(&start.tokens);
            explorer.check(|world, endings| {
                assert!(endings.iter().any(said_yes));
                assert_dead(world, [&start.tokens]);
            });
        }
    });
}

/// In two, each may look before the other writes: both are said yes to.
#[test]
fn a_token_that_was_signed_out_ends_no_other_session() {
    for (mut world, start) in worlds_with_session() {
        let phone = world.login(ADA, PASSWORD);
        let explorer =
            Explorer::new(&world).signing_out(&start.tokens).signing_out_everywhere(&start.tokens);
        let mut refused = 0;
        explorer.check(|world, endings| {
            let events = world.tables().events();
            let logout = events.iter().position(|it| it.event == Event::UserLogout);
            let everywhere = events.iter().position(|it| it.event == Event::UserLogoutAll);
            match (logout, everywhere) {
                (Some(logout), Some(everywhere)) => assert!(everywhere < logout),
                (Some(_), None) => {
                    refused += 1;
                    assert!(refused_with(&endings[1], &Refusal::RevokedToken));
                    assert!(works(world, &phone.tokens));
                }
                _ => assert!(!works(world, &phone.tokens)),
            }
        });
        assert!(refused > 0);
    }
}

#[test]
fn a_spent_token_that_comes_back_ends_the_session_whatever_the_current_one_does_meanwhile() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_with_session() {
            let next = world.run(|env| refresh(start.tokens.refresh.expose(), env)).unwrap();
            world.advance(Duration::from_secs(60));
            let explorer = Explorer::new(&world)
                .refreshing("owner", &next.tokens)
                .refreshing("owner again", &next.tokens)
                .refreshing("thief", &start.tokens)
                .with_crashes();
            let mut detected = 0;
            explorer.check(|world, endings| {
                let known: Vec<_> = given(endings).into_iter().chain([&next.tokens]).collect();
                assert_one_live_branch(world, known.iter().copied());
                match &endings[2] {
                    Ending::Done(answer) => {
                        detected += 1;
                        assert_eq!(answer.as_ref().unwrap_err(), &Refusal::RevokedToken);
                        assert_dead(world, known);
                        let reused = |event: &Event| matches!(event, Event::RefreshReused { .. });
                        assert_eq!(count_events(world, reused), 1, "reported once");
                    }
                    Ending::Crashed => {}
                }
            });
            assert!(detected > 0);
        }
    });
}

#[test]
fn a_login_survives_a_logout_everywhere_only_if_it_came_after() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .signing_in("login", ADA, PASSWORD)
                .signing_out_everywhere(&start.tokens)
                .with_crashes();
            let (mut before, mut after) = (0, 0);
            explorer.check(|world, endings| {
                let events = world.tables().events();
                let place =
                    |event: fn(&Event) -> bool| events.iter().rposition(|it| event(&it.event));
                let everywhere = place(|event| matches!(event, Event::UserLogoutAll));
                if said_yes(&endings[1]) {
                    assert_dead(world, [&start.tokens]);
                }
                if let [tokens] = given(endings)[..] {
                    let login = place(|event| matches!(event, Event::UserLogin { .. }));
                    let ended = login < everywhere;
                    assert_ne!(works(world, tokens), ended);
                    if ended { before += 1 } else { after += 1 }
                }
            });
            assert!(before > 0 && after > 0);
        }
    });
}

#[test]
fn no_token_of_a_deactivated_account_works_however_it_was_come_by() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .signing_in("login", ADA, PASSWORD)
                .refreshing("refresh", &start.tokens)
                .deactivating()
                .with_crashes();
            let mut granted = 0;
            explorer.check(|world, endings| {
                granted += given(endings).len();
                if said_yes(&endings[2]) {
                    assert_dead(world, given(endings).into_iter().chain([&start.tokens]));
                    let mut later = world.clone();
                    let again = later.run(|env| login(Login::new(ADA, PASSWORD.into()), env));
                    assert_eq!(again.unwrap_err(), Refusal::InvalidCredentials);
                }
            });
            assert!(granted > 0, "before the deactivation");
        }
    });
}

#[test]
fn nobody_comes_in_by_another_service_once_they_are_deactivated() {
    crate::wherever_records_live(|| {
        for world in worlds_with_ada() {
            let id = world.tables().users().next().unwrap().id;
            let explorer = Explorer::new(&world)
                .flow(
                    "external login",
                    move |env| external_login(ExternalLogin::new(id), env),
                    |result| result.map(tokens_of),
                )
                .deactivating()
                .with_crashes();
            let mut granted = 0;
            explorer.check(|world, endings| {
                granted += given(endings).len();
                if said_yes(&endings[1]) {
                    assert_dead(world, given(endings));
                }
            });
            assert!(granted > 0, "before the deactivation");
        }
    });
}

#[test]
fn a_hash_upgrade_never_overwrites_a_password_that_was_changed_meanwhile() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.change_user(ADA, |user| user.password = World::stored_hash(PASSWORD, false));
        let explorer = Explorer::new(&world)
            .signing_in("login with the old password", ADA, PASSWORD)
            .signing_in("and again", ADA, PASSWORD)
            .setting_password(NEW_PASSWORD)
            .with_crashes();
        let mut upgraded = 0;
        explorer.check(|world, endings| {
            let ada = world.tables().users().next().unwrap();
            let (is_changed, stored) = (ada.epoch != Epoch::FIRST, &ada.password);
            assert!(is_changed || !said_yes(&endings[2]));
            if is_changed {
                assert!(is_hash_of(stored, NEW_PASSWORD));
                assert_dead(world, given(endings));
            } else if !given(endings).is_empty() {
                upgraded += 1;
                assert!(stored.as_stored().starts_with("$insecure$v=2$"), "the new settings");
                world.login(ADA, PASSWORD);
            }
        });
        assert!(upgraded > 0);
    });
}

#[test]
fn parallel_logins_of_one_account_all_succeed_with_a_session_each() {
    crate::wherever_records_live(|| {
        for world in worlds_with_ada() {
            let explorer = Explorer::new(&world)
                .signing_in("one", ADA, PASSWORD)
                .signing_in("two", ADA, PASSWORD)
                .signing_in("three", ADA, PASSWORD);
            let schedules = explorer.check(|world, endings| {
                let tokens = given(endings);
                assert_eq!(tokens.len(), 3);
                let mut sessions: Vec<_> = tokens.iter().map(|pair| session_of(pair)).collect();
                sessions.dedup();
                assert_eq!(sessions.len(), 3);
                assert!(tokens.iter().all(|pair| works(world, pair)));
                assert_eq!(world.tables().attempts().count(), 0, "every attempt was taken back");
            });
            assert!(schedules >= 1680 || world.placement().is_split());
        }
    });
}

#[test]
fn one_address_gets_one_account_in_whatever_spelling() {
    crate::wherever_records_live(|| {
        let explorer = Explorer::new(&crate::new_world())
            .registering("lower case", "stra\u{df}e@example.com")
            .registering("upper case", "STRASSE@Example.COM")
            .with_crashes();
        explorer.check(|world, endings| {
            let accounts = world.tables().users().count();
            let succeeded = endings.iter().filter(|ending| said_yes(ending)).count();
            let refused =
                endings.iter().filter(|end| refused_with(end, &Refusal::EmailTaken)).count();
            let crashed = endings.len() - succeeded - refused;
            assert!(accounts <= 1 && succeeded <= accounts);
            if crashed == 0 {
                assert_eq!((accounts, succeeded), (1, 1));
            }
            if refused > 0 {
                assert_eq!(accounts, 1, "nobody is told that a free address is taken");
            }
        });
    });
}

#[test]
fn no_number_of_parallel_guesses_gets_more_than_the_policy_allows() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        limit_guesses(&mut world, 2);
        let hashed = world.hashes();
        let explorer = Explorer::new(&world)
            .signing_in("one", ADA, "a wrong guess")
            .signing_in("two", "ADA@EXAMPLE.com", "another wrong guess")
            .signing_in("three", ADA, PASSWORD)
            .with_crashes();
        let mut refused = 0;
        let schedules = explorer.check(|world, endings| {
            let limited = endings.iter().filter(|ending| {
                matches!(ending, Ending::Done(Err(Refusal::RateLimited { retry_after }))
                if *retry_after == Duration::from_secs(600))
            });
            let limited = limited.count();
            let guesses = world.hashes() - hashed;
            let signed_in = count_events(world, |event| matches!(event, Event::UserLogin { .. }));
            assert!(guesses <= 2 * (1 + signed_in), "only a success buys more guesses");
            assert!(guesses + limited <= 3 && limited <= 1);
            refused += limited;
        });
        assert!(refused > 100 || (world.placement().is_split() && refused > 0));
        assert!(schedules > 1000 || world.placement().is_split());
    });
}

#[test]
fn wrong_guesses_alone_use_the_limit_up_exactly() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        limit_guesses(&mut world, 2);
        let hashed = world.hashes();
        let explorer = Explorer::new(&world)
            .signing_in("one", ADA, "a wrong guess")
            .signing_in("two", ADA, "a wrong guess")
            .signing_in("three", ADA, "a wrong guess");
        explorer.check(|world, endings| {
            assert_eq!(world.hashes() - hashed, 2);
            let wrong =
                endings.iter().filter(|end| refused_with(end, &Refusal::InvalidCredentials));
            assert_eq!(wrong.count(), 2);
            let (_, counter) = world.tables().attempts().next().unwrap();
            assert_eq!((counter.count, counter.consecutive), (2, 2));
            let reached = |event: &Event| matches!(event, Event::RateLimitExceeded { .. });
            assert_eq!(count_events(world, reached), 1, "reported once");
        });
    });
}

#[test]
fn a_success_clears_its_account_and_gives_its_network_back_one_attempt() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.register("bob@example.com", PASSWORD);
        world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
        let explorer = Explorer::new(&world).signing_in("ada", ADA, PASSWORD).signing_in(
            "bob, wrongly",
            "bob@example.com",
            "a wrong guess",
        );
        explorer.check(|world, endings| {
            assert!(said_yes(&endings[0]) && !said_yes(&endings[1]));
            let counts: Vec<_> = world
                .tables()
                .attempts()
                .map(|(key, counter)| (key.as_str(), counter.count, counter.consecutive))
                .collect();
            let bob = ("login:account:bob@example.com", 1, 1);
            assert_eq!(counts, [bob, ("login:network:192.0.2.1", 1, 1)]);
        });
    });
}

/// In two, a refresh between the two writes ends its own session too.
#[test]
fn a_change_of_password_ends_every_other_session_and_not_its_own() {
    for (mut world, start) in worlds_with_session() {
        let phone = world.login(ADA, PASSWORD);
        let explorer = Explorer::new(&world)
            .changing_password("change", &start.tokens, NEW_PASSWORD)
            .refreshing("own", &start.tokens)
            .refreshing("phone", &phone.tokens)
            .with_crashes();
        let (mut changed, mut too_late) = (0, 0);
        explorer.check(|world, endings| {
            let own: Vec<_> = [&start.tokens]
                .into_iter()
                .chain(endings[1].done().and_then(|answer| answer.as_ref().ok()?.as_ref()))
                .collect();
            let others = [&phone.tokens]
                .into_iter()
                .chain(endings[2].done().and_then(|answer| answer.as_ref().ok()?.as_ref()));
            assert_one_live_branch(world, own.iter().copied());
            assert!(own.iter().any(|pair| probe_refresh(world, pair).is_ok()), "its own goes on");
            match &endings[0] {
                Ending::Done(Ok(_)) => {
                    changed += 1;
                    assert_dead(world, others);
                    assert!(opens(world, NEW_PASSWORD) && !opens(world, PASSWORD));
                }
                // The refresh was complete before: the token was not current any more.
                Ending::Done(Err(refusal)) => {
                    too_late += 1;
                    assert_eq!(*refusal, Refusal::InvalidToken);
                    assert!(opens(world, PASSWORD) && !opens(world, NEW_PASSWORD));
                }
                Ending::Crashed => {
                    assert!(opens(world, PASSWORD) != opens(world, NEW_PASSWORD))
                }
            }
        });
        assert!(changed > 0 && too_late > 0);
    }
}

#[test]
fn of_two_changes_of_password_from_two_sessions_one_is_made() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_with_session() {
            let phone = world.login(ADA, PASSWORD);
            let explorer = Explorer::new(&world)
                .changing_password("laptop", &start.tokens, NEW_PASSWORD)
                .changing_password("phone", &phone.tokens, "yet another phrase");
            explorer.check(|world, endings| {
                assert_eq!(endings.iter().filter(|ending| said_yes(ending)).count(), 1);
                let (first, second) = (said_yes(&endings[0]), said_yes(&endings[1]));
                assert_eq!(opens(world, NEW_PASSWORD), first);
                assert_eq!(opens(world, "yet another phrase"), second);
                assert_eq!(works(world, &start.tokens), first);
                assert_eq!(works(world, &phone.tokens), second);
            });
        }
    });
}

#[test]
fn a_login_with_the_old_password_survives_no_change_that_came_after() {
    crate::wherever_records_live(|| {
        for (world, start) in worlds_with_session() {
            let explorer = Explorer::new(&world)
                .changing_password("change", &start.tokens, NEW_PASSWORD)
                .signing_in("login", ADA, PASSWORD)
                .with_crashes();
            explorer.check(|world, endings| {
                if said_yes(&endings[0]) {
                    assert_dead(world, given(endings));
                }
            });
        }
    });
}

#[test]
fn a_session_that_was_ended_from_another_is_dead_whatever_refreshes_meanwhile() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_that_list_sessions() {
            let phone = world.login(ADA, PASSWORD);
            let explorer = Explorer::new(&world)
                .ending("end", &start.tokens, phone.session.id)
                .refreshing("phone", &phone.tokens)
                .refreshing("own", &start.tokens)
                .with_crashes();
            let mut ended = 0;
            explorer.check(|world, endings| {
                let phones = [&phone.tokens]
                    .into_iter()
                    .chain(endings[1].done().and_then(|answer| answer.as_ref().ok()?.as_ref()));
                if said_yes(&endings[0]) {
                    ended += 1;
                    assert_dead(world, phones);
                }
                assert!(probe_refresh(world, &start.tokens).is_ok(), "its own goes on");
            });
            assert!(ended > 0);
        }
    });
}

#[test]
fn of_two_sessions_that_end_each_other_one_survives() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_that_list_sessions() {
            let phone = world.login(ADA, PASSWORD);
            let explorer = Explorer::new(&world)
                .ending("laptop", &start.tokens, phone.session.id)
                .ending("phone", &phone.tokens, start.session.id);
            explorer.check(|world, endings| {
                let (laptop, other) = (works(world, &start.tokens), works(world, &phone.tokens));
                assert_eq!((laptop, other), (said_yes(&endings[0]), said_yes(&endings[1])));
                assert!(laptop != other);
            });
        }
    });
}

#[test]
fn guesses_at_changing_and_at_signing_in_share_one_limit() {
    crate::wherever_records_live(|| {
        for (mut world, start) in worlds_with_session() {
            limit_guesses(&mut world, 2);
            world.run(|env| set_password(set_to(NEW_PASSWORD), env)).unwrap();
            let signed_in = world.login(ADA, NEW_PASSWORD);
            drop(start);
            let hashed = world.hashes();
            // All three are guesses: the password is another one by now.
            let explorer = Explorer::new(&world)
                .changing_password("change", &signed_in.tokens, "yet another phrase")
                .signing_in("one", ADA, PASSWORD)
                .signing_in("two", ADA, PASSWORD)
                .with_crashes();
            explorer.check(|world, _| assert!(world.hashes() - hashed <= 2));
        }
    });
}

fn set_to(new: &str) -> SetPassword {
    SetPassword { user: ada(), password: new.into(), must_change: false }
}

#[test]
fn imports_and_registrations_of_one_address_make_one_account() {
    crate::wherever_records_live(|| {
        let world = crate::new_world();
        let explorer = Explorer::new(&world)
            .importing("one", [ADA, "bob@example.com"])
            .importing("two", ["Bob@Example.com", "carol@example.com"])
            .registering("registration", ADA)
            .with_crashes();
        explorer.check(|world, endings| {
            let mut addresses: Vec<_> =
                world.tables().users().map(|user| user.email.key().as_str()).collect();
            let accounts = addresses.len();
            addresses.sort_unstable();
            addresses.dedup();
            assert_eq!(addresses.len(), accounts, "two accounts of one address");
            for (ending, made) in endings.iter().zip([
                &[ADA, "bob@example.com"][..],
                &["bob@example.com", "carol@example.com"],
                &[ADA],
            ]) {
                if said_yes(ending) {
                    assert!(made.iter().all(|address| addresses.contains(address)));
                }
            }
        });
    });
}
