//! The flows: one file each, read top to bottom.
//!
//! Every flow counts first, then reads, then computes, then commits one batch, and reveals nothing
//! before the commit was accepted.

mod attempts;
mod authenticate;
mod credentials;
mod login;
mod logout;
mod logout_all;
mod refresh;
mod register_user;

pub use authenticate::{authenticate, authenticate_user};
pub use login::{Login, SignedIn, login};
pub use logout::logout;
pub use logout_all::logout_all;
pub use refresh::{Refreshed, refresh};
pub use register_user::{RegisterUser, register_user};
