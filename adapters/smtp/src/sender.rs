//! Who letters are from.

use std::str::FromStr;

use lettre::Address;
use lettre::message::Mailbox;

use crate::plain_text::misleads;

/// The address that letters are from, with a name or without: `Example <no-reply@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// A text names no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, such as no-reply@example.com or Example <no-reply@example.com>")]
pub struct SenderError;

impl Sender {
    const MAX_NAME: usize = 100;

    pub(crate) const fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    /// The domain in ASCII: this side introduces itself by it, and letters' ids end with it.
    pub(crate) fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        let (name, email) = match text.strip_suffix('>') {
            Some(text) => text.rsplit_once('<').ok_or(SenderError)?,
            None => ("", text),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(name);
        if misleads(name) || name.contains(['<', '>', '@']) || name.chars().count() > Self::MAX_NAME
        {
            return Err(SenderError);
        }
        let email = address(email.trim()).ok_or(SenderError)?;
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self(Mailbox::new(name, email)))
    }
}

/// One plain address, its domain in ASCII: mail servers that know no other are the rule.
pub(crate) fn address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    if misleads(local) {
        return None;
    }
    Address::new(local, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_a_name_or_without() {
        let plain: Sender = "no-reply@example.com".parse().unwrap();
        assert_eq!(plain.mailbox().to_string(), "no-reply@example.com");
        let named: Sender = "Exämple, Inc. <no-reply@exämple.com>".parse().unwrap();
        assert_eq!(named.mailbox().name.as_deref(), Some("Exämple, Inc."));
        assert_eq!(named.domain(), "xn--exmple-cua.com");
        assert_eq!(
            "\"Example\" <a@b.c>".parse::<Sender>().unwrap().mailbox().name.as_deref(),
            Some("Example")
        );
    }

    #[test]
    fn what_is_not_one_plain_sender_is_refused() {
        for wrong in [
            "",
            "Example",
            "<>",
            "a@b.c, d@e.f",
            "A <a@b.c>, B <d@e.f>",
            "A\r\nBcc: x@y.z <a@b.c>",
            "A\u{202e} <a@b.c>",
            "a\r\n@b.c",
            "a@b.c\r\nBcc: x@y.z",
        ] {
            assert_eq!(wrong.parse::<Sender>(), Err(SenderError), "{wrong:?} was taken");
        }
    }
}
