//! Bringing accounts along from another system.

use std::collections::BTreeSet;

use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::credentials;
use crate::model::{Email, EmailKey, JsonObject, User, UserId};
use crate::password::PasswordHash;
use crate::refusal::{FieldError, Refusal};
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// An account as another system kept it.
#[derive(Clone, Debug)]
pub struct ImportUser {
    /// The address as the other system has it.
    pub email: String,
    /// The stored hash, in any form that the hashers read, without control characters;
    /// [`PasswordHash::legacy`] where the password stays in the other system for now; `None` for an
    /// account without a password.
    pub password: Option<PasswordHash>,
    /// Whether the account may be used.
    pub is_active: bool,
    /// Whether the address is known to be the user's.
    pub is_verified: bool,
    /// Whether the first sign-in must bring a new password.
    pub must_change_password: bool,
    /// When the account was made there; `None` for now.
    pub created_at: Option<Timestamp>,
    /// The last sign-in there.
    pub last_login: Option<Timestamp>,
    /// What the application keeps about the user.
    pub profile: JsonObject,
}

impl ImportUser {
    /// The most bytes that a stored hash may have.
    pub const MAX_HASH_BYTES: usize = 1000;

    /// An active account with an unverified address, nothing else being known.
    #[must_use]
    pub fn new(email: impl Into<String>, password: Option<PasswordHash>) -> Self {
        Self {
            email: email.into(),
            password,
            is_active: true,
            is_verified: false,
            must_change_password: false,
            created_at: None,
            last_login: None,
            profile: JsonObject::new(),
        }
    }
}

/// What became of an account that was brought along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It was made.
    Created(UserId),
    /// There was one with this address, which was left as it is.
    Exists,
    /// It cannot be made; all that is wrong is listed.
    Refused(Vec<FieldError>),
}

type Outcome = Result<Vec<Imported>, Refusal>;

/// Makes accounts that were in another system, all that can be made, in one commit.
///
/// The answer has an entry for each account, in their order. An address that has an account, or that
/// came before in the same batch, is passed over: doing all of it twice does nothing the second time,
/// and after an interruption it goes on where it was. Some hundreds at a time are a good batch.
///
/// [Listed](super::list_users()), they come in their order here.
///
/// Passwords are not asked for: hashes are replaced by current ones as their owners sign in.
///
/// # Errors
///
/// [`Refusal::Busy`]: nothing was made.
pub fn import_users(accounts: Vec<ImportUser>, mut env: Env) -> Step<Outcome> {
    // Ids that are made in one moment are random among themselves. Sorted, they make the list of users
    // keep the order of the accounts.
    let mut ids: Vec<_> = accounts.iter().map(|_| env.new_user_id()).collect();
    ids.sort_unstable();
    let accounts = accounts.into_iter().zip(ids);
    let accounts = accounts.map(|(account, id)| read(account, id, &mut env)).collect();
    look(Batch::new(accounts), env)
}

/// The record of an account, as far as it can have one.
fn read(account: ImportUser, id: UserId, env: &mut Env) -> Result<User, Vec<FieldError>> {
    let (email, mut errors) = credentials::parse_email(&account.email);
    let hash = account.password.as_ref().map_or("", PasswordHash::as_stored);
    if hash.len() > ImportUser::MAX_HASH_BYTES {
        let message = format!("expected at most {} bytes", ImportUser::MAX_HASH_BYTES);
        errors.push(FieldError::new("password_hash", "hash_too_long", message));
    }
    if !PasswordHash::is_storable(hash) {
        let message = format!("expected {}", PasswordHash::STORABLE);
        errors.push(FieldError::new("password_hash", "unprintable", message));
    }
    match email {
        Some(email) if errors.is_empty() => Ok(record(account, id, email, env)),
        _ => Err(errors),
    }
}

fn record(account: ImportUser, id: UserId, email: Email, env: &mut Env) -> User {
    let created_at = account.created_at.unwrap_or(env.now);
    let password = account.password.unwrap_or_else(|| env.unusable_password());
    User {
        is_active: account.is_active,
        is_verified: account.is_verified,
        must_change_password: account.must_change_password,
        last_login: account.last_login,
        joined_at: created_at,
        created_at,
        profile: account.profile,
        ..User::new(id, email, password, env.now)
    }
}

/// Looks for each address in turn, and then makes the accounts that there are not.
fn look(mut batch: Batch, env: Env) -> Step<Outcome> {
    let Some(key) = batch.next() else { return create(batch, env) };
    ask(FindUser { key: UserKey::Email(key.clone()) }, move |found| {
        if found.is_some() {
            batch.taken.insert(key);
        }
        look(batch, env)
    })
}

/// Makes all that is new. On conflict somebody else made one of them, and we look again.
fn create(mut batch: Batch, mut env: Env) -> Step<Outcome> {
    let new = batch.sort_out();
    if new.is_empty() {
        return Step::Done(Ok(batch.outcome()));
    }
    let mut commit = Commit::new();
    for user in new {
        commit = commit.event(env.event(Some(user.id), None, Event::UserImported));
        commit = commit.write(Write::InsertUser(Box::new(user)));
    }
    ask(commit, move |committed| match committed {
        Ok(()) => Step::Done(Ok(batch.outcome())),
        Err(Conflict) if env.retries.spend() => look(Batch::new(batch.accounts), env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Accounts on their way, with what was found out so far.
#[derive(Debug)]
struct Batch {
    accounts: Vec<Result<User, Vec<FieldError>>>,
    /// How many were looked for.
    looked_for: usize,
    /// Addresses that have an account.
    taken: BTreeSet<EmailKey>,
    created: BTreeSet<UserId>,
}

impl Batch {
    fn new(accounts: Vec<Result<User, Vec<FieldError>>>) -> Self {
        Self { accounts, looked_for: 0, taken: BTreeSet::new(), created: BTreeSet::new() }
    }

    /// The next address to look for.
    fn next(&mut self) -> Option<EmailKey> {
        let (place, user) = self
            .accounts
            .iter()
            .enumerate()
            .skip(self.looked_for)
            .find_map(|(place, account)| Some((place, account.as_ref().ok()?)))?;
        self.looked_for = place.saturating_add(1);
        Some(user.email.key().clone())
    }

    /// The accounts to make: the first one of each address that is free.
    fn sort_out(&mut self) -> Vec<User> {
        let mut taken = self.taken.clone();
        let users = self.accounts.iter().filter_map(|account| account.as_ref().ok());
        let new: Vec<_> =
            users.filter(|user| taken.insert(user.email.key().clone())).cloned().collect();
        self.created = new.iter().map(|user| user.id).collect();
        new
    }

    fn outcome(self) -> Vec<Imported> {
        let Self { accounts, created, .. } = self;
        let became = |account| match account {
            Ok(User { id, .. }) if created.contains(&id) => Imported::Created(id),
            Ok(_) => Imported::Exists,
            Err(errors) => Imported::Refused(errors),
        };
        accounts.into_iter().map(became).collect()
    }
}
