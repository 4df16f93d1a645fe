//! Where letters go.

mod console;
mod directory;

use testudo_driver::{Courier, Letter, UndeliveredError};

use crate::config::Mail;
use crate::failure::Failure;

use console::Console;
use directory::Directory;

/// The courier that a configuration names.
#[derive(Debug)]
pub(crate) enum Post {
    Console(Console),
    Directory(Directory),
}

impl Post {
    /// Makes ready what the courier needs.
    ///
    /// # Errors
    ///
    /// When it cannot work; the message says what to do.
    pub(crate) fn open(mail: &Mail) -> Result<Self, Failure> {
        match mail {
            Mail::Console => Ok(Self::Console(Console)),
            Mail::Directory(path) => Directory::open(path).map(Self::Directory),
        }
    }
}

impl Courier for Post {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        match self {
            Self::Console(console) => console.deliver(letter).await,
            Self::Directory(directory) => directory.deliver(letter).await,
        }
    }
}
