//! Asking for the link by which a new password is set: count, look, commit, always the same.

use super::{is_open_to, link};
use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{Event, LimitName};
use crate::flow::attempts::{self, Reached};
use crate::message::Message;
use crate::model::{AttemptKey, Email, EmailKey, User};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Mails the link by which an account gets a new password to the account's address.
///
/// The same is answered, and the same done, for an address without an account, for an account that may not
/// be used, and, where [`Policy::reset_unusable_passwords`](crate::Policy::reset_unusable_passwords) is
/// off, for one without a password: there the message goes to nobody. So it is for a text that is no address.
///
/// The link of the last request counts, for
/// [`Policy::password_reset_lifetime`](crate::Policy::password_reset_lifetime). Nothing else changes:
/// sessions go on, and the password signs in as before. It works while the password is locked or stopped,
/// so that whoever guesses at it locks nobody out.
///
/// # Errors
///
/// [`Refusal::RateLimited`], whether or not there is an account, [`Refusal::Busy`].
///
/// # Security
///
/// Anybody may ask, without signing in. Give every answer that is no error the same status and body, and
/// send no mail before answering: messages wait in the outbox.
///
/// An account has one row more to write than nobody, which takes some hundredths of a millisecond. Where that
/// can be measured, answer after a fixed time (`testudo_tokio::no_sooner`), as the server does.
pub fn request_password_reset(email: &str, env: Env) -> Step<Outcome> {
    let address = email.parse::<Email>().map(|email| email.key().clone());
    let key = address.unwrap_or_else(|_| EmailKey::of_no_address(email));
    count_network(Request { key, reached: Reached::default() }, env)
}

/// Counts against the client's network first, so that one that is over its limit uses up nobody's.
fn count_network(mut request: Request, env: Env) -> Step<Outcome> {
    let Some(ip) = env.client.ip() else { return count_address(request, env) };
    let key = AttemptKey::mail_network(ip);
    let command = attempts::count(&key, env.policy().mail_network, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            request.reached.note(reservation, LimitName::MailNetwork);
            count_address(request, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn count_address(mut request: Request, env: Env) -> Step<Outcome> {
    let key = AttemptKey::password_reset(&request.key);
    let command = attempts::count(&key, env.policy().password_reset, &env);
    let give_back = request.reached.give_back();
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            request.reached.note(reservation, LimitName::PasswordReset);
            look(request, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
    .on_fault(give_back)
}

fn look(request: Request, env: Env) -> Step<Outcome> {
    let key = UserKey::Email(request.key.clone());
    let give_back = request.reached.give_back();
    ask(FindUser { key }, move |user| settle(request, user, env)).on_fault(give_back)
}

/// Sends the link, or a message to nobody: one row either way.
fn settle(request: Request, user: Option<User>, mut env: Env) -> Step<Outcome> {
    let id = user.as_ref().map(|user| user.id);
    let user = user.filter(|user| is_open_to(user, &env));
    let (email, sent) = (request.key.masked(), user.is_some());
    let event = env.event(id, None, Event::PasswordResetRequested { email, sent });
    let batch = match user {
        Some(user) => send(user, &mut env),
        None => Commit::new().message(Message::decoy().seal(&mut env)),
    };
    let batch = request.reached.report(batch.event(event), id, &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(request, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The batch by which an account is sent its link. Links from before are dead with it.
pub(in crate::flow) fn send(user: User, env: &mut Env) -> Commit {
    let was = user.version;
    let user = user.with_new_reset_serial();
    let message = link(&user, env);
    Commit::new().write(Write::ReplaceUser { user: Box::new(user), was }).message(message)
}

/// A request on its way.
#[derive(Debug)]
struct Request {
    key: EmailKey,
    reached: Reached,
}
