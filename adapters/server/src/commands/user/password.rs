//! A new password from whoever runs the command.

use std::io::IsTerminal as _;

use testudo::password::Password;

use crate::commands::input::{self, Lines};
use crate::failure::Failure;

/// Takes it from standard input, or asks for it at the terminal.
pub(super) fn choose(from_stdin: bool) -> Result<Password, Failure> {
    if from_stdin { first_line() } else { ask_twice() }
}

/// The first line, as it stands.
fn first_line() -> Result<Password, Failure> {
    let password = Lines::of(std::io::stdin().lock()).password()?;
    if password.expose().is_empty() { Err(input::no_password()) } else { Ok(password) }
}

/// Does not show what is typed.
fn ask_twice() -> Result<Password, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "there is no terminal to ask for a password: pass --password-stdin and write it to \
             standard input",
        ));
    }
    let (typed, repeated) = (input::hidden("Password: ")?, input::hidden("The same again: ")?);
    if *typed != *repeated {
        return Err(Failure::new("the two passwords differ: try again"));
    }
    Ok(Password::from(typed.as_str()))
}
