//! Registration: make an account.

use super::credentials;
use crate::command::{Commit, Conflict, HashPassword, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{Email, JsonObject, User};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// A request for an account.
#[derive(Debug)]
pub struct RegisterUser {
    /// The address as typed.
    pub email: String,
    /// The password; `None` for an account that signs in by other means only.
    pub password: Option<Password>,
    /// Whether the address is already known to be the user's.
    pub is_verified: bool,
    /// What the application keeps about the user.
    pub profile: JsonObject,
}

impl RegisterUser {
    /// A request with a password, an unverified address and an empty profile.
    #[must_use]
    pub fn new(email: impl Into<String>, password: Password) -> Self {
        let (email, password) = (email.into(), Some(password));
        Self { email, password, is_verified: false, profile: JsonObject::new() }
    }
}

type Outcome = Result<User, Refusal>;

/// Makes an account.
///
/// The password is hashed before anything is looked up, so that a taken address costs as much as a
/// free one. Of any number of parallel requests for one address, in whatever spelling, one succeeds.
///
/// # Errors
///
/// [`Refusal::Invalid`] with all that is wrong, [`Refusal::EmailTaken`].
///
/// # Security
///
/// This flow tells its caller that an address is taken, does not prove that the address is the
/// caller's, and counts nothing: it is for administrators and imports. Do not put it in front of
/// anonymous clients.
pub fn register_user(request: RegisterUser, mut env: Env) -> Step<Outcome> {
    let RegisterUser { email, password, is_verified, profile } = request;
    let email = match credentials::chosen(&email, password.as_ref(), &profile, env.settings()) {
        Ok(email) => email,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    let account = Account { email, is_verified, profile };
    match password {
        Some(password) => hash(account, password, env),
        None => {
            let unusable = env.unusable_password();
            create(account, unusable, env)
        }
    }
}

fn hash(account: Account, password: Password, mut env: Env) -> Step<Outcome> {
    let command = HashPassword { password, salt: env.new_salt() };
    ask(command, move |hashed| match hashed {
        Ok(hash) => create(account, hash, env),
        Err(reason) => Step::Done(Err(credentials::unhashable("password", reason))),
    })
}

/// The insert is its own guard: the only thing that can conflict is the address.
fn create(account: Account, password: PasswordHash, mut env: Env) -> Step<Outcome> {
    let new = User::new(env.new_user_id(), account.email, password, env.now);
    let user = User { is_verified: account.is_verified, profile: account.profile, ..new };
    let event = env.event(Some(user.id), None, Event::UserCreated);
    let batch = Commit::new().write(Write::InsertUser(Box::new(user.clone()))).event(event);
    ask(batch, |committed| match committed {
        Ok(()) => Step::Done(Ok(user)),
        Err(Conflict) => Step::Done(Err(Refusal::EmailTaken)),
    })
}

/// The parts of a request that are stored as they are.
#[derive(Debug)]
struct Account {
    email: Email,
    is_verified: bool,
    profile: JsonObject,
}
