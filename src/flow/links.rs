//! Links that are mailed to somebody: made, and read when they come back.

use super::attempts::{self, Refused};
use crate::env::Env;
use crate::event::{DeadLink, Event, LinkPurpose};
use crate::model::{User, UserId};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::signing::{Account, Claim, ClaimPurpose, PurposeSigner};
use crate::step::Step;
use crate::time::Timestamp;

/// What a link carries about an account as it is: a text that is claimed, such as an address, and the
/// moment from which on it counts no more.
pub(super) fn token<P: ClaimPurpose>(
    user: &User,
    text: &str,
    until: Timestamp,
    env: &Env,
) -> Secret<String> {
    let account = Account { user: user.id, epoch: user.epoch };
    PurposeSigner::<P>::new(env.keys()).sign(Claim::about_account(account, text, until))
}

/// A link that came back, and is genuine: a key that is still in use signed it for its purpose.
#[derive(Debug)]
pub(super) struct Link {
    account: Account,
    claim: Claim,
}

impl Link {
    /// Reads the token of a link for `P`, whether or not its time is over. Everything that is made up
    /// gets the same refusal, and nothing is asked for it.
    pub(super) fn genuine<P: ClaimPurpose>(token: &str, env: &Env) -> Result<Self, Refusal> {
        let claim = PurposeSigner::<P>::new(env.keys()).genuine(token).ok();
        let link = claim.and_then(|claim| Some(Self { account: claim.account()?, claim }));
        link.ok_or(Refusal::InvalidToken)
    }

    /// Refuses the link as if it were made up, and records why.
    pub(super) fn refuse<T: 'static>(
        &self,
        purpose: LinkPurpose,
        reason: DeadLink,
        env: Env,
    ) -> Step<Result<T, Refusal>> {
        let (user, event) = (Some(self.user()), Event::LinkRefused { purpose, reason });
        let refused = Refused { user, session: None, event };
        attempts::refuse(refused, &self.user(), Refusal::InvalidToken, env)
    }

    /// Whose it is.
    pub(super) const fn user(&self) -> UserId {
        self.account.user
    }

    /// What it claims.
    pub(super) fn text(&self) -> &str {
        self.claim.text()
    }

    /// The first moment at which it counts no more.
    pub(super) const fn until(&self) -> Timestamp {
        self.claim.expires_at()
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until()
    }

    /// Whether the account is as it was when the link was made: no password, address or standing changed
    /// since.
    pub(super) fn is_of_the_epoch_of(&self, user: &User) -> bool {
        self.account == Account { user: user.id, epoch: user.epoch }
    }
}

/// Why a link whose time is not over does not count, by what became of its account.
pub(super) fn dead(user: Option<&User>) -> DeadLink {
    match user {
        None => DeadLink::UnknownUser,
        Some(user) if !user.is_active => DeadLink::Inactive,
        Some(_) => DeadLink::Superseded,
    }
}
