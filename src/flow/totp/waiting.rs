//! A seed that was shown to its owner, and waits for the first code of it.
//!
//! It is a row among the onboarding sessions, one for each user, that no token leads to.

use crate::command::Write;
use crate::env::Env;
use crate::model::{Digest, OnboardingId, OnboardingSession, UserId, Version};
use crate::time::{Duration, Timestamp};
use crate::totp::Seed;

/// How long a seed waits.
const LIFETIME: Duration = Duration::from_minutes(10);

/// Which row is a user's.
pub(super) fn id(user: UserId) -> OnboardingId {
    OnboardingId::derived("testudo/v1/totp-enrolment", &[user.as_uuid().as_bytes()])
}

/// Lets a seed wait in place of the one before, if there is one.
pub(super) fn keep(
    seed: &Seed,
    user: UserId,
    before: Option<OnboardingSession>,
    env: &mut Env,
) -> Write {
    let row = OnboardingSession {
        id: id(user),
        // Of a secret that nobody has.
        digest: Digest::of(&env.new_token_secret()),
        sealed: seed.seal(user, env),
        created_at: env.now,
        expires_at: env.now + LIFETIME,
        version: Version::FIRST,
    };
    match before.map(|before| before.version) {
        None => Write::InsertOnboarding(Box::new(row)),
        Some(was) => {
            let session = Box::new(OnboardingSession { version: was.next(), ..row });
            Write::ReplaceOnboarding { session, was }
        }
    }
}

/// The seed that waits, if one does that can be read. One that cannot is begun anew.
pub(super) fn seed(row: &OnboardingSession, user: UserId, env: &Env) -> Option<Seed> {
    let waits = env.now < row.expires_at;
    waits.then(|| Seed::open(&row.sealed, user, env.keys()).ok()).flatten()
}

/// Takes the seed out of its row.
pub(super) fn spend(row: OnboardingSession, now: Timestamp) -> Write {
    let was = row.version;
    let emptied =
        OnboardingSession { sealed: Vec::new(), expires_at: now, version: was.next(), ..row };
    Write::ReplaceOnboarding { session: Box::new(emptied), was }
}
