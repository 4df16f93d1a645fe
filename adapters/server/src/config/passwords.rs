//! How new passwords are judged and hashed.

use clap::Args;
use testudo::password::Argon2id;

use super::ContextWords;
use crate::failure::Failure;

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

impl HashingOptions {
    /// These options, and `other`'s where these leave something open.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            argon2_memory: self.argon2_memory.or(other.argon2_memory),
            argon2_passes: self.argon2_passes.or(other.argon2_passes),
            argon2_lanes: self.argon2_lanes.or(other.argon2_lanes),
        }
    }

    /// The hasher of these settings, and of the library's where something is left open.
    ///
    /// # Errors
    ///
    /// When they are too weak or too costly: together, since what is too weak by one of them may be
    /// strong enough by another.
    pub(super) fn hasher(self) -> Result<Argon2id, Failure> {
        let standard = Argon2id::default();
        let memory = self.argon2_memory.unwrap_or(standard.memory_kib());
        let passes = self.argon2_passes.unwrap_or(standard.passes());
        let lanes = self.argon2_lanes.unwrap_or(standard.lanes());
        Argon2id::new(memory, passes, lanes).map_err(|error| {
            Failure::new(format!(
                "argon2_memory {memory}, argon2_passes {passes}, argon2_lanes {lanes}: {error} \
                 (`testudo hash calibrate` finds settings that are fit)"
            ))
        })
    }
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

/// The same with nothing open.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    pub(crate) hasher: Argon2id,
    pub(crate) context_words: ContextWords,
}

impl PasswordOptions {
    /// These options, and `other`'s where these leave something open.
    pub(super) fn or(self, other: Self) -> Self {
        let context_words = self.context_words.or(other.context_words);
        Self { hashing: self.hashing.or(other.hashing), context_words }
    }

    /// What these options say, and what holds where they leave something open.
    ///
    /// # Errors
    ///
    /// As [`HashingOptions::hasher`].
    pub(super) fn resolve(self) -> Result<Passwords, Failure> {
        let context_words = self.context_words.unwrap_or_default();
        Ok(Passwords { hasher: self.hashing.hasher()?, context_words })
    }
}
