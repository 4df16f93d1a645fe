//! The audit trail: every event as one log line.

use testudo::event::EventRecord;
use testudo_tokio::EventHandler;
use tracing::{error, info};

/// Logs events under the target `testudo::audit`, each as JSON in the field `record`.
#[derive(Debug)]
pub(crate) struct AuditLog;

impl EventHandler for AuditLog {
    async fn handle(&self, event: &EventRecord) {
        match serde_json::to_string(event) {
            Ok(record) => info!(target: "testudo::audit", %record, "event"),
            Err(error) => {
                error!(target: "testudo::audit", id = %event.id, %error, "unreadable event")
            }
        }
    }
}
