//! Links, addresses and closing.

use testudo::event::Event;
use testudo::flow::admin::deactivate;
use testudo::flow::{
    ResetPassword, change_email, close_account, reopen_account, request_email_change,
    request_email_verification, request_password_reset, reset_password, undo_email_change,
    verify_email,
};
use testudo::message::MessageKind;
use testudo::testing::{Ending, Explorer, World};
use testudo::{Duration, Env, Refusal, Secret, Step};

use super::{
    Answer, Flows, NEW_PASSWORD, assert_dead, count_events, given, opens, refused_with, said_yes,
};
use crate::{ADA, NEW_EMAIL, PASSWORD, ada, mailed, works, world_with_ada, world_with_session};

const OTHER_PASSWORD: &str = "yet another phrase";
const THIRD_EMAIL: &str = "ada@third.example";

/// Puts the flows that these laws are about into an explorer.
trait AccountFlows<'a>: Sized {
    /// A flow that takes a token.
    fn with_token<T: 'a>(
        self,
        name: &'static str,
        token: &'a Secret<String>,
        flow: fn(&str, Env) -> Step<Result<T, Refusal>>,
    ) -> Self;
    fn resetting(self, name: &'static str, token: &'a Secret<String>, new: &'a str) -> Self;
    fn asking_for_a_reset(self, name: &'static str) -> Self;
}

impl<'a> AccountFlows<'a> for Explorer<'a, Answer> {
    fn with_token<T: 'a>(
        self,
        name: &'static str,
        token: &'a Secret<String>,
        flow: fn(&str, Env) -> Step<Result<T, Refusal>>,
    ) -> Self {
        self.flow(name, move |env| flow(token.expose(), env), |result| result.map(|_| None))
    }

    fn resetting(self, name: &'static str, token: &'a Secret<String>, new: &'a str) -> Self {
        let begin = move |env| {
            let request = ResetPassword { token: token.clone(), new_password: new.into() };
            reset_password(request, env)
        };
        self.flow(name, begin, |result| result.map(|()| None))
    }

    fn asking_for_a_reset(self, name: &'static str) -> Self {
        let begin = |env| request_password_reset(ADA, env);
        self.flow(name, begin, |result| result.map(|()| None))
    }
}

/// What the link carries that Ada is mailed when she asks for another password.
fn reset_link(world: &mut World) -> Secret<String> {
    world.run(|env| request_password_reset(ADA, env)).unwrap();
    mailed(world, MessageKind::PasswordReset)
}

/// What the link carries that is mailed to the address to which somebody wants to move.
fn change_link(world: &mut World, from: &str, to: &str) -> Secret<String> {
    let access = world.login(from, PASSWORD).tokens.access;
    world.run(|env| request_email_change(access.expose(), to, env)).unwrap();
    mailed(world, MessageKind::EmailChange)
}

fn answered_yes(endings: &[Ending<Answer>]) -> usize {
    endings.iter().filter(|ending| said_yes(ending)).count()
}

fn crashed(endings: &[Ending<Answer>]) -> bool {
    endings.iter().any(|ending| ending.done().is_none())
}

fn count_mail(world: &World, kind: MessageKind) -> usize {
    world.messages().iter().filter(|message| message.kind == kind).count()
}

/// The address of the one account.
fn address(world: &World) -> String {
    let mut users = world.tables().users();
    let address = users.next().unwrap().email.as_str().to_owned();
    assert!(users.next().is_none());
    address
}

#[test]
fn a_reset_link_sets_one_password_however_often_it_is_used_at_once() {
    crate::wherever_records_live(|| {
        let (mut world, start) = world_with_session();
        let token = reset_link(&mut world);
        let explorer = Explorer::new(&world)
            .resetting("one", &token, NEW_PASSWORD)
            .resetting("two", &token, OTHER_PASSWORD)
            .resetting("three", &token, "a third phrase of all")
            .with_crashes();
        explorer.check(|world, endings| {
            let resets = count_events(world, |event| *event == Event::PasswordResetCompleted);
            assert!(resets == 1 || (resets == 0 && crashed(endings)));
            assert_eq!(count_mail(world, MessageKind::PasswordChanged), resets);
            assert!(answered_yes(endings) <= resets);
            let refused =
                endings.iter().filter(|it| refused_with(it, &Refusal::InvalidToken)).count();
            assert!(crashed(endings) || refused == 2);
            assert!(!said_yes(&endings[0]) || opens(world, NEW_PASSWORD));
            assert!(!said_yes(&endings[1]) || opens(world, OTHER_PASSWORD));
            assert_eq!(works(world, &start.tokens), resets == 0);
        });
    });
}

#[test]
fn of_a_reset_and_a_change_of_password_one_is_made_and_the_other_ends_with_it() {
    crate::wherever_records_live(|| {
        let (mut world, start) = world_with_session();
        let token = reset_link(&mut world);
        let explorer = Explorer::new(&world)
            .resetting("reset", &token, NEW_PASSWORD)
            .changing_password("change", &start.tokens, OTHER_PASSWORD);
        explorer.check(|world, endings| {
            let (reset, changed) = (said_yes(&endings[0]), said_yes(&endings[1]));
            assert!(reset != changed);
            assert_eq!(count_mail(world, MessageKind::PasswordChanged), 1);
            assert_eq!(
                (opens(world, NEW_PASSWORD), opens(world, OTHER_PASSWORD)),
                (reset, changed)
            );
            assert_eq!(works(world, &start.tokens), changed);
        });
    });
}

#[test]
fn of_all_links_that_were_asked_for_the_last_one_counts_whatever_was_used_meanwhile() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let first = reset_link(&mut world);
        let explorer = Explorer::new(&world)
            .resetting("reset", &first, NEW_PASSWORD)
            .asking_for_a_reset("one request")
            .asking_for_a_reset("another");
        let (mut used, mut superseded) = (0, 0);
        explorer.check(|world, endings| {
            let links = world.messages().into_iter().filter_map(|message| message.token);
            let counts = |token: Secret<String>| {
                let request = ResetPassword { token, new_password: OTHER_PASSWORD.into() };
                world.clone().run(|env| reset_password(request, env)).is_ok()
            };
            let live = links.map(counts).collect::<Vec<_>>();
            let last = live.iter().rposition(|_| true).unwrap();
            for (place, is_live) in live.iter().enumerate() {
                assert!(!is_live || place == last, "an earlier link counts");
            }
            assert!(!said_yes(&endings[0]) || opens(world, NEW_PASSWORD));
            if said_yes(&endings[0]) {
                used += 1
            } else {
                superseded += 1
            }
            assert!(!refused_with(&endings[1], &Refusal::Busy));
        });
        assert!(used > 0 && superseded > 0);
    });
}

#[test]
fn parallel_requests_send_no_more_links_than_the_policy_allows() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let mut policy = world.settings().policy().clone();
        policy.password_reset.attempts = 2;
        world.set_policy(policy);
        let explorer = Explorer::new(&world)
            .asking_for_a_reset("one")
            .asking_for_a_reset("two")
            .asking_for_a_reset("three");
        explorer.check(|world, endings| {
            assert_eq!(answered_yes(endings), 2);
            assert_eq!(count_mail(world, MessageKind::PasswordReset), 2);
        });
    });
}

#[test]
fn no_reset_lets_anybody_into_an_account_that_is_deactivated_meanwhile() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let token = reset_link(&mut world);
        let explorer = Explorer::new(&world)
            .resetting("reset", &token, NEW_PASSWORD)
            .flow("deactivation", |env| deactivate(ada(), env), |result| result.map(|_| None))
            .with_crashes();
        let mut reset = 0;
        explorer.check(|world, endings| {
            assert!(!refused_with(&endings[1], &Refusal::Busy));
            reset += usize::from(said_yes(&endings[0]));
            if said_yes(&endings[1]) {
                assert!(!world.tables().users().next().unwrap().is_active);
                assert!(!opens(world, NEW_PASSWORD) && !opens(world, PASSWORD));
            }
        });
        assert!(reset > 0);
    });
}

#[test]
fn an_address_is_verified_once_and_only_while_it_is_the_accounts() {
    crate::wherever_records_live(|| {
        let (mut world, start) = world_with_session();
        let access = start.tokens.access.expose();
        world.run(|env| request_email_verification(access, env)).unwrap();
        let verification = mailed(&world, MessageKind::EmailVerification);
        let change = change_link(&mut world, ADA, NEW_EMAIL);
        let explorer = Explorer::new(&world)
            .with_token("one", &verification, verify_email)
            .with_token("two", &verification, verify_email)
            .with_token("change", &change, change_email);
        let mut verified = 0;
        explorer.check(|world, endings| {
            assert!(said_yes(&endings[2]), "verifying takes nothing from a change");
            assert_eq!(address(world), NEW_EMAIL);
            let events = world.tables().events();
            let place =
                |which: &dyn Fn(&Event) -> bool| events.iter().position(|it| which(&it.event));
            let is_change = |event: &Event| matches!(event, Event::EmailChanged { .. });
            let verification = place(&|event| *event == Event::EmailVerified);
            assert!(answered_yes(&endings[..2]) <= 1);
            assert_eq!(verification.is_some(), answered_yes(&endings[..2]) == 1);
            assert!(verification.is_none() || verification < place(&is_change));
            verified += answered_yes(&endings[..2]);
        });
        assert!(verified > 0);
    });
}

#[test]
fn of_two_moves_of_one_account_one_is_made_and_the_first_address_is_told() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let one = change_link(&mut world, ADA, NEW_EMAIL);
        let other = change_link(&mut world, ADA, THIRD_EMAIL);
        let explorer = Explorer::new(&world)
            .with_token("one", &one, change_email)
            .with_token("other", &other, change_email)
            .with_crashes();
        explorer.check(|world, endings| {
            let moves = count_events(world, |event| matches!(event, Event::EmailChanged { .. }));
            assert!(moves == 1 || (moves == 0 && crashed(endings)));
            assert!(answered_yes(endings) <= moves);
            assert_eq!(count_mail(world, MessageKind::EmailChanged), moves);
            let is_at_the_other = address(world) == THIRD_EMAIL;
            assert!(!said_yes(&endings[1]) || is_at_the_other);
            assert!(!said_yes(&endings[0]) || !is_at_the_other);
        });
    });
}

#[test]
fn two_accounts_that_move_to_one_address_do_not_both_get_it() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.register("eve@example.com", PASSWORD);
        let adas = change_link(&mut world, ADA, NEW_EMAIL);
        let eves = change_link(&mut world, "eve@example.com", "ADA@New.example");
        let explorer = Explorer::new(&world)
            .with_token("ada", &adas, change_email)
            .with_token("eve", &eves, change_email)
            .registering("registration", "Ada@new.EXAMPLE");
        let mut winners = [0; 3];
        explorer.check(|world, endings| {
            assert_eq!(answered_yes(endings), 1);
            assert!(!endings.iter().any(|ending| refused_with(ending, &Refusal::Busy)));
            let key = NEW_EMAIL.parse::<testudo::model::Email>().unwrap();
            let owners = world.tables().users().filter(|user| user.email.key() == key.key());
            assert_eq!(owners.count(), 1);
            let winner = endings.iter().position(said_yes).unwrap();
            winners[winner] += 1;
        });
        assert!(winners.iter().all(|won| *won > 0), "{winners:?}");
    });
}

#[test]
fn an_owner_takes_an_account_back_whatever_the_thief_does_meanwhile() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let change = change_link(&mut world, ADA, NEW_EMAIL);
        world.run(|env| change_email(change.expose(), env)).unwrap();
        let way_back = mailed(&world, MessageKind::EmailChanged);
        let thief = world.login(NEW_EMAIL, PASSWORD);
        let next = change_link(&mut world, NEW_EMAIL, THIRD_EMAIL);
        world.advance(Duration::from_minutes(1));
        let run = |explorer: Explorer<'_, Answer>| {
            explorer.check(|world, endings| {
                assert!(said_yes(&endings[0]));
                assert_eq!(address(world), ADA);
                assert_dead(world, given(endings).into_iter().chain([&thief.tokens]));
                let ada = world.tables().users().next().unwrap();
                assert!(ada.may_be_used() && !ada.password.is_usable() && ada.is_verified);
                assert_eq!(ada.previous_email, None);
                assert_eq!(count_mail(world, MessageKind::PasswordReset), 1);
            })
        };
        let undoing = || Explorer::new(&world).with_token("owner", &way_back, undo_email_change);
        let access = &thief.tokens.access;
        run(undoing().with_token("move", &next, change_email));
        run(undoing().signing_in("login", NEW_EMAIL, PASSWORD));
        run(undoing().with_token("closing", access, close_account));
        run(undoing().changing_password("change", &thief.tokens, NEW_PASSWORD));
    });
}

#[test]
fn a_way_back_is_taken_once() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        let change = change_link(&mut world, ADA, NEW_EMAIL);
        world.run(|env| change_email(change.expose(), env)).unwrap();
        let way_back = mailed(&world, MessageKind::EmailChanged);
        let explorer = Explorer::new(&world)
            .with_token("one", &way_back, undo_email_change)
            .with_token("two", &way_back, undo_email_change)
            .with_crashes();
        explorer.check(|world, endings| {
            let restored =
                count_events(world, |event| matches!(event, Event::EmailRestored { .. }));
            assert!(restored == 1 || (restored == 0 && crashed(endings)));
            assert_eq!(count_mail(world, MessageKind::EmailRestored), restored);
            assert!(answered_yes(endings) <= restored);
        });
    });
}

#[test]
fn an_account_is_closed_once_and_no_token_of_it_works_however_it_was_come_by() {
    crate::wherever_records_live(|| {
        let (mut world, start) = world_with_session();
        let phone = world.login(ADA, PASSWORD);
        let explorer = Explorer::new(&world)
            .with_token("laptop", &start.tokens.access, close_account)
            .with_token("phone", &phone.tokens.access, close_account)
            .signing_in("login", ADA, PASSWORD);
        explorer.check(|world, endings| {
            assert_eq!(answered_yes(&endings[..2]), 1);
            assert_dead(world, given(endings).into_iter().chain([&start.tokens, &phone.tokens]));
            assert_eq!(count_mail(world, MessageKind::AccountClosed), 1);
        });
    });
}

#[test]
fn a_closed_account_is_opened_once_unless_it_is_deactivated_first() {
    crate::wherever_records_live(|| {
        let (mut world, start) = world_with_session();
        world.run(|env| close_account(start.tokens.access.expose(), env)).unwrap();
        let token = mailed(&world, MessageKind::AccountClosed);
        let explorer = Explorer::new(&world)
            .with_token("one", &token, reopen_account)
            .with_token("two", &token, reopen_account)
            .flow("deactivation", |env| deactivate(ada(), env), |result| result.map(|_| None));
        let (mut opened, mut refused) = (0, 0);
        explorer.check(|world, endings| {
            let yes = answered_yes(&endings[..2]);
            assert!(yes <= 1 && said_yes(&endings[2]));
            let ada = world.tables().users().next().unwrap();
            assert_eq!((ada.closes_at.is_none(), ada.is_active), (yes == 1, false));
            if yes == 1 { opened += 1 } else { refused += 1 }
        });
        assert!(opened > 0 && refused > 0);
    });
}

#[test]
fn a_link_that_was_asked_for_in_a_session_is_dead_once_all_were_signed_out() {
    crate::wherever_records_live(|| {
        let (world, start) = world_with_session();
        let access = &start.tokens.access;
        let explorer = Explorer::new(&world)
            .with_token("request", access, |access, env| {
                request_email_change(access, NEW_EMAIL, env)
            })
            .signing_out_everywhere(&start.tokens)
            .with_crashes();
        let mut sent = 0;
        explorer.check(|world, endings| {
            let links = world.messages().into_iter().filter_map(|message| message.token);
            for token in links.collect::<Vec<_>>() {
                sent += 1;
                let moved = world.clone().run(|env| change_email(token.expose(), env));
                assert!(!said_yes(&endings[1]) || moved == Err(Refusal::InvalidToken));
            }
        });
        assert!(sent > 0);
    });
}
