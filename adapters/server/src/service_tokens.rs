//! The tokens of other services.

use testudo::service::ServiceTokens;

use crate::failure::Failure;
use crate::variable;

const VARIABLE: &str = "TESTUDO_SERVICE_TOKENS";

/// The tokens of `TESTUDO_SERVICE_TOKENS`; without it, none.
///
/// # Errors
///
/// When they are no tokens; the message says what to do.
pub(crate) fn load() -> Result<ServiceTokens, Failure> {
    let Some(tokens) = variable::secret(VARIABLE)? else { return Ok(ServiceTokens::none()) };
    tokens.parse().map_err(|error| Failure::new(format!("{VARIABLE}: {error}")))
}
