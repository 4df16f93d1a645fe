//! The audit trail: every event as one log line.

use testudo::event::EventRecord;
use testudo_driver::{EventHandler, HandlerError};
use tracing::info;

/// Logs events under the target `testudo::audit`, each as JSON in the field `record`.
#[derive(Debug)]
pub(crate) struct AuditLog;

impl EventHandler for AuditLog {
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        let record = serde_json::to_string(event).map_err(HandlerError::new)?;
        info!(target: "testudo::audit", %record, "event");
        Ok(())
    }
}
