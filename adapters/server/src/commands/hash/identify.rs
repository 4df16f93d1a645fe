//! `testudo hash identify`

use std::fmt;

use serde::{Serialize, Serializer};
use testudo::password::{HashError, HasherChain, Inspected, PasswordHash};

use super::MAX_HASH_BYTES;
use crate::cli::StoredHashes;
use crate::commands::input::{Lines, Unfit};
use crate::commands::print;
use crate::config;
use crate::failure::{Failure, while_doing};

/// Tells of each line what it is.
pub(in crate::commands) fn identify(arguments: StoredHashes) -> Result<(), Failure> {
    let chain = config::hashers_for(arguments.hashing, arguments.file.config.as_deref())?;
    let mut lines = Lines::of(std::io::stdin().lock());
    let (mut read, mut of_no_use, mut first) = (0_u64, 0_u64, None);
    while let Some(line) = lines.next(MAX_HASH_BYTES)? {
        read = read.saturating_add(1);
        let finding = match line {
            Ok(stored) => Finding::of(&stored, &chain),
            Err(unfit) => unfit.into(),
        };
        print(&finding.show(read, arguments.output.json)?)?;
        if finding.is_of_no_use() {
            of_no_use = of_no_use.saturating_add(1);
            first = first.or(Some(read));
        }
    }
    match first {
        None if read == 0 => {
            Err(Failure::new("there was no hash: write hashes to standard input, one a line"))
        }
        None => Ok(()),
        Some(first) => Err(Failure::new(format!(
            "{of_no_use} of {read} lines cannot be used, the first of them line {first}: accounts \
             with such a hash need a new password",
        ))),
    }
}

/// What a line is. Nothing of the line itself is in it but the names and numbers that were read.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Finding {
    Current {
        scheme: &'static str,
        parameters: Parameters,
    },
    /// To be replaced when its owner signs in next.
    Outdated {
        scheme: &'static str,
        parameters: Parameters,
    },
    /// The mark of an account without a password.
    Unusable,
    /// Of no scheme that is read.
    Unknown,
    /// Of a scheme that is read, perhaps, but not to be read.
    Unreadable {
        scheme: Option<&'static str>,
        reason: String,
    },
}

impl Finding {
    fn of(stored: &str, chain: &HasherChain) -> Self {
        let is_usable = PasswordHash::from_stored(stored.to_owned()).is_usable();
        if !is_usable && PasswordHash::is_storable(stored) {
            return Self::Unusable;
        }
        match chain.inspect(stored) {
            Ok(Inspected { scheme, parameters, is_current: true, .. }) => {
                Self::Current { scheme, parameters: Parameters(parameters) }
            }
            Ok(Inspected { scheme, parameters, .. }) => {
                Self::Outdated { scheme, parameters: Parameters(parameters) }
            }
            Err(HashError::UnknownScheme) => Self::Unknown,
            Err(error) => {
                Self::Unreadable { scheme: chain.identify(stored), reason: error.to_string() }
            }
        }
    }

    /// Whether nobody can sign in with it who should.
    const fn is_of_no_use(&self) -> bool {
        matches!(self, Self::Unknown | Self::Unreadable { .. })
    }

    fn show(&self, line: u64, as_json: bool) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Row<'a> {
            line: u64,
            #[serde(flatten)]
            finding: &'a Finding,
        }
        if as_json {
            let row = serde_json::to_string(&Row { line, finding: self });
            row.map_err(while_doing("cannot show what was found"))
        } else {
            Ok(format!("{line}: {self}"))
        }
    }
}

impl From<Unfit> for Finding {
    fn from(unfit: Unfit) -> Self {
        Self::Unreadable { scheme: None, reason: unfit.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current { scheme, parameters } => write!(out, "{scheme}{parameters}: current"),
            Self::Outdated { scheme, parameters } => {
                write!(out, "{scheme}{parameters}: outdated, replaced at the next sign-in")
            }
            Self::Unusable => out.write_str("unusable: an account without a password"),
            Self::Unknown => out.write_str("unknown: of no scheme that is read here"),
            Self::Unreadable { scheme: Some(scheme), reason } => {
                write!(out, "{scheme}: unreadable: {reason}")
            }
            Self::Unreadable { scheme: None, reason } => write!(out, "unreadable: {reason}"),
        }
    }
}

/// The costs of a hash by name, in the scheme's order.
struct Parameters(Vec<(&'static str, u64)>);

impl fmt::Display for Parameters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| write!(out, " {name}={value}"))
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
