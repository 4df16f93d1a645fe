//! `testudo sweep`

use serde_json::json;

use super::office::{Office, work_at};
use super::output::{grouped, print, print_json};
use super::progress;
use crate::cli::Sweep;
use crate::failure::{Failure, while_doing};

/// Removes what has no meaning any more.
pub(super) async fn sweep(arguments: Sweep) -> Result<(), Failure> {
    let progress = progress::spinner("sweeping");
    let sweep = async |office: &Office| {
        let swept = office.auth().sweep().await;
        swept.map_err(while_doing("sweeping was cut short; what was removed before stays so"))
    };
    let swept = work_at(arguments.source, sweep).await;
    progress.finish_and_clear();
    let swept = swept?;
    if arguments.output.json {
        return print_json(&json!({"sessions": swept.sessions, "attempts": swept.attempts}));
    }
    let (sessions, attempts) = (grouped(swept.sessions), grouped(swept.attempts));
    print(&format!("removed {sessions} sessions and {attempts} attempt counters"))
}
