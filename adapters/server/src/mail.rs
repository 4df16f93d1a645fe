//! Where letters go.

mod console;
mod directory;
mod templates;

pub(crate) use templates::read as read_templates;

use testudo_driver::{Courier, Letter, UndeliveredError};
use testudo_smtp::SmtpCourier;

use crate::config::{Mail, MailFrom};
use crate::failure::{Failure, while_doing};

use console::Console;
use directory::Directory;

/// The courier that a configuration names.
#[derive(Debug)]
pub(crate) enum Post {
    Console(Console),
    Directory(Directory),
    Smtp(Box<SmtpCourier>),
}

impl Post {
    /// Makes ready what the courier needs.
    ///
    /// # Errors
    ///
    /// When it cannot work; the message says what to do.
    pub(crate) fn open(mail: &Mail, from: Option<&MailFrom>) -> Result<Self, Failure> {
        match mail {
            Mail::Console => Ok(Self::Console(Console)),
            Mail::Directory(path) => Directory::open(path).map(Self::Directory),
            Mail::Smtp(url) => {
                let MailFrom(sender) = from.ok_or_else(|| Failure::new("mail needs a sender"))?;
                let courier = SmtpCourier::new(url.clone(), sender.clone());
                let courier = courier.map_err(while_doing("mail cannot be sent"))?;
                Ok(Self::Smtp(Box::new(courier)))
            }
        }
    }
}

impl Courier for Post {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        match self {
            Self::Console(console) => console.deliver(letter).await,
            Self::Directory(directory) => directory.deliver(letter).await,
            Self::Smtp(courier) => courier.deliver(letter).await,
        }
    }
}
