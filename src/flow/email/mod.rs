//! Addresses: proving that one is the account's owner's, moving to another one, and coming back.

mod change;
mod undo;
mod verify;

pub use change::{change_email, request_email_change};
pub use undo::undo_email_change;
pub(super) use verify::verification;
pub use verify::{request_email_verification, verify_email};
