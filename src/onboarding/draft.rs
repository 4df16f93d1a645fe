//! An account that is not there yet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::state::Typed;
use crate::model::{AcceptedTerms, Digest, InvitationId, JsonObject, TotpFactor, User, UserId};
use crate::password::PasswordHash;
use crate::time::Timestamp;

/// What the account will be, as far as that is known.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    id: UserId,
    email: Typed,
    password: String,
    is_verified: bool,
    totp: Option<Totp>,
    recovery_codes: Vec<String>,
    terms: Option<(String, Timestamp)>,
    profile: JsonObject,
    created_at: Timestamp,
    /// The invitation whose seat it takes.
    pub(crate) invitation: Option<InvitationId>,
    /// The account at its address, whose owner never showed that it is theirs, and which goes when this one comes.
    pub(crate) displaced: Option<UserId>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Totp {
    sealed_seed: String,
    last_step: u64,
    enrolled_at: Timestamp,
}

impl Draft {
    /// What is kept of an account that begins.
    pub(crate) fn new(user: &User) -> Self {
        Self::of(user, None, None)
    }

    /// What becomes of it when a step changed the account.
    pub(crate) fn with(&self, user: &User) -> Self {
        Self::of(user, self.invitation, self.displaced)
    }

    fn of(user: &User, invitation: Option<InvitationId>, displaced: Option<UserId>) -> Self {
        Self {
            id: user.id,
            email: Typed(user.email.clone()),
            password: user.password.as_stored().to_owned(),
            is_verified: user.is_verified,
            totp: user.totp.as_ref().map(|totp| Totp {
                sealed_seed: STANDARD_NO_PAD.encode(&totp.sealed_seed),
                last_step: totp.last_step,
                enrolled_at: totp.enrolled_at,
            }),
            recovery_codes: user
                .recovery_codes
                .iter()
                .map(|digest| STANDARD_NO_PAD.encode(digest.as_bytes()))
                .collect(),
            terms: user.terms.as_ref().map(|terms| (terms.version.clone(), terms.at)),
            profile: user.profile.clone(),
            created_at: user.created_at,
            invitation,
            displaced,
        }
    }

    /// The account as it would be made now.
    pub(crate) fn user(&self, now: Timestamp) -> User {
        let password = PasswordHash::from_stored(self.password.clone());
        let user = User::new(self.id, self.email.0.clone(), password, now);
        User {
            is_verified: self.is_verified,
            totp: self.totp.as_ref().map(Totp::factor),
            recovery_codes: self.recovery_codes.iter().filter_map(|text| digest(text)).collect(),
            terms: self
                .terms
                .as_ref()
                .map(|(version, at)| AcceptedTerms { version: version.clone(), at: *at }),
            profile: self.profile.clone(),
            created_at: self.created_at,
            ..user
        }
    }
}

impl Totp {
    fn factor(&self) -> TotpFactor {
        TotpFactor {
            // What does not decode does not open either: no code counts then.
            sealed_seed: STANDARD_NO_PAD.decode(&self.sealed_seed).unwrap_or_default(),
            last_step: self.last_step,
            enrolled_at: self.enrolled_at,
        }
    }
}

fn digest(text: &str) -> Option<Digest> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    bytes.try_into().ok().map(Digest::from_bytes)
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Draft")
            .field("id", &self.id)
            .field("is_verified", &self.is_verified)
            .finish_non_exhaustive()
    }
}
