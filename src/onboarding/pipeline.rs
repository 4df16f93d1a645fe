//! Which steps there are, and in which order they are taken.

use std::sync::Arc;

use super::OnboardingStep;
use super::steps::{
    AcceptTerms, ChangePassword, Profile, ProfileField, RecoveryCodes, Register, SecondFactor,
    SetupTotp, ValidateInvitation, VerifyEmail,
};
use crate::owed::Owed;
use crate::policy::{Policy, SecondFactor as Rule};

/// The steps of an application: what they do, and apart from that their order.
///
/// ```
/// use testudo::onboarding::Onboarding;
/// use testudo::onboarding::steps::{Profile, ProfileField};
///
/// let onboarding = Onboarding::standard()
///     .with_step(Profile::new([ProfileField::text("name", "Your name")]))
///     .sign_up(["validate_invitation", "register", "verify_email", "profile"]);
/// # let _ = onboarding;
/// ```
#[derive(Clone, Debug)]
pub struct Onboarding {
    steps: Vec<Arc<dyn OnboardingStep>>,
    sign_up: Vec<String>,
    sign_in: Vec<String>,
}

/// Which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    SignUp,
    SignIn,
}

/// An order that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnboardingError {
    /// No step has this name.
    #[error("there is no onboarding step `{name}`; expected one of {known}")]
    UnknownStep {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A step is named twice.
    #[error("the onboarding step `{name}` stands there twice")]
    Repeated {
        /// Its name.
        name: String,
    },
    /// Whoever registers must choose a password.
    #[error("expected `register` among the steps of signing up")]
    NoRegister,
    /// A field of the profile decides who must have a second factor, and its owner could change it.
    #[error("expected no profile field `{field}`, since it decides who must have a second factor")]
    Decides {
        /// The field.
        field: String,
    },
    /// The answer would tell who has an account.
    #[error(
        "without `verify_email` a taken address cannot be kept secret: expected the step, or \
         `tell_taken_addresses` in the policy"
    )]
    TellsTaken,
}

/// The order of signing up unless it is said. Steps that are not needed are passed over.
const SIGN_UP: [&str; 6] =
    ["register", "verify_email", "setup_totp", "recovery_codes", "profile", "accept_terms"];

impl Onboarding {
    /// The library's own steps: to register, to verify the address, to enrol an authenticator app and take
    /// recovery codes, and to accept the terms, where there are any.
    #[must_use]
    pub fn standard() -> Self {
        let steps: Vec<Arc<dyn OnboardingStep>> = vec![
            Arc::new(ValidateInvitation),
            Arc::new(Register),
            Arc::new(VerifyEmail),
            Arc::new(SetupTotp),
            Arc::new(RecoveryCodes),
            Arc::new(Profile::default()),
            Arc::new(AcceptTerms::default()),
            Arc::new(SecondFactor),
            Arc::new(ChangePassword),
        ];
        let sign_up = SIGN_UP.iter().map(|&name| name.to_owned()).collect();
        Self { steps, sign_up, sign_in: Vec::new() }
    }

    /// With one step more. One of the same name is replaced by it.
    #[must_use]
    pub fn with_step(mut self, step: impl OnboardingStep + 'static) -> Self {
        self.steps.retain(|known| known.name() != step.name());
        self.steps.push(Arc::new(step));
        self
    }

    /// With this order of signing up. With none, nobody can sign up.
    #[must_use]
    pub fn sign_up<N: Into<String>>(self, order: impl IntoIterator<Item = N>) -> Self {
        Self { sign_up: order.into_iter().map(Into::into).collect(), ..self }
    }

    /// With these steps at every sign-in, after what is owed, as far as they are
    /// [needed](OnboardingStep::need).
    #[must_use]
    pub fn at_sign_in<N: Into<String>>(self, order: impl IntoIterator<Item = N>) -> Self {
        Self { sign_in: order.into_iter().map(Into::into).collect(), ..self }
    }

    /// Whether anybody can sign up.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.sign_up.is_empty()
    }

    /// The fields of the profile that its steps fill in.
    pub fn profile_fields(&self) -> impl Iterator<Item = &ProfileField> {
        self.steps.iter().flat_map(|step| step.profile_fields())
    }

    /// The step of this name.
    pub(crate) fn step(&self, name: &str) -> Option<&Arc<dyn OnboardingStep>> {
        self.steps.iter().find(|step| step.name() == name)
    }

    /// The names of the steps of signing up, in their order.
    pub(crate) fn order_of_sign_up(&self) -> &[String] {
        &self.sign_up
    }

    /// The names of the steps at every sign-in.
    pub(crate) fn order_at_sign_in(&self) -> &[String] {
        &self.sign_in
    }

    /// Whether all of it can be.
    pub(crate) fn check(&self, policy: &Policy) -> Result<(), OnboardingError> {
        if let Rule::RequiredWhere(wanted) = &policy.second_factor
            && self.profile_fields().any(|field| field.name() == wanted.field)
        {
            return Err(OnboardingError::Decides { field: wanted.field.clone() });
        }
        self.errors(policy).into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// All that cannot be, and in which order.
    pub(crate) fn errors(&self, policy: &Policy) -> Vec<(Order, OnboardingError)> {
        let mut errors = Vec::new();
        for (order, steps) in [(Order::SignUp, &self.sign_up), (Order::SignIn, &self.sign_in)] {
            errors.extend(self.errors_of(steps).map(|error| (order, error)));
        }
        let has = |name: &str| self.sign_up.iter().any(|step| step == name);
        if self.is_open() && !has(Register::NAME) {
            errors.push((Order::SignUp, OnboardingError::NoRegister));
        }
        if self.is_open() && !has(VerifyEmail::NAME) && !policy.tell_taken_addresses {
            errors.push((Order::SignUp, OnboardingError::TellsTaken));
        }
        errors
    }

    fn errors_of<'a>(&'a self, order: &'a [String]) -> impl Iterator<Item = OnboardingError> + 'a {
        order.iter().enumerate().filter_map(|(place, name)| {
            if self.step(name).is_none() {
                let known: Vec<_> = self.steps.iter().map(|step| step.name()).collect();
                let (name, known) = (name.clone(), known.join(", "));
                return Some(OnboardingError::UnknownStep { name, known });
            }
            let is_repeated = order.iter().take(place).any(|earlier| earlier == name);
            is_repeated.then(|| OnboardingError::Repeated { name: name.clone() })
        })
    }
}

impl Default for Onboarding {
    fn default() -> Self {
        Self::standard()
    }
}

impl Owed {
    /// The steps by which it is paid.
    pub(crate) const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::SecondFactor => &[SecondFactor::NAME],
            Self::VerifyEmail => &[VerifyEmail::NAME],
            Self::ChangePassword => &[ChangePassword::NAME],
            Self::EnrolFactor => &[SetupTotp::NAME, RecoveryCodes::NAME],
            Self::AcceptTerms => &[AcceptTerms::NAME],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::ProfileMatch;

    #[test]
    fn nobody_fills_in_what_decides_whether_they_need_a_second_factor() {
        let wanted = ProfileMatch { field: "role".into(), is: "admin".into() };
        let policy = Policy { second_factor: Rule::RequiredWhere(wanted), ..Policy::default() };
        let asking = |field| {
            Onboarding::standard().with_step(Profile::new([ProfileField::text(field, "x")]))
        };
        assert_eq!(asking("name").check(&policy), Ok(()));
        let refused = asking("role").check(&policy).unwrap_err();
        assert_eq!(refused, OnboardingError::Decides { field: "role".into() });
        assert_eq!(asking("role").check(&Policy::default()), Ok(()));
    }
}
