//! The testudo binary.
fn main() {}
