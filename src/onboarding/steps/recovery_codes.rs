//! Taking recovery codes, for when the authenticator app is lost.

use serde::{Deserialize, Serialize};

use super::super::{
    ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Revealed, Turn, Turned,
};
use crate::event::Event;
use crate::recovery_codes;
use crate::refusal::FieldError;
use crate::step::Step;

/// Codes are shown, this once, and their owner says that they are kept.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryCodes;

#[derive(Serialize, Deserialize)]
struct Shown {
    shown: bool,
}

const SAVED: &str = "saved";

impl RecoveryCodes {
    /// Its name.
    pub const NAME: &str = "recovery_codes";
}

impl OnboardingStep for RecoveryCodes {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        let user = progress.user();
        let has_just_taken_them = progress.kept::<Shown>().is_some();
        let lacks_them = user.has_second_factor() && user.recovery_codes.is_empty();
        if lacks_them || has_just_taken_them { Need::Offered } else { Need::No }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        match progress.kept::<Shown>() {
            None => ClientHint::new(
                "Recovery codes",
                "With a recovery code you get in when you have lost your authenticator app. Each of them counts once.",
            ),
            Some(_) => ClientHint::new(
                "Keep your recovery codes",
                "Print them, or write them down, and keep them in a safe place. They are not shown again.",
            )
            .field(Field::required(SAVED, FieldType::Checkbox, "I have kept the recovery codes"))
            .again("Show other codes"),
        }
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let is_shown = turn.kept::<Shown>().is_some();
        match turn.answers().flag(SAVED) {
            Ok(true) if is_shown => turn.done(),
            Ok(_) if is_shown && turn.answers().get(SAVED).is_some() => {
                let first = "expected that the codes are kept";
                turn.fail([FieldError::new(SAVED, "required", first)])
            }
            Ok(_) => show(turn),
            Err(error) => turn.fail([error]),
        }
    }
}

/// Shows new codes; those that were shown before count no more.
fn show(mut turn: Turn) -> Step<Turned> {
    let (codes, digests) = recovery_codes::generate(turn.account.id, &mut turn.env);
    turn.account.recovery_codes = digests;
    if let Some(user) = turn.known_user() {
        let event = turn.env.event(Some(user), None, Event::RecoveryCodesReplaced);
        turn.commit(|batch| batch.event(event));
    }
    turn.keep(&Shown { shown: true });
    turn.stay_revealing(Revealed::RecoveryCodes(codes))
}
