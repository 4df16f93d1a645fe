//! Running the binary, as its own tests do.

#[path = "../../adapters/server/tests/support/http.rs"]
mod http;
#[path = "../../adapters/server/tests/support/mailbox.rs"]
mod mailbox;
#[path = "../../adapters/server/tests/support/process.rs"]
mod process;
#[path = "../../adapters/server/tests/support/stores.rs"]
#[allow(dead_code, reason = "the server's own tests need more of it")]
mod stores;

pub(crate) use mailbox::Mailbox;
pub(crate) use process::{Server, Site, block_on};

/// What is run: what `cargo build` makes of the server, unless it is said.
const BINARY: &str = match option_env!("TESTUDO_BINARY") {
    Some(path) => path,
    None => concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/testudo"),
};

fn binary() -> &'static str {
    BINARY
}

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
