//! `testudo sweep`

use serde_json::json;
use testudo::command::Swept;

use super::office::{Office, work_at};
use super::output::{print, print_json};
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
    let Swept {
        sessions,
        attempts,
        accounts,
        invitations,
        onboarding,
        api_keys,
        events,
        dead_letters,
    } = swept;
    if arguments.output.json {
        return print_json(&json!({
            "sessions": sessions,
            "attempts": attempts,
            "accounts": accounts,
            "invitations": invitations,
            "onboarding": onboarding,
            "api_keys": api_keys,
            "events": events,
            "dead_letters": dead_letters,
        }));
    }
    let kinds = [
        (sessions, "sessions"),
        (attempts, "attempt counters"),
        (accounts, "closed accounts"),
        (invitations, "invitations"),
        (onboarding, "onboarding sessions"),
        (api_keys, "API keys"),
        (events, "events"),
        (dead_letters, "dead letters"),
    ];
    let removed = kinds.map(|(count, kind)| format!("{count} {kind}"));
    print(&format!("removed {}", removed.join(", ")))
}
