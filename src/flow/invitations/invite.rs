//! Inviting somebody.

use super::request::{self, Accepted, Invite};
use crate::command::{Commit, Conflict, ListInvitations, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::attempts::{self, Reached};
use crate::flow::own_account::Asker;
use crate::flow::presented::FoundWithUser;
use crate::message::{Message, MessageKind};
use crate::model::{Email, Invitation, SessionId, User, UserId, Version};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::signing::{self, Claim, PurposeSigner};
use crate::step::{Step, ask};

/// An invitation that was made.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What the link of an open invitation carries. That of a bound one goes to its address by mail, and
    /// nobody else is told.
    pub token: Option<Secret<String>>,
}

type Outcome = Result<Invited, Refusal>;

/// Invites somebody in the name of an access token's user, whose address was verified.
///
/// Whether an address that is invited has an account already is neither looked at nor told: its owner gets
/// the same mail, and learns of the account on accepting. Mail is counted under who invites
/// ([`Policy::mail_user`](crate::Policy::mail_user)), and under its address as other mail that proves it is
/// ([`Policy::email_proof`](crate::Policy::email_proof)).
///
/// Of any number of parallel requests no more are granted than leave
/// [`Policy::open_invitations`](crate::Policy::open_invitations) open. A user has at most 1000 invitations in
/// all, those that are full included, until they expire and are swept.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::EmailUnverified`], [`Refusal::Invalid`] with
/// all that is wrong with the request, [`Refusal::RateLimited`], [`Refusal::TooMany`], [`Refusal::Busy`].
pub fn invite(access_token: &str, request: Invite, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, request, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, request: Invite, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| {
        let accepted = may_invite(&found.user).and_then(|()| request::accept(request));
        match accepted {
            Ok(accepted) => count_mail(asker, accepted, found, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

const fn may_invite(user: &User) -> Result<(), Refusal> {
    if user.is_verified { Ok(()) } else { Err(Refusal::EmailUnverified) }
}

fn count_mail(asker: Asker, accepted: Accepted, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let Some(to) = accepted.email.clone() else {
        let reached = Reached::default();
        return count_open(asker, Inviting { accepted, reached }, found, env);
    };
    attempts::count_mail(found.user.id, &to, env, |reached, env| {
        count_open(asker, Inviting { accepted, reached }, found, env)
    })
}

/// Counts what is open of the user's. All that there is fits into one page, or there is too much of it.
fn count_open(asker: Asker, inviting: Inviting, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let (invited_by, limit) = (Some(found.user.id), Policy::MOST_AT_ONCE);
    let give_back = inviting.reached.give_back();
    ask(ListInvitations { invited_by, before: None, limit }, move |invitations| {
        let most = env.policy().open_invitations;
        let open = invitations.iter().filter(|invitation| invitation.is_open(env.now)).count();
        let is_below = |count: usize, most: u32| u32::try_from(count).is_ok_and(|n| n < most);
        if is_below(open, most) && is_below(invitations.len(), limit) {
            create(asker, inviting, found, env)
        } else {
            Step::Done(Err(Refusal::TooMany { most }))
        }
    })
    .on_fault(give_back)
}

/// The user is replaced by the same at the next version: of all who counted the same invitations, one goes
/// on. The session is guarded: a token that was revoked meanwhile invites nobody.
fn create(asker: Asker, inviting: Inviting, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let FoundWithUser { session, user, record } = found;
    let (id, was) = (session.id, user.version);
    let invited = issue(&inviting.accepted, Some(user.id), &mut env);
    let (batch, outcome) = creation(invited, Some(id), &mut env);
    let batch = record
        .guard(id, batch)
        .write(Write::ReplaceUser { user: Box::new(user.with_next_version()), was });
    let batch = inviting.reached.report(batch, Some(session.user), &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(outcome)),
        Err(Conflict) if env.retries.spend() => look_again(asker, inviting, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The mail was counted, and is not counted again. What may have become of the user is looked at.
fn look_again(asker: Asker, inviting: Inviting, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| match may_invite(&found.user) {
        Ok(()) => count_open(asker, inviting, found, env),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// A new invitation and its link.
pub(in crate::flow) fn issue(
    accepted: &Accepted,
    invited_by: Option<UserId>,
    env: &mut Env,
) -> (Invitation, Secret<String>) {
    let invitation = Invitation {
        id: env.new_invitation_id(),
        invited_by,
        email: accepted.email.clone(),
        seats: accepted.seats,
        taken: 0,
        data: accepted.data.clone(),
        created_at: env.now,
        expires_at: env.now + accepted.lifetime,
        revoked_at: None,
        version: Version::FIRST,
    };
    let claim = Claim::of(invitation.id, invitation.expires_at);
    let token = PurposeSigner::<signing::Invitation>::new(env.keys()).sign(claim);
    (invitation, token)
}

/// What makes an invitation, and what its inviter is told. The link of a bound one is in its mail only.
pub(in crate::flow) fn creation(
    (invitation, token): (Invitation, Secret<String>),
    session: Option<SessionId>,
    env: &mut Env,
) -> (Commit, Invited) {
    let created = Event::InvitationCreated { invitation: invitation.id };
    let event = env.event(invitation.invited_by, session, created);
    let batch =
        Commit::new().event(event).write(Write::InsertInvitation(Box::new(invitation.clone())));
    match &invitation.email {
        Some(email) => {
            let mail = mail(email, token, &invitation).seal(env);
            (batch.message(mail), Invited { invitation, token: None })
        }
        None => (batch, Invited { invitation, token: Some(token) }),
    }
}

fn mail(email: &Email, token: Secret<String>, invitation: &Invitation) -> Message {
    Message::new(MessageKind::Invitation, email).with_token(token, invitation.expires_at)
}

/// An invitation on its way, whose mail was counted.
#[derive(Debug)]
struct Inviting {
    accepted: Accepted,
    reached: Reached,
}
