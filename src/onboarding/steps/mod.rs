//! The library's own steps: one file each.

mod accept_terms;
mod change_password;
mod email_code;
mod profile;
mod recovery_codes;
mod register;
mod second_factor;
mod setup_totp;
mod validate_invitation;
mod verify_email;

pub use accept_terms::AcceptTerms;
pub use change_password::ChangePassword;
pub use profile::{Kind, Profile, ProfileField};
pub use recovery_codes::RecoveryCodes;
pub use register::Register;
pub use second_factor::SecondFactor;
pub use setup_totp::SetupTotp;
pub use validate_invitation::ValidateInvitation;
pub use verify_email::VerifyEmail;

use super::{Field, FieldType, Turn, Turned, Validation};
use crate::command::{FindUser, UserKey};
use crate::event::{Event, LimitName};
use crate::flow::attempts::Reservation;
use crate::model::AttemptKey;
use crate::refusal::FieldError;
use crate::step::{Step, ask};

/// A field for a code of six digits.
fn six_digits(label: &str) -> Field {
    let validation = Validation {
        length: Some(6),
        pattern: Some("[0-9]{6}".to_owned()),
        ..Validation::default()
    };
    Field::required(CODE, FieldType::Code, label).placeholder("123456").validation(validation)
}

const CODE: &str = "code";

fn wrong_code() -> FieldError {
    FieldError::new(CODE, "invalid_code", "this code is not right, or was used before")
}

/// Counts what is work against the client's network, where that is known, and goes on.
fn count_work(
    turn: Turn,
    then: impl FnOnce(Turn) -> Step<Turned> + Send + 'static,
) -> Step<Turned> {
    let Some(ip) = turn.env.client.ip() else { return then(turn) };
    let (key, limit) = (AttemptKey::onboarding_network(ip), turn.env.policy().onboarding_network);
    turn.count(key, limit, |turn, _| then(turn))
}

/// Records that the last attempt that a limit allows was made.
fn note_limit(turn: &mut Turn, reservation: &Reservation, limit: LimitName) {
    turn.was_counted = true;
    if reservation.is_last {
        let user = turn.known_user();
        let event = turn.env.event(user, None, Event::RateLimitExceeded { limit });
        turn.commit(|batch| batch.event(event));
    }
}

/// Whoever left an account at the address, and never showed that it is theirs, goes when the account of who did show
/// it comes: with all that they left there, its id too, by which the application may know it (pre-hijacking).
fn displace_unproven(turn: Turn) -> Step<Turned> {
    if !turn.progress().is_sign_up() {
        return turn.done();
    }
    let key = UserKey::Email(turn.user().email.key().clone());
    let give_back = turn.give_back();
    ask(FindUser { key }, move |owner| {
        let mut turn = turn;
        if let Some(owner) = owner.filter(|owner| turn.may_be_claimed(owner)) {
            turn.displace(owner.id);
        }
        turn.done()
    })
    .on_fault(give_back)
}
