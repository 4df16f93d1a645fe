//! Logs: on standard error, filtered by `RUST_LOG`.

use std::io::IsTerminal as _;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::LogFormat;
use crate::failure::{Failure, while_doing};

/// Starts logging, panics included.
///
/// # Errors
///
/// When `RUST_LOG` is no filter.
pub(crate) fn start(format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env()
        .map_err(while_doing("RUST_LOG is no filter such as info or testudo=debug"))?;
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
