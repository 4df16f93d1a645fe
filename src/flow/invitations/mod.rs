//! Invitations: how somebody who has no account is let in to make one.
//!
//! A *bound* invitation is for one address: its link goes there by mail and nowhere else, so that whoever
//! has it has the mailbox. An *open* one is for whoever has the link, until its seats are taken.

mod accept;
mod arrival;
mod invite;
mod list;
mod request;
mod revoke;

pub use accept::{AcceptInvitation, accept_invitation};
pub(crate) use arrival::Link;
pub use invite::{Invited, invite};
pub(super) use invite::{creation, issue};
pub use list::{InvitationPage, list_invitations};
pub use request::Invite;
pub(super) use request::{Accepted, accept};
pub use revoke::revoke_invitation;
pub(super) use revoke::{is_there, revocation};
