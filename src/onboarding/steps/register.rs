//! Choosing a password.

use super::super::{
    ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned, Validation,
};
use super::count_work;
use crate::command::{FindUser, HashPassword, UserKey};
use crate::flow::credentials;
use crate::model::{Email, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::FieldError;
use crate::step::{Step, ask};

/// Somebody who registers chooses a password, and says their address once more.
///
/// Whether the address has an account is not looked at here, unless
/// [`Policy::tell_taken_addresses`](crate::Policy::tell_taken_addresses) is on: who has the mailbox learns it
/// from there.
#[derive(Clone, Copy, Debug)]
pub struct Register;

const EMAIL: &str = "email";
const PASSWORD: &str = "password";
const CONFIRM: &str = "password_confirm";

impl Register {
    /// Its name.
    pub const NAME: &str = "register";
}

impl OnboardingStep for Register {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.is_sign_up() { Need::Required } else { Need::No }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        let email = Field::required(EMAIL, FieldType::Email, "E-mail address")
            .placeholder("you@example.com");
        let rules = Validation {
            min_length: progress.settings.validators().min_length(),
            ..Validation::default()
        };
        let password = |name, label| {
            Field::required(name, FieldType::Password, label).validation(rules.clone())
        };
        ClientHint::new("Create your account", "Choose a password that you use nowhere else.")
            .field(email)
            .field(password(PASSWORD, "Password"))
            .field(password(CONFIRM, "Password, once more"))
            .extra(EMAIL, progress.email().as_str())
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        match read(&turn) {
            // A hash is work.
            Ok((email, password)) => count_work(turn, |turn| hash(turn, email, password)),
            Err(errors) => turn.fail(errors),
        }
    }
}

/// What was chosen, or all that is wrong with it.
fn read(turn: &Turn) -> Result<(Email, Password), Vec<FieldError>> {
    let answers = turn.answers();
    let mut errors = Vec::new();
    let email = match answers.required_text(EMAIL) {
        Ok(typed) => same_address(turn, typed),
        Err(error) => Err(error),
    };
    let email = email.map_err(|error| errors.push(error)).ok();
    let password = match answers.required_text(PASSWORD) {
        Ok(typed) => Some(Password::from(typed)),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    if let Some(password) = &password {
        let user = turn.user();
        let typed = user.email.as_str();
        errors.extend(credentials::unfit(
            PASSWORD,
            password,
            typed,
            &user.profile,
            turn.env.settings(),
        ));
        match answers.required_text(CONFIRM) {
            Ok(confirm) if !password.is_same_as(&Password::from(confirm)) => {
                errors.push(mismatch(CONFIRM));
            }
            Ok(_) => {}
            Err(error) => errors.push(error),
        }
    }
    match (email, password) {
        (Some(email), Some(password)) if errors.is_empty() => Ok((email, password)),
        _ => Err(errors),
    }
}

/// The address is the one that it all was started for; its spelling may be another.
fn same_address(turn: &Turn, typed: &str) -> Result<Email, FieldError> {
    let email: Email =
        typed.parse().map_err(|error| FieldError::new(EMAIL, "invalid_email", error))?;
    if email.key() == turn.user().email.key() {
        Ok(email)
    } else {
        let expected = "expected the address that you began with; start again to use another";
        Err(FieldError::new(EMAIL, "other_email", expected))
    }
}

pub(super) fn mismatch(field: &'static str) -> FieldError {
    FieldError::new(field, "password_mismatch", "expected the same password once more")
}

fn hash(mut turn: Turn, email: Email, password: Password) -> Step<Turned> {
    let command = HashPassword { password, salt: turn.env.new_salt() };
    let give_back = turn.give_back();
    ask(command, move |hashed| match hashed {
        Ok(hash) if turn.env.policy().tell_taken_addresses => look(turn, email, hash),
        Ok(hash) => choose(turn, email, hash),
        Err(reason) => turn.fail([credentials::unhashable_field(PASSWORD, reason)]),
    })
    .on_fault(give_back)
}

/// Tells whoever asks that an address is taken, which is what the policy wants.
fn look(turn: Turn, email: Email, hash: PasswordHash) -> Step<Turned> {
    let key = UserKey::Email(email.key().clone());
    let give_back = turn.give_back();
    ask(FindUser { key }, move |owner| {
        if owner.is_some_and(|owner| !turn.may_be_claimed(&owner)) {
            let taken = "an account with this e-mail address exists already; sign in instead";
            return turn.fail([FieldError::new(EMAIL, "email_taken", taken)]);
        }
        choose(turn, email, hash)
    })
    .on_fault(give_back)
}

/// Of an address that was verified before, the spelling stays that was.
fn choose(mut turn: Turn, email: Email, password: PasswordHash) -> Step<Turned> {
    let is_verified = turn.account.is_verified;
    let email = if is_verified { turn.account.email.clone() } else { email };
    let account = User { email, password, ..*turn.account };
    *turn.account = account;
    turn.proved(crate::model::Method::Password);
    turn.done()
}
