//! Secrets of the environment: there alone, so that they stand in no process list and no file by accident.

use std::env::{self, VarError};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// What a variable holds. One with nothing in it counts as not set, as with every option.
///
/// # Errors
///
/// When it is no text.
pub(crate) fn secret(name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    match env::var(name).map(Zeroizing::new) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(Failure::new(format!("{name} is not UTF-8: use `testudo secret new`")))
        }
    }
}
