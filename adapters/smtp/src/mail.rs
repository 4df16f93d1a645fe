//! From a letter to a mail: headers and MIME.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use testudo::Secret;
use testudo_driver::Letter;

use crate::plain_text::misleads;
use crate::sender::{Sender, address};

/// A mail as it goes over the wire.
pub(crate) struct Mail {
    /// The one recipient.
    pub(crate) to: Address,
    /// Headers and body.
    pub(crate) content: Secret<Vec<u8>>,
}

/// A letter cannot be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnfitError {
    #[error("its address is none that mail can be sent to")]
    Address,
    #[error("its subject holds a line break or a mark of direction")]
    Subject,
    #[error("it cannot be put into a mail")]
    Form,
}

impl Mail {
    /// The letter as a mail. Its id makes the Message-ID, so that a repetition can be told.
    pub(crate) fn of(letter: &Letter, sender: &Sender) -> Result<Self, UnfitError> {
        let to = address(&letter.to).ok_or(UnfitError::Address)?;
        if misleads(&letter.subject) {
            return Err(UnfitError::Subject);
        }
        let auto_submitted = HeaderName::new_from_ascii("Auto-Submitted".to_owned())
            .map_err(|_| UnfitError::Form)?;
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", letter.id, sender.domain())))
            .date(UNIX_EPOCH + Duration::from_millis(letter.created_at.as_millis()))
            .from(sender.mailbox().clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.clone())
            // RFC 3834, section 5: so that no autoresponder answers.
            .raw_header(HeaderValue::new(auto_submitted, "auto-generated".to_owned()));
        let text = SinglePart::plain(letter.text.expose().clone());
        let message = match &letter.html {
            Some(html) => {
                let html = SinglePart::html(html.expose().clone());
                message.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
            }
            None => message.singlepart(text),
        };
        let message = message.map_err(|_| UnfitError::Form)?;
        Ok(Self { to, content: Secret::new(message.formatted()) })
    }
}
