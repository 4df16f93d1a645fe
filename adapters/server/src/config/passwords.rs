//! How new passwords are judged and hashed.

use clap::Args;

use super::ContextWords;

/// The settings of Argon2id, each of which may be left open.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct HashingOptions {
    /// The memory that hashing one password takes, in KiB, on every core at once; `testudo hash
    /// calibrate` finds out what this machine can do [default: 65536]
    #[arg(long, env = "TESTUDO_ARGON2_MEMORY", hide_env_values = true, value_name = "KIB")]
    pub(crate) argon2_memory: Option<u32>,
    /// How often hashing a password passes over that memory [default: 3]
    #[arg(long, env = "TESTUDO_ARGON2_PASSES", hide_env_values = true, value_name = "N")]
    pub(crate) argon2_passes: Option<u32>,
    /// How many lanes that memory has [default: 4]
    #[arg(long, env = "TESTUDO_ARGON2_LANES", hide_env_values = true, value_name = "N")]
    pub(crate) argon2_lanes: Option<u32>,
}

/// How new passwords are judged and hashed, for every command that takes one.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct PasswordOptions {
    #[command(flatten)]
    pub(crate) hashing: HashingOptions,
    /// Words that no new password may be, separated by commas: the names of your service and of your
    /// organisation
    #[arg(long, env = "TESTUDO_CONTEXT_WORDS", hide_env_values = true, value_name = "WORDS")]
    pub(crate) context_words: Option<ContextWords>,
}
