//! What is kept of an onboarding session between two requests, and how it is sealed.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::draft::Draft;
use crate::env::Env;
use crate::keys::KeyRing;
use crate::model::{
    Digest, Email, Epoch, JsonObject, Method, OnboardingId, OnboardingSession, UserId, Version,
};
use crate::sealed;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::OnboardingToken;

/// How far somebody is, and what they said so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) goal: Goal,
    /// The address that it was started for.
    pub(crate) email: Typed,
    /// The steps, in their order.
    pub(crate) steps: Vec<String>,
    /// How many of them are behind.
    pub(crate) behind: usize,
    /// What the current step keeps from one of its phases to the next.
    pub(crate) kept: JsonObject,
    /// How they proved so far who they are, and when last.
    pub(crate) methods: Vec<Method>,
    pub(crate) auth_time: Timestamp,
    /// What the session at the end is to be like.
    pub(crate) remember: bool,
    pub(crate) claims: JsonObject,
    /// Where it was started from.
    pub(crate) ip: Option<IpAddr>,
    /// Whether it is over, because all is done.
    pub(crate) is_complete: bool,
}

/// Where it leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// To an account, which is made at the end.
    SignUp(Box<Draft>),
    /// Into an account, as long as that is at this epoch.
    SignIn { user: UserId, epoch: Epoch },
}

/// An address as it was typed, which is one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Typed(pub(crate) Email);

impl TryFrom<String> for Typed {
    type Error = crate::model::EmailError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Typed> for String {
    fn from(Typed(email): Typed) -> Self {
        email.as_str().to_owned()
    }
}

impl State {
    /// The step that is to be taken now.
    pub(crate) fn current(&self) -> Option<&str> {
        self.steps.get(self.behind).map(String::as_str)
    }

    /// The account, if it is there already.
    pub(crate) const fn known_user(&self) -> Option<UserId> {
        match self.goal {
            Goal::SignIn { user, .. } => Some(user),
            Goal::SignUp(_) => None,
        }
    }

    /// The record of a session that begins, in the place of `replaced` if that is given.
    pub(crate) fn begin(
        &self,
        token: &OnboardingToken,
        expires_at: Timestamp,
        replaced: Option<Version>,
        env: &mut Env,
    ) -> OnboardingSession {
        let version = replaced.map_or(Version::FIRST, Version::next);
        let (id, digest, created_at) = (token.id(), token.digest(), env.now);
        let sealed = self.seal(id, &digest, version, env);
        OnboardingSession { id, digest, sealed, created_at, expires_at, version }
    }

    /// The record with this state in the place of what it had.
    pub(crate) fn replace(&self, record: &OnboardingSession, env: &mut Env) -> OnboardingSession {
        let version = record.version.next();
        let sealed = self.seal(record.id, &record.digest, version, env);
        OnboardingSession { sealed, version, ..record.clone() }
    }

    /// The state of a record; `None` where nobody can read it any more.
    pub(crate) fn open(record: &OnboardingSession, keys: &KeyRing) -> Option<Self> {
        let place = place(record.id, &record.digest, record.version);
        let plain = sealed::open(&record.sealed, |keys| &keys.onboarding, &place, keys).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    fn seal(&self, id: OnboardingId, digest: &Digest, version: Version, env: &mut Env) -> Vec<u8> {
        let mut plain = Zeroizing::new(Vec::with_capacity(4096));
        // A record of texts, numbers and moments always goes into JSON.
        let _ = serde_json::to_writer(&mut *plain, self);
        sealed::seal(&plain, |keys| &keys.onboarding, &place(id, digest, version), env)
    }
}

/// Which version of which record it is sealed for: no earlier one is taken for it.
fn place(id: OnboardingId, digest: &Digest, version: Version) -> Vec<u8> {
    let mut place = b"testudo/v1/onboarding".to_vec();
    place.extend_from_slice(id.as_uuid().as_bytes());
    place.extend_from_slice(digest.as_bytes());
    place.extend_from_slice(&version.get().to_be_bytes());
    place
}

/// A token for a session of this id.
pub(crate) fn new_token(id: OnboardingId, env: &mut Env) -> OnboardingToken {
    OnboardingToken::new(id, Secret::new(env.new_token_secret()))
}
