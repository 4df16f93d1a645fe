//! Onboarding, second factors, and sign-ins that owe something.

use serde_json::{Value, json};
use testudo::event::Event;
use testudo::flow::admin;
use testudo::flow::{
    Invite, Login, ResetPassword, advance_onboarding, begin_totp, confirm_totp, end_other_sessions,
    login, logout_all, remove_totp, replace_recovery_codes, request_password_reset, reset_password,
    start_onboarding,
};
use testudo::message::MessageKind;
use testudo::model::{AttemptKey, Method};
use testudo::onboarding::{Advance, Onboarding, OnboardingResult, StartOnboarding};
use testudo::testing::{Ending, Explorer, World};
use testudo::{Policy, Refusal, Secret};

use super::{
    Answer, Flows, NEW_PASSWORD, assert_dead, count_events, given, refused_with, said_yes,
};
use crate::onboarding::{
    before_the_last_step, code_of, owing, registration, resume, say, sign_in, start, with,
    with_code_sent, world_with_totp, wrong_code,
};
use crate::{ADA, PASSWORD, mailed, session_of, tokens_of, works, world_with_ada};

/// Puts the flows that these laws are about into an explorer.
trait OnboardingFlows<'a>: Sized {
    /// Something is said to the step that is meant.
    fn saying(
        self,
        name: &'static str,
        token: &'a str,
        step: &'static str,
        data: &'a Value,
    ) -> Self;
    fn skipping(self, name: &'static str, token: &'a str) -> Self;
    fn confirming(self, name: &'static str, access: &'a Secret<String>, code: &'a str) -> Self;
}

impl<'a> OnboardingFlows<'a> for Explorer<'a, Answer> {
    fn saying(
        self,
        name: &'static str,
        token: &'a str,
        step: &'static str,
        data: &'a Value,
    ) -> Self {
        let begin = move |env| advance_onboarding(token, with(data.clone()).at(step), env);
        self.flow(name, begin, answer)
    }

    fn skipping(self, name: &'static str, token: &'a str) -> Self {
        self.flow(name, |env| advance_onboarding(token, Advance::skip(), env), answer)
    }

    fn confirming(self, name: &'static str, access: &'a Secret<String>, code: &'a str) -> Self {
        let begin = move |env| confirm_totp(access.expose(), code, env);
        self.flow(name, begin, |result| result.map(|_| None))
    }
}

/// The tokens, if there are any; what was wrong, as a refusal.
fn answer(result: Result<OnboardingResult, Refusal>) -> Answer {
    let result = result?;
    match result.errors() {
        [] => Ok(result.completed().map(|signed_in| signed_in.tokens)),
        errors => Err(Refusal::Invalid(errors.to_vec())),
    }
}

fn crashed(endings: &[Ending<Answer>]) -> bool {
    endings.iter().any(|ending| ending.done().is_none())
}

fn split(world: &World) -> bool {
    world.placement().is_split()
}

fn apart(world: &World) -> bool {
    world.placement().stores().len() > 2
}

/// Holds the number of events about something against how often it happened: a crash between two stores may tell one
/// too many or too few, and nothing else may.
fn assert_told(world: &World, endings: &[Ending<Answer>], told: usize, happened: usize) {
    let may_differ = split(world) && crashed(endings);
    assert!(told == happened || (may_differ && told.abs_diff(happened) == 1), "{told}, {happened}");
}

fn completed(world: &World, step: &str) -> usize {
    let events = world.tables().events();
    let is_it = |event: &Event| matches!(event, Event::OnboardingStepCompleted { step: it, .. } if it == step);
    events.iter().filter(|record| is_it(&record.event)).count()
}

fn sign_ins(world: &World) -> usize {
    count_events(world, |event| matches!(event, Event::UserLogin { .. }))
}

/// How often a guess was counted under a key.
fn counted(world: &World, key: &AttemptKey) -> u32 {
    let mut counters = world.tables().attempts();
    counters.find(|(it, _)| *it == key).map_or(0, |(_, counter)| counter.count)
}

#[test]
fn of_two_answers_with_the_right_code_of_a_mail_one_moves_the_onboarding_on() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        let (token, code) = with_code_sent(&mut world, ADA);
        let right = json!({ "code": code });
        let version = world.tables().onboarding().next().unwrap().version;
        let explorer = Explorer::new(&world)
            .saying("one", &token, "verify_email", &right)
            .saying("two", &token, "verify_email", &right)
            .with_crashes();
        explorer.check(|world, endings| {
            let told = completed(world, "verify_email");
            let now = world.tables().onboarding().next().unwrap().version;
            let moved = usize::from(now == version.next());
            assert!(moved == 1 || (now == version && crashed(endings)));
            assert_told(world, endings, told, moved);
            // The other one finds the step behind, or learns that it was overtaken.
            let fits = |ending: &Ending<Answer>| match ending.done() {
                Some(Err(refusal)) => *refusal == Refusal::OnboardingMoved,
                Some(Ok(tokens)) => tokens.is_none(),
                None => true,
            };
            assert!(endings.iter().all(fits), "{endings:?}");
        });
    });
}

#[test]
fn no_two_onboardings_of_one_address_have_more_codes_looked_at_than_one() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        let mut policy = Policy { one_onboarding_per_email: false, ..Policy::default() };
        policy.email_code.attempts = 1;
        world.set_policy(policy);
        let (one, code) = with_code_sent(&mut world, ADA);
        let (two, _) = with_code_sent(&mut world, ADA);
        let (right, wrong) = (json!({ "code": code }), json!({ "code": "no code" }));
        let nothing = json!({});
        let explorer = Explorer::new(&world)
            .saying("a guess", &two, "verify_email", &wrong)
            .saying("another code", &two, "verify_email", &nothing)
            .saying("the owner", &one, "verify_email", &right);
        let (mut let_in, mut locked) = (0, 0);
        explorer.check(|world, endings| {
            let guess = endings[0].done().unwrap();
            let is_locked = |answer: &Answer| matches!(answer, Err(Refusal::RateLimited { .. }));
            match endings[2].done().unwrap() {
                Ok(_) => let_in += 1,
                Err(Refusal::RateLimited { .. }) => {
                    locked += 1;
                    assert!(!is_locked(guess), "one of the two was looked at");
                }
                Err(other) => panic!("{other:?}"),
            }
            let email: testudo::model::Email = ADA.parse().unwrap();
            assert!(counted(world, &AttemptKey::email_code(email.key())) <= 1);
        });
        assert!(let_in > 0 && locked > 0);
    });
}

/// Where a crash comes between two stores, the code may be spent and have opened none.
#[test]
fn a_code_of_an_app_opens_one_session_however_many_sign_in_with_it_at_once() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let (one, two) = (owing(&mut world), owing(&mut world));
        let before = sign_ins(&world);
        let right = json!({ "code": code_of(&enrolled.seed, &world) });
        let explorer = Explorer::new(&world)
            .saying("one", &one, "second_factor", &right)
            .saying("two", &two, "second_factor", &right)
            .with_crashes();
        explorer.check(|world, endings| {
            let opened = world.tables().sessions().count() - 1;
            assert!(opened == 1 || (opened == 0 && crashed(endings)), "{opened}");
            assert!(given(endings).len() <= opened);
            assert_told(world, endings, sign_ins(world) - before, opened);
        });
    });
}

#[test]
fn a_recovery_code_opens_one_session_however_many_sign_in_with_it_at_once() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let (one, two) = (owing(&mut world), owing(&mut world));
        let before = sign_ins(&world);
        let [mine, other] =
            [0, 1].map(|place| json!({ "code": enrolled.recovery_codes[place].expose() }));
        let explore = |first: &Value, second: &Value, most: usize| {
            let explorer = Explorer::new(&world)
                .saying("one", &one, "second_factor", first)
                .saying("two", &two, "second_factor", second);
            explorer.check(|world, endings| {
                let opened = sign_ins(world) - before;
                assert_eq!((opened, given(endings).len()), (most, most));
                let left = world.tables().users().next().unwrap().recovery_codes.len();
                assert_eq!(left, 10 - opened, "each was spent, and no other");
            });
        };
        explore(&mine, &mine, 1);
        explore(&mine, &other, 2);
    });
}

#[test]
fn guesses_in_many_sign_ins_at_once_are_guesses_at_one_account() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let mut policy = world.settings().policy().clone();
        policy.totp.attempts = 1;
        world.set_policy(policy);
        let (one, two) = (owing(&mut world), owing(&mut world));
        let wrong = json!({ "code": wrong_code(&enrolled.seed, &world) });
        let right = json!({ "code": code_of(&enrolled.seed, &world) });
        let explorer = Explorer::new(&world)
            .saying("a guess", &one, "second_factor", &wrong)
            .saying("the owner", &two, "second_factor", &right)
            .with_crashes();
        let mut locked = 0;
        explorer.check(|world, endings| {
            let refused = endings
                .iter()
                .filter(|ending| matches!(ending.done(), Some(Err(Refusal::RateLimited { .. }))));
            locked += refused.count();
            let guessed = matches!(endings[0].done(), Some(Err(Refusal::Invalid(_))));
            let entered = !given(endings).is_empty();
            // Both are looked at only where the right code came first, which makes room again.
            if guessed && entered {
                let events = world.tables().events();
                let place =
                    |which: fn(&Event) -> bool| events.iter().rposition(|it| which(&it.event));
                let login = place(|event| matches!(event, Event::UserLogin { .. }));
                let failure = place(|event| matches!(event, Event::UserLoginFailed { .. }));
                assert!(login < failure);
            }
        });
        assert!(locked > 0);
    });
}

#[test]
fn a_right_code_counts_as_one_guess_however_often_its_account_changes_meanwhile() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let mut policy = world.settings().policy().clone();
        policy.totp.attempts = 1;
        world.set_policy(policy);
        let token = owing(&mut world);
        let right = json!({ "code": code_of(&enrolled.seed, &world) });
        let explorer = Explorer::new(&world)
            .saying("the owner", &token, "second_factor", &right)
            .signing_in("another sign-in", ADA, PASSWORD);
        let schedules = explorer.check(|_, endings| assert_eq!(given(endings).len(), 1));
        assert!(schedules > 10);
    });
}

/// Where a crash comes between two stores, the account may be made and have no session.
#[test]
fn of_two_onboardings_of_one_address_one_makes_the_account() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        world.set_policy(Policy { one_onboarding_per_email: false, ..Policy::default() });
        let one = before_the_last_step(&mut world, ADA);
        let two = before_the_last_step(&mut world, "Ada@Example.com");
        let explorer =
            Explorer::new(&world).skipping("one", &one).skipping("two", &two).with_crashes();
        explorer.check(|world, endings| {
            let (made, opened) =
                (world.tables().users().count(), world.tables().sessions().count());
            assert!(made == 1 || (made == 0 && crashed(endings)));
            assert!(opened == made || (opened < made && split(world) && crashed(endings)));
            assert!(given(endings).len() <= opened);
            assert_told(world, endings, sign_ins(world), opened);
            let taken = endings.iter().filter(|it| refused_with(it, &Refusal::EmailTaken)).count();
            assert!(crashed(endings) || taken == 1);
        });
    });
}

#[test]
fn the_last_step_said_twice_at_once_opens_one_session() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        let token = before_the_last_step(&mut world, ADA);
        let explorer =
            Explorer::new(&world).skipping("one", &token).skipping("two", &token).with_crashes();
        explorer.check(|world, endings| {
            let made = world.tables().users().count();
            assert!(made == 1 || (made == 0 && crashed(endings)));
            // In two stores, the onboarding and the session live in one.
            let opened = world.tables().sessions().count();
            assert!(opened == made || (opened < made && apart(world) && crashed(endings)));
            let late = [Refusal::OnboardingMoved, Refusal::OnboardingComplete];
            let refused =
                endings.iter().filter(|it| late.iter().any(|late| refused_with(it, late)));
            assert!(crashed(endings) || refused.count() == 1);
        });
    });
}

/// In several stores the old one may have made the account, and learn then that it is over: there is an account to sign
/// in to, and no session.
#[test]
fn an_onboarding_is_over_once_another_was_begun_for_its_address() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        let token = before_the_last_step(&mut world, ADA);
        let explorer = Explorer::new(&world)
            .skipping("the old one", &token)
            .flow("a new one", |env| start_onboarding(StartOnboarding::new(ADA), env), answer)
            .with_crashes();
        let mut overtaken = 0;
        explorer.check(|world, endings| {
            if said_yes(&endings[1]) {
                let refused = resume(world, &token).unwrap_err();
                assert_eq!(refused, Refusal::OnboardingUnknown);
                overtaken += usize::from(world.tables().users().count() == 0);
            }
            assert_eq!(world.tables().onboarding().count(), 1);
            let (made, opened) =
                (world.tables().users().count(), world.tables().sessions().count());
            assert!(opened == made || (opened < made && split(world)));
            assert!(given(endings).len() <= opened);
        });
        assert!(overtaken > 0);
    });
}

/// A change of the account, and who may make it: made in a session that goes on, or by somebody else.
type Change = (&'static str, for<'a> fn(Explorer<'a, Answer>, &'a Changer) -> Explorer<'a, Answer>);

struct Changer {
    own: testudo::token::Tokens,
    reset: Secret<String>,
}

const CHANGES: [Change; 7] = [
    ("change of password", |explorer, by| {
        explorer.changing_password("change", &by.own, NEW_PASSWORD)
    }),
    ("deactivation", |explorer, _| explorer.deactivating()),
    ("sign-out everywhere", |explorer, by| {
        let begin = |env| logout_all(by.own.access.expose(), env);
        explorer.flow("logout everywhere", begin, |result| result.map(|()| None))
    }),
    ("end of all other sessions", |explorer, by| {
        let begin = |env| end_other_sessions(by.own.access.expose(), env);
        explorer.flow("end of others", begin, |result| result.map(|()| None))
    }),
    ("removal of the app", |explorer, by| {
        let begin = |env| remove_totp(by.own.access.expose(), env);
        explorer.flow("removal", begin, |result| result.map(|()| None))
    }),
    ("other recovery codes", |explorer, by| {
        let begin = |env| replace_recovery_codes(by.own.access.expose(), env);
        explorer.flow("replacement", begin, |result| result.map(|_| None))
    }),
    ("reset of the password", |explorer, by| {
        let begin = |env| {
            let request =
                ResetPassword { token: by.reset.clone(), new_password: NEW_PASSWORD.into() };
            reset_password(request, env)
        };
        explorer.flow("reset", begin, |result| result.map(|()| None))
    }),
];

#[test]
fn no_sign_in_that_was_under_way_outlives_a_change_of_its_account() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let own = sign_in(&mut world, &enrolled).tokens;
        world.run(|env| request_password_reset(ADA, env)).unwrap();
        let changer = Changer { own, reset: mailed(&world, MessageKind::PasswordReset) };
        let token = owing(&mut world);
        let right = json!({ "code": code_of(&enrolled.seed, &world) });
        for (name, change) in CHANGES {
            println!("{name}");
            let explorer = Explorer::new(&world).saying("sign-in", &token, "second_factor", &right);
            let (mut before, mut after) = (0, 0);
            change(explorer, &changer).with_crashes().check(|world, endings| {
                if !said_yes(&endings[1]) {
                    before += given(endings).len();
                    return;
                }
                assert_dead(world, given(endings));
                after += 1;
                let again = say(world, &token, right.clone()).unwrap_err();
                let over = [Refusal::OnboardingUnknown, Refusal::OnboardingComplete];
                assert!(over.contains(&again), "{again:?}");
            });
            assert!(before > 0 && after > 0, "{name}");
        }
    });
}

#[test]
fn an_app_is_bound_once_and_the_codes_that_were_told_are_the_ones_that_count() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.change_user(ADA, |user| user.is_verified = true);
        let access = world.login(ADA, PASSWORD).tokens.access;
        let seed = world.run(|env| begin_totp(access.expose(), env)).unwrap().secret;
        let code = code_of(&seed, &world);
        let explorer = Explorer::new(&world)
            .confirming("one", &access, &code)
            .confirming("two", &access, &code)
            .with_crashes();
        explorer.check(|world, endings| {
            let owner = world.tables().users().next().unwrap();
            let bound = usize::from(owner.has_second_factor());
            assert!(bound == 1 || crashed(endings));
            assert_eq!(owner.recovery_codes.len(), 10 * bound);
            let told = count_events(world, |event| *event == Event::TotpEnrolled);
            assert_told(world, endings, told, bound);
            assert!(endings.iter().filter(|it| said_yes(it)).count() <= bound);
            // Where sessions live elsewhere, the second may find its own over before the seed is spent.
            let late = |it: &&Ending<Answer>| {
                refused_with(it, &Refusal::NotFound)
                    || (split(world) && refused_with(it, &Refusal::RevokedToken))
            };
            assert!(crashed(endings) || endings.iter().filter(late).count() == 1, "{endings:?}");
        });
    });
}

#[test]
fn no_session_with_the_password_alone_outlives_the_binding_of_an_app() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.change_user(ADA, |user| user.is_verified = true);
        let access = world.login(ADA, PASSWORD).tokens.access;
        let seed = world.run(|env| begin_totp(access.expose(), env)).unwrap().secret;
        let code = code_of(&seed, &world);
        let explorer = Explorer::new(&world)
            .signing_in("login", ADA, PASSWORD)
            .confirming("binding", &access, &code)
            .with_crashes();
        let mut let_in = 0;
        explorer.check(|world, endings| {
            let_in += given(endings).len();
            if world.tables().users().next().unwrap().has_second_factor() {
                assert_dead(world, given(endings));
                let live = world.tables().sessions().filter(|session| {
                    let standing = world.tables().users().next().unwrap().standing();
                    !session.is_revoked(&standing)
                });
                for session in live {
                    assert!(session.methods.contains(&Method::Otp), "{:?}", session.methods);
                }
            }
        });
        assert!(let_in > 0);
    });
}

#[test]
fn an_app_that_is_bound_at_sign_in_leaves_no_other_session_and_no_other_sign_in() {
    crate::wherever_records_live(|| {
        let mut world = world_with_ada();
        world.change_user(ADA, |user| user.is_verified = true);
        let own = world.login(ADA, PASSWORD);
        let mut policy = world.settings().policy().clone();
        policy.second_factor = testudo::SecondFactor::Required;
        world.set_policy(policy);
        let ready = |world: &mut World| {
            let token = owing(world);
            let shown = say(world, &token, json!({})).unwrap();
            let code = code_of(&crate::onboarding::seed(&shown), world);
            (token, json!({ "code": code }))
        };
        let ((one, right), (two, also_right)) = (ready(&mut world), ready(&mut world));
        let explorer = Explorer::new(&world).saying("one", &one, "setup_totp", &right).saying(
            "two",
            &two,
            "setup_totp",
            &also_right,
        );
        explorer.check(|world, endings| {
            assert_eq!(count_events(world, |event| *event == Event::TotpEnrolled), 1);
            assert_eq!(endings.iter().filter(|ending| said_yes(ending)).count(), 1);
            assert_dead(world, [&own.tokens]);
        });
    });
}

#[test]
fn the_last_seat_goes_to_one_of_two_onboardings() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        let order = ["validate_invitation", "register", "verify_email"];
        world.set_onboarding(Onboarding::standard().sign_up(order));
        // Of an administrator's: a command less in each flow, and a quarter of the schedules.
        let invited = world.run(|env| admin::invite(Invite::open(1), env)).unwrap();
        let invitation = invited.token.unwrap();
        let mut ready = |email: &str| {
            let token = start(&mut world, email);
            say(&mut world, &token, json!({ "invitation": invitation.expose() })).unwrap();
            say(&mut world, &token, registration(email)).unwrap();
            say(&mut world, &token, json!({})).unwrap();
            (token, json!({ "code": crate::onboarding::mailed_code(&world) }))
        };
        let ((one, code), (two, other_code)) = (ready(ADA), ready("eve@example.com"));
        let explorer = Explorer::new(&world).saying("Ada", &one, "verify_email", &code).saying(
            "Eve",
            &two,
            "verify_email",
            &other_code,
        );
        explorer.check(|world, endings| {
            let made = world.tables().users().count();
            assert_eq!((made, given(endings).len()), (1, 1));
            assert_eq!(world.tables().invitations().next().unwrap().taken, 1);
        });
    });
}

#[test]
fn whoever_claims_an_unproven_account_leaves_no_session_of_whoever_had_it() {
    crate::wherever_records_live(|| {
        let mut world = crate::new_world();
        world.register(ADA, "the squatter's own phrase");
        let token = before_the_last_step(&mut world, ADA);
        let explorer = Explorer::new(&world)
            .skipping("owner", &token)
            .flow(
                "squatter",
                |env| login(Login::new(ADA, "the squatter's own phrase".into()), env),
                |result| result.map(tokens_of),
            )
            .with_crashes();
        let mut claimed = 0;
        explorer.check(|world, endings| {
            let owner = world.tables().users().next().unwrap();
            if !owner.is_verified {
                return;
            }
            claimed += 1;
            let theirs = endings[1].done().and_then(|answer| answer.as_ref().ok()?.as_ref());
            assert_dead(world, theirs);
            if let Some(Ok(Some(tokens))) = endings[0].done() {
                assert!(works(world, tokens), "{:?}", session_of(tokens));
            }
        });
        assert!(claimed > 0);
    });
}

#[test]
fn enrolling_again_beside_a_sign_in_leaves_no_session_of_the_app_from_before() {
    crate::wherever_records_live(|| {
        let (mut world, enrolled) = world_with_totp();
        let own = sign_in(&mut world, &enrolled).tokens.access;
        let seed = world.run(|env| begin_totp(own.expose(), env)).unwrap().secret;
        let (code, token) = (code_of(&seed, &world), owing(&mut world));
        let old = json!({ "code": code_of(&enrolled.seed, &world) });
        let explorer = Explorer::new(&world)
            .saying("sign-in", &token, "second_factor", &old)
            .confirming("binding", &own, &code)
            .with_crashes();
        let mut bound = 0;
        explorer.check(|world, endings| {
            if said_yes(&endings[1]) {
                bound += 1;
                assert_dead(world, given(endings));
            }
        });
        assert!(bound > 0);
    });
}
