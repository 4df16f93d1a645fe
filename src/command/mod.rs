//! Everything the library can do to the world: one table, and a contract for each entry.
//!
//! An adapter answers these commands and nothing else. Each command's page says what its reply must
//! mean; the conformance suite of `testudo-driver` has tests of the same names.

mod api_keys;
mod commit;
mod consult;
mod consult_legacy;
mod count_attempt;
mod find_session;
mod find_user;
mod invitations;
mod list_events;
mod list_sessions;
mod list_users;
mod onboarding;
mod passwords;
mod placement;
mod sweep;

pub use api_keys::{FindApiKey, ListApiKeys, OwnedApiKey};
pub use commit::{Commit, Conflict, Guard, Write};
pub use consult::{Consult, Question};
pub use consult_legacy::{ConsultLegacy, LegacyVerdict};
pub use count_attempt::CountAttempt;
pub use find_session::{
    FindSession, FindSessionWithUser, FindUserWithSession, OwnedSession, Standing,
};
pub use find_user::{FindUser, UserKey};
pub use invitations::{FindInvitation, ListInvitations};
pub use list_events::ListEvents;
pub use list_sessions::ListSessions;
pub use list_users::ListUsers;
pub use onboarding::FindOnboarding;
pub use passwords::{Against, HashPassword, PasswordVerdict, Unhashable, VerifyPassword};
pub use placement::{Part, Placement, Share};
pub use sweep::{Sweep, Swept};

use std::fmt;

use crate::step::{Ask, Command};

/// Declares the commands and, from them, [`Step`].
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident -> $reply:ty,)+) => {
        $(impl Command for $name {
            type Reply = $reply;
            const NAME: &'static str = stringify!($name);
        }

        impl<T> From<Ask<$name, T>> for Step<T> {
            fn from(ask: Ask<$name, T>) -> Self {
                Self::$name(ask)
            }
        })+

        /// What a flow is right now: a question to the world, or done.
        ///
        /// The list is exhaustive on purpose: a driver that leaves a command out does not compile.
        #[must_use = "a flow does nothing until its questions are answered"]
        pub enum Step<T> {
            $($(#[$doc])* $name(Ask<$name, T>),)+
            /// The flow has ended, with this result.
            Done(T),
        }

        impl<T> Step<T> {
            /// The same step. If the world does not answer its question, `batch` is to be committed, once
            /// ([`Pending::unanswered`](crate::Pending::unanswered)): what was reserved for the question is
            /// given back by it. A flow that is done has nothing to give back.
            ///
            /// ```
            /// use testudo::{Step, ask, command::{Commit, FindUser, UserKey, Write}, model::*};
            ///
            /// fn look(email: Email, counted: AttemptKey, window: WindowEnd) -> Step<bool> {
            ///     let give_back = Write::RefundAttempt { key: counted, window };
            ///     let batch = Commit { writes: vec![give_back], ..Commit::default() };
            ///     let key = UserKey::Email(email.key().clone());
            ///     ask(FindUser { key }, |user| Step::Done(user.is_some())).on_fault(batch)
            /// }
            /// ```
            ///
            /// # Security
            ///
            /// Give an attempt back only where no secret was looked at yet, or where it was right.
            pub fn on_fault(self, batch: crate::command::Commit) -> Self {
                match self {
                    $(Self::$name(ask) => Self::$name(ask.on_fault(batch)),)+
                    Self::Done(result) => Self::Done(result),
                }
            }

            /// The name of the command that the flow waits for; `None` when it is done.
            #[must_use]
            pub fn pending(&self) -> Option<&'static str> {
                match self {
                    $(Self::$name(_) => Some(<$name as Command>::NAME),)+
                    Self::Done(_) => None,
                }
            }
        }

        impl<T: 'static> Step<T> {
            /// Goes on with what comes out of this flow: two flows make one.
            ///
            /// ```
            /// use testudo::Step;
            ///
            /// let step = Step::Done(20).then(|half| Step::Done(half * 2));
            /// assert!(matches!(step, Step::Done(40)));
            /// ```
            pub fn then<U: 'static>(
                self,
                next: impl FnOnce(T) -> Step<U> + Send + 'static,
            ) -> Step<U> {
                match self {
                    $(Self::$name(ask) => Step::$name(ask.then(next)),)+
                    Self::Done(result) => next(result),
                }
            }
        }

        impl<T> fmt::Debug for Step<T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(ask) => ask.fmt(out),)+
                    // The result may hold tokens, and `T` need not be printable.
                    Self::Done(_) => out.write_str("Done"),
                }
            }
        }
    };
}

commands! {
    /// Reserves one attempt at a secret, before the secret is looked at.
    CountAttempt -> crate::model::AttemptVerdict,
    /// Looks a user up by id or e-mail address.
    FindUser -> Option<crate::model::User>,
    /// Looks a session up, and whether its owner is in good standing.
    FindSession -> Option<OwnedSession>,
    /// Looks a session up together with its owner.
    FindSessionWithUser -> Option<(crate::model::Session, crate::model::User)>,
    /// Looks a user up together with one session of theirs, if it is recorded.
    FindUserWithSession -> Option<(crate::model::User, Option<crate::model::Session>)>,
    /// Looks an invitation up.
    FindInvitation -> Option<crate::model::Invitation>,
    /// Looks an API key up, and whether its owner is in good standing.
    FindApiKey -> Option<OwnedApiKey>,
    /// Looks an onboarding session up.
    FindOnboarding -> Option<crate::model::OnboardingSession>,
    /// Lists the live sessions of a user, newest first.
    ListSessions -> Vec<crate::model::Session>,
    /// Lists users in the order of their ids.
    ListUsers -> Vec<crate::model::User>,
    /// Lists invitations, newest first.
    ListInvitations -> Vec<crate::model::Invitation>,
    /// Lists the API keys of a user, newest first.
    ListApiKeys -> Vec<crate::model::ApiKey>,
    /// Lists events, newest first.
    ListEvents -> Vec<crate::event::EventRecord>,
    /// Compares a password with a stored hash.
    VerifyPassword -> PasswordVerdict,
    /// Asks the system that an account comes from whether a password is right there.
    ConsultLegacy -> LegacyVerdict,
    /// Asks the application something, in an onboarding step of its own.
    Consult -> serde_json::Value,
    /// Hashes a password with the preferred hasher.
    HashPassword -> Result<crate::password::PasswordHash, Unhashable>,
    /// Applies a batch of guarded writes: all of it or nothing.
    Commit -> Result<(), Conflict>,
    /// Removes what has no meaning any more.
    Sweep -> Swept,
}
