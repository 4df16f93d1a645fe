//! Taking an invitation back.

use crate::command::{Commit, Conflict, FindInvitation, FindSession, Guard, OwnedSession, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::authenticate::check_found;
use crate::model::{Invitation, InvitationId, Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

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
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, invitation, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, id: InvitationId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: token.session() }, move |found| {
        match check_found(&token, found, env.now) {
            Ok(own) => find(own, id, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn find(own: Session, id: InvitationId, env: Env) -> Step<Outcome> {
    ask(FindInvitation { id }, move |found| match is_there(found) {
        Some(invitation) if invitation.invited_by == Some(own.user) => end(own, invitation, env),
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
fn end(own: Session, invitation: Invitation, mut env: Env) -> Step<Outcome> {
    let (own_id, id) = (own.id, invitation.id);
    let batch = revocation(invitation, Some(own_id), &mut env)
        .guard(Guard::UserEpoch { id: own.user, epoch: own.epoch })
        .guard(Guard::SessionVersion { id: own_id, version: own.version });
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(own_id, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first changes nothing: the token is not held against the next
/// generation. That the session still stands is.
fn look_again(own: SessionId, id: InvitationId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: own }, move |found| match found {
        Some(OwnedSession { session, standing }) if !session.is_revoked(&standing) => {
            find(session, id, env)
        }
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
