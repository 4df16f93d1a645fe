//! Accepting an invitation: make an account, without signing in.

use super::arrival::{Arrival, Link, Opened, Prepared, Request};
use crate::command::{Conflict, FindInvitation, FindUser, Guard, HashPassword, UserKey};
use crate::env::Env;
use crate::event::{DeadInvitation, Event, LimitName};
use crate::flow::attempts::{self, Reached, Refused};
use crate::flow::credentials;
use crate::model::{AttemptKey, Email, Invitation, InvitationId, JsonObject, UserId};
use crate::password::Password;
use crate::refusal::{FieldError, Refusal};
use crate::secret::Secret;
use crate::step::{Step, ask};

/// What somebody who was invited chooses.
#[derive(Debug)]
pub struct AcceptInvitation {
    /// What the link carries.
    pub token: Secret<String>,
    /// The address of the new account, as typed. May be left out where the invitation is for one address,
    /// and must be that one.
    pub email: Option<String>,
    /// Its password.
    pub password: Password,
    /// What the application keeps about the user.
    pub profile: JsonObject,
}

type Outcome = Result<(), Refusal>;

/// Makes an account for somebody who was invited. It signs nobody in.
///
/// * **Bound to an address:** the account has that address, and it counts as verified: the link went there
///   and nowhere else.
/// * **Open:** the account has the address that was typed, unverified, and a mail with a link that verifies
///   it. Where the address has an account, the answer is the same, no seat is taken, and the owner is told
///   by mail. Mail is counted by address and by network, before anything about the address is looked at.
///
/// Of any number of users who take the last seat at once, one does. The invitation of a user counts as long
/// as that user's account may be used.
///
/// A client that got no answer may ask again. With an open invitation it gets the same answer; a bound one
/// is spent by then.
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for what was made up, has expired, was revoked or is full;
/// [`Refusal::Invalid`] with all that is wrong with address and password, [`Refusal::RateLimited`],
/// [`Refusal::Busy`]; and, only to who has the mailbox of a bound one, [`Refusal::EmailTaken`].
pub fn accept_invitation(request: AcceptInvitation, env: Env) -> Step<Outcome> {
    let AcceptInvitation { token, email, password, profile } = request;
    let Some(link) = Link::read(&token, &env) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    find(Request { link, email, password, profile }, None, env)
}

fn find(request: Request, prepared: Option<Prepared>, env: Env) -> Step<Outcome> {
    ask(FindInvitation { id: request.link.invitation }, move |found| {
        let is_known = found.is_some();
        let found = found.filter(|invitation| request.link.opens(invitation, env.now));
        let Some(invitation) = found else {
            let reason = if is_known { DeadInvitation::Closed } else { DeadInvitation::Unknown };
            return refuse(request.link.invitation, reason, env);
        };
        match invitation.invited_by {
            Some(inviter) => vouch(request, prepared, invitation, inviter, env),
            None => fit(request, prepared, Opened { invitation, inviter: None }, env),
        }
    })
}

/// Refuses a genuine link as if it were made up, and records why.
fn refuse(invitation: InvitationId, reason: DeadInvitation, env: Env) -> Step<Outcome> {
    let event = Event::InvitationRefused { invitation, reason };
    let refused = Refused { user: None, session: None, event };
    attempts::refuse(refused, &invitation, Refusal::InvalidToken, env)
}

/// Who invited must still be somebody who may. The epoch is guarded: it goes up when that ends.
fn vouch(
    request: Request,
    prepared: Option<Prepared>,
    invitation: Invitation,
    inviter: UserId,
    env: Env,
) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Id(inviter) }, move |found| match found {
        Some(user) if user.may_be_used() => {
            let guard = Guard::UserEpoch { id: inviter, epoch: user.epoch };
            fit(request, prepared, Opened { invitation, inviter: Some(guard) }, env)
        }
        Some(_) | None => refuse(request.link.invitation, DeadInvitation::Inviter, env),
    })
}

/// What was prepared before a conflict is not done again.
fn fit(request: Request, prepared: Option<Prepared>, opened: Opened, env: Env) -> Step<Outcome> {
    let email = match chosen(&request, &opened.invitation, &env) {
        Ok(email) => email,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    let is_open = opened.invitation.email.is_none();
    let arrival = Box::new(Arrival { request, opened, email });
    match prepared {
        Some(prepared) => look_up(arrival, prepared, env),
        None if is_open => count_network(arrival, env),
        None => hash(arrival, Reached::default(), env),
    }
}

/// The address of the account, if it and the password are acceptable.
fn chosen(request: &Request, invitation: &Invitation, env: &Env) -> Result<Email, Refusal> {
    let Request { email, password, profile, .. } = request;
    let bound = invitation.email.as_ref();
    let typed = email.as_deref().or_else(|| bound.map(Email::as_str)).unwrap_or_default();
    let chosen = credentials::chosen(typed, Some(password), profile, env.settings())?;
    if bound.is_some_and(|bound| bound.key() != chosen.key()) {
        let message = "expected the address that was invited, or none";
        return Err(Refusal::Invalid(vec![FieldError::new("email", "other_email", message)]));
    }
    Ok(chosen)
}

/// Counts against the client's network first, so that one that is over its limit uses up no address.
fn count_network(arrival: Box<Arrival>, env: Env) -> Step<Outcome> {
    let Some(ip) = env.client.ip() else { return count_address(arrival, Reached::default(), env) };
    let key = AttemptKey::mail_network(ip);
    let command = attempts::count(&key, env.policy().mail_network, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(counted) => {
            let mut reached = Reached::default();
            reached.note(counted, LimitName::MailNetwork);
            count_address(arrival, reached, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn count_address(arrival: Box<Arrival>, mut reached: Reached, env: Env) -> Step<Outcome> {
    let key = AttemptKey::email_proof(arrival.email.key());
    let command = attempts::count(&key, env.policy().email_proof, &env);
    let give_back = reached.give_back();
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(counted) => {
            reached.note(counted, LimitName::EmailProof);
            hash(arrival, reached, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
    .on_fault(give_back)
}

/// The password is hashed before the address is looked up: a taken one costs as much as a free one.
fn hash(arrival: Box<Arrival>, reached: Reached, mut env: Env) -> Step<Outcome> {
    let password = arrival.request.password.clone();
    let give_back = reached.give_back();
    ask(HashPassword { password, salt: env.new_salt() }, move |hashed| match hashed {
        Ok(hash) => look_up(arrival, Prepared { hash, reached }, env),
        Err(reason) => Step::Done(Err(credentials::unhashable("password", reason))),
    })
    .on_fault(give_back)
}

fn look_up(arrival: Box<Arrival>, prepared: Prepared, mut env: Env) -> Step<Outcome> {
    let key = UserKey::Email(arrival.email.key().clone());
    let give_back = prepared.reached.give_back();
    ask(FindUser { key }, move |owner| {
        let batch = match arrival.decide(owner, &prepared, &mut env) {
            Ok(batch) => batch,
            Err(refusal) => return Step::Done(Err(refusal)),
        };
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(())),
            Err(Conflict) if env.retries.spend() => find(arrival.request, Some(prepared), env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
    .on_fault(give_back)
}
