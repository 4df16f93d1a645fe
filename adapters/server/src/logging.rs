//! Logs: on standard error, filtered by `RUST_LOG`.

use std::env;
use std::io::IsTerminal as _;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::LogFormat;
use crate::failure::{Failure, while_doing};

/// The client of Redis warns of each attempt to connect. What comes of them, whoever asked for it says.
const UNLESS_SAID: &str = "info,redis=error";

/// Starts logging, panics included.
///
/// # Errors
///
/// When `RUST_LOG` is no filter.
pub(crate) fn start(format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let is_said = env::var_os(EnvFilter::DEFAULT_ENV).is_some_and(|filter| !filter.is_empty());
    let filter = if is_said {
        let no_filter = "RUST_LOG is no filter such as info or testudo=debug";
        filter.from_env().map_err(while_doing(no_filter))?
    } else {
        filter.parse(UNLESS_SAID).map_err(while_doing("cannot start logging"))?
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(while_doing("cannot start logging"))?;
    // Where, and not what: the message of a panic may quote the text that it fell over.
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(location) => error!(%location, "panicked"),
        None => error!("panicked"),
    }));
    Ok(())
}
