//! Choosing another password, because the account's must be changed.

use super::super::{
    ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned, Validation,
};
use super::count_work;
use super::register::mismatch;
use crate::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
use crate::event::Event;
use crate::flow::credentials;
use crate::message::{Message, MessageKind};
use crate::password::{Password, PasswordHash};
use crate::refusal::FieldError;
use crate::step::{Step, ask};

/// Another password takes the place of the one that must be changed. All sessions end, and the owner is told.
#[derive(Clone, Copy, Debug)]
pub struct ChangePassword;

const NEW_PASSWORD: &str = "new_password";
const CONFIRM: &str = "new_password_confirm";

impl ChangePassword {
    /// Its name.
    pub const NAME: &str = "change_password";
}

impl OnboardingStep for ChangePassword {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.user().must_change_password { Need::Required } else { Need::No }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        let rules = Validation {
            min_length: progress.settings().validators().min_length(),
            ..Validation::default()
        };
        let password = |name, label| {
            Field::required(name, FieldType::Password, label).validation(rules.clone())
        };
        ClientHint::new(
            "Choose a new password",
            "Your password must be changed before you go on. Choose one that you use nowhere else.",
        )
        .field(password(NEW_PASSWORD, "New password"))
        .field(password(CONFIRM, "New password, once more").optional())
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        match read(&turn) {
            // A hash is work.
            Ok(password) => count_work(turn, |turn| compare(turn, password)),
            Err(errors) => turn.fail(errors),
        }
    }
}

fn read(turn: &Turn) -> Result<Password, Vec<FieldError>> {
    let answers = turn.answers();
    let typed = answers.required_text(NEW_PASSWORD).map_err(|error| vec![error])?;
    let (password, user) = (Password::from(typed), turn.user());
    let (email, settings) = (user.email.as_str(), turn.env.settings());
    let mut errors = credentials::unfit(NEW_PASSWORD, &password, email, &user.profile, settings);
    match answers.text(CONFIRM) {
        Ok(Some(confirm)) if !password.is_same_as(&Password::from(confirm)) => {
            errors.push(mismatch(CONFIRM));
        }
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    if errors.is_empty() { Ok(password) } else { Err(errors) }
}

/// The one that must be changed will not do again.
fn compare(turn: Turn, password: Password) -> Step<Turned> {
    let stored = &turn.account.password;
    let against =
        if stored.is_usable() { Against::Stored(stored.clone()) } else { Against::Nobody };
    let give_back = turn.give_back();
    ask(VerifyPassword { password: password.clone(), against }, move |verdict| match verdict {
        PasswordVerdict::Valid { .. } => turn.fail([credentials::unchanged(NEW_PASSWORD)]),
        PasswordVerdict::Invalid | PasswordVerdict::Unreadable => hash(turn, password),
    })
    .on_fault(give_back)
}

fn hash(mut turn: Turn, password: Password) -> Step<Turned> {
    let command = HashPassword { password, salt: turn.env.new_salt() };
    ask(command, move |hashed| match hashed {
        Ok(hash) => change(turn, hash),
        Err(reason) => turn.fail([credentials::unhashable_field(NEW_PASSWORD, reason)]),
    })
}

fn change(mut turn: Turn, hash: PasswordHash) -> Step<Turned> {
    let now = turn.env.now;
    let account = (*turn.account).clone().with_new_password(hash, now);
    *turn.account = account;
    let user = turn.known_user();
    let event = turn.env.event(user, None, Event::PasswordChanged);
    let notice = Message::to_owner(MessageKind::PasswordChanged, &turn.account);
    let notice = notice.seal(&mut turn.env);
    turn.commit(|batch| batch.event(event).message(notice));
    turn.done()
}
