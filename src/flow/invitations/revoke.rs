//! Taking an invitation back.

use crate::command::{Commit, Conflict, FindInvitation, Guard, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::own_account::Asker;
use crate::flow::presented::Found;
use crate::model::{Invitation, InvitationId, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Takes back an invitation of an access token's user: nobody accepts it any more. Accounts that were made
/// with it stay.
///
/// Of invitations that are not the user's nothing is learned: they look as if there were none.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::NotFound`] where the user has no such
/// invitation that was not revoked before, [`Refusal::Busy`].
pub fn revoke_invitation(access_token: &str, invitation: InvitationId, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, invitation, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, id: InvitationId, env: Env) -> Step<Outcome> {
    asker.find(env, move |asker, own, env| find(asker, own, id, env))
}

fn find(asker: Asker, own: Found, id: InvitationId, env: Env) -> Step<Outcome> {
    let user = Some(own.session.user);
    ask(FindInvitation { id }, move |found| match is_there(found) {
        Some(invitation) if invitation.invited_by == user => end(asker, own, invitation, env),
        Some(_) | None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// The invitation, unless it was revoked before.
pub(in crate::flow) fn is_there(found: Option<Invitation>) -> Option<Invitation> {
    found.filter(|invitation| invitation.revoked_at.is_none())
}

/// What takes an invitation back, with its event.
pub(in crate::flow) fn revocation(
    invitation: Invitation,
    session: Option<SessionId>,
    env: &mut Env,
) -> Commit {
    let was = invitation.version;
    let revoked = Event::InvitationRevoked { invitation: invitation.id };
    let event = env.event(invitation.invited_by, session, revoked);
    let invitation = Box::new(invitation.revoke(env.now));
    Commit::new().write(Write::ReplaceInvitation { invitation, was }).event(event)
}

/// The session that asks is guarded: a token that was revoked meanwhile takes nothing back.
fn end(asker: Asker, own: Found, invitation: Invitation, mut env: Env) -> Step<Outcome> {
    let Found { session: own, record, .. } = own;
    let id = invitation.id;
    let batch = revocation(invitation, Some(own.id), &mut env)
        .guard(Guard::UserEpoch { id: own.user, epoch: own.epoch });
    ask(record.guard(own.id, batch), move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
