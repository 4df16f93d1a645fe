//! `testudo user`

mod activate;
mod create;
mod export;
mod import;
mod list;
mod password;
mod reset_second_factor;
mod set_password;
mod show;

use crate::cli::User;
use crate::failure::Failure;

/// Administers accounts.
pub(super) async fn run(command: User) -> Result<(), Failure> {
    match command {
        User::Create(arguments) => create::create(arguments).await,
        User::List(arguments) => list::list(arguments).await,
        User::Show(arguments) => show::show(arguments).await,
        User::Activate(arguments) => activate::activate(arguments).await,
        User::Deactivate(arguments) => activate::deactivate(arguments).await,
        User::SetPassword(arguments) => set_password::set_password(arguments).await,
        User::ResetSecondFactor(arguments) => {
            reset_second_factor::reset_second_factor(arguments).await
        }
        User::Import(arguments) => import::import(arguments).await,
        User::Export(arguments) => export::export(arguments).await,
    }
}
