//! Listing one's invitations.

use crate::command::ListInvitations;
use crate::env::Settings;
use crate::flow::authenticate::check_found;
use crate::flow::presented::find;
use crate::model::{Invitation, InvitationId, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Which part of a list of invitations is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitationPage {
    /// The last invitation of the page before; `None` for the first page.
    pub before: Option<InvitationId>,
    /// How many invitations at most. Default 100.
    pub limit: u32,
}

impl Default for InvitationPage {
    fn default() -> Self {
        Self { before: None, limit: 100 }
    }
}

/// Lists the invitations that an access token's user made, newest first, whatever became of them:
/// [`Invitation::is_open`] says whether they still count. Nothing in them opens one.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate).
pub fn list_invitations(
    access_token: &str,
    page: InvitationPage,
    settings: &Settings,
    now: Timestamp,
) -> Step<Result<Vec<Invitation>, Refusal>> {
    let tokens = settings.tokens();
    match tokens.read_access(access_token, now) {
        Ok(token) => find(token, tokens.records(), move |token, found| {
            match check_found(&token, found, now) {
                Ok(found) => list(found.session.user, page),
                Err(refusal) => Step::Done(Err(refusal)),
            }
        }),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn list(
    user: UserId,
    InvitationPage { before, limit }: InvitationPage,
) -> Step<Result<Vec<Invitation>, Refusal>> {
    let command = ListInvitations { invited_by: Some(user), before, limit };
    ask(command, |invitations| Step::Done(Ok(invitations)))
}
