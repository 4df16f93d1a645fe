//! The flows: one file each, read top to bottom.
//!
//! Every flow counts first, then reads, then computes, then commits one batch, and reveals nothing
//! before the commit was accepted.

pub mod admin;
mod api_keys;
pub(crate) mod attempts;
mod authenticate;
mod authenticate_service;
mod change_password;
mod closing;
pub(crate) mod credentials;
mod device;
mod email;
mod end_other_sessions;
mod entrance;
mod external_login;
mod fresh;
pub(crate) mod invitations;
mod links;
mod list_events;
mod list_sessions;
mod login;
mod logout;
mod logout_all;
mod onboarding;
mod own_account;
mod password_reset;
mod presented;
mod refresh;
mod register_user;
mod revoke_session;
mod sweep;
mod totp;
mod unsubscribe;
mod update_profile;

pub use api_keys::{
    ApiKeyPage, CreateApiKey, ListedApiKey, authenticate_api_key, create_api_key, list_api_keys,
    revoke_api_key,
};
pub use authenticate::{authenticate, authenticate_user};
pub use authenticate_service::authenticate_service;
pub use change_password::{ChangePassword, change_password};
pub use closing::{close_account, reopen_account};
pub use email::{
    change_email, request_email_change, request_email_verification, undo_email_change, verify_email,
};
pub use end_other_sessions::end_other_sessions;
pub use external_login::{ExternalLogin, external_login};
pub use invitations::{
    AcceptInvitation, InvitationPage, Invite, Invited, accept_invitation, invite, list_invitations,
    revoke_invitation,
};
pub use list_events::{EventPage, list_events};
pub use list_sessions::{SessionPage, Sessions, list_sessions};
pub use login::{Login, SignedIn, login};
pub use logout::logout;
pub use logout_all::logout_all;
pub use onboarding::{advance_onboarding, resume_onboarding, start_onboarding};
pub use password_reset::{ResetPassword, request_password_reset, reset_password};
pub use refresh::{Refreshed, refresh};
pub use register_user::{RegisterUser, register_user};
pub use revoke_session::revoke_session;
pub use sweep::sweep;
pub use totp::{
    SecondFactors, begin_totp, confirm_totp, remove_totp, replace_recovery_codes, second_factors,
};
pub use unsubscribe::{Unsubscribed, unsubscribe, unsubscribe_token};
pub use update_profile::update_profile;
