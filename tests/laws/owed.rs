//! What is owed, as a table: every way in, under everything that may be wanting (ASVS 5.0 6.3.4).

use proptest::prelude::*;
use serde_json::json;
use testudo::flow::admin::{SetPassword, deactivate, set_password};
use testudo::flow::{
    AcceptInvitation, CreateApiKey, ExternalLogin, Invite, Login, ResetPassword, accept_invitation,
    close_account, create_api_key, external_login, login, refresh, reopen_account,
    request_password_reset, reset_password,
};
use testudo::message::MessageKind;
use testudo::model::{AcceptedTerms, Email, Method, TotpFactor, User, UserId};
use testudo::onboarding::{Onboarding, SignIn};
use testudo::owed::{Owed, owed};
use testudo::password::PasswordHash;
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::{Policy, ProfileMatch, Refusal, SecondFactor, Timestamp};

use super::onboarding::{
    BOB, code_of, enrol, invitation, mailed_code, registration, say, seed, skip, start,
};
use super::{ADA, PASSWORD, ada, mailed, world_with_ada};

/// What becomes of somebody who comes this way.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// There is a session, or what it takes one for.
    In,
    /// There is none before these steps are taken.
    Owes(Vec<String>),
    Refused(Refusal),
    /// It succeeds, and opens nothing: the way in is another one.
    NoSession,
}

/// What is wanting.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanting {
    Nothing,
    /// The account was deactivated.
    Active,
    /// The account was closed.
    Open,
    /// The policy wants a verified address.
    Verified,
    /// The account is bound to an app.
    Factor,
    /// The policy wants a factor, and there is none.
    Enrolment,
    /// The password must be changed.
    NewPassword,
    /// The policy wants terms accepted.
    Terms,
}

use Wanting::{Active, Enrolment, Factor, NewPassword, Nothing, Open, Terms, Verified};

const ALL: [Wanting; 8] = [Nothing, Active, Open, Verified, Factor, Enrolment, NewPassword, Terms];

/// The policy under which that is wanting.
fn policy(wanting: Wanting) -> Policy {
    Policy {
        second_factor: match wanting {
            Enrolment => SecondFactor::Required,
            _ => SecondFactor::IfEnrolled,
        },
        require_verified_email: wanting == Verified,
        terms: (wanting == Terms).then(|| "2026".to_owned()),
        ..Policy::default()
    }
}

/// An account to which that happened, with a session from before.
fn account(wanting: Wanting) -> (World, Tokens) {
    let mut world = world_with_ada();
    world.change_user(ADA, |user| user.is_verified = wanting != Verified);
    world.set_policy(Policy { second_factor: SecondFactor::Never, ..Policy::default() });
    if wanting == Factor {
        enrol(&mut world);
    }
    let before = world.login(ADA, PASSWORD).tokens;
    match wanting {
        Active => drop(world.run(|env| deactivate(ada(), env)).unwrap()),
        Open => drop(world.run(|env| close_account(before.access.expose(), env)).unwrap()),
        NewPassword => {
            let password = PASSWORD.into();
            let request = SetPassword { user: ada(), password, must_change: true };
            world.run(|env| set_password(request, env)).unwrap();
        }
        _ => {}
    }
    world.set_policy(policy(wanting));
    (world, before)
}

fn verdict(came: Result<SignIn, Refusal>) -> Verdict {
    match came {
        Ok(SignIn::Completed(_)) => Verdict::In,
        Ok(SignIn::Owing(result)) => Verdict::Owes(result.remaining_steps),
        Err(refusal) => Verdict::Refused(refusal),
    }
}

fn owes(steps: &[&str]) -> Verdict {
    Verdict::Owes(steps.iter().map(|&step| step.to_owned()).collect())
}

#[test]
fn a_password_opens_a_session_only_where_nothing_is_owed() {
    for wanting in ALL {
        let (mut world, _) = account(wanting);
        let sessions = world.tables().sessions().count();
        let got = verdict(world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)));
        let expected = match wanting {
            Nothing => Verdict::In,
            Active | Open => Verdict::Refused(Refusal::InvalidCredentials),
            Verified => owes(&["verify_email"]),
            Factor => owes(&["second_factor"]),
            Enrolment => owes(&["setup_totp", "recovery_codes"]),
            NewPassword => owes(&["change_password"]),
            Terms => owes(&["accept_terms"]),
        };
        assert_eq!(got, expected, "{wanting:?}");
        let opened = world.tables().sessions().count() - sessions;
        assert_eq!(opened, usize::from(got == Verdict::In), "{wanting:?}");
    }
}

#[test]
fn a_password_that_lives_in_another_system_opens_no_more_than_one_here() {
    for wanting in ALL {
        let (mut world, _) = account(wanting);
        let here = verdict(world.clone().run(|env| login(Login::new(ADA, PASSWORD.into()), env)));
        world.set_policy(Policy { consult_legacy: true, ..policy(wanting) });
        world.change_user(ADA, |user| user.password = PasswordHash::legacy());
        world.set_legacy_password(ADA, PASSWORD);
        let there = verdict(world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)));
        assert_eq!(there, here, "{wanting:?}");
    }
}

#[test]
fn another_service_vouches_for_the_password_and_for_nothing_else() {
    for wanting in ALL {
        let (mut world, _) = account(wanting);
        let id = world.tables().users().next().unwrap().id;
        let by_password =
            verdict(world.clone().run(|env| login(Login::new(ADA, PASSWORD.into()), env)));
        let got = verdict(world.run(|env| external_login(ExternalLogin::new(id), env)));
        // Who came without the password is not asked to change it.
        let expected = if wanting == NewPassword { Verdict::In } else { by_password };
        assert_eq!(got, expected, "{wanting:?}");
    }
}

#[test]
fn a_session_from_before_goes_on_only_as_far_as_the_policy_of_today_lets_it() {
    for wanting in ALL {
        let (mut world, before) = account(wanting);
        let came = world.run(|env| refresh(before.refresh.expose(), env));
        let got = came.map_or_else(Verdict::Refused, |_| Verdict::In);
        let expected = match wanting {
            // Of a policy that asked nobody: as is said where it is turned off (`SecondFactor::Never`).
            Nothing | Factor => Verdict::In,
            Active | Open | NewPassword => Verdict::Refused(Refusal::RevokedToken),
            Verified | Enrolment | Terms => Verdict::Refused(Refusal::StepUpRequired),
        };
        assert_eq!(got, expected, "{wanting:?}");
    }
}

#[test]
fn an_api_key_is_made_by_nobody_whose_session_has_ended_or_lacks_the_factor() {
    for wanting in ALL {
        let (mut world, before) = account(wanting);
        let access = before.access.expose();
        let made = world.run(|env| create_api_key(access, CreateApiKey::new("any"), env));
        let got = made.map_or_else(Verdict::Refused, |_| Verdict::In);
        let expected = match wanting {
            Active | Open | NewPassword => Verdict::Refused(Refusal::RevokedToken),
            Factor => Verdict::Refused(Refusal::StepUpRequired),
            // What else is owed is asked for at the next refresh: see above.
            Nothing | Verified | Enrolment | Terms => Verdict::In,
        };
        assert_eq!(got, expected, "{wanting:?}");
    }
}

#[test]
fn a_reset_opens_nothing_and_what_is_owed_is_asked_for_after_it() {
    for wanting in ALL {
        let (mut world, _) = account(wanting);
        world.run(|env| request_password_reset(ADA, env)).unwrap();
        let sessions = world.tables().sessions().count();
        if matches!(wanting, Active | Open) {
            let mut messages = world.messages();
            messages.retain(|message| message.kind == MessageKind::PasswordReset);
            assert!(messages.is_empty(), "{wanting:?}");
            continue;
        }
        let token = mailed(&world, MessageKind::PasswordReset);
        let new_password = "a wholly different phrase";
        let request = ResetPassword { token, new_password: new_password.into() };
        world.run(|env| reset_password(request, env)).unwrap();
        assert_eq!(world.tables().sessions().count(), sessions, "{wanting:?}");
        let got = verdict(world.run(|env| login(Login::new(ADA, new_password.into()), env)));
        let expected = match wanting {
            Verified => owes(&["verify_email"]),
            Factor => owes(&["second_factor"]),
            Enrolment => owes(&["setup_totp", "recovery_codes"]),
            Terms => owes(&["accept_terms"]),
            // The password was just changed.
            _ => Verdict::In,
        };
        assert_eq!(got, expected, "{wanting:?}");
    }
}

#[test]
fn an_invitation_and_the_opening_of_a_closed_account_open_no_session() {
    for wanting in [Nothing, Verified, Enrolment, Terms] {
        let mut world = crate::new_world();
        let token = invitation(&mut world, Invite::bound(ADA));
        world.set_policy(policy(wanting));
        let sessions = world.tables().sessions().count();
        let request = AcceptInvitation {
            token,
            email: None,
            password: PASSWORD.into(),
            profile: Default::default(),
        };
        let came = world.run(|env| accept_invitation(request, env));
        let got = came.map_or_else(Verdict::Refused, |()| Verdict::NoSession);
        assert_eq!(got, Verdict::NoSession, "{wanting:?}");
        assert_eq!(world.tables().sessions().count(), sessions);
    }
    let (mut world, _) = account(Open);
    let token = mailed(&world, MessageKind::AccountClosed);
    let live = |world: &World| {
        let standing = world.tables().users().next().unwrap().standing();
        world.tables().sessions().filter(|session| !session.is_revoked(&standing)).count()
    };
    world.run(|env| reopen_account(token.expose(), env)).unwrap();
    assert_eq!(live(&world), 0);
}

/// Whoever signs up under a policy is let in when all that it asks is paid, in whatever order its steps stand.
#[test]
fn who_signs_up_owes_what_the_policy_asks_whether_or_not_the_pipeline_names_it() {
    for wanting in [Nothing, Verified, Enrolment, Terms] {
        let mut world = crate::new_world();
        let policy = Policy { tell_taken_addresses: true, ..policy(wanting) };
        world.set_policy(policy);
        world.set_onboarding(Onboarding::standard().sign_up(["register"]));
        let token = start(&mut world, ADA);
        let came = say(&mut world, &token, registration(ADA)).unwrap();
        let expected: &[&str] = match wanting {
            Nothing => &[],
            Verified => &["verify_email"],
            Enrolment => &["verify_email", "setup_totp", "recovery_codes"],
            Terms => &["accept_terms"],
            _ => unreachable!(),
        };
        assert_eq!(came.remaining_steps, expected, "{wanting:?}");
        assert_eq!(came.completed().is_some(), expected.is_empty());
        assert_eq!(world.tables().sessions().count(), usize::from(expected.is_empty()));
        if expected.is_empty() {
            continue;
        }
        if wanting != Terms {
            say(&mut world, &token, json!({})).unwrap();
            let code = mailed_code(&world);
            say(&mut world, &token, json!({ "code": code })).unwrap();
        }
        if wanting == Enrolment {
            let refused = skip(&mut world, &token).unwrap();
            assert_eq!(refused.errors()[0].code, "not_skippable");
            let shown = say(&mut world, &token, json!({})).unwrap();
            let code = code_of(&seed(&shown), &world);
            say(&mut world, &token, json!({ "code": code })).unwrap();
            skip(&mut world, &token).unwrap();
        }
        if wanting == Terms {
            say(&mut world, &token, json!({ "accept": true })).unwrap();
        }
        assert_eq!(world.tables().sessions().count(), 1, "{wanting:?}");
    }
    assert_ne!(BOB, ADA);
}

/// An account and how its owner came, as they may be.
fn any_arrival() -> impl Strategy<Value = (User, Vec<Method>)> {
    let methods = prop::sample::subsequence(
        vec![Method::Password, Method::Otp, Method::RecoveryCode, Method::Federated],
        0..=4,
    );
    let accepted = prop::option::of(prop::sample::select(vec!["2025", "2026"]));
    let role = prop::sample::select(vec![json!(null), json!("admin"), json!(["admin", "user"])]);
    (any::<[bool; 3]>(), accepted, role, methods).prop_map(|(flags, accepted, role, methods)| {
        let [is_verified, must_change_password, has_app] = flags;
        let (id, email): (UserId, Email) =
            (UserId::from_uuid(uuid::Uuid::nil()), ADA.parse().unwrap());
        let at = Timestamp::from_millis(0);
        let new = User::new(id, email, PasswordHash::from_stored("$".into()), at);
        let app = TotpFactor { sealed_seed: Vec::new(), last_step: 0, enrolled_at: at };
        let terms = accepted.map(|version| AcceptedTerms { version: version.to_owned(), at });
        let profile = [("role".to_owned(), role)].into_iter().collect();
        let totp = has_app.then_some(app);
        (User { is_verified, must_change_password, totp, terms, profile, ..new }, methods)
    })
}

/// Policies, each of which asks no less than the one before.
fn ever_stricter() -> [Vec<Policy>; 3] {
    let wanted = ProfileMatch { field: "role".into(), is: "admin".into() };
    let factors = [
        SecondFactor::Never,
        SecondFactor::IfEnrolled,
        SecondFactor::RequiredWhere(wanted),
        SecondFactor::Required,
    ];
    let none = || Policy { second_factor: SecondFactor::Never, ..Policy::default() };
    [
        factors.map(|second_factor| Policy { second_factor, ..Policy::default() }).into(),
        [false, true]
            .map(|require_verified_email| Policy { require_verified_email, ..none() })
            .into(),
        [None, Some("2026".to_owned())].map(|terms| Policy { terms, ..none() }).into(),
    ]
}

/// The strictest rules of all of these.
fn at_once(factor: &Policy, verified: &Policy, terms: &Policy) -> Policy {
    Policy {
        second_factor: factor.second_factor.clone(),
        require_verified_email: verified.require_verified_email,
        terms: terms.terms.clone(),
        ..Policy::default()
    }
}

proptest! {
    #[test]
    fn a_policy_that_asks_more_is_owed_no_less((user, methods) in any_arrival()) {
        let [factors, verified, terms] = ever_stricter();
        for (one, stricter) in factors.iter().zip(factors.iter().skip(1)) {
            for verified in &verified {
                for terms in &terms {
                    let less = owed(&user, &methods, &at_once(one, verified, terms));
                    let more = owed(&user, &methods, &at_once(stricter, verified, terms));
                    prop_assert!(less.iter().all(|debt| more.contains(debt)), "{less:?} {more:?}");
                }
            }
        }
        for factor in &factors {
            for (one, stricter) in [(0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 1), (0, 1, 1, 1)]
                .map(|(a, b, c, d)| ((a, b), (c, d)))
            {
                let under = |(v, t): (usize, usize)| {
                    owed(&user, &methods, &at_once(factor, &verified[v], &terms[t]))
                };
                let (less, more) = (under(one), under(stricter));
                prop_assert!(less.iter().all(|debt| more.contains(debt)), "{less:?} {more:?}");
            }
        }
    }

    #[test]
    fn whoever_showed_more_owes_no_more((user, methods) in any_arrival()) {
        let [factors, verified, terms] = ever_stricter();
        for factor in &factors {
            let policy = at_once(factor, &verified[1], &terms[1]);
            let debts = owed(&user, &methods, &policy);
            for method in [Method::Otp, Method::RecoveryCode, Method::Federated] {
                let more: Vec<_> = methods.iter().copied().chain([method]).collect();
                let left = owed(&user, &more, &policy);
                prop_assert!(left.iter().all(|debt| debts.contains(debt)), "{debts:?} {left:?}");
            }
        }
    }

    /// Paid, a debt is one no more, and no other takes its place.
    #[test]
    fn each_debt_can_be_paid_and_then_nothing_is_owed((user, methods) in any_arrival()) {
        let [factors, verified, terms] = ever_stricter();
        for factor in &factors {
            let policy = at_once(factor, &verified[1], &terms[1]);
            let (mut user, mut methods) = (user.clone(), methods.clone());
            let mut before = usize::MAX;
            while let Some(debt) = owed(&user, &methods, &policy).first().copied() {
                let left = owed(&user, &methods, &policy).len();
                prop_assert!(left < before, "{debt:?} was not paid");
                before = left;
                let at = Timestamp::from_millis(0);
                match debt {
                    Owed::SecondFactor => methods.push(Method::Otp),
                    Owed::VerifyEmail => user.is_verified = true,
                    Owed::ChangePassword => user.must_change_password = false,
                    Owed::EnrolFactor => {
                        prop_assert!(user.is_verified, "a factor for an address of nobody's");
                        methods.push(Method::Otp);
                        let app =
                            TotpFactor { sealed_seed: Vec::new(), last_step: 0, enrolled_at: at };
                        user.totp = Some(app);
                    }
                    Owed::AcceptTerms => {
                        user.terms = Some(AcceptedTerms { version: "2026".into(), at });
                    }
                    other => panic!("{other}"),
                }
            }
        }
    }
}
