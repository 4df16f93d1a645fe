//! Onboarding, sign-ins that owe something, and second factors, and what each may grant.

use testudo::SecondFactor;
use testudo::command::{Commit, Write};
use testudo::flow::{self, SignedIn, admin};
use testudo::model::{Method, User};
use testudo::onboarding::{OnboardingResult, OnboardingState, SignIn, StartOnboarding};

use super::flows::{changed_user, replaced_user};
use super::trial::Trial;

/// A session is opened for an account that may be used, and is that account's.
pub(crate) fn external_login(trial: &mut Trial<'_>) {
    let (request, env) = (trial.external_login(), trial.env());
    let Some(sign_in) = trial.grant(flow::external_login(request, env)) else { return };
    assert_sign_in(trial, &sign_in, Method::Federated);
}

/// Who owes nothing has a session with the batch that holds it; who owes something has none.
pub(crate) fn assert_sign_in(trial: &Trial<'_>, sign_in: &SignIn, method: Method) {
    let found = trial.record.user.as_ref().expect("nobody was found");
    assert!(found.may_be_used());
    let batch = trial.record.accepted().expect("a sign-in that was not committed");
    let is_guarded =
        |write: &Write| matches!(write, Write::ReplaceUser { was, .. } if *was == found.version);
    assert!(batch.writes.iter().any(is_guarded), "the user is not guarded by the version read");
    match sign_in {
        SignIn::Completed(signed_in) => {
            assert_eq!(signed_in.session.methods, [method]);
            assert_let_in(trial, batch, signed_in);
        }
        SignIn::Owing(result) => {
            let opens = |write: &Write| matches!(write, Write::InsertSession(_));
            assert!(!batch.writes.iter().any(opens), "a session, and something is owed");
            let begins = |write: &Write| matches!(write, Write::InsertOnboarding(_));
            assert!(batch.writes.iter().any(begins) && !result.remaining_steps.is_empty());
        }
    }
}

/// Whoever is let in owes nothing: told anew, and not by `owed`.
fn assert_let_in(trial: &Trial<'_>, batch: &Commit, SignedIn { user, session, .. }: &SignedIn) {
    let is_written =
        |write: &Write| matches!(write, Write::InsertSession(new) if **new == *session);
    assert!(batch.writes.iter().any(is_written), "another session was committed");
    let is_user = |write: &Write| match write {
        Write::InsertUser(new) | Write::ReplaceUser { user: new, .. } => **new == *user,
        _ => false,
    };
    assert!(batch.writes.iter().any(is_user), "another user was committed");
    assert_eq!((session.user, session.epoch), (user.id, user.epoch));
    assert!(user.may_be_used());
    let (methods, policy) = (&session.methods, &trial.policy);
    let by_password = methods.contains(&Method::Password);
    assert!(by_password || methods.contains(&Method::Federated), "{methods:?}");
    let by_factor = methods.contains(&Method::Otp) || methods.contains(&Method::RecoveryCode);
    if user.totp.is_some() && policy.second_factor != SecondFactor::Never {
        assert!(by_factor, "the second factor was not shown");
    }
    if must_have_factor(user, &policy.second_factor) {
        assert!(by_factor && user.is_verified, "a second factor is missing");
    }
    assert!(!policy.require_verified_email || user.is_verified, "the address was not verified");
    assert!(!by_password || !user.must_change_password, "the password was not changed");
    let accepted = user.terms.as_ref().map(|terms| &terms.version);
    assert!(policy.terms.is_none() || accepted == policy.terms.as_ref(), "terms not accepted");
}

fn must_have_factor(user: &User, rule: &SecondFactor) -> bool {
    match rule {
        SecondFactor::Required => true,
        SecondFactor::RequiredWhere(wanted) => user.profile.get(&wanted.field) == Some(&wanted.is),
        _ => false,
    }
}

/// There is an onboarding with the batch that holds it.
pub(crate) fn start(trial: &mut Trial<'_>) {
    let request =
        StartOnboarding { remember: trial.choices.any(), ..StartOnboarding::new(trial.address()) };
    let env = trial.env();
    let Some(result) = trial.grant(flow::start_onboarding(request, env)) else { return };
    assert_eq!(trial.record.refused, 0, "it was refused");
    let batch = trial.record.accepted().expect("nothing was committed");
    let [Write::InsertOnboarding(row) | Write::ReplaceOnboarding { session: row, .. }] =
        &batch.writes[..]
    else {
        panic!("to begin writes {:?}", batch.writes)
    };
    assert!(trial.now <= row.expires_at && batch.messages.is_empty());
    assert_eq!(result.current_step(), Some("register"));
}

/// Each answer is of the row that was found; what changes it is guarded by the version that was read.
pub(crate) fn advance(trial: &mut Trial<'_>) {
    let token = trial.onboarding_token();
    let env = trial.env();
    let request = trial.advance();
    let Some(result) = trial.grant(flow::advance_onboarding(&token, request, env)) else { return };
    let found = trial.record.onboarding.as_ref().expect("no row was found");
    assert!(trial.now < found.expires_at, "it had expired");
    assert_tells_no_secret(trial, &result);
    let accepted = trial.record.accepted();
    let moves = |batch: &Commit| {
        batch.writes.iter().any(|write| {
            matches!(write, Write::ReplaceOnboarding { session, was }
                if session.id == found.id && *was == found.version)
        })
    };
    match &result.state {
        OnboardingState::Completed(signed_in) => {
            let batch = accepted.expect("nothing was committed");
            assert!(moves(batch), "the onboarding goes on");
            assert!(result.remaining_steps.is_empty());
            assert_eq!(trial.record.refused, 0, "what was refused was looked at");
            assert_let_in(trial, batch, signed_in);
        }
        OnboardingState::InProgress { hint } => {
            assert!(accepted.is_none_or(moves), "the onboarding is not guarded");
            assert!(hint.revealed.is_none() || accepted.is_some(), "a secret before its commit");
            let opens =
                |write: &Write| matches!(write, Write::InsertSession(_) | Write::InsertUser(_));
            let opened = accepted.is_some_and(|batch| batch.writes.iter().any(opens));
            assert!(!opened, "a session, and something is owed");
        }
        // Nothing but what was counted, and that it failed.
        OnboardingState::Error { errors, .. } => {
            assert!(!errors.is_empty());
            assert!(accepted.is_none_or(|batch| batch.writes.is_empty()), "it failed");
        }
    }
}

fn assert_tells_no_secret(trial: &Trial<'_>, result: &OnboardingResult) {
    trial.assert_shows_no_secret(&format!("{result:?}"));
}

pub(crate) fn resume(trial: &mut Trial<'_>) {
    let token = trial.onboarding_token();
    let env = trial.env();
    let Some(result) = trial.grant(flow::resume_onboarding(&token, env)) else { return };
    assert!(trial.record.batch.is_none(), "to look changes nothing");
    assert!(result.hint().is_some_and(|hint| hint.revealed.is_none()));
}

/// A seed is shown to a fresh session of a verified account, with the batch that keeps it.
pub(crate) fn begin_totp(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::begin_totp(&token, env)).is_none() {
        return;
    }
    assert_fresh(trial);
    let user = trial.record.user.as_ref().expect("nobody was found");
    assert!(user.is_verified, "the address was not verified");
    let batch = trial.record.accepted().expect("nothing was committed");
    let [Write::InsertOnboarding(_) | Write::ReplaceOnboarding { .. }] = batch.writes[..] else {
        panic!("a seed writes {:?}", batch.writes)
    };
    assert_eq!(batch.guards.len(), 2, "session and account");
}

/// An app is bound by a code that was counted, and its recovery codes are the account's.
pub(crate) fn confirm_totp(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    let code = trial.code();
    let Some(codes) = trial.grant(flow::confirm_totp(&token, &code, env)) else { return };
    assert_fresh(trial);
    assert!(trial.record.allowed > 0 && trial.record.refused == 0, "it was not counted");
    let (was, user) = replaced_user(trial);
    assert!(was.is_verified && user.totp.is_some() && user.epoch > was.epoch);
    assert_eq!((codes.len(), user.recovery_codes.len()), (10, 10));
    assert_tells_owner(trial);
}

pub(crate) fn remove_totp(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::remove_totp(&token, env)).is_none() {
        return;
    }
    assert_fresh(trial);
    let (was, user) = replaced_user(trial);
    assert!(was.totp.is_some() && user.totp.is_none() && user.recovery_codes.is_empty());
    assert!(user.epoch > was.epoch && !must_have_factor(&was, &trial.policy.second_factor));
    assert_tells_owner(trial);
}

pub(crate) fn replace_recovery_codes(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::replace_recovery_codes(&token, env)).is_none() {
        return;
    }
    assert_fresh(trial);
    let (was, user) = replaced_user(trial);
    assert!(was.totp == user.totp && was.totp.is_some() && user.epoch > was.epoch);
    assert_tells_owner(trial);
}

pub(crate) fn second_factors(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::second_factors(&token, env)).is_some() {
        assert_fresh(trial);
        assert!(trial.record.batch.is_none());
    }
}

pub(crate) fn reset_second_factor(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    let Some(user) = trial.grant(admin::reset_second_factor(key, env)) else { return };
    assert!(user.totp.is_none());
    if let Some((was, replaced)) = changed_user(trial) {
        assert!(was.totp.is_some() && replaced == user && user.epoch > was.epoch);
    }
}

pub(crate) fn end_other_sessions(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::end_other_sessions(&token, env)).is_some() {
        let (was, user) = replaced_user(trial);
        assert!(user.epoch > was.epoch);
    }
}

/// Only what is declared changes.
pub(crate) fn update_profile(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    let answers = trial.profile_answers();
    let Some(user) = trial.grant(flow::update_profile(&token, answers, env)) else { return };
    let was = trial.record.user.clone().expect("nobody was found");
    let without = |user: &User| {
        let mut profile = user.profile.clone();
        profile.remove("nickname");
        profile
    };
    assert_eq!(without(&user), without(&was));
    assert_eq!((user.epoch, user.totp), (was.epoch, was.totp));
}

/// The session stands, is not older than the policy says, and showed the factor that the account has.
fn assert_fresh(trial: &Trial<'_>) {
    let session = trial.record.live_session().expect("the session was ended");
    let user = trial.record.user.as_ref().expect("nobody was found");
    assert!(trial.now - session.auth_time <= trial.policy.fresh_sign_in, "it is not fresh");
    let methods = &session.methods;
    let by_factor = methods.contains(&Method::Otp) || methods.contains(&Method::RecoveryCode);
    let is_asked = user.totp.is_some() && trial.policy.second_factor != SecondFactor::Never;
    assert!(by_factor || !is_asked, "the second factor was not shown");
}

fn assert_tells_owner(trial: &Trial<'_>) {
    let batch = trial.record.accepted().expect("nothing was committed");
    assert_eq!(batch.messages.len(), 1, "its owner is told");
}
