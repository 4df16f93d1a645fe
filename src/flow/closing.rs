//! Closing one's own account, and opening it again before it is removed.

use super::fresh;
use super::links::{self, Link};
use super::own_account::{Asker, while_session_stands};
use super::presented::FoundWithUser;
use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{DeadLink, Event, LinkPurpose};
use crate::message::{Message, MessageKind};
use crate::model::User;
use crate::refusal::Refusal;
use crate::signing::AccountReopening;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Closes the account of an access token's user, and tells when it is going to be removed:
/// [`Policy::closing_grace`](crate::Policy::closing_grace) from now.
///
/// All sessions and API keys end. Until it is removed, the account looks to everybody like one that was
/// deactivated, its address stays taken, and its owner may open it again by a link that is mailed to them:
/// see [`reopen_account`]. [`sweep`](super::sweep) removes it.
///
/// # Errors
///
/// As [`authenticate`](super::authenticate), and [`Refusal::StepUpRequired`] where the sign-in is older than
/// [`Policy::fresh_sign_in`](crate::Policy::fresh_sign_in), [`Refusal::Busy`].
pub fn close_account(access_token: &str, env: Env) -> Step<Result<Timestamp, Refusal>> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, env: Env) -> Step<Result<Timestamp, Refusal>> {
    asker.find_with_user(env, |asker, found, env| match fresh::require(&found, &env) {
        Ok(()) => close(asker, found, env),
        Err(refusal) => fresh::refuse(&found.session, refusal, env),
    })
}

fn close(asker: Asker, found: FoundWithUser, mut env: Env) -> Step<Result<Timestamp, Refusal>> {
    let FoundWithUser { session, user, record } = found;
    let (id, was, closes_at) = (session.id, user.version, env.now + env.policy().closing_grace);
    let user = User { closes_at: Some(closes_at), ..user.with_new_epoch(env.now) };
    let token = links::token::<AccountReopening>(&user, "", closes_at, &env);
    let message = Message::to_owner(MessageKind::AccountClosed, &user);
    let message = message.with_token(token, closes_at).seal(&mut env);
    let event = env.event(Some(user.id), Some(id), Event::AccountClosed { closes_at });
    let batch = while_session_stands(record, id)
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event)
        .message(message);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(closes_at)),
        Err(Conflict) if env.retries.spend() => look(asker, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Opens an account again that its owner closed, by the link that [`close_account`] mailed, strictly before
/// it is to be removed.
///
/// Nobody is signed in by it: its owner signs in as before.
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for every link that does not count: also when the account was opened again
/// already, and when an administrator deactivated it since. [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET: programs that look at mail follow its links.
pub fn reopen_account(token: &str, env: Env) -> Step<Result<(), Refusal>> {
    match Link::genuine::<AccountReopening>(token, &env) {
        Ok(link) if link.is_over(env.now) => link.refuse(PURPOSE, DeadLink::Expired, env),
        Ok(link) => look_by_link(link, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

const PURPOSE: LinkPurpose = LinkPurpose::ReopenAccount;

fn look_by_link(link: Link, env: Env) -> Step<Result<(), Refusal>> {
    ask(FindUser { key: UserKey::Id(link.user()) }, move |user| {
        let counts = |user: &User| {
            link.is_of_the_epoch_of(user) && user.is_active && user.closes_at == Some(link.until())
        };
        let reason = links::dead(user.as_ref());
        match user.filter(counts) {
            Some(user) => reopen(link, user, env),
            None => link.refuse(PURPOSE, reason, env),
        }
    })
}

fn reopen(link: Link, user: User, mut env: Env) -> Step<Result<(), Refusal>> {
    let was = user.version;
    let user = User { closes_at: None, ..user.with_new_epoch(env.now) };
    let event = env.event(Some(user.id), None, Event::AccountReopened);
    let notice = Message::to_owner(MessageKind::AccountReopened, &user);
    let batch = Commit::new()
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event)
        .message(notice.seal(&mut env));
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_by_link(link, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
