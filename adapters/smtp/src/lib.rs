//! Letters over SMTP, with TLS by rustls.
//!
//! ```no_run
//! use testudo_smtp::{Sender, SmtpCourier, SmtpUrl};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url: SmtpUrl = "smtps://user:password@mail.example.com".parse()?;
//! let sender: Sender = "Example <no-reply@example.com>".parse()?;
//! let courier = SmtpCourier::new(url, sender)?;
//! # Ok(())
//! # }
//! ```
//!
//! The courier goes into a worker of messages, such as that of `testudo-tokio`.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod connection;
mod courier;
mod mail;
mod plain_text;
mod sender;
mod until_tls;
mod url;

pub use courier::{SmtpCourier, TlsError};
pub use sender::{Sender, SenderError};
pub use url::{Encryption, SmtpUrl, SmtpUrlError};
