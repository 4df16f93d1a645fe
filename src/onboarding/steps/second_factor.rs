//! Showing the second factor that the account has.

use zeroize::Zeroizing;

use super::super::{ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned};
use super::{CODE, note_limit, wrong_code};
use crate::command::Commit;
use crate::event::{Event, LimitName, LoginFailure};
use crate::flow::attempts::Reservation;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, Method};
use crate::owed::{Owed, owed};
use crate::recovery_codes;
use crate::step::Step;
use crate::totp;

/// A code of the authenticator app, or a recovery code in the same field.
///
/// Guesses are counted by account and kind of code, before the code is looked at: starting again buys none.
/// A code counts once, and only codes of later steps after it.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactor;

impl SecondFactor {
    /// Its name.
    pub const NAME: &str = "second_factor";
}

impl OnboardingStep for SecondFactor {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        let policy = progress.settings().policy();
        let debts = owed(progress.user(), progress.methods(), policy);
        if debts.contains(&Owed::SecondFactor) { Need::Required } else { Need::No }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        ClientHint::new(
            "Confirm that it is you",
            "Enter the code that your authenticator app shows, or one of your recovery codes.",
        )
        .field(Field::required(CODE, FieldType::Code, "Code").placeholder("123456"))
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        match turn.answers().required_text(CODE).map(|code| Zeroizing::new(code.to_owned())) {
            Ok(code) => count(turn, code),
            Err(error) => turn.fail([error]),
        }
    }
}

fn count(turn: Turn, code: Zeroizing<String>) -> Step<Turned> {
    let (email, policy) = (turn.user().email.key(), turn.env.policy());
    let (key, limit, method) = if is_recovery_code(&code) {
        (AttemptKey::recovery_code(email), policy.recovery_code, Method::RecoveryCode)
    } else {
        (AttemptKey::totp(email), policy.totp, Method::Otp)
    };
    turn.count_factor(key, limit, move |turn, counted| judge(turn, &code, method, &counted))
}

/// Which of the two a text is, right or wrong: only recovery codes have letters, and so many characters.
fn is_recovery_code(text: &str) -> bool {
    const MOST_DIGITS: usize = 10;
    text.chars().any(char::is_alphabetic) || text.chars().count() > MOST_DIGITS
}

fn judge(mut turn: Turn, code: &str, method: Method, counted: &Reservation) -> Step<Turned> {
    let is_right = match method {
        Method::RecoveryCode => spend(&mut turn, code),
        _ => accept(&mut turn, code),
    };
    if is_right {
        turn.batch = Commit::new().write(counted.clear());
        turn.proved(method);
        if method == Method::RecoveryCode {
            let notice = Message::to_owner(MessageKind::RecoveryCodeUsed, &turn.account);
            let notice = notice.seal(&mut turn.env);
            turn.commit(|batch| batch.message(notice));
        }
        return turn.done();
    }
    let limit = match method {
        Method::RecoveryCode => LimitName::RecoveryCode,
        _ => LimitName::Totp,
    };
    note_limit(&mut turn, counted, limit);
    let (user, email) = (turn.known_user(), turn.user().email.key().masked());
    let reason = LoginFailure::WrongSecondFactor;
    let event = turn.env.event(user, None, Event::UserLoginFailed { email, reason });
    turn.commit(|batch| batch.event(event));
    turn.fail([wrong_code()])
}

fn accept(turn: &mut Turn, code: &str) -> bool {
    let Some(factor) = &turn.account.totp else { return false };
    let Ok(factor) = totp::accept(factor, turn.account.id, code, &mut turn.env) else {
        return false;
    };
    turn.account.totp = Some(factor);
    true
}

fn spend(turn: &mut Turn, code: &str) -> bool {
    let user = &turn.account;
    let Some(rest) = recovery_codes::spend(&user.recovery_codes, user.id, code) else {
        return false;
    };
    turn.account.recovery_codes = rest;
    true
}
