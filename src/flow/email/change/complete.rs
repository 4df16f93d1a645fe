//! Moving an account to another address by a link.

use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{DeadLink, Event, LinkPurpose};
use crate::flow::links::{self, Link};
use crate::message::{Message, MessageKind, SealedMessage};
use crate::model::{Email, PreviousEmail, User};
use crate::refusal::Refusal;
use crate::signing::{EmailChange, EmailUndo};
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Moves an account to the address that [`request_email_change`](crate::flow::request_email_change) mailed
/// a link to. That address is verified by it, and all sessions end.
///
/// The address before is told, with a link by which its owner takes the account back for
/// [`Policy::email_undo_lifetime`](crate::Policy::email_undo_lifetime): see
/// [`undo_email_change`](crate::flow::undo_email_change). An account that moves on while it may still be
/// taken back to an earlier address keeps that one: who stole a session cannot push its owner's address out
/// by moving twice.
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for every link that does not count: also when the address has an account by now,
/// and when the account's password, address or standing changed since. [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET: programs that look at mail follow its links.
pub fn change_email(token: &str, env: Env) -> Step<Outcome> {
    let link = Link::genuine::<EmailChange>(token, &env);
    let link = link.and_then(|link| {
        let to = link.text().parse().map_err(|_| Refusal::InvalidToken)?;
        Ok(Move { link, to })
    });
    match link {
        Ok(Move { link, .. }) if link.is_over(env.now) => {
            link.refuse(PURPOSE, DeadLink::Expired, env)
        }
        Ok(change) => look(change, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

const PURPOSE: LinkPurpose = LinkPurpose::ChangeEmail;

fn look(change: Move, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Id(change.link.user()) }, move |user| {
        let counts = |user: &User| change.link.is_of_the_epoch_of(user) && user.may_be_used();
        let reason = links::dead(user.as_ref());
        match user.filter(counts) {
            Some(user) => find(change, user, env),
            None => change.link.refuse(PURPOSE, reason, env),
        }
    })
}

/// That the address is free is read here and guarded by the commit.
fn find(change: Move, user: User, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Email(change.to.key().clone()) }, move |owner| match owner {
        // Whose account it now is, the one that asked does not learn.
        Some(_) => change.link.refuse(PURPOSE, DeadLink::Superseded, env),
        None => settle(change, user, env),
    })
}

fn settle(change: Move, user: User, mut env: Env) -> Step<Outcome> {
    let (was, old) = (user.version, user.email.clone());
    let previous = previous(&user, &change.to, &env);
    let user = User {
        email: change.to.clone(),
        is_verified: true,
        previous_email: Some(previous.clone()),
        ..user.with_new_epoch(env.now)
    };
    let (from, to) = (old.key().masked(), user.email.key().masked());
    let event = env.event(Some(user.id), None, Event::EmailChanged { from, to });
    let notice = notice(&user, &old, &previous, &mut env);
    let batch = Commit::new()
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event)
        .message(notice);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(change, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The address to which the account may be taken back. One that is kept already stays while it lives,
/// unless the account goes there now.
///
/// The moment at which its link ends is told by the epoch that the change begins, which comes once, and names the
/// link: those of two changes within one millisecond are two.
fn previous(user: &User, to: &Email, env: &Env) -> PreviousEmail {
    let kept = user.previous_email.clone();
    kept.filter(|kept| env.now < kept.until && kept.email.key() != to.key()).unwrap_or_else(|| {
        let until = user.epoch.beginning_at(env.now).moment() + env.policy().email_undo_lifetime;
        PreviousEmail { email: user.email.clone(), until }
    })
}

/// Tells the address before, with the link that takes the account back, if it is to that address.
fn notice(user: &User, old: &Email, previous: &PreviousEmail, env: &mut Env) -> SealedMessage {
    let message = Message::new(MessageKind::EmailChanged, old).about(user.id);
    let message = message.in_language_of(user).with_other_email(&user.email);
    if previous.email != *old {
        return message.seal(env);
    }
    let token = links::token::<EmailUndo>(user, old.as_str(), previous.until, env);
    message.with_token(token, previous.until).seal(env)
}

/// A change on its way.
#[derive(Debug)]
struct Move {
    link: Link,
    to: Email,
}
