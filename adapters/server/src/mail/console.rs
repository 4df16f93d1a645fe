//! Letters on standard output, for trying things out.

use std::io::{self, Write as _};

use testudo_driver::{Courier, Letter, UndeliveredError};

/// Prints letters to standard output, where no log goes.
///
/// # Security
///
/// A letter holds links and codes that open accounts: whoever reads the output reads them.
#[derive(Debug)]
pub(crate) struct Console;

impl Courier for Console {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        print(letter).map_err(UndeliveredError::new)
    }
}

fn print(letter: &Letter) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "--- To: {}", letter.to)?;
    writeln!(out, "--- Subject: {}\n", letter.subject)?;
    writeln!(out, "{}---", letter.text.expose())?;
    out.flush()
}
