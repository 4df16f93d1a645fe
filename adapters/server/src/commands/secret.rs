//! `testudo secret`

use serde_json::json;

use super::print;
use crate::cli::NewSecret;
use crate::failure::Failure;
use crate::secret_file;

/// Prints a new secret.
pub(super) fn new(NewSecret { webhook, output }: NewSecret) -> Result<(), Failure> {
    let secret = match webhook {
        true => secret_file::random_for_webhooks()?,
        false => secret_file::random()?,
    };
    if output.json {
        print(&json!({"secret": secret.as_str()}).to_string())
    } else {
        print(&secret)
    }
}
