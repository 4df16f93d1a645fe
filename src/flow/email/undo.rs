//! Taking an account back to the address that it had before.

use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{DeadLink, Event, LinkPurpose};
use crate::flow::links::{self, Link};
use crate::flow::password_reset;
use crate::message::{Message, MessageKind};
use crate::model::{Email, User};
use crate::refusal::Refusal;
use crate::signing::EmailUndo;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Takes an account back to the address that it had before, by the link that
/// [`change_email`](crate::flow::change_email) mailed there: for an owner whose account was moved by
/// somebody else.
///
/// It works whatever happened to the password and the sessions since, and on an account that was closed
/// meanwhile, which it opens again. What an administrator deactivated stays so. Nothing that the other one
/// had is left: all sessions and API keys end, the password is none any more, and the address is told and
/// mailed the link by which its owner sets a new one. That link is left out where nobody would be given
/// one: see [`request_password_reset`](crate::flow::request_password_reset).
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for every link that does not count, [`Refusal::EmailTaken`] when another account
/// has the address by now, [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET: programs that look at mail follow its links.
///
/// Whoever makes an account at an address must have proved that it is theirs. Else who stole an account
/// keeps it by making another at the address that it came from.
pub fn undo_email_change(token: &str, env: Env) -> Step<Outcome> {
    match Link::genuine::<EmailUndo>(token, &env) {
        Ok(link) if link.is_over(env.now) => link.refuse(PURPOSE, DeadLink::Expired, env),
        Ok(link) => look(link, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

const PURPOSE: LinkPurpose = LinkPurpose::UndoEmailChange;

fn look(link: Link, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Id(link.user()) }, move |user| {
        let reason = links::dead(user.as_ref());
        let found = user.and_then(|user| Some((way_back(&link, &user, &env)?, user)));
        match found {
            Some((email, user)) => find(link, email, user, env),
            None => link.refuse(PURPOSE, reason, env),
        }
    })
}

/// The address that the link leads back to, if it is that of the last change that is kept. Each change has
/// a link of its own: the moment at which it ends names it.
fn way_back(link: &Link, user: &User, env: &Env) -> Option<Email> {
    let kept = user.previous_email.as_ref()?;
    let is_its_link = kept.until == link.until() && kept.email.as_str() == link.text();
    let is_gone = user.closes_at.is_some_and(|at| at <= env.now);
    (is_its_link && !is_gone).then(|| kept.email.clone())
}

/// That the address is free is read here and guarded by the commit.
fn find(link: Link, email: Email, user: User, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Email(email.key().clone()) }, move |owner| match owner {
        Some(owner) if owner.id != user.id => Step::Done(Err(Refusal::EmailTaken)),
        Some(_) | None => settle(link, email, user, env),
    })
}

fn settle(link: Link, email: Email, user: User, mut env: Env) -> Step<Outcome> {
    let (was, from) = (user.version, user.email.key().masked());
    let reopened = User { closes_at: None, ..user };
    let may_have_a_password = password_reset::is_open_to(&reopened, &env);
    let user = User {
        email,
        is_verified: true,
        previous_email: None,
        ..reopened.with_new_password(env.unusable_password(), env.now)
    };
    let notice = Message::to_owner(MessageKind::EmailRestored, &user);
    let mut batch = Commit::new()
        .event(env.event(Some(user.id), None, Event::EmailRestored { from }))
        .message(notice.seal(&mut env));
    if may_have_a_password {
        batch = batch.message(password_reset::link(&user, &mut env));
    }
    let batch = batch.write(Write::ReplaceUser { user: Box::new(user), was });
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(link, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
