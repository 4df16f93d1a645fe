//! Listing one's invitations.

use crate::command::{FindSession, ListInvitations};
use crate::flow::authenticate::check_found;
use crate::model::{Invitation, InvitationId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;
use crate::token::AccessToken;

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
    now: Timestamp,
) -> Step<Result<Vec<Invitation>, Refusal>> {
    let Ok(token) = AccessToken::parse(access_token) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    ask(FindSession { id: token.session() }, move |found| match check_found(&token, found, now) {
        Ok(session) => {
            let InvitationPage { before, limit } = page;
            let command = ListInvitations { invited_by: Some(session.user), before, limit };
            ask(command, |invitations| Step::Done(Ok(invitations)))
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}
