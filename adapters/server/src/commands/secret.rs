//! `testudo secret`

use serde_json::json;

use super::print;
use crate::cli::Output;
use crate::failure::Failure;
use crate::secret_file;

/// Prints a new master secret.
pub(super) fn new(output: Output) -> Result<(), Failure> {
    let secret = secret_file::random()?;
    if output.json {
        print(&json!({"secret": secret.as_str()}).to_string())
    } else {
        print(&secret)
    }
}
