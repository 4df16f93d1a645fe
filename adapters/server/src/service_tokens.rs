//! The tokens of other services: from the environment alone, so that they stand in no process list and no
//! file by accident.

use std::env::{self, VarError};

use testudo::service::ServiceTokens;
use zeroize::Zeroizing;

use crate::failure::Failure;

const VARIABLE: &str = "TESTUDO_SERVICE_TOKENS";

/// The tokens of `TESTUDO_SERVICE_TOKENS`; without it, none.
///
/// # Errors
///
/// When they are no tokens; the message says what to do.
pub(crate) fn load() -> Result<ServiceTokens, Failure> {
    match env::var(VARIABLE).map(Zeroizing::new) {
        Ok(tokens) => tokens.parse().map_err(|error| Failure::new(format!("{VARIABLE}: {error}"))),
        Err(VarError::NotPresent) => Ok(ServiceTokens::none()),
        Err(VarError::NotUnicode(_)) => {
            Err(Failure::new(format!("{VARIABLE} is not UTF-8: use `testudo secret new`")))
        }
    }
}
