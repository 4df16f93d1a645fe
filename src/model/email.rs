//! E-mail addresses: as typed, and the canonical key that tells two of them apart.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use caseless::Caseless;
use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Digest;

/// An e-mail address, kept as it was typed, with its canonical key.
///
/// Mail goes to the address as typed; look-ups and uniqueness go by the key.
///
/// ```
/// use testudo::model::Email;
///
/// let email: Email = " Ada.Lovelace@EXÄMPLE.com ".parse()?;
/// assert_eq!(email.as_str(), "Ada.Lovelace@EXÄMPLE.com");
/// assert_eq!(email.key().as_str(), "ada.lovelace@xn--exmple-cua.com");
/// # Ok::<(), testudo::model::EmailError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: EmailKey,
}

/// The canonical form of an address: equal keys, same account.
///
/// The local part is case-folded (Unicode canonical caseless matching, D145), the domain is in its
/// ASCII form (IDNA, lower case). Nothing cleverer: dots and `+tags` stay, because only the receiving
/// host knows what they mean.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailKey(String);

/// Why a text is no address that mail could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// Longer than 254 bytes (RFC 5321 4.5.3.1.3).
    #[error("expected an e-mail address of at most 254 bytes")]
    TooLong,
    /// Not one plain address.
    #[error("expected one e-mail address such as ada@example.com")]
    Syntax,
    /// The domain is no host name, in ASCII or IDNA.
    #[error("expected a valid domain name after the @ of the e-mail address")]
    Domain,
}

impl Email {
    /// The most bytes an address may have (RFC 5321 4.5.3.1.3).
    pub const MAX_BYTES: usize = 254;

    /// Wraps an address from a store, where both forms were kept.
    #[must_use]
    pub const fn from_stored(typed: String, key: EmailKey) -> Self {
        Self { typed, key }
    }

    /// The address as typed, without surrounding space.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The canonical form.
    #[must_use]
    pub const fn key(&self) -> &EmailKey {
        &self.key
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let typed = text.trim();
        if typed.len() > Self::MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        // Most addresses are ASCII, which is composed, and folded by its letters alone.
        let composed = if typed.is_ascii() {
            Cow::Borrowed(typed)
        } else {
            Cow::Owned(typed.nfc().collect::<String>())
        };
        let (local, domain) = composed.rsplit_once('@').ok_or(EmailError::Syntax)?;
        // A quoted local part may hold spaces, separators and other people's addresses.
        if local.starts_with('"') || local.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(EmailError::Syntax);
        }
        // IDNA leaves out what cannot be seen, and takes several signs for dots.
        if !domain.chars().all(is_of_host_name) {
            return Err(EmailError::Domain);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
        let local = if local.is_ascii() {
            local.to_ascii_lowercase()
        } else {
            local.nfd().default_case_fold().nfc().collect()
        };
        let key = EmailKey(format!("{local}@{domain}"));
        if key.0.len() > Self::MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        // It is the key whose syntax is looked at, so that a key is an address itself: letters may have
        // a mark in small that they have not in capitals, and a domain has marks before it is ASCII.
        let options =
            Options::default().with_required_tld().without_domain_literal().without_display_text();
        EmailAddress::parse_with_options(&key.0, options).map_err(|_| EmailError::Syntax)?;
        Ok(Self { typed: typed.to_owned(), key })
    }
}

/// Letters, digits and what they are joined and accented with, as far as it shows.
fn is_of_host_name(c: char) -> bool {
    let is_letter = c.is_alphanumeric() || is_combining_mark(c);
    matches!(c, '-' | '.') || (is_letter && !is_invisible(c))
}

/// `Default_Ignorable_Code_Point` (Unicode 16, DerivedCoreProperties): with one of these, an address
/// looks like another.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

impl fmt::Display for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.typed)
    }
}

impl EmailKey {
    /// Wraps a key from a store.
    #[must_use]
    pub const fn from_stored(key: String) -> Self {
        Self(key)
    }

    /// The key that stands for a text that is no address, where the same must be done for it: no account has it,
    /// as it is no address either.
    ///
    /// So few bits of the text are kept that nobody finds it by trying: it may be a password that was typed into
    /// the wrong field. What shares them shares the counters.
    pub(crate) fn of_no_address(text: &str) -> Self {
        let [first, second, ..] = *Digest::of(text.as_bytes()).as_bytes();
        Self(format!("{first:02x}{second:02x}"))
    }

    /// The key as a text, at most 254 bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key with most of its local part hidden, for logs and events: `a***@example.com`.
    ///
    /// An address that belongs to nobody may be a password typed into the wrong field.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or(("", ""));
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{domain}")
    }
}

impl fmt::Display for EmailKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EmailKey({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> String {
        text.parse::<Email>().unwrap().key.0
    }

    #[test]
    fn spellings_of_one_address_have_one_key() {
        assert_eq!(key("ADA@Example.COM"), "ada@example.com");
        assert_eq!(key("  ada@example.com\t"), "ada@example.com");
        assert_eq!(key("caf\u{e9}@example.com"), key("cafe\u{301}@example.com"));
        assert_eq!(key("stra\u{df}e@example.com"), key("STRASSE@example.com"));
        assert_eq!(key("a@b\u{fc}cher.example"), "a@xn--bcher-kva.example");
        assert_eq!(key("\u{212a}ate@example.com"), "kate@example.com");
    }

    #[test]
    fn addresses_that_differ_stay_apart() {
        assert_ne!(key("ada@example.com"), key("ada+news@example.com"));
        assert_ne!(key("a.da@example.com"), key("ada@example.com"));
        assert_ne!(key("m\u{131}ke@example.com"), key("mike@example.com"));
    }

    #[test]
    fn what_is_not_one_plain_address_is_refused() {
        let refused = [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a@x.com,b@y.com",
            "a@x.com;b@y.com",
            "Ada <ada@example.com>",
            "ada@[127.0.0.1]",
            "ada@example.com\r\nBcc: eve@example.com",
            "a da@example.com",
            "\"a b\"@example.com",
            "ada@exa_mple.com",
            "ada@xn--a.com",
            "ada@example..com",
            "ada\u{202e}@example.com",
            "ada\u{3164}@example.com",
            "a\u{ad}da@example.com",
            "ada\0@example.com",
            "ada@-a.com",
        ];
        for text in refused {
            assert!(text.parse::<Email>().is_err(), "{text:?} was taken");
        }
        assert_eq!(
            format!("{}@example.com", "a".repeat(250)).parse::<Email>(),
            Err(EmailError::TooLong)
        );
    }

    #[test]
    fn a_domain_is_read_in_every_script_and_in_capitals() {
        assert_eq!(key("a@हिन्दी.भारत"), "a@xn--j2bd4cyah0f.xn--h2brj9c");
        assert_eq!(key("a@BUT\u{308}.EX"), key("a@bu\u{1e97}.ex"));
        for text in ["a@exam\u{ad}ple.com", "a@exam\u{fe0f}ple.com", "a@example\u{3002}com"] {
            assert_eq!(text.parse::<Email>(), Err(EmailError::Domain), "{text:?} was taken");
        }
    }

    #[test]
    fn an_address_whose_key_would_be_none_is_refused() {
        // In small it is an i with a dot above its dot, which no mail system takes.
        assert_eq!("\u{130}nci@example.com".parse::<Email>(), Err(EmailError::Syntax));
    }

    #[test]
    fn a_masked_key_keeps_one_character_of_the_local_part() {
        let email: Email = "ada@example.com".parse().unwrap();
        assert_eq!(email.key().masked(), "a***@example.com");
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_itself(local in "\\PC{1,20}", domain in "[a-zA-Zäöüß]{1,10}\\.[a-z]{2,5}") {
            if let Ok(email) = format!("{local}@{domain}").parse::<Email>() {
                prop_assert_eq!(key(email.key().as_str()), email.key().as_str());
            }
        }

        #[test]
        fn neither_space_nor_the_case_of_the_domain_nor_composition_changes_the_key(
            local in "[a-zé\u{301}ß]{1,20}",
            domain in "[a-zäöüß]{1,10}\\.[a-z]{2,5}",
        ) {
            let typed = format!("{local}@{domain}");
            if let Ok(email) = typed.parse::<Email>() {
                let in_capitals = format!(" {local}@{}\t", domain.to_ascii_uppercase());
                prop_assert_eq!(key(&in_capitals), email.key().as_str());
                prop_assert_eq!(key(&typed.nfd().collect::<String>()), email.key().as_str());
                prop_assert_eq!(key(&typed.nfc().collect::<String>()), email.key().as_str());
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,300}") {
            let _ = text.parse::<Email>();
        }
    }
}
