//! What somebody owes before they are let in: one function behind every way in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Method, User};
use crate::policy::{Policy, SecondFactor};

/// Something that is to be done before a session is opened. Serialised by its name, as in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Owed {
    /// To prove the second factor that the account has.
    SecondFactor,
    /// To show that the account's address is one's own.
    VerifyEmail,
    /// To choose another password.
    ChangePassword,
    /// To enrol a second factor.
    EnrolFactor,
    /// To accept the terms of service.
    AcceptTerms,
}

/// That nothing is owed. Nothing but [`clear`] makes one, and no session is opened without one.
#[derive(Debug)]
pub(crate) struct Cleared(());

/// What a user who came by these methods still owes under a policy, in the order in which it is paid.
///
/// Who has a second factor shows it first: what follows changes the account. A factor is enrolled for a
/// verified address only, since mail to that address is how its owner learns of it.
///
/// ```
/// use testudo::model::{Method, User};
/// use testudo::owed::{Owed, owed};
/// use testudo::password::PasswordHash;
/// use testudo::{Policy, SecondFactor, Timestamp};
///
/// # let id = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse()?;
/// # let hash = PasswordHash::from_stored("$argon2id$…".to_owned());
/// let ada = User::new(id, "ada@example.com".parse()?, hash, Timestamp::from_millis(0));
/// let policy = Policy { second_factor: SecondFactor::Required, ..Policy::default() };
///
/// assert_eq!(owed(&ada, &[Method::Password], &Policy::default()), []);
/// assert_eq!(owed(&ada, &[Method::Password], &policy), [Owed::VerifyEmail, Owed::EnrolFactor]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// E-mail is no factor (NIST SP 800-63B-4 3.1.3): what was proved by mail is in no list of methods.
#[must_use]
pub fn owed(user: &User, methods: &[Method], policy: &Policy) -> Vec<Owed> {
    let must_enrol = policy.second_factor.is_required_of(user) && !user.has_second_factor();
    let must_verify = (policy.require_verified_email || must_enrol) && !user.is_verified;
    let debts = [
        (owes_factor(user, methods, policy), Owed::SecondFactor),
        (must_verify, Owed::VerifyEmail),
        // Who came without the password is not asked to change it.
        (user.must_change_password && methods.contains(&Method::Password), Owed::ChangePassword),
        (must_enrol, Owed::EnrolFactor),
        (owes_terms(user, policy), Owed::AcceptTerms),
    ];
    debts.into_iter().filter_map(|(is_owed, debt)| is_owed.then_some(debt)).collect()
}

/// That nothing is owed, or what is.
pub(crate) fn clear(
    user: &User,
    methods: &[Method],
    policy: &Policy,
) -> Result<Cleared, Vec<Owed>> {
    let owed = owed(user, methods, policy);
    if owed.is_empty() { Ok(Cleared(())) } else { Err(owed) }
}

fn owes_factor(user: &User, methods: &[Method], policy: &Policy) -> bool {
    policy.second_factor != SecondFactor::Never
        && user.has_second_factor()
        && !methods.iter().any(|method| method.is_second_factor())
}

pub(crate) fn owes_terms(user: &User, policy: &Policy) -> bool {
    let accepted = user.terms.as_ref().map(|terms| terms.version.as_str());
    policy.terms.as_deref().is_some_and(|current| accepted != Some(current))
}

impl Owed {
    /// Its name, as in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::VerifyEmail => "verify_email",
            Self::ChangePassword => "change_password",
            Self::EnrolFactor => "enrol_factor",
            Self::AcceptTerms => "accept_terms",
        }
    }
}

impl fmt::Display for Owed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
