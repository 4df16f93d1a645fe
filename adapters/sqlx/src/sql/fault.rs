//! Faults of the records themselves, whichever database they are in.

use testudo_driver::{Fault, FaultKind};

/// A column holds what no version of this library writes there. What it holds is not repeated: it may be
/// personal.
#[derive(Debug, thiserror::Error)]
#[error("the column {0} holds a value that cannot be read")]
pub(crate) struct Unreadable(pub(crate) String);

impl Unreadable {
    pub(crate) fn at(name: &str) -> Fault {
        Self(name.to_owned()).into()
    }
}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(FaultKind::Corrupt, unreadable)
    }
}

/// A profile has a field that the application's own table has no place for.
#[derive(Debug, thiserror::Error)]
#[error("the profile's field {field} cannot be stored: expected {expected}")]
pub(crate) struct Unstorable {
    pub(crate) field: String,
    pub(crate) expected: &'static str,
}

impl From<Unstorable> for Fault {
    fn from(unstorable: Unstorable) -> Self {
        Self::new(FaultKind::Internal, unstorable)
    }
}
