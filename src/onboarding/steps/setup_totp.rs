//! Enrolling an authenticator app.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::{ClientHint, Need, OnboardingStep, Progress, Revealed, Turn, Turned};
use super::{CODE, note_limit, six_digits, wrong_code};
use crate::command::Commit;
use crate::event::{Event, LimitName};
use crate::flow::attempts::Reservation;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, Method, TotpFactor, User};
use crate::policy::SecondFactor;
use crate::refusal::FieldError;
use crate::step::Step;
use crate::totp::Seed;

/// A seed is shown, goes into an app, and a code of that app comes back.
///
/// Said nothing, it makes a new seed and shows it; said a code, it looks at that, and shows the seed again where
/// the code is wrong. It cannot be skipped where the policy requires a second factor.
#[derive(Clone, Copy, Debug)]
pub struct SetupTotp;

/// The seed that waits for a code.
#[derive(Serialize, Deserialize)]
struct Waiting {
    seed: String,
}

impl Waiting {
    fn sealed(&self) -> Vec<u8> {
        STANDARD_NO_PAD.decode(&self.seed).unwrap_or_default()
    }
}

impl SetupTotp {
    /// Its name.
    pub const NAME: &str = "setup_totp";
}

impl OnboardingStep for SetupTotp {
    fn name(&self) -> &str {
        Self::NAME
    }

    /// An address that is not verified gets no factor: its owner would be locked out of what may be theirs.
    fn need(&self, progress: &Progress<'_>) -> Need {
        let (user, policy) = (progress.user(), progress.settings().policy());
        let rule = &policy.second_factor;
        if user.has_second_factor() || !user.is_verified || *rule == SecondFactor::Never {
            Need::No
        } else if rule.is_required_of(user) {
            Need::Required
        } else {
            Need::Offered
        }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        match progress.kept::<Waiting>() {
            None => ClientHint::new(
                "Protect your account",
                "An authenticator app makes a new code every half minute, which is asked for when you sign in.",
            ),
            Some(_) => ClientHint::new(
                "Connect your authenticator app",
                "Scan the picture with the app, or type the key into it. Then enter the code that it shows.",
            )
            .field(six_digits("Code from the app"))
            .again("Show another key"),
        }
    }

    fn revealed_again(&self, progress: &Progress<'_>) -> Option<Revealed> {
        let (user, settings) = (progress.user(), progress.settings());
        let sealed = progress.kept::<Waiting>()?.sealed();
        let seed = Seed::open(&sealed, user.id, settings.keys()).ok()?;
        Some(seed.reveal(user.email.as_str(), settings.service_name()).into())
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let code = match turn.answers().text(CODE) {
            Ok(code) => code.map(str::to_owned).map(Zeroizing::new),
            Err(error) => return turn.fail([error]),
        };
        match (code, turn.kept::<Waiting>()) {
            (None, _) => show(turn),
            (Some(code), Some(waiting)) => count(turn, code, waiting),
            (Some(_), None) => {
                let first = "expected nothing yet: have a key shown first";
                turn.fail([FieldError::new(CODE, "no_seed", first)])
            }
        }
    }
}

fn show(mut turn: Turn) -> Step<Turned> {
    let seed = Seed::new(&mut turn.env);
    let sealed = seed.seal(turn.account.id, &mut turn.env);
    turn.keep(&Waiting { seed: STANDARD_NO_PAD.encode(sealed) });
    let shown = seed.reveal(turn.user().email.as_str(), turn.env.settings().service_name());
    turn.stay_revealing(shown.into())
}

fn count(turn: Turn, code: Zeroizing<String>, waiting: Waiting) -> Step<Turned> {
    let key = AttemptKey::totp(turn.user().email.key());
    let limit = turn.env.policy().totp;
    turn.count_factor(key, limit, move |turn, counted| judge(turn, &code, &waiting, &counted))
}

fn judge(mut turn: Turn, code: &str, waiting: &Waiting, counted: &Reservation) -> Step<Turned> {
    note_limit(&mut turn, counted, LimitName::Totp);
    let sealed_seed = waiting.sealed();
    let (owner, now, skew) = (turn.account.id, turn.env.now, turn.env.policy().totp_skew);
    let seed = Seed::open(&sealed_seed, owner, turn.env.keys()).ok();
    let Some(step) = seed.and_then(|seed| seed.step_of(code, now, skew)) else {
        return turn.fail([wrong_code()]);
    };
    turn.batch = Commit::new().write(counted.clear());
    let factor = TotpFactor { sealed_seed, last_step: step, enrolled_at: now };
    let account = User { totp: Some(factor), recovery_codes: Vec::new(), ..*turn.account };
    *turn.account = account;
    turn.proved(Method::Otp);
    if turn.known_user().is_some() {
        enrolled(&mut turn);
    }
    turn.done()
}

/// An account that is there already gets its factor now: its other sessions end, and its owner is told.
fn enrolled(turn: &mut Turn) {
    let (now, user) = (turn.env.now, turn.known_user());
    let account = (*turn.account).clone().with_new_epoch(now);
    *turn.account = account;
    let event = turn.env.event(user, None, Event::TotpEnrolled);
    let notice = Message::to_owner(MessageKind::TotpEnrolled, &turn.account).seal(&mut turn.env);
    turn.commit(|batch| batch.event(event).message(notice));
}
