//! Inviting in nobody's name, and looking at what others invited.

use crate::command::{Conflict, FindInvitation, ListInvitations};
use crate::env::Env;
use crate::flow::invitations::{self, Accepted, InvitationPage, Invite, Invited};
use crate::model::{Invitation, InvitationId, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Invites somebody in nobody's name. Neither invitations nor mail are counted.
///
/// The link of an invitation for one address goes there by mail, and is not told here either.
///
/// # Errors
///
/// [`Refusal::Invalid`] with all that is wrong with the request, [`Refusal::Busy`].
pub fn invite(request: Invite, env: Env) -> Step<Result<Invited, Refusal>> {
    match invitations::accept(request) {
        Ok(accepted) => create(accepted, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

/// Only the new id can be taken; there is another.
fn create(accepted: Accepted, mut env: Env) -> Step<Result<Invited, Refusal>> {
    let issued = invitations::issue(&accepted, None, &mut env);
    let (batch, invited) = invitations::creation(issued, None, &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(invited)),
        Err(Conflict) if env.retries.spend() => create(accepted, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Lists the invitations that a user made, or, with `None`, administrators; newest first, whatever became of
/// them.
pub fn list_invitations(
    invited_by: Option<UserId>,
    InvitationPage { before, limit }: InvitationPage,
) -> Step<Vec<Invitation>> {
    ask(ListInvitations { invited_by, before, limit }, Step::Done)
}

/// Takes an invitation back, whosever it is.
///
/// # Errors
///
/// [`Refusal::NotFound`] where there is no such invitation that was not revoked before, [`Refusal::Busy`].
pub fn revoke_invitation(id: InvitationId, mut env: Env) -> Step<Result<(), Refusal>> {
    ask(FindInvitation { id }, move |found| {
        let Some(invitation) = invitations::is_there(found) else {
            return Step::Done(Err(Refusal::NotFound));
        };
        let batch = invitations::revocation(invitation, None, &mut env);
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(())),
            Err(Conflict) if env.retries.spend() => revoke_invitation(id, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
