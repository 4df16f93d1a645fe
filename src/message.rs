//! Messages to people: what flows want sent, sealed until it goes out.

mod dead_letter;

pub use dead_letter::{Burial, BurialReason, DeadLetters, KeptMessage, ListMessages, MessageState};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::env::Env;
use crate::keys::KeyRing;
use crate::model::{Email, MessageId, User, UserId};
use crate::sealed::{self, Unopened};
use crate::secret::Secret;
use crate::time::Timestamp;

/// Something to tell somebody, as the flow that wants it told knows it.
///
/// How it is put into words, and what address a link begins with, is for who sends it. `Debug` shows
/// neither the token nor the code.
#[derive(Clone, Debug)]
pub struct Message {
    /// What it is about.
    pub kind: MessageKind,
    /// To whom: an address in the spelling of the account that it belongs to.
    pub to: String,
    /// The account that it is about, if there is one.
    pub user: Option<UserId>,
    /// What its link carries.
    pub token: Option<Secret<String>>,
    /// What its reader is to type.
    pub code: Option<Secret<String>>,
    /// Until when token or code counts.
    pub expires_at: Option<Timestamp>,
    /// The other address that it is about, where an account moves from one to the other.
    pub other_email: Option<String>,
    /// The language that its reader prefers, such as `de-AT` (BCP 47), where that is known.
    pub language: Option<String>,
}

/// What a message is about. Serialised as `"password_reset"`; names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageKind {
    /// Nothing: it goes to nobody. Flows that must not tell whether an account exists send it where there
    /// is none, so that both cost the same.
    Decoy,
    /// The link by which a new password is set.
    PasswordReset,
    /// The password was changed, set by an administrator, or reset by a link.
    PasswordChanged,
    /// The link by which an address is verified.
    EmailVerification,
    /// To the new address: the link by which an account moves to it.
    EmailChange,
    /// To an address that has an account: somebody wanted to move another account to it.
    EmailChangeToTaken,
    /// To the old address: the account moved away, and the link by which it comes back.
    EmailChanged,
    /// The account came back to this address.
    EmailRestored,
    /// The link by which an invitation is accepted.
    Invitation,
    /// To an address that has an account: somebody wanted to register with it.
    RegistrationOfTaken,
    /// The account was closed, and the link by which it is opened again.
    AccountClosed,
    /// The account was opened again.
    AccountReopened,
    /// Somebody signed in with a user agent that was not seen with this account before.
    NewDevice,
    /// The code that proves an address to somebody who registers or signs in.
    VerificationCode,
    /// The account was bound to an authenticator app.
    TotpEnrolled,
    /// The account was unbound from its authenticator app.
    TotpRemoved,
    /// The account got new recovery codes; those from before count no more.
    RecoveryCodesReplaced,
    /// Somebody signed in with a recovery code.
    RecoveryCodeUsed,
    /// A spent refresh token came back, and its session was ended: somebody else may hold a copy.
    RefreshReused,
}

impl Message {
    /// A message without a link.
    #[must_use]
    pub fn new(kind: MessageKind, to: &Email) -> Self {
        let to = to.as_str().to_owned();
        Self { kind, to, ..Self::decoy() }
    }

    /// A message without a link to the owner of an account, about it.
    pub(crate) fn to_owner(kind: MessageKind, user: &User) -> Self {
        Self::new(kind, &user.email).about(user.id).in_language_of(user)
    }

    /// A message to nobody.
    #[must_use]
    pub const fn decoy() -> Self {
        Self {
            kind: MessageKind::Decoy,
            to: String::new(),
            user: None,
            token: None,
            code: None,
            expires_at: None,
            other_email: None,
            language: None,
        }
    }

    /// The same about an account.
    #[must_use]
    pub fn about(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The same with what its link carries, and until when that counts.
    #[must_use]
    pub fn with_token(self, token: Secret<String>, expires_at: Timestamp) -> Self {
        Self { token: Some(token), expires_at: Some(expires_at), ..self }
    }

    /// The same with what its reader is to type, and until when that counts.
    #[must_use]
    pub fn with_code(self, code: Secret<String>, expires_at: Timestamp) -> Self {
        Self { code: Some(code), expires_at: Some(expires_at), ..self }
    }

    /// The same with the other address that it is about.
    #[must_use]
    pub fn with_other_email(self, other: &Email) -> Self {
        Self { other_email: Some(other.as_str().to_owned()), ..self }
    }

    /// The same in the language that a user prefers: the `locale` of the profile, if that is one.
    pub(crate) fn in_language_of(self, user: &User) -> Self {
        let locale = user.profile.get("locale").and_then(serde_json::Value::as_str);
        let language = locale.filter(|locale| Self::is_language(locale)).map(str::to_owned);
        Self { language, ..self }
    }

    /// Whether a text looks like the tag of a language: a language of two or three letters, and what follows it,
    /// as in `de`, `pt-BR` or `zh-Hant-TW` (RFC 5646, section 2.1; at most 35 bytes, section 4.4.1).
    #[must_use]
    pub fn is_language(text: &str) -> bool {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        text.len() <= 35
            && matches!(language.len(), 2 | 3)
            && language.bytes().all(|byte| byte.is_ascii_alphabetic())
            && parts.all(|part| {
                matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
    }

    /// The row that waits to be sent. All rows look alike: only their length, in steps of
    /// [`SealedMessage::STEP`] bytes, tells anything.
    pub(crate) fn seal(&self, env: &mut Env) -> SealedMessage {
        let id = env.new_message_id();
        let mut plain = Zeroizing::new(Vec::with_capacity(2 * SealedMessage::STEP));
        // A record of texts and moments always goes into JSON.
        let _ = serde_json::to_writer(&mut *plain, &Plain::of(self));
        let padded = plain.len().next_multiple_of(SealedMessage::STEP);
        plain.resize(padded, b' ');
        let sealed = sealed::seal(&plain, |keys| &keys.messages, &place(id, env.now), env);
        SealedMessage { id, created_at: env.now, sealed }
    }
}

/// A message on its way out, as stores keep it: encrypted under the key ring, so that who reads the
/// database finds no link to use.
///
/// XChaCha20-Poly1305 with a random nonce; the id and the moment are authenticated with it, so that rows
/// cannot be exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// Tells repeated deliveries.
    pub id: MessageId,
    /// When it was committed.
    pub created_at: Timestamp,
    /// The key's id, the nonce and the encrypted message; at most [`SealedMessage::MAX_BYTES`].
    pub sealed: Vec<u8>,
}

/// A message that was taken from its store to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMessage {
    /// The message.
    pub message: SealedMessage,
    /// How often it was taken, this time included.
    pub attempts: u32,
}

/// Why a sealed message does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unopenable {
    /// The key that sealed it is not in the ring.
    #[error("the key that sealed this message is not in the key ring; put it back")]
    UnknownKey,
    /// It was changed, or sealed for another row.
    #[error("this message was changed after it was sealed")]
    Changed,
}

impl SealedMessage {
    /// Lengths go in steps of so many bytes, before encryption.
    pub const STEP: usize = 512;

    /// The most bytes that a store must hold of one message.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The message, if a key of this ring sealed it for this row.
    ///
    /// # Errors
    ///
    /// When the key is gone, or the row was changed.
    pub fn open(&self, keys: &KeyRing) -> Result<Message, Unopenable> {
        let place = place(self.id, self.created_at);
        let plain = sealed::open(&self.sealed, |keys| &keys.messages, &place, keys)?;
        let plain: Plain<'_> = serde_json::from_slice(&plain).map_err(|_| Unopenable::Changed)?;
        Ok(plain.message())
    }
}

impl From<Unopened> for Unopenable {
    fn from(why: Unopened) -> Self {
        match why {
            Unopened::UnknownKey => Self::UnknownKey,
            Unopened::Changed => Self::Changed,
        }
    }
}

/// Which row a message is sealed for.
fn place(id: MessageId, created_at: Timestamp) -> Vec<u8> {
    let mut bytes = b"testudo/v1/message".to_vec();
    bytes.extend_from_slice(id.as_uuid().as_bytes());
    bytes.extend_from_slice(&created_at.as_millis().to_be_bytes());
    bytes
}

/// A message as it stands under the seal.
#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    kind: MessageKind,
    to: Cow<'a, str>,
    user: Option<UserId>,
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    expires_at: Option<Timestamp>,
    other_email: Option<Cow<'a, str>>,
    language: Option<Cow<'a, str>>,
}

impl<'a> Plain<'a> {
    fn of(message: &'a Message) -> Self {
        let Message { kind, to, user, token, code, expires_at, other_email, language } = message;
        Self {
            kind: *kind,
            to: to.as_str().into(),
            user: *user,
            token: token.as_ref().map(|token| token.expose().as_str().into()),
            code: code.as_ref().map(|code| code.expose().as_str().into()),
            expires_at: *expires_at,
            other_email: other_email.as_deref().map(Into::into),
            language: language.as_deref().map(Into::into),
        }
    }

    fn message(self) -> Message {
        Message {
            kind: self.kind,
            to: self.to.into_owned(),
            user: self.user,
            token: self.token.map(|token| Secret::new(token.into_owned())),
            code: self.code.map(|code| Secret::new(code.into_owned())),
            expires_at: self.expires_at,
            other_email: self.other_email.map(Cow::into_owned),
            language: self.language.map(Cow::into_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::password::PasswordHash;
    use crate::{Client, Entropy, Policy, Settings};

    const ONE: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
    const TWO: &str = "Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";

    fn env(secrets: &str, seed: u8) -> Env {
        let settings = Settings::new(Policy::default(), KeyRing::parse(secrets).unwrap()).unwrap();
        let (now, entropy) = (Timestamp::from_millis(1_000), Entropy::from_seed([seed; 32]));
        Env::new(now, entropy, Client::unknown(), Arc::new(settings))
    }

    fn ring(secrets: &str) -> KeyRing {
        KeyRing::parse(secrets).unwrap()
    }

    fn message() -> Message {
        let email: Email = "Ada@example.com".parse().unwrap();
        Message::new(MessageKind::PasswordReset, &email)
            .with_token(Secret::new("tdl_the \"token\"".into()), Timestamp::from_millis(77))
    }

    #[test]
    fn a_message_opens_as_it_was_sealed_also_after_a_rotation() {
        let sealed = message().seal(&mut env(ONE, 1));
        let opened = sealed.open(&ring(&format!("{TWO},{ONE}"))).unwrap();
        assert_eq!(
            (opened.kind, opened.to.as_str()),
            (MessageKind::PasswordReset, "Ada@example.com")
        );
        assert_eq!(opened.token.unwrap().expose(), "tdl_the \"token\"");
        assert_eq!(opened.expires_at, Some(Timestamp::from_millis(77)));
        assert_eq!(sealed.open(&ring(TWO)).unwrap_err(), Unopenable::UnknownKey);
    }

    #[test]
    fn a_row_that_was_changed_anywhere_or_exchanged_does_not_open() {
        let keys = ring(ONE);
        let sealed = message().seal(&mut env(ONE, 1));
        for place in 8..sealed.sealed.len() {
            let mut changed = sealed.clone();
            changed.sealed[place] ^= 1;
            assert_eq!(changed.open(&keys).unwrap_err(), Unopenable::Changed, "{place}");
        }
        for length in 0..sealed.sealed.len() {
            let cut = SealedMessage { sealed: sealed.sealed[..length].to_vec(), ..sealed.clone() };
            assert!(cut.open(&keys).is_err());
        }
        let other = message().seal(&mut env(ONE, 2));
        let exchanged = SealedMessage { sealed: other.sealed, ..sealed.clone() };
        assert_eq!(exchanged.open(&keys).unwrap_err(), Unopenable::Changed);
        let postdated = SealedMessage { created_at: Timestamp::from_millis(1_001), ..sealed };
        assert_eq!(postdated.open(&keys).unwrap_err(), Unopenable::Changed);
    }

    #[test]
    fn the_language_of_a_message_is_the_locale_of_its_readers_profile_if_that_is_one() {
        let id = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let (email, now) = ("Ada@example.com".parse().unwrap(), Timestamp::from_millis(1_000));
        let mut user = User::new(id, email, PasswordHash::from_stored("!".to_owned()), now);
        let locales = [
            (json!("de-AT"), Some("de-AT")),
            (json!("zh-Hant-TW"), Some("zh-Hant-TW")),
            (json!("../../etc/passwd"), None),
            (json!("de_AT"), None),
            (json!("d"), None),
            (json!("de-"), None),
            (json!(""), None),
            (json!(7), None),
            (json!(format!("de{}", "-abcdefgh".repeat(4))), None),
        ];
        for (locale, language) in locales {
            user.profile.insert("locale".into(), locale);
            let sealed =
                Message::to_owner(MessageKind::PasswordChanged, &user).seal(&mut env(ONE, 2));
            assert_eq!(sealed.open(&ring(ONE)).unwrap().language.as_deref(), language);
        }
    }

    #[test]
    fn what_goes_to_nobody_looks_like_what_goes_to_somebody() {
        let [one, other] = [message(), Message::decoy()].map(|it| it.seal(&mut env(ONE, 1)));
        assert_eq!(one.sealed.len(), other.sealed.len());
    }

    #[test]
    fn two_messages_never_share_a_nonce_and_show_nothing() {
        let mut env = env(ONE, 1);
        let (one, other) = (message().seal(&mut env), message().seal(&mut env));
        assert_ne!(one.sealed[8..32], other.sealed[8..32]);
        assert!(!String::from_utf8_lossy(&one.sealed).contains("tdl_"));
        assert!(!format!("{:?}", message()).contains("tdl_"));
    }
}
