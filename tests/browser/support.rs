//! Running the binary, as its own tests do.

#[path = "../../adapters/server/tests/server/support/http.rs"]
mod http;
#[path = "../../adapters/server/tests/server/support/mailbox.rs"]
mod mailbox;
#[path = "../../adapters/server/tests/server/support/process.rs"]
mod process;

pub(crate) use mailbox::Mailbox;
pub(crate) use process::{Server, Site, block_on};

/// What is run: what `cargo build` makes of the server, unless it is said.
const BINARY: &str = match option_env!("TESTUDO_BINARY") {
    Some(path) => path,
    None => concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/testudo"),
};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
