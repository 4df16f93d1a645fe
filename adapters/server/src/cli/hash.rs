//! The command line of `testudo hash`.

use clap::{Args, Subcommand, value_parser};

use super::{File, Output};
use crate::config::HashingOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum Hash {
    /// Measures this machine and prints the settings of Argon2id that suit it.
    ///
    /// It hashes on every core at once, as a busy server does, and looks for as much memory as there
    /// is time for, then for passes over it (RFC 9106 section 4). What it prints is TOML for the file
    /// of `--config`. Run it where the server will run, when nothing else does. It never recommends
    /// less than the OWASP Password Storage Cheat Sheet asks for.
    Calibrate(Calibrate),
    /// Tells what stored hashes are: one a line, from standard input.
    ///
    /// For each line it prints the scheme and its parameters, and whether the hash is current, will be
    /// replaced when its owner signs in next, is unusable (an account without a password), unknown or
    /// unreadable. It ends with 1 if any is unknown or unreadable. No hash is repeated.
    Identify(StoredHashes),
    /// Tells whether a password is that of a stored hash.
    ///
    /// It takes the password from the first line of standard input and the hash from the second; on a
    /// terminal it asks for both. It ends with 0 if they match and with 1 if not. Neither is repeated.
    Verify(StoredHashes),
}

#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// How long hashing a password may take
    ///
    /// A quarter of a second is not noticed by who signs in, and is what an attacker spends on every
    /// guess. Where many sign in at once choose less: each core hashes one password at a time.
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = value_parser!(u64).range(1..=10_000))]
    pub(crate) target_ms: u64,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Stored hashes are current or not by the settings for new ones.
#[derive(Debug, Args)]
pub(crate) struct StoredHashes {
    #[command(flatten)]
    pub(crate) hashing: HashingOptions,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) file: File,
}
