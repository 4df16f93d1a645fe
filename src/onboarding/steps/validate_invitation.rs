//! Letting in only who was invited.

use super::super::{ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned};
use super::{count_work, displace_unproven};
use crate::command::{FindInvitation, FindUser, UserKey};
use crate::flow::invitations::Link;
use crate::model::Invitation;
use crate::refusal::FieldError;
use crate::secret::Secret;
use crate::step::{Step, ask};

/// Somebody who registers shows the invitation that they were sent: what its link carries.
///
/// An invitation for one address is for that address, which counts as verified then: the link went there and
/// nowhere else. An account that somebody left there unverified is no obstacle then, as for
/// [`VerifyEmail`](super::VerifyEmail). The seat is taken when the account is made.
#[derive(Clone, Copy, Debug)]
pub struct ValidateInvitation;

const INVITATION: &str = "invitation";

impl ValidateInvitation {
    /// Its name.
    pub const NAME: &str = "validate_invitation";

    /// The field that it asks for.
    pub(crate) const FIELD: &str = INVITATION;
}

impl OnboardingStep for ValidateInvitation {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.is_sign_up() { Need::Required } else { Need::No }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        ClientHint::new("Your invitation", "Enter the code from the link of your invitation.")
            .field(Field::required(INVITATION, FieldType::Text, "Invitation"))
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let token = match turn.answers().required_text(INVITATION) {
            Ok(token) => Secret::new(token.to_owned()),
            Err(error) => return turn.fail([error]),
        };
        match Link::read(&token, &turn.env) {
            // Whoever holds a genuine link may look at it so often only.
            Some(link) => count_work(turn, move |turn| find(turn, link)),
            None => turn.fail([invalid()]),
        }
    }
}

fn invalid() -> FieldError {
    let expected = "expected an invitation that is open, and for this address";
    FieldError::new(INVITATION, "invalid_invitation", expected)
}

fn find(turn: Turn, link: Link) -> Step<Turned> {
    let give_back = turn.give_back();
    ask(FindInvitation { id: link.invitation }, move |found| match found {
        Some(invitation) if link.opens(&invitation, turn.env.now) => vouch(turn, invitation),
        Some(_) | None => turn.fail([invalid()]),
    })
    .on_fault(give_back)
}

/// Who invited must still be somebody who may.
fn vouch(turn: Turn, invitation: Invitation) -> Step<Turned> {
    let Some(inviter) = invitation.invited_by else { return accept(turn, &invitation) };
    let give_back = turn.give_back();
    ask(FindUser { key: UserKey::Id(inviter) }, move |found| match found {
        Some(user) if user.may_be_used() => accept(turn, &invitation),
        Some(_) | None => turn.fail([invalid()]),
    })
    .on_fault(give_back)
}

fn accept(mut turn: Turn, invitation: &Invitation) -> Step<Turned> {
    let bound = invitation.email.as_ref();
    if bound.is_some_and(|bound| bound.key() != turn.user().email.key()) {
        return turn.fail([invalid()]);
    }
    turn.accept(invitation.id);
    if bound.is_none() {
        return turn.done();
    }
    turn.account.is_verified = true;
    displace_unproven(turn)
}
