//! Somebody who was invited, and what becomes of them.

use crate::command::{Commit, Guard, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::attempts::Reached;
use crate::flow::email;
use crate::message::{Message, MessageKind};
use crate::model::{Email, Invitation, InvitationId, JsonObject, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::signing::{self, PurposeSigner};
use crate::time::Timestamp;

/// What a genuine link says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) invitation: InvitationId,
    expires_at: Timestamp,
}

impl Link {
    pub(crate) fn read(token: &Secret<String>, env: &Env) -> Option<Self> {
        let signer = PurposeSigner::<signing::Invitation>::new(env.keys());
        let claim = signer.genuine(token.expose()).ok()?;
        let invitation = claim.text().parse().ok()?;
        Some(Self { invitation, expires_at: claim.expires_at() })
    }

    /// Whether this is the link of an invitation that counts.
    pub(crate) fn opens(&self, invitation: &Invitation, now: Timestamp) -> bool {
        invitation.expires_at == self.expires_at && invitation.is_open(now)
    }
}

/// A request to accept an invitation.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) link: Link,
    pub(super) email: Option<String>,
    pub(super) password: Password,
    pub(super) profile: JsonObject,
}

/// An invitation that counts, and what says that its inviter still may invite.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) invitation: Invitation,
    pub(super) inviter: Option<Guard>,
}

/// What is done once for a request.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) hash: PasswordHash,
    /// The limits that its mail used up.
    pub(super) reached: Reached,
}

/// A request that fits its invitation, and the address that it is about.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) request: Request,
    pub(super) opened: Opened,
    pub(super) email: Email,
}

impl Arrival {
    /// The whole policy. Where nobody proved to have the mailbox, a taken address is told to nobody but its
    /// owner.
    pub(super) fn decide(
        &self,
        owner: Option<User>,
        prepared: &Prepared,
        env: &mut Env,
    ) -> Result<Commit, Refusal> {
        let is_bound = self.opened.invitation.email.is_some();
        let batch = match owner {
            None => self.account(prepared.hash.clone(), is_bound, env),
            Some(_) if is_bound => return Err(Refusal::EmailTaken),
            Some(owner) => Commit::new().message(told_to(&owner).seal(env)),
        };
        Ok(prepared.reached.report(batch, None, env))
    }

    /// Makes the account and takes the seat.
    fn account(&self, hash: PasswordHash, is_bound: bool, env: &mut Env) -> Commit {
        let new = User::new(env.new_user_id(), self.email.clone(), hash, env.now);
        let profile = self.request.profile.clone();
        // The link went to the bound address and nowhere else.
        let user = User { is_verified: is_bound, profile, ..new };
        let invitation = self.opened.invitation.clone();
        let accepted = Event::InvitationAccepted { invitation: invitation.id };
        let mut batch = Commit::new()
            .event(env.event(Some(user.id), None, Event::UserCreated))
            .event(env.event(Some(user.id), None, accepted));
        if !is_bound {
            batch = batch.message(email::verification(&user, env).seal(env));
        }
        batch.guards.extend(self.opened.inviter.clone());
        let was = invitation.version;
        let invitation = Box::new(invitation.take_seat());
        batch
            .write(Write::InsertUser(Box::new(user)))
            .write(Write::ReplaceInvitation { invitation, was })
    }
}

/// To the owner of an address with which somebody wanted to register.
fn told_to(owner: &User) -> Message {
    Message::to_owner(MessageKind::RegistrationOfTaken, owner)
}
