//! API keys: how a program acts for a user, without a session.
//!
//! A key carries the epoch under which it was made, as sessions do. So whatever ends all sessions of a user
//! ends their keys too: another password or address, signing out everywhere, deactivation, closing.

mod authenticate;
mod create;
mod list;
mod revoke;

pub use authenticate::authenticate_api_key;
pub use create::{CreateApiKey, create_api_key};
pub(super) use list::list;
pub use list::{ApiKeyPage, ListedApiKey, list_api_keys};
pub use revoke::revoke_api_key;
pub(super) use revoke::{is_there, revocation};
