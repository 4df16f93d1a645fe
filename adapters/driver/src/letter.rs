//! Messages in words.

use testudo::Secret;
use testudo::Timestamp;
use testudo::message::{Message, MessageKind};
use testudo::model::MessageId;

/// A message in words, as it goes to its reader. `Debug` shows neither its text nor what its link carries.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The same for each attempt to deliver it.
    pub id: MessageId,
    /// The address.
    pub to: String,
    /// What it is about.
    pub kind: MessageKind,
    /// One line.
    pub subject: String,
    /// The whole text, with link or code.
    pub text: Secret<String>,
    /// What its reader is to type, where there is something.
    pub code: Option<Secret<String>>,
    /// What its link carries, where there is one.
    pub token: Option<Secret<String>>,
    /// The link itself.
    pub link: Option<Secret<String>>,
    /// When it was committed.
    pub created_at: Timestamp,
}

/// Puts messages into words, in English, with links to the pages of the server.
///
/// ```
/// use testudo_driver::Letters;
///
/// let letters = Letters::new("https://id.example.com");
/// ```
///
/// # Security
///
/// The address that links begin with is given here and taken from no request: whoever could choose it
/// would be sent the tokens of others (CVE-2012-4520).
#[derive(Clone, Debug)]
pub struct Letters {
    base: String,
}

impl Letters {
    /// Letters whose links begin with `base`, such as `https://id.example.com`.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        let base = base.into();
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    /// The message in words; `None` for one that goes to nobody, or of a kind that there are no words for.
    #[must_use]
    pub fn compose(
        &self,
        id: MessageId,
        created_at: Timestamp,
        message: &Message,
    ) -> Option<Letter> {
        let Words { subject, text, page, after } = words(message)?;
        let link = message.token.as_ref().zip(page).map(|(token, page)| self.link(page, token));
        let mut whole = format!("Hello,\n\n{text}\n");
        if let Some(link) = &link {
            whole.push_str(&format!("\n{}\n", link.expose()));
        }
        if let Some(code) = &message.code {
            whole.push_str(&format!("\n    {}\n", code.expose()));
        }
        if let Some(expires_at) = message.expires_at {
            whole.push_str(&format!("\nIt works until {expires_at}.\n"));
        }
        if !after.is_empty() {
            whole.push_str(&format!("\n{after}\n"));
        }
        Some(Letter {
            id,
            to: message.to.clone(),
            kind: message.kind,
            subject: subject.to_owned(),
            text: Secret::new(whole),
            code: message.code.clone(),
            token: message.token.clone(),
            link,
            created_at,
        })
    }

    /// Tokens are safe in URLs as they are.
    fn link(&self, page: &str, token: &Secret<String>) -> Secret<String> {
        Secret::new(format!("{}/{page}?token={}", self.base, token.expose()))
    }
}

struct Words {
    subject: &'static str,
    text: String,
    /// The page that the link leads to.
    page: Option<&'static str>,
    /// What follows the link.
    after: &'static str,
}

const IGNORE: &str = "If this was not you, ignore this message: nothing has changed.";
const ALARM: &str =
    "If this was not you, somebody else may be in your account: reset your password.";

fn words(message: &Message) -> Option<Words> {
    let other = message.other_email.as_deref().unwrap_or("another address");
    let of = |subject, text: &str, page, after| {
        Some(Words { subject, text: text.to_owned(), page, after })
    };
    match message.kind {
        MessageKind::Decoy => None,
        MessageKind::PasswordReset => of(
            "Reset your password",
            "Somebody, probably you, asked for a new password for your account. Choose it here:",
            Some("reset"),
            IGNORE,
        ),
        MessageKind::PasswordChanged => of(
            "Your password was changed",
            "The password of your account was changed. Whoever was signed in with the old one is signed out, \
             except where it was changed.",
            None,
            ALARM,
        ),
        MessageKind::EmailVerification => {
            of("Verify your address", "Show that this address is yours:", Some("verify"), IGNORE)
        }
        MessageKind::EmailChange => of(
            "Confirm your new address",
            "Somebody, probably you, wants to move an account to this address. Confirm it here:",
            Some("email-change"),
            IGNORE,
        ),
        MessageKind::EmailChangeToTaken => of(
            "This address has an account already",
            "Somebody, perhaps you, wanted to move another account to this address, which has an account \
             of its own. Nothing has changed.",
            None,
            "",
        ),
        MessageKind::EmailChanged => Some(Words {
            subject: "Your account moved to another address",
            text: format!(
                "Your account moved to {other}. {}",
                if message.token.is_some() {
                    "If this was not you, take it back here; your password is then reset as well:"
                } else {
                    "If this was not you, use the link that you were sent when it first moved."
                }
            ),
            page: Some("email-undo"),
            after: "",
        }),
        MessageKind::EmailRestored => of(
            "Your account is back at this address",
            "Your account came back to this address. Everybody was signed out, and its password no longer \
             works: the link to choose a new one comes in a message of its own.",
            None,
            "",
        ),
        MessageKind::Invitation => {
            of("You are invited", "You are invited to make an account:", Some("invitation"), "")
        }
        MessageKind::NewDevice => of(
            "A new device signed in",
            "Somebody, probably you, signed in to your account with a device or browser that had not been \
             used for it before.",
            None,
            ALARM,
        ),
        MessageKind::RefreshReused => of(
            "You were signed out of one device",
            "What keeps one of your devices signed in was used twice, so it may have been copied. We signed \
             that device out. If this happens again, reset your password.",
            None,
            "",
        ),
        MessageKind::RegistrationOfTaken => of(
            "You have an account already",
            "Somebody, perhaps you, wanted to make an account with this address, which has one already. \
             Nothing has changed. If you forgot your password, reset it.",
            None,
            "",
        ),
        MessageKind::AccountClosed => of(
            "Your account was closed",
            "Your account was closed, and is going to be removed. If you change your mind, open it again \
             here:",
            Some("reopen"),
            ALARM,
        ),
        MessageKind::AccountReopened => of(
            "Your account is open again",
            "Your account was opened again. Sign in as before.",
            None,
            ALARM,
        ),
        // A kind that is newer than these words.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: MessageKind) -> Message {
        let token = Secret::new("tdl_abc-_".to_owned());
        let until = Timestamp::from_millis(1_700_000_000_000);
        Message::new(kind, &"Ada@example.com".parse().unwrap()).with_token(token, until)
    }

    fn compose(message: &Message) -> Option<Letter> {
        let id = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse().unwrap();
        Letters::new("https://id.example.com/").compose(id, Timestamp::from_millis(0), message)
    }

    #[test]
    fn a_link_begins_with_the_configured_address_and_stands_in_the_text() {
        let letter = compose(&message(MessageKind::PasswordReset)).unwrap();
        let link = letter.link.as_ref().unwrap().expose();
        assert_eq!(link, "https://id.example.com/reset?token=tdl_abc-_");
        assert!(letter.text.expose().contains(link.as_str()));
        assert!(letter.text.expose().contains("2023-11-14"), "{}", letter.text.expose());
    }

    #[test]
    fn what_goes_to_nobody_is_no_letter() {
        assert!(compose(&message(MessageKind::Decoy)).is_none());
    }

    #[test]
    fn a_letter_shows_no_secret() {
        let shown = format!("{:?}", compose(&message(MessageKind::EmailChanged)).unwrap());
        assert!(!shown.contains("tdl_"), "{shown}");
    }
}
