//! `testudo hash verify`

use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde_json::json;
use testudo::command::{Against, PasswordVerdict, VerifyPassword};
use testudo::password::{Password, PasswordHash, WorkBuffer};

use super::MAX_HASH_BYTES;
use crate::cli::{Output, StoredHashes};
use crate::commands::input::{self, Lines};
use crate::commands::print;
use crate::config;
use crate::failure::{Failure, while_doing};

/// Compares as a sign-in does, and gives 0 for a match.
pub(in crate::commands) fn verify(arguments: StoredHashes) -> Result<ExitCode, Failure> {
    let chain = config::hashers_for(arguments.hashing, arguments.file.config.as_deref())?;
    let at_terminal = std::io::stdin().is_terminal();
    let (password, stored) = if at_terminal { from_terminal()? } else { from_stdin()? };
    if !stored.is_usable() {
        return Err(Failure::new(
            "the hash is the mark of an account without a password: there is nothing to compare",
        ));
    }
    // The chain says no more of such a hash than that it is unreadable.
    chain.inspect(stored.as_stored()).map_err(while_doing("nobody can sign in with this hash"))?;
    let request = VerifyPassword { password, against: Against::Stored(stored) };
    let verdict = chain.verify(&request, &mut WorkBuffer::new());
    match verdict.map_err(while_doing("cannot compare"))? {
        PasswordVerdict::Valid { outdated } => answer(Some(outdated), arguments.output),
        PasswordVerdict::Invalid => answer(None, arguments.output),
        PasswordVerdict::Unreadable => {
            Err(Failure::new("nobody can sign in with this hash: it cannot be read"))
        }
    }
}

/// Whether the hash that matched is outdated, or `None` for no match.
fn answer(matched: Option<bool>, output: Output) -> Result<ExitCode, Failure> {
    let text = match matched {
        _ if output.json => &json!({"matches": matched.is_some(), "outdated": matched}).to_string(),
        Some(false) => "matches",
        Some(true) => "matches; the hash is outdated and would be replaced at this sign-in",
        None => "does not match",
    };
    print(text)?;
    Ok(if matched.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn from_stdin() -> Result<(Password, PasswordHash), Failure> {
    let mut lines = Lines::of(std::io::stdin().lock());
    let password = lines.password()?;
    match lines.next(MAX_HASH_BYTES)? {
        Some(Ok(stored)) => Ok((password, PasswordHash::from_stored(stored.to_string()))),
        Some(Err(unfit)) => Err(Failure::new(format!("the hash on the second line is {unfit}"))),
        None => Err(Failure::new(
            "there was no hash: write the password on the first line of standard input and the hash \
             on the second",
        )),
    }
}

fn from_terminal() -> Result<(Password, PasswordHash), Failure> {
    let (password, stored) = (input::hidden("Password: ")?, input::hidden("Hash: ")?);
    let stored = PasswordHash::from_stored(stored.to_string());
    Ok((Password::from(password.as_str()), stored))
}
