//! The batch of a refresh as one statement: it is by far the most frequent one, and each step of a transaction is a
//! trip to the database and back.

use testudo::command::{Commit, Guard, Write};
use testudo::model::{Epoch, Session, UserId, Version};
use testudo_driver::Fault;

use super::layout::{Layout, Table};
use super::records::session_values;
use super::statement::{Dialect, Sql};
use super::value::Value;

/// A guard on the owner's epoch, and the replacement of a session at the version that was read.
pub(crate) struct Refresh<'a> {
    user: UserId,
    epoch: Epoch,
    session: &'a Session,
    was: Version,
}

impl<'a> Refresh<'a> {
    /// The batch as a refresh, if it is one.
    pub(crate) fn of(batch: &'a Commit) -> Option<Self> {
        let Commit { guards, writes, events, messages } = batch;
        match (guards.as_slice(), writes.as_slice()) {
            ([Guard::UserEpoch { id, epoch }], [Write::ReplaceSession { session, was }])
                if events.is_empty() && messages.is_empty() =>
            {
                Some(Self { user: *id, epoch: *epoch, session, was: *was })
            }
            _ => None,
        }
    }

    /// The parameters of [`statement`].
    pub(crate) fn values(&self) -> Result<Vec<Value<'a>>, Fault> {
        let mut values = session_values(self.session)?;
        values.push(Value::int(self.was.get()));
        values.push(Value::uuid(self.user.as_uuid()));
        values.push(Value::int(self.epoch.get()));
        Ok(values)
    }
}

/// A statement that changes a row exactly if guard and replacement hold. It keeps the owner's row as it is until it is
/// done, as any other batch would: who signs out everywhere meanwhile is waited for.
pub(crate) fn statement(layout: &Layout) -> Sql {
    let next = layout.next_place(Table::Sessions) + 1;
    let replace = layout.replace(Table::Sessions);
    let owner = format!(
        "SELECT 1 FROM {} WHERE {} = ?{next} AND {} = ?{}{}",
        layout.table(Table::Users),
        layout.column(Table::Users, "id"),
        layout.column(Table::Users, "epoch"),
        next + 1,
        layout.dialect.lock(false),
    );
    layout.sql(&match layout.dialect {
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            format!("WITH owner AS ({owner}) {replace} AND EXISTS (SELECT 1 FROM owner)")
        }
        #[allow(unreachable_patterns, reason = "there may be one dialect only")]
        _ => format!("{replace} AND EXISTS ({owner})"),
    })
}
