//! `testudo hash`

mod calibrate;
mod identify;
mod verify;

pub(super) use calibrate::calibrate;
pub(super) use identify::identify;
pub(super) use verify::verify;

/// The most bytes of a stored hash: several times what any that can be read has.
const MAX_HASH_BYTES: usize = 2048;
