//! Running the binary and talking to it.
#![allow(dead_code, unused_imports, reason = "each of the test binaries needs a part of it")]

use std::ffi::OsString;

mod http;
mod mailbox;
mod nodes;
mod process;
pub(crate) mod receiver;
mod records;
mod stores;
mod visitor;

pub(crate) use http::connect;
pub(crate) use http::{Answer, Request, names};
pub(crate) use mailbox::Mailbox;
pub(crate) use nodes::Nodes;
pub(crate) use process::{Server, Site, block_on, complaint, printed, printed_json, run, signal};
pub(crate) use records::records;
pub(crate) use stores::Stores;
pub(crate) use visitor::{App, CHEAP, Visitor, recovery_codes, registration};

/// What is run: the binary of this build, or the one that `TESTUDO_BINARY` names.
fn binary() -> OsString {
    std::env::var_os("TESTUDO_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_testudo").into())
}

/// The account that most tests begin with.
pub(crate) const EMAIL: &str = "ada@example.com";
/// Its password.
pub(crate) const PASSWORD: &str = "correct horse battery";
