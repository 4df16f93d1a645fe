//! The flows: one file each, read top to bottom.
//!
//! Every flow counts first, then reads, then computes, then commits one batch, and reveals nothing
//! before the commit was accepted.

pub mod admin;
mod api_keys;
mod attempts;
mod authenticate;
mod change_password;
mod credentials;
mod fresh;
mod invitations;
mod list_sessions;
mod login;
mod logout;
mod logout_all;
mod refresh;
mod register_user;
mod revoke_session;
mod sweep;

pub use api_keys::{
    ApiKeyPage, CreateApiKey, ListedApiKey, authenticate_api_key, create_api_key, list_api_keys,
    revoke_api_key,
};
pub use authenticate::{authenticate, authenticate_user};
pub use change_password::{ChangePassword, change_password};
pub use invitations::{
    AcceptInvitation, InvitationPage, Invite, Invited, accept_invitation, invite, list_invitations,
    revoke_invitation,
};
pub use list_sessions::{SessionPage, Sessions, list_sessions};
pub use login::{Login, SignedIn, login};
pub use logout::logout;
pub use logout_all::logout_all;
pub use refresh::{Refreshed, refresh};
pub use register_user::{RegisterUser, register_user};
pub use revoke_session::revoke_session;
pub use sweep::sweep;
