//! `testudo user`

use std::io::IsTerminal as _;

use testudo::flow::RegisterUser;
use testudo::password::{HasherChain, Password};
use testudo::{Client, KeyRing, Policy, Refusal, Settings};
use testudo_driver::{Auth, AuthError, InlineHashing};

use super::input::{self, Lines};
use super::print;
use crate::cli::CreateUser;
use crate::config::{self, Database};
use crate::failure::{Failure, while_doing};
use crate::views::UserView;
use crate::{secret_file, store};

/// Makes an account.
pub(super) async fn create(arguments: CreateUser) -> Result<(), Failure> {
    let CreateUser { email, password_stdin, verified, hashing, output, source } = arguments;
    let file = source.file.config.as_deref();
    let database = config::database(source.database, file)?;
    let hasher = config::hasher(hashing, file)?;
    if database == Database::Memory {
        let why =
            "memory: forgets everything when this command ends: name a database that keeps it";
        return Err(Failure::new(why));
    }
    let password = if password_stdin { password_from_stdin()? } else { password_from_terminal()? };
    let store = store::open(&database).await?;
    let hashing = InlineHashing::new(HasherChain::new(hasher));
    let auth = Auth::new(store.shared(), hashing, settings()?);
    let request =
        RegisterUser { is_verified: verified, ..RegisterUser::new(email.as_str(), password) };
    let made = auth.register_user(request, &Client::unknown()).await;
    store.close().await;
    let user = made.map_err(|error| explain(error, &email))?;
    if output.json {
        let view = serde_json::to_string(&UserView::from(&user));
        print(&view.map_err(while_doing("cannot show the user"))?)
    } else {
        print(&format!("created {} (id {})", user.email, user.id))
    }
}

/// Making an account signs and seals nothing, so it needs no key that lasts.
fn settings() -> Result<Settings, Failure> {
    let keys = KeyRing::parse(&secret_file::random()?).map_err(while_doing("cannot make a key"))?;
    Settings::new(Policy::default(), keys).map_err(|_| Failure::new("the policy does not hold"))
}

fn explain(error: AuthError, email: &str) -> Failure {
    match error {
        AuthError::Refused(Refusal::EmailTaken) => {
            Failure::new(format!("an account for {email} exists already; choose another address"))
        }
        AuthError::Refused(Refusal::Invalid(errors)) => {
            let wrong: Vec<_> =
                errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            Failure::new(wrong.join("; "))
        }
        other => while_doing("no account was made")(other),
    }
}

/// The first line, as it stands.
fn password_from_stdin() -> Result<Password, Failure> {
    let password = Lines::of(std::io::stdin().lock()).password()?;
    if password.expose().is_empty() { Err(input::no_password()) } else { Ok(password) }
}

/// Asks twice, without showing what is typed.
fn password_from_terminal() -> Result<Password, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "there is no terminal to ask for a password: pass --password-stdin and write it to \
             standard input",
        ));
    }
    let (typed, repeated) = (input::hidden("Password: ")?, input::hidden("The same again: ")?);
    if *typed != *repeated {
        return Err(Failure::new("the two passwords differ: try again"));
    }
    Ok(Password::from(typed.as_str()))
}
