//! The flows that send links and take them, and what each may grant.

use testudo::command::Guard;
use testudo::flow;
use testudo::flow::admin;
use testudo::model::User;
use testudo::signing::{
    AccountReopening, EmailChange, EmailUndo, EmailVerification, PurposeSigner, Unsubscribe,
};
use testudo::testing::World;

use super::flows::{replaced_user, replacement_of};
use super::genuine::ADA;
use super::trial::Trial;

/// A link is sent, or a message to nobody: one row. Nothing else changes.
pub(crate) fn request_password_reset(trial: &mut Trial<'_>) {
    let (email, env) = (trial.address(), trial.env());
    if trial.grant(flow::request_password_reset(&email, env)).is_none() {
        return;
    }
    assert!(trial.record.allowed > 0 && trial.record.refused == 0, "it was not counted");
    let batch = trial.record.accepted().expect("nothing was committed");
    assert_eq!(batch.messages.len(), 1);
    if !batch.writes.is_empty() {
        assert_only_the_serial_changes(trial);
    }
}

pub(crate) fn send_password_reset(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    if trial.grant(admin::send_password_reset(key, env)).is_some() {
        assert_only_the_serial_changes(trial);
    }
}

fn assert_only_the_serial_changes(trial: &Trial<'_>) {
    let (was, user) = replaced_user(trial);
    assert!(was.may_be_used() && user.reset_serial > was.reset_serial);
    let (reset_serial, version) = (was.reset_serial, was.version);
    assert_eq!(User { reset_serial, version, ..user }, was);
}

/// The password of an account that may be used changes with the last link, and all sessions end.
pub(crate) fn reset_password(trial: &mut Trial<'_>) {
    let env = trial.env();
    let request = trial.reset();
    if trial.grant(flow::reset_password(request, env)).is_none() {
        return;
    }
    let (was, user) = replaced_user(trial);
    let (claimed, until) = trial.claimed.as_ref().expect("a link");
    assert!(trial.now < *until && *claimed == was.reset_serial.get().to_string());
    assert_eq!((was.id, was.epoch), (trial.genuine.user.id, trial.genuine.user.epoch));
    assert!(was.may_be_used() && user.epoch > was.epoch && user.password != was.password);
    assert_eq!((user.is_verified, &user.email), (was.is_verified, &was.email));
}

pub(crate) fn request_email_verification(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if trial.grant(flow::request_email_verification(&token, env)).is_none() {
        return;
    }
    if trial.record.accepted().is_some() {
        assert_sends_one(trial);
    } else {
        assert!(trial.record.user.as_ref().expect("nobody was found").is_verified);
    }
}

pub(crate) fn verify_email(trial: &mut Trial<'_>) {
    let env = trial.env();
    let token = trial.link::<EmailVerification>(ADA);
    if trial.grant(flow::verify_email(&token, env)).is_some() {
        let (was, user) = replaced_user(trial);
        assert!(!was.is_verified && user.is_verified && was.may_be_used());
        assert_eq!((user.epoch, was.email.key().as_str()), (was.epoch, ADA));
    }
}

pub(crate) fn request_email_change(trial: &mut Trial<'_>) {
    let (token, email, env) = (trial.access_token(), trial.address(), trial.env());
    if trial.grant(flow::request_email_change(&token, &email, env)).is_some() {
        assert_sends_one(trial);
    }
}

/// One message is sent while the session stands, and no record changes.
fn assert_sends_one(trial: &Trial<'_>) {
    assert!(trial.record.allowed > 0 && trial.record.refused == 0, "it was not counted");
    let session = trial.record.live_session().expect("the session was ended");
    let batch = trial.record.accepted().expect("nothing was committed");
    assert!(batch.writes.is_empty() && batch.messages.len() == 1);
    let guard = Guard::SessionVersion { id: session.id, version: session.version };
    assert!(batch.guards.contains(&guard), "the session is not guarded");
}

/// An account moves to an address that nobody has, all sessions end, and one way back is kept.
pub(crate) fn change_email(trial: &mut Trial<'_>) {
    let env = trial.env();
    let to = trial.address();
    let token = trial.link::<EmailChange>(&to);
    if trial.grant(flow::change_email(&token, env)).is_none() {
        return;
    }
    let [.., Some(was), None] = &trial.record.looked_up[..] else { panic!("it is taken") };
    let user = replacement_of(was, trial);
    assert!(was.may_be_used() && user.epoch > was.epoch && user.is_verified);
    assert_eq!(user.email, to.parse().expect("an address"));
    let kept = user.previous_email.expect("no way back");
    assert!(kept.email == was.email || Some(kept) == was.previous_email);
}

/// What a thief had is dead, and the address is the one that was kept.
pub(crate) fn undo_email_change(trial: &mut Trial<'_>) {
    let env = trial.env();
    let to = trial.address();
    let token = trial.link::<EmailUndo>(&to);
    if trial.grant(flow::undo_email_change(&token, env)).is_none() {
        return;
    }
    let [.., Some(was), owner] = &trial.record.looked_up[..] else { panic!("nobody was found") };
    assert!(owner.as_ref().is_none_or(|owner| owner.id == was.id), "it is taken");
    let user = replacement_of(was, trial);
    let kept = was.previous_email.as_ref().expect("no way back was kept");
    assert!(trial.now < kept.until && kept.email == user.email);
    assert!(user.epoch > was.epoch && !user.password.is_usable());
    assert!(user.previous_email.is_none() && user.closes_at.is_none());
    assert_eq!(user.is_active, was.is_active);
}

pub(crate) fn close_account(trial: &mut Trial<'_>) {
    let (token, env) = (trial.access_token(), trial.env());
    if let Some(closes_at) = trial.grant(flow::close_account(&token, env)) {
        let (was, user) = replaced_user(trial);
        assert!(was.may_be_used() && user.epoch > was.epoch && closes_at >= trial.now);
        assert_eq!(user.closes_at, Some(closes_at));
    }
}

pub(crate) fn reopen_account(trial: &mut Trial<'_>) {
    let env = trial.env();
    let token = trial.link::<AccountReopening>("");
    if trial.grant(flow::reopen_account(&token, env)).is_some() {
        let (was, user) = replaced_user(trial);
        assert!(was.is_active && was.closes_at.is_some_and(|at| trial.now < at));
        assert!(user.closes_at.is_none() && user.epoch > was.epoch);
    }
}

pub(crate) fn reopen_account_by_administrator(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    if let Some(user) = trial.grant(admin::reopen_account(key, env)) {
        assert!(user.closes_at.is_none());
    }
}

/// Nothing changes, and what is recorded is what the link says.
pub(crate) fn unsubscribe(trial: &mut Trial<'_>) {
    let env = trial.env();
    let text = format!("{} news", trial.genuine.user.id);
    let token = trial.link::<Unsubscribe>(&text);
    if let Some(wish) = trial.grant(flow::unsubscribe(&token, env)) {
        assert_eq!(format!("{} {}", wish.user, wish.topic), text);
        assert!(trial.record.accepted().expect("nothing was committed").writes.is_empty());
    }
}

/// What is made is read back.
pub(crate) fn unsubscribe_token(trial: &mut Trial<'_>) {
    let (topic, now, world): (String, _, _) = (trial.choices.any(), trial.moment(), World::new());
    let user = trial.genuine.user.id;
    let Ok(token) = flow::unsubscribe_token(user, &topic, now, world.settings()) else {
        assert!(topic.len() > 987);
        return;
    };
    let keys = testudo::KeyRing::parse(World::SECRET).expect("a key ring");
    let read = PurposeSigner::<Unsubscribe>::new(&keys).verify(token.expose(), now);
    if let Ok(read) = read {
        assert_eq!(read.claim().text(), format!("{user} {topic}"));
    }
}
