//! All statements, made once when the store is opened.

use super::attempts::Attempts;
use super::events::Events;
use super::messages::Messages;
use super::sweep;
use crate::sql::batch::Writes;
use crate::sql::sweep::Sweeps;
use crate::sql::{Layout, Reads, Sql, refresh};

#[derive(Clone, Debug)]
pub(super) struct Statements {
    pub(super) reads: Reads,
    pub(super) writes: Writes,
    pub(super) refresh: Sql,
    pub(super) attempts: Attempts,
    pub(super) events: Events,
    pub(super) messages: Messages,
    pub(super) sweeps: Sweeps,
    pub(super) remove_closed: Sql,
}

impl Statements {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            reads: Reads::new(layout),
            writes: Writes::new(layout),
            refresh: refresh::statement(layout),
            attempts: Attempts::new(layout),
            events: Events::new(layout),
            messages: Messages::new(layout),
            sweeps: sweep::sweeps(layout),
            remove_closed: sweep::removing_closed(layout),
        }
    }
}
