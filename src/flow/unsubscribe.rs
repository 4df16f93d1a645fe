//! Getting no more of some mail, by a link and without signing in.

use crate::command::{Commit, Conflict, FindUser, Guard, UserKey};
use crate::env::{Env, Settings};
use crate::event::Event;
use crate::model::{User, UserId};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::signing::{self, Claim, ClaimTooLong, PurposeSigner};
use crate::step::{Step, ask};
use crate::time::{Duration, Timestamp};

/// How long a link counts: mail is read again after months.
const LIFETIME: Duration = Duration::from_days(365);

/// Who wants no more of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribed {
    /// Whose mail it is.
    pub user: UserId,
    /// What it is about, as the application calls it.
    pub topic: String,
}

/// What the link carries by which a user gets no more mail about a topic, for a year from `now`.
///
/// The link goes into the mail, and into its header (RFC 8058 3.1):
///
/// ```text
/// List-Unsubscribe: <https://example.com/unsubscribe?token=tdl_…>
/// List-Unsubscribe-Post: List-Unsubscribe=One-Click
/// ```
///
/// The mail program then sends a POST to that address, and the header must be covered by the mail's DKIM
/// signature. A GET shows a page with a button, and changes nothing.
///
/// ```
/// use testudo::flow::unsubscribe_token;
/// use testudo::{KeyRing, Policy, Settings, Timestamp};
/// # let user: testudo::model::UserId = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse()?;
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let settings = Settings::new(Policy::default(), keys).unwrap();
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let token = unsubscribe_token(user, "newsletter", now, &settings)?;
/// assert!(token.expose().starts_with("tdl_"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ClaimTooLong`] for a topic of more than 987 bytes.
///
/// # Security
///
/// The link ends a subscription, and does nothing else. It outlives changes of password and address, since
/// mail that was sent before should go on letting its reader out.
pub fn unsubscribe_token(
    user: UserId,
    topic: &str,
    now: Timestamp,
    settings: &Settings,
) -> Result<Secret<String>, ClaimTooLong> {
    // An id has no space, so the first one ends it, whatever the topic is.
    let claim = Claim::new(format!("{user} {topic}"), now + LIFETIME)?;
    Ok(PurposeSigner::<signing::Unsubscribe>::new(settings.keys()).sign(claim))
}

/// Reads the link that [`unsubscribe_token`] made, and records that its user wants no more of its topic.
///
/// It may be used any number of times. What is done about it is the application's.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], also when the account is gone. [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET (RFC 8058 1): programs that look at mail follow its links. The POST comes
/// from the mail program without cookies and without a token against forged requests, so ask for neither.
pub fn unsubscribe(token: &str, env: Env) -> Step<Result<Unsubscribed, Refusal>> {
    match read(token, &env) {
        Some(wish) => look(wish, env),
        None => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn read(token: &str, env: &Env) -> Option<Unsubscribed> {
    let signer = PurposeSigner::<signing::Unsubscribe>::new(env.keys());
    let signed = signer.verify(token, env.now).ok()?;
    let (user, topic) = signed.claim().text().split_once(' ')?;
    Some(Unsubscribed { user: user.parse().ok()?, topic: topic.to_owned() })
}

fn look(wish: Unsubscribed, env: Env) -> Step<Result<Unsubscribed, Refusal>> {
    ask(FindUser { key: UserKey::Id(wish.user) }, move |found| match found {
        Some(user) => record(wish, &user, env),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}

fn record(wish: Unsubscribed, user: &User, mut env: Env) -> Step<Result<Unsubscribed, Refusal>> {
    let event = Event::Unsubscribed { topic: wish.topic.clone() };
    let batch = Commit::new()
        .guard(Guard::UserEpoch { id: user.id, epoch: user.epoch })
        .event(env.event(Some(user.id), None, event));
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(wish)),
        Err(Conflict) if env.retries.spend() => look(wish, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
