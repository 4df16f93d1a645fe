//! Accepting the terms of service.

use super::super::{ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned};
use crate::event::Event;
use crate::model::AcceptedTerms;
use crate::owed::owes_terms;
use crate::refusal::FieldError;
use crate::step::Step;

/// The current version of the terms ([`Policy::terms`](crate::Policy::terms)) is accepted, and which it was is
/// recorded.
#[derive(Clone, Debug, Default)]
pub struct AcceptTerms {
    url: Option<String>,
}

const ACCEPT: &str = "accept";

impl AcceptTerms {
    /// Its name.
    pub const NAME: &str = "accept_terms";

    /// With the address at which the terms can be read, for `extra.terms_url`.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()) }
    }
}

impl OnboardingStep for AcceptTerms {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        let owes = owes_terms(progress.user(), progress.settings().policy());
        if owes { Need::Required } else { Need::No }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        let version = progress.settings().policy().terms.clone().unwrap_or_default();
        let hint = ClientHint::new("Terms of service", "Please read the terms of service.")
            .field(Field::required(ACCEPT, FieldType::Checkbox, "I accept the terms of service"))
            .extra("terms_version", version);
        match &self.url {
            Some(url) => hint.extra("terms_url", url.as_str()),
            None => hint,
        }
    }

    fn advance(&self, mut turn: Turn) -> Step<Turned> {
        match turn.answers().flag(ACCEPT) {
            Ok(true) => {}
            Ok(false) => {
                let expected = "expected that the terms are accepted";
                return turn.fail([FieldError::new(ACCEPT, "required", expected)]);
            }
            Err(error) => return turn.fail([error]),
        }
        let version = turn.env.policy().terms.clone().unwrap_or_default();
        turn.account.terms = Some(AcceptedTerms { version: version.clone(), at: turn.env.now });
        let user = turn.known_user();
        let event = turn.env.event(user, None, Event::TermsAccepted { version });
        turn.commit(|batch| batch.event(event));
        turn.done()
    }
}
