//! The flows, and what each may grant.

use testudo::command::{Guard, PasswordVerdict, Write};
use testudo::flow;
use testudo::flow::{Refreshed, SignedIn};
use testudo::model::{Digest, Session};
use testudo_fuzz::token_parts;

use super::trial::Trial;

/// Runs a flow and holds what it ends with against the law.
pub(crate) type Run = fn(&mut Trial<'_>);

/// Every flow of `testudo::flow`, by its name there.
pub(crate) const FLOWS: &[(&str, Run)] = &[
    ("login", login),
    ("refresh", refresh),
    ("logout", logout),
    ("logout_all", logout_all),
    ("register_user", register_user),
    ("authenticate", authenticate),
    ("authenticate_user", authenticate_user),
];

/// Panics while a function that `src/flow/mod.rs` gives out has no row above.
pub(crate) fn assert_complete() {
    let declared = include_str!("../../../src/flow/mod.rs");
    let given_out = declared.split(';').filter_map(|item| item.trim().strip_prefix("pub use "));
    for names in given_out.filter_map(|path| path.split_once("::")).map(|(_, names)| names) {
        let names = names.split(['{', '}', ',']).map(str::trim);
        for name in names.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
        {
            assert!(FLOWS.iter().any(|(row, _)| *row == name), "{name} has no row in FLOWS");
        }
    }
}

/// A session begins only with a right password of the active account that was found, and with the
/// batch that holds it.
fn login(trial: &mut Trial<'_>) {
    let (request, env) = (trial.login_request(), trial.env());
    let Some(SignedIn { user, session, .. }) = trial.grant(flow::login(request, env)) else {
        return;
    };
    let record = &trial.record;
    assert!(matches!(record.verdict, Some(PasswordVerdict::Valid { .. })));
    let found = record.user.as_ref().expect("nobody was found");
    assert!(found.is_active && found.password.is_usable() && found.id == user.id);
    let batch = record.accepted().expect("a sign-in that was not committed");
    let is_written = |write: &Write| matches!(write, Write::InsertSession(new) if **new == session);
    assert!(batch.writes.iter().any(is_written), "another session was committed");
    let is_guarded = |write: &Write| matches!(write, Write::ReplaceUser { user: new, was } if **new == user && *was == found.version);
    assert!(batch.writes.iter().any(is_guarded), "the user is not guarded by the version read");
    assert!((session.user, session.epoch) == (user.id, user.epoch) && user.epoch == found.epoch);
}

/// The next pair is given with the batch that holds it, or once more within the grace.
fn refresh(trial: &mut Trial<'_>) {
    let (token, env) = (trial.refresh_token(), trial.env());
    let Some(Refreshed { session, .. }) = trial.grant(flow::refresh(&token, env)) else { return };
    let record = &trial.record;
    let found = record.live_session().expect("the session was ended");
    assert!(trial.now < found.refresh_expires_at(), "the session had expired");
    let Some(batch) = record.accepted() else {
        // The grace: what was found is what is given, and a moment ago at most.
        assert_eq!(&session, found);
        assert!((trial.now - found.refreshed_at).as_millis() < 60_000, "the grace was over");
        return;
    };
    let is_written = |write: &Write| matches!(write, Write::ReplaceSession { session: new, was } if **new == session && *was == found.version);
    assert!(batch.writes.iter().any(is_written), "another session was committed");
    let epoch = Guard::UserEpoch { id: found.user, epoch: found.epoch };
    assert!(batch.guards.contains(&epoch), "the epoch is not guarded");
    assert_eq!(Some(session.generation), found.generation.checked_add(1));
    assert_eq!(session.expires_at, found.expires_at, "the end of a session never moves");
}

/// A session has ended when the batch that ends it was accepted, or when it was found ended.
fn logout(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::logout(&token, env)).is_none() {
        return;
    }
    let Some(batch) = trial.record.accepted() else {
        assert!(trial.record.batch.is_some() && trial.record.live_session().is_none());
        return;
    };
    let ends = |write: &Write| matches!(write, Write::ReplaceSession { session, .. } if session.ended.is_some());
    assert!(batch.writes.iter().any(ends), "no session was ended");
}

/// All sessions have ended when the batch that raises the epoch was accepted.
fn logout_all(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::logout_all(&token, env)).is_none() {
        return;
    }
    let batch = trial.record.accepted().expect("nothing was committed");
    let before = trial.record.user.as_ref().expect("nobody was found").epoch;
    let raises =
        |write: &Write| matches!(write, Write::ReplaceUser { user, .. } if user.epoch > before);
    assert!(batch.writes.iter().any(raises), "the epoch was not raised");
}

/// There is an account when the batch that adds it was accepted.
fn register_user(trial: &mut Trial<'_>) {
    let (request, env) = (trial.registration(), trial.env());
    let Some(user) = trial.grant(flow::register_user(request, env)) else { return };
    let batch = trial.record.accepted().expect("nothing was committed");
    let adds = |write: &Write| matches!(write, Write::InsertUser(new) if **new == user);
    assert!(batch.writes.iter().any(adds), "another account was committed");
}

fn authenticate(trial: &mut Trial<'_>) {
    let token = trial.access_token();
    trial.now = trial.moment();
    let now = trial.now;
    let session = trial.grant(flow::authenticate(&token, now));
    assert_may_open(trial, &token, session.as_ref());
}

fn authenticate_user(trial: &mut Trial<'_>) {
    let token = trial.access_token();
    trial.now = trial.moment();
    let now = trial.now;
    let found = trial.grant(flow::authenticate_user(&token, now));
    if let Some((_, user)) = &found {
        assert_eq!(Some(user), trial.record.user.as_ref());
    }
    assert_may_open(trial, &token, found.map(|(session, _)| session).as_ref());
}

/// A request is admitted by the current secret of a live session that has not expired, and writes
/// nothing.
fn assert_may_open(trial: &Trial<'_>, token: &str, opened: Option<&Session>) {
    assert!(trial.record.questions <= 1 && trial.record.batch.is_none());
    let Some(session) = opened else { return };
    assert_eq!(Some(session), trial.record.live_session());
    assert!(trial.now < session.access_expires_at, "the token had expired");
    let (generation, secret) = token_parts(token).expect("it is no token");
    assert_eq!(generation, session.generation, "it is of another generation");
    assert_eq!(Digest::of(&secret), session.access_digest, "it is another secret");
}
