//! The commands: what each does, on one page each.

mod audit;
mod hash;
mod input;
mod migrate;
mod office;
mod outbox;
mod output;
mod pages;
mod progress;
mod secret;
mod session;
mod sweep;
mod user;

pub(crate) use output::print;

use std::process::ExitCode;

use crate::cli::{Command, Hash, Secret, Serve};
use crate::config::Config;
use crate::failure::{Failure, while_doing};
use crate::{logging, serve};

/// Carries out a command, on a runtime of its own, and gives the status to end with.
///
/// # Errors
///
/// When it was refused or failed.
pub(crate) fn run(command: Command) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(while_doing("cannot start the runtime"))?;
    runtime.block_on(async {
        match command {
            Command::Serve(arguments) => {
                let Serve { options, passwords, file } = *arguments;
                let config = Config::resolve(options, passwords, file.config.as_deref())?;
                logging::start(config.log_format)?;
                serve::serve(config).await?;
            }
            Command::User(command) => user::run(command).await?,
            Command::Session(command) => session::run(command).await?,
            Command::Audit(arguments) => audit::audit(arguments).await?,
            Command::Outbox(command) => outbox::run(command).await?,
            Command::Hash(Hash::Calibrate(arguments)) => hash::calibrate(arguments)?,
            Command::Hash(Hash::Identify(arguments)) => hash::identify(arguments)?,
            Command::Hash(Hash::Verify(arguments)) => return hash::verify(arguments),
            Command::Secret(Secret::New(output)) => secret::new(output)?,
            Command::Migrate(arguments) => migrate::migrate(arguments).await?,
            Command::Sweep(arguments) => sweep::sweep(arguments).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
