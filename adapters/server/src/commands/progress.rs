//! How far a command is, on a terminal's standard error. Elsewhere nothing is shown.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// For what has no known end.
pub(super) fn spinner(message: &'static str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{spinner} {msg}").with_message(message)
}

/// For so many things, of which nobody knows how many there are.
pub(super) fn counter(things: &'static str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), "{spinner} {human_pos} {msg}, {elapsed}")
        .with_message(things)
}

/// For a file of so many bytes.
pub(super) fn bar(bytes: u64) -> ProgressBar {
    styled(ProgressBar::new(bytes), "[{bar:30}] {percent:>3} %  {msg}, {eta} left")
}

fn styled(progress: ProgressBar, template: &str) -> ProgressBar {
    let progress = match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(style.progress_chars("=> ")),
        Err(_) => progress,
    };
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
