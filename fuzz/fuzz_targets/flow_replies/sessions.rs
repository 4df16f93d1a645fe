//! Sessions: how they go on and end, and what each flow may grant of them.

use testudo::command::{Commit, Guard, Write};
use testudo::event::Event;
use testudo::flow::{self, Refreshed, admin};
use testudo::model::{Digest, Session};
use testudo_fuzz::token_parts;

use super::flows::replaced_user;
use super::trial::Trial;

/// The next pair is given with the batch that holds it; or once more, within the grace, with one under which it stands.
pub(crate) fn refresh(trial: &mut Trial<'_>) {
    let (token, env) = (trial.refresh_token(), trial.env());
    let Some(Refreshed { session, .. }) = trial.grant(flow::refresh(&token, env)) else { return };
    let record = &trial.record;
    let found = record.live_session().expect("the session was ended");
    assert!(trial.now < found.refresh_expires_at(), "the session had expired");
    let batch = record.accepted().expect("nothing was committed");
    if session == *found {
        // The grace: what was found is what is given, and a moment ago at most.
        assert_only_looks_at(batch, found);
        assert!((trial.now - found.refreshed_at).as_millis() < 60_000, "the grace was over");
        return;
    }
    let is_written = |write: &Write| matches!(write, Write::ReplaceSession { session: new, was } if **new == session && *was == found.version);
    assert!(batch.writes.iter().any(is_written), "another session was committed");
    let epoch = Guard::UserEpoch { id: found.user, epoch: found.epoch };
    assert!(batch.guards.contains(&epoch), "the epoch is not guarded");
    assert_eq!(Some(session.generation), found.generation.checked_add(1));
    assert_eq!(session.expires_at, found.expires_at, "the end of a session never moves");
}

pub(crate) fn logout(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::logout(&token, env)).is_some() {
        ended(trial);
    }
}

/// The batch that ended a session, and the session. None where another one was faster: it was found ended, and that is
/// sure to last, or it was gone.
fn ended<'a>(trial: &'a Trial<'_>) -> Option<(&'a Commit, &'a Session)> {
    let record = &trial.record;
    match (record.accepted(), record.live_session(), &record.session) {
        (Some(batch), Some(live), _) => {
            assert_ends(batch, live);
            return Some((batch, live));
        }
        (Some(batch), None, Some(ended)) => assert_only_looks_at(batch, &ended.session),
        (None, _, None) => assert!(record.batch.is_some()),
        other => panic!("no session was ended: {other:?}"),
    }
    None
}

/// All sessions have ended when the batch that raises the epoch was accepted.
pub(crate) fn logout_all(trial: &mut Trial<'_>) {
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

pub(crate) fn authenticate(trial: &mut Trial<'_>) {
    let token = trial.access_token();
    trial.now = trial.moment();
    let now = trial.now;
    let session = trial.grant(flow::authenticate(&token, &Trial::settings(), now));
    assert_may_open(trial, &token, session.as_ref());
}

pub(crate) fn authenticate_user(trial: &mut Trial<'_>) {
    let token = trial.access_token();
    trial.now = trial.moment();
    let now = trial.now;
    let found = trial.grant(flow::authenticate_user(&token, &Trial::settings(), now));
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

/// A token that opens its session may look at the others.
pub(crate) fn list_sessions(trial: &mut Trial<'_>) {
    let (token, page) = (trial.access_token(), trial.page());
    trial.now = trial.moment();
    let now = trial.now;
    if let Some(listed) = trial.grant(flow::list_sessions(&token, page, &Trial::settings(), now)) {
        let session = trial.record.live_session().expect("the session was ended");
        assert_eq!(listed.current, session.id);
        assert!(now < session.access_expires_at, "the token had expired");
    }
}

/// A session ends with the batch that ends it; it is never somebody else's.
pub(crate) fn revoke_session(trial: &mut Trial<'_>) {
    let (token, target, env) = (trial.access_token(), trial.session_id(), trial.env());
    if trial.grant(flow::revoke_session(&token, target, env)).is_none() {
        return;
    }
    let Some((batch, found)) = ended(trial) else { return };
    // One's own session may always be ended; another one by a token that still counts.
    let is_another = batch.events.iter().any(|record| record.event == Event::SessionRevoked);
    let is_guarded =
        |guard: &Guard| matches!(guard, Guard::UserEpoch { id, .. } if *id == found.user);
    assert!(!is_another || batch.guards.iter().any(is_guarded));
}

pub(crate) fn end_session(trial: &mut Trial<'_>) {
    let (id, env) = (trial.session_id(), trial.env());
    if trial.grant(admin::end_session(id, env)).is_some() {
        let batch = trial.record.accepted().expect("nothing was committed");
        assert_ends(batch, trial.record.live_session().expect("it had ended"));
    }
}

pub(crate) fn end_sessions(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    if trial.grant(admin::end_sessions(key, env)).is_some() {
        let (was, replaced) = replaced_user(trial);
        assert!(replaced.epoch > was.epoch && replaced.is_active == was.is_active);
    }
}

pub(crate) fn user_sessions(trial: &mut Trial<'_>) {
    let (key, page) = (trial.user_key(), trial.page());
    trial.now = trial.moment();
    let now = trial.now;
    trial.grant(admin::user_sessions(key, page, now));
    assert!(trial.record.batch.is_none());
}

fn assert_ends(batch: &Commit, found: &Session) {
    let ends = |write: &Write| {
        matches!(write, Write::ReplaceSession { session, was } if session.id == found.id
            && *was == found.version && session.ended.is_some())
    };
    assert!(batch.writes.iter().any(ends), "the session was not ended");
}

/// The batch is there for what was found to last, and changes nothing.
fn assert_only_looks_at(batch: &Commit, found: &Session) {
    assert!(batch.writes.is_empty() && batch.events.is_empty() && batch.messages.is_empty());
    assert_eq!(batch.guards, [Guard::SessionVersion { id: found.id, version: found.version }]);
}
