//! The facade's methods by which somebody is invited, and comes.

use testudo::Client;
use testudo::flow::{self, AcceptInvitation, InvitationPage, Invite, Invited};
use testudo::model::{Invitation, InvitationId};

use crate::{Auth, AuthError, Hashing, Store};

impl<S: Store, H: Hashing> Auth<S, H> {
    /// Invites somebody in the name of an access token's user: [`flow::invite`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn invite(
        &self,
        access_token: &str,
        request: Invite,
        client: &Client,
    ) -> Result<Invited, AuthError> {
        self.run("invite", client, |env| flow::invite(access_token, request, env)).await
    }

    /// Lists the invitations of an access token's user: [`flow::list_invitations`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn list_invitations(
        &self,
        access_token: &str,
        page: InvitationPage,
    ) -> Result<Vec<Invitation>, AuthError> {
        let (settings, now) = (self.settings(), self.now());
        self.finish("list_invitations", flow::list_invitations(access_token, page, settings, now))
            .await
    }

    /// Takes back an invitation of an access token's user: [`flow::revoke_invitation`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn revoke_invitation(
        &self,
        access_token: &str,
        invitation: InvitationId,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("revoke_invitation", client, |env| {
            flow::revoke_invitation(access_token, invitation, env)
        })
        .await
    }

    /// Makes an account for somebody who was invited: [`flow::accept_invitation`].
    ///
    /// # Errors
    ///
    /// The refusals of the flow, or a fault.
    pub async fn accept_invitation(
        &self,
        request: AcceptInvitation,
        client: &Client,
    ) -> Result<(), AuthError> {
        self.run("accept_invitation", client, |env| flow::accept_invitation(request, env)).await
    }
}
