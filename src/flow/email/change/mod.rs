//! Moving an account to another address: a link is asked for, and used once.

mod complete;
mod request;

pub use complete::change_email;
pub use request::request_email_change;
