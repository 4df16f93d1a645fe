//! A commit as the steps of one transaction.
//!
//! Guards and writes are carried out in one order, by table and key, so that no two transactions wait for each
//! other: not even a guard of the one for a write of the other. A guard comes before the write of the same
//! record, and locks what it looks at. A batch names each record once, so that the order in which it stands
//! says nothing else.

mod absent;

use testudo::command::{Commit, Guard, Write};
use testudo::model::UserId;
use testudo_driver::Fault;
use uuid::Uuid;

use super::layout::{Layout, Table};
use super::records::{
    api_key_values, event_values, invitation_values, message_values, onboarding_values,
    session_values, user_values,
};
use super::statement::Sql;
use super::value::Value;

/// One statement of a transaction.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) sql: &'a Sql,
    pub(crate) values: Vec<Value<'a>>,
    pub(crate) effect: Effect,
}

/// What a step must do, or else the batch conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is a query, and must find a row.
    Finds,
    /// It must change a row. It does not where it would make a second of its kind either, which the database
    /// says by an error.
    Changes,
    /// It may change any number of rows, none too.
    Any,
}

/// The statements of batches. A clone shares their texts.
#[derive(Clone, Debug)]
pub(crate) struct Writes {
    layout: Layout,
    /// Each beside others who ask the same, and where the batch writes that row too.
    user_epoch: [Sql; 2],
    session_version: [Sql; 2],
    no_session: Vec<(Sql, Effect)>,
    insert: Records,
    replace: Records,
    remove_user: Sql,
    /// What goes with a user.
    dependents: [Sql; 3],
    touch_api_key: Sql,
    pub(crate) clear_attempts: Sql,
    refund_attempt: Sql,
    insert_event: Sql,
    insert_message: Sql,
}

#[derive(Clone, Debug)]
struct Records {
    user: Sql,
    session: Sql,
    invitation: Sql,
    api_key: Sql,
    onboarding: Sql,
}

impl Records {
    fn new(layout: &Layout, text: impl Fn(Table) -> String) -> Self {
        let sql = |table| layout.sql(&text(table));
        Self {
            user: sql(Table::Users),
            session: sql(Table::Sessions),
            invitation: sql(Table::Invitations),
            api_key: sql(Table::ApiKeys),
            onboarding: sql(Table::Onboarding),
        }
    }
}

impl Writes {
    pub(crate) fn new(layout: &Layout) -> Self {
        use Table::{ApiKeys, Attempts, Events, Invitations, Messages, Sessions, Users};
        let dialect = layout.dialect;
        let guard = |table: Table, column: &str| {
            [false, true].map(|writes| {
                let (from, id, column) =
                    (layout.table(table), layout.column(table, "id"), layout.column(table, column));
                let lock = dialect.lock(writes);
                layout.sql(&format!("SELECT 1 FROM {from} WHERE {id} = ?1 AND {column} = ?2{lock}"))
            })
        };
        let theirs = |table: Table, owner: &str| {
            let (table, owner) = (layout.table(table), layout.column(table, owner));
            layout.sql(&format!("DELETE FROM {table} WHERE {owner} = ?1"))
        };
        let (attempts, key) = (layout.table(Attempts), layout.column(Attempts, "key"));
        let one_less = |column: &str| {
            let column = layout.column(Attempts, column);
            format!("{column} = {}", dialect.greatest(&format!("{column} - 1"), "0"))
        };
        Self {
            user_epoch: guard(Users, "epoch"),
            session_version: guard(Sessions, "version"),
            no_session: absent::no_session(layout),
            insert: Records::new(layout, |table| layout.insert(table)),
            replace: Records::new(layout, |table| layout.replace(table)),
            remove_user: layout.sql(&format!(
                "DELETE FROM {} WHERE {} = ?1 AND {} = ?2",
                layout.table(Users),
                layout.column(Users, "id"),
                layout.column(Users, "version"),
            )),
            dependents: [
                theirs(Sessions, "user_id"),
                theirs(Invitations, "invited_by"),
                theirs(ApiKeys, "user_id"),
            ],
            touch_api_key: layout.sql(&format!(
                "UPDATE {} SET {used} = ?2 WHERE {} = ?1 AND ({used} IS NULL OR {used} < ?2)",
                layout.table(ApiKeys),
                layout.column(ApiKeys, "id"),
                used = layout.column(ApiKeys, "last_used_at"),
            )),
            clear_attempts: layout.sql(&format!("DELETE FROM {attempts} WHERE {key} = ?1")),
            refund_attempt: layout.sql(&format!(
                "UPDATE {attempts} SET {}, {} WHERE {key} = ?1 AND {} = ?2",
                one_less("count"),
                one_less("consecutive"),
                layout.column(Attempts, "window_end"),
            )),
            insert_event: layout.sql(&layout.insert(Events)),
            insert_message: layout.sql(&layout.insert(Messages)),
            layout: layout.clone(),
        }
    }

    /// What removes that which goes with a user: ?1 the user.
    #[cfg(feature = "mysql")]
    pub(crate) const fn dependents(&self) -> &[Sql; 3] {
        &self.dependents
    }

    /// The steps of a batch. It holds if each has the effect that it must have.
    pub(crate) fn steps<'a>(&'a self, batch: &'a Commit) -> Result<Vec<Step<'a>>, Fault> {
        let mut acts: Vec<_> = batch.guards.iter().map(Act::Guard).collect();
        acts.extend(batch.writes.iter().map(Act::Write));
        acts.sort_by(|one, other| one.place(batch).cmp(&other.place(batch)));
        let mut steps = Vec::with_capacity(acts.len() + batch.events.len() + batch.messages.len());
        for act in acts {
            match act {
                Act::Guard(guard) => self.guard(guard, batch, &mut steps),
                Act::Write(write) => steps.push(self.write(write)?),
            }
        }
        for user in batch.writes.iter().filter_map(removed) {
            steps.extend(self.dependents.iter().map(|sql| Step {
                sql,
                values: vec![Value::uuid(user.as_uuid())],
                effect: Effect::Any,
            }));
        }
        #[cfg(feature = "mysql")]
        if self.layout.dialect == super::statement::Dialect::MySql && only_reads(batch) {
            self.outlast(&mut steps);
        }
        for event in &batch.events {
            let values = event_values(event)?;
            steps.push(Step { sql: &self.insert_event, values, effect: Effect::Changes });
        }
        for message in &batch.messages {
            let values = message_values(message);
            steps.push(Step { sql: &self.insert_message, values, effect: Effect::Changes });
        }
        Ok(steps)
    }

    /// InnoDB shows what was committed before its log is on disk. Whoever only reads does not wait for that; whoever
    /// writes does, for all that is in the log before. So a batch of guards writes something, and takes it away: a
    /// session of an id that is nobody's.
    #[cfg(feature = "mysql")]
    fn outlast<'a>(&'a self, steps: &mut Vec<Step<'a>>) {
        // Its own, so that no batch waits for another.
        let nobodys = uuid::Uuid::from_u128(fastrand::u128(..));
        steps.extend(self.no_session.iter().map(|(sql, effect)| Step {
            sql,
            values: vec![Value::uuid(&nobodys)],
            effect: *effect,
        }));
    }

    fn guard<'a>(&'a self, guard: &'a Guard, batch: &Commit, steps: &mut Vec<Step<'a>>) {
        let [alone, written] = match guard {
            Guard::UserEpoch { .. } => &self.user_epoch,
            Guard::SessionVersion { .. } => &self.session_version,
            Guard::NoSession { id } => {
                steps.extend(self.no_session.iter().map(|(sql, effect)| Step {
                    sql,
                    values: vec![Value::uuid(id.as_uuid())],
                    effect: *effect,
                }));
                return;
            }
        };
        let (table, id, number) = match guard {
            Guard::UserEpoch { id, epoch } => (Table::Users, id.as_uuid(), epoch.get()),
            Guard::SessionVersion { id, version } => (Table::Sessions, id.as_uuid(), version.get()),
            Guard::NoSession { id } => (Table::Sessions, id.as_uuid(), 0),
        };
        let is_written = batch.writes.iter().any(|write| record(write) == Some((table, id)));
        steps.push(Step {
            sql: if is_written { written } else { alone },
            values: vec![Value::uuid(id), Value::int(number)],
            effect: Effect::Finds,
        });
    }

    fn write<'a>(&'a self, write: &'a Write) -> Result<Step<'a>, Fault> {
        let Self { insert, replace, layout, .. } = self;
        let with = |mut values: Vec<Value<'a>>, was: u64| {
            values.push(Value::int(was));
            values
        };
        let key = |key| layout.dialect.attempt_key(key);
        let (sql, values) = match write {
            Write::InsertUser(user) => (&insert.user, user_values(user, layout)?),
            Write::ReplaceUser { user, was } => {
                (&replace.user, with(user_values(user, layout)?, was.get()))
            }
            Write::RemoveUser { id, was } => {
                (&self.remove_user, vec![Value::uuid(id.as_uuid()), Value::int(was.get())])
            }
            Write::InsertSession(session) => (&insert.session, session_values(session)?),
            Write::ReplaceSession { session, was } => {
                (&replace.session, with(session_values(session)?, was.get()))
            }
            Write::InsertInvitation(invitation) => {
                (&insert.invitation, invitation_values(invitation)?)
            }
            Write::ReplaceInvitation { invitation, was } => {
                (&replace.invitation, with(invitation_values(invitation)?, was.get()))
            }
            Write::InsertApiKey(key) => (&insert.api_key, api_key_values(key)?),
            Write::ReplaceApiKey { key, was } => {
                (&replace.api_key, with(api_key_values(key)?, was.get()))
            }
            Write::InsertOnboarding(session) => (&insert.onboarding, onboarding_values(session)),
            Write::ReplaceOnboarding { session, was } => {
                (&replace.onboarding, with(onboarding_values(session), was.get()))
            }
            Write::TouchApiKey { id, at } => {
                (&self.touch_api_key, vec![Value::uuid(id.as_uuid()), (*at).into()])
            }
            Write::ClearAttempts(attempts) => (&self.clear_attempts, vec![key(attempts)]),
            Write::RefundAttempt { key: attempts, window } => {
                (&self.refund_attempt, vec![key(attempts), (*window).into()])
            }
        };
        let effect = if never_conflicts(write) { Effect::Any } else { Effect::Changes };
        Ok(Step { sql, values, effect })
    }
}

/// Whether a batch has guards and nothing else, none of which writes.
#[cfg(feature = "mysql")]
fn only_reads(batch: &Commit) -> bool {
    let Commit { guards, writes, events, messages } = batch;
    let writes_nothing = |guard: &Guard| !matches!(guard, Guard::NoSession { .. });
    writes.is_empty()
        && events.is_empty()
        && messages.is_empty()
        && !guards.is_empty()
        && guards.iter().all(writes_nothing)
}

/// A guard or a write.
#[derive(Clone, Copy)]
enum Act<'a> {
    Guard(&'a Guard),
    Write(&'a Write),
}

/// Where an act comes: by table, then by key, then guards before writes. Removals come first of all, since they
/// set addresses free.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Removal(&'a [u8], u8),
    Record(u8, &'a [u8], u8),
}

impl<'a> Act<'a> {
    fn place(self, batch: &'a Commit) -> Place<'a> {
        let (key, rank) = match self {
            Self::Guard(Guard::UserEpoch { id, .. }) => {
                if batch.writes.iter().filter_map(removed).any(|removed| removed == id) {
                    return Place::Removal(id.as_uuid().as_bytes(), 0);
                }
                (id.as_uuid().as_bytes().as_slice(), Table::Users)
            }
            Self::Guard(Guard::SessionVersion { id, .. } | Guard::NoSession { id }) => {
                (id.as_uuid().as_bytes().as_slice(), Table::Sessions)
            }
            Self::Write(write) => match (removed(write), record(write)) {
                (Some(id), _) => return Place::Removal(id.as_uuid().as_bytes(), 1),
                (None, Some((table, id))) => (id.as_bytes().as_slice(), table),
                (None, None) => (counter(write), Table::Attempts),
            },
        };
        Place::Record(rank as u8, key, matches!(self, Self::Write(_)).into())
    }
}

/// The user that a write removes.
fn removed(write: &Write) -> Option<&UserId> {
    match write {
        Write::RemoveUser { id, .. } => Some(id),
        _ => None,
    }
}

/// The record that a write is about, unless it is a counter.
fn record(write: &Write) -> Option<(Table, &Uuid)> {
    match write {
        Write::InsertUser(user) | Write::ReplaceUser { user, .. } => {
            Some((Table::Users, user.id.as_uuid()))
        }
        Write::RemoveUser { id, .. } => Some((Table::Users, id.as_uuid())),
        Write::InsertSession(session) | Write::ReplaceSession { session, .. } => {
            Some((Table::Sessions, session.id.as_uuid()))
        }
        Write::InsertInvitation(invitation) | Write::ReplaceInvitation { invitation, .. } => {
            Some((Table::Invitations, invitation.id.as_uuid()))
        }
        Write::InsertApiKey(key) | Write::ReplaceApiKey { key, .. } => {
            Some((Table::ApiKeys, key.id.as_uuid()))
        }
        Write::TouchApiKey { id, .. } => Some((Table::ApiKeys, id.as_uuid())),
        Write::InsertOnboarding(session) | Write::ReplaceOnboarding { session, .. } => {
            Some((Table::Onboarding, session.id.as_uuid()))
        }
        Write::ClearAttempts(_) | Write::RefundAttempt { .. } => None,
    }
}

fn counter(write: &Write) -> &[u8] {
    match write {
        Write::ClearAttempts(key) | Write::RefundAttempt { key, .. } => key.as_str().as_bytes(),
        _ => &[],
    }
}

const fn never_conflicts(write: &Write) -> bool {
    matches!(
        write,
        Write::TouchApiKey { .. } | Write::ClearAttempts(_) | Write::RefundAttempt { .. }
    )
}

#[cfg(test)]
#[cfg(feature = "mysql")]
mod lasting;

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests;
