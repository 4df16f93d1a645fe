//! From the text of an entry to an account.

use serde_json::Value;
use testudo::flow::admin::ImportUser;
use testudo::password::{HasherChain, PasswordHash};
use testudo_axum::strict_json;

use super::{django, jsonl};
use crate::cli::Format;

/// What an entry of the file is.
pub(super) enum Found {
    Account {
        account: Box<ImportUser>,
        /// Fields of the entry that are of no use here.
        ignored: Vec<String>,
    },
    /// An object of Django's that is no user.
    SomethingElse,
}

/// Reads an entry. The reason why it is no account quotes nothing of it.
pub(super) fn read(text: &str, format: Format, hashers: &HasherChain) -> Result<Found, String> {
    let value = strict_json::parse(text.as_bytes()).map_err(|error| not_json(&error))?;
    let Value::Object(object) = value else { return Err("expected a JSON object".to_owned()) };
    match format {
        Format::Jsonl => jsonl::read(object, hashers),
        Format::DjangoFixture => django::read(object, hashers),
    }
}

/// The entry is not the whole file, so that the parser's line would mislead.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let wrong = text.split(" at line ").next().unwrap_or(&text);
    format!("not JSON, or not to be taken as such: {wrong} (column {})", error.column())
}

/// A stored hash, if a sign-in can use it.
pub(super) fn usable(stored: String, hashers: &HasherChain) -> Result<PasswordHash, String> {
    if stored.len() > ImportUser::MAX_HASH_BYTES {
        return Err(format!("expected at most {} bytes", ImportUser::MAX_HASH_BYTES));
    }
    hashers.inspect(&stored).map_err(|error| error.to_string())?;
    Ok(PasswordHash::from_stored(stored))
}
