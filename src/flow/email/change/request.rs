//! Asking to move an account to another address: prove who asks, count, look, and always send one message.

use crate::command::{Conflict, FindUser, UserKey};
use crate::env::Env;
use crate::event::Event;
use crate::flow::attempts::{self, Reached};
use crate::flow::links;
use crate::flow::own_account::{Asker, while_both_stand};
use crate::flow::presented::FoundWithUser;
use crate::flow::{credentials, fresh};
use crate::message::{Message, MessageKind};
use crate::model::{Email, User};
use crate::refusal::{FieldError, Refusal};
use crate::signing::EmailChange;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Mails the link by which the account of an access token's user moves to another address, to that
/// address.
///
/// An address that has an account already gets the same answer after the same steps, and its owner is told
/// that somebody tried. Nothing changes before the link is used. A request is counted under who asks
/// ([`Policy::mail_user`](crate::Policy::mail_user)) and under the new address
/// ([`Policy::email_proof`](crate::Policy::email_proof)).
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::StepUpRequired`] where the sign-in is older
/// than [`Policy::fresh_sign_in`](crate::Policy::fresh_sign_in), [`Refusal::Invalid`] for what is no address
/// or the account's own, [`Refusal::RateLimited`], [`Refusal::Busy`].
pub fn request_email_change(access_token: &str, new_email: &str, env: Env) -> Step<Outcome> {
    let request = Asker::read(access_token, &env)
        .and_then(|asker| Ok((asker, credentials::address(NEW_EMAIL, new_email)?)));
    match request {
        Ok((asker, to)) => look(asker, Request { to, counted: None }, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

const NEW_EMAIL: &str = "new_email";

fn look(asker: Asker, request: Request, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, move |asker, found, env| {
        let checked =
            fresh::require(&found, &env).and_then(|()| differs(&request.to, &found.user.email));
        match checked {
            Ok(()) if request.counted.is_some() => find(asker, request, found, env),
            Ok(()) => count(asker, request, found, env),
            Err(refusal) => fresh::refuse(&found.session, refusal, env),
        }
    })
}

/// A change of spelling is none: both are the same mailbox, or should be.
fn differs(new: &Email, current: &Email) -> Result<(), Refusal> {
    if new.key() == current.key() {
        let message = "expected another address than the current one";
        let error = FieldError::new(NEW_EMAIL, "email_unchanged", message);
        return Err(Refusal::Invalid(vec![error]));
    }
    Ok(())
}

fn count(asker: Asker, mut request: Request, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let (user, to) = (found.user.id, request.to.clone());
    attempts::count_mail(user, &to, env, move |reached, env| {
        request.counted = Some(reached);
        find(asker, request, found, env)
    })
}

fn find(asker: Asker, request: Request, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let key = UserKey::Email(request.to.key().clone());
    let give_back = request.counted.as_ref().map(Reached::give_back).unwrap_or_default();
    ask(FindUser { key }, move |owner| send(asker, request, &found, owner, env)).on_fault(give_back)
}

/// Sends one message: the link, or, where the address has an account, a word to its owner.
fn send(
    asker: Asker,
    request: Request,
    found: &FoundWithUser,
    owner: Option<User>,
    mut env: Env,
) -> Step<Outcome> {
    let (session, user) = (&found.session, &found.user);
    let (email, taken) = (request.to.key().masked(), owner.is_some());
    let message = match owner {
        Some(owner) => Message::to_owner(MessageKind::EmailChangeToTaken, &owner),
        None => link(user, &request.to, &env),
    };
    let message = message.seal(&mut env);
    let event = Event::EmailChangeRequested { email, taken: Some(taken) };
    let event = env.event(Some(user.id), Some(session.id), event);
    let mut batch = while_both_stand(found).event(event).message(message);
    if let Some(reached) = &request.counted {
        batch = reached.report(batch, Some(user.id), &mut env);
    }
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, request, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

fn link(user: &User, to: &Email, env: &Env) -> Message {
    let until = env.now + env.policy().email_proof_lifetime;
    let token = links::token::<EmailChange>(user, to.as_str(), until, env);
    let message = Message::new(MessageKind::EmailChange, to).about(user.id);
    message.in_language_of(user).with_token(token, until)
}

/// A request on its way.
#[derive(Debug)]
struct Request {
    to: Email,
    /// `None` before it was counted.
    counted: Option<Reached>,
}
