//! The statements that SQLite has in its own way, made when the file is opened.

use crate::sql::batch::Writes;
use crate::sql::sweep::Sweeps;
use crate::sql::{Layout, Reads, Sql, Table, counting};

/// All statements of a store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) layout: Layout,
    pub(super) reads: Reads,
    pub(super) writes: Writes,
    pub(super) reserve: Sql,
    pub(super) forget_attempts: Sql,
    pub(super) refresh: Sql,
    pub(super) events: Events,
    pub(super) messages: Messages,
    /// Further values: ?4 what the keys of accounts begin with, as a JSON list.
    pub(super) sweep: Sweeps,
    /// What goes with accounts, and the accounts: ?1 ids as a JSON list, ?2 by when they were to be removed.
    pub(super) remove_accounts: [Sql; 4],
}

#[derive(Debug)]
pub(super) struct Events {
    /// ?1 consumer, ?2 now. Asked before the write lock is taken: mostly there is nothing.
    pub(super) is_any: Sql,
    /// ?1 consumer, ?2 now, ?3 until when nobody else is given events. No row while it has to wait.
    pub(super) lease: Sql,
    /// ?1 cursor, ?2 limit.
    pub(super) next: Sql,
    /// ?1 consumer, ?2 event.
    pub(super) taken: Sql,
    /// ?1 consumer, ?2 until.
    pub(super) postpone: Sql,
    /// ?1 consumer.
    pub(super) begin: Sql,
    /// ?1 consumer.
    pub(super) forget: Sql,
}

#[derive(Debug)]
pub(super) struct Messages {
    /// ?1 now, ?2 until when nobody else is given them, ?3 limit. One statement, so that each row is taken
    /// once; its rows come back in no order.
    pub(super) take: Sql,
    /// ?1 ids.
    pub(super) sent: Sql,
    /// ?1 id, ?2 until.
    pub(super) postpone: Sql,
    /// ?1 id, ?2 when, ?3 why.
    pub(super) bury: Sql,
    /// ?1 now.
    pub(super) revive_all: Sql,
    /// ?1 now, ?2 ids.
    pub(super) revive: Sql,
}

impl Statements {
    pub(super) fn new(layout: &Layout) -> Self {
        let attempts = layout.table(Table::Attempts);
        Self {
            reads: Reads::new(layout),
            writes: Writes::new(layout),
            reserve: counting::reserve(layout),
            forget_attempts: layout
                .sql(&format!("DELETE FROM {attempts} WHERE key = ?1 AND window_end <= ?2")),
            refresh: layout.sql(&refresh(layout)),
            events: events(layout),
            messages: messages(layout),
            sweep: sweeps(layout),
            remove_accounts: remove_accounts(layout),
            layout: layout.clone(),
        }
    }
}

/// A guard on an epoch and the replacement of a session, as one statement. It changes a row if both hold and
/// the session keeps its owner and its end; if it changes none, that says nothing.
///
/// The columns that have an index are compared and not set: SQLite would write their indexes anew, though with
/// the same values.
fn refresh(layout: &Layout) -> String {
    let was = layout.next_place(Table::Sessions);
    let place = |column: &str| {
        let at = Table::Sessions.columns().iter().position(|other| *other == column);
        at.map_or(0, |at| at + 1)
    };
    format!(
        "UPDATE {sessions} SET {assigned} WHERE id = ?1 AND version = ?{was} \
         AND user_id = ?{owner} AND expires_at = ?{end} \
         AND EXISTS (SELECT 1 FROM {users} WHERE {id} = ?{user} AND {epoch} = ?{at_epoch})",
        sessions = layout.table(Table::Sessions),
        assigned = layout.assignments(Table::Sessions, &["user_id", "expires_at"]),
        owner = place("user_id"),
        end = place("expires_at"),
        users = layout.table(Table::Users),
        id = layout.column(Table::Users, "id"),
        epoch = layout.column(Table::Users, "epoch"),
        user = was + 1,
        at_epoch = was + 2,
    )
}

fn events(layout: &Layout) -> Events {
    let (events, consumers) = (layout.table(Table::Events), layout.table(Table::EventConsumers));
    let leased = layout.returning(Table::EventConsumers, &["seq", "attempts"]);
    let sequence = layout.prefixed("events");
    Events {
        is_any: layout.sql(&format!(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM {events} WHERE seq > \
                ifnull((SELECT seq FROM {consumers} WHERE name = ?1), 0)) \
             AND NOT EXISTS (SELECT 1 FROM {consumers} WHERE name = ?1 AND next_try > ?2)"
        )),
        lease: layout.sql(&format!(
            "INSERT INTO {consumers} (name, seq, attempts, next_try) VALUES (?1, 0, 1, ?3) \
             ON CONFLICT (name) DO UPDATE SET attempts = attempts + 1, next_try = ?3 \
             WHERE next_try <= ?2 RETURNING {leased}"
        )),
        next: layout.sql(&format!(
            "SELECT {} FROM {} WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            layout.some(Table::Events, &["record"]),
            layout.from(Table::Events),
        )),
        taken: layout.sql(&format!(
            "UPDATE {consumers} SET \
                seq = (SELECT seq FROM {events} WHERE id = ?2), attempts = 0, next_try = 0 \
             WHERE name = ?1 AND seq < (SELECT seq FROM {events} WHERE id = ?2)"
        )),
        postpone: layout.sql(&format!("UPDATE {consumers} SET next_try = ?2 WHERE name = ?1")),
        // The last number that was given away, also when its event was swept.
        begin: layout.sql(&format!(
            "INSERT INTO {consumers} (name, seq) \
             VALUES (?1, ifnull((SELECT seq FROM sqlite_sequence WHERE name = '{sequence}'), 0)) \
             ON CONFLICT (name) DO NOTHING"
        )),
        forget: layout.sql(&format!("DELETE FROM {consumers} WHERE name = ?1")),
    }
}

fn messages(layout: &Layout) -> Messages {
    let messages = layout.table(Table::Messages);
    let taken =
        layout.returning(Table::Messages, &["seq", "id", "created_at", "sealed", "attempts"]);
    let id = layout.returning(Table::Messages, &["id"]);
    let revive = format!(
        "UPDATE {messages} SET buried_at = NULL, burial_reason = NULL, attempts = 0, next_try = ?1 \
         WHERE buried_at IS NOT NULL"
    );
    Messages {
        take: layout.sql(&format!(
            "UPDATE {messages} SET attempts = attempts + 1, next_try = ?2 WHERE seq IN \
                (SELECT seq FROM {messages} WHERE buried_at IS NULL AND next_try <= ?1 \
                 ORDER BY seq LIMIT ?3) \
             RETURNING {taken}"
        )),
        sent: layout.sql(&format!(
            "DELETE FROM {messages} WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1))"
        )),
        postpone: layout.sql(&format!("UPDATE {messages} SET next_try = ?2 WHERE id = ?1")),
        bury: layout.sql(&format!(
            "UPDATE {messages} SET buried_at = ?2, burial_reason = ?3 \
             WHERE id = ?1 AND buried_at IS NULL"
        )),
        revive_all: layout.sql(&format!("{revive} RETURNING {id}")),
        revive: layout.sql(&format!(
            "{revive} AND id IN (SELECT unhex(value, '-') FROM json_each(?2)) RETURNING {id}"
        )),
    }
}

fn sweeps(layout: &Layout) -> Sweeps {
    let over = |table: Table, column: &str| {
        let key = if matches!(table, Table::Events | Table::Messages) { "seq" } else { "id" };
        let table = layout.table(table);
        layout.sql(&format!(
            "DELETE FROM {table} WHERE {key} IN \
             (SELECT {key} FROM {table} WHERE {column} <= ?1 LIMIT ?2)"
        ))
    };
    // The address is cut off as bytes: as a text it would end at a NUL.
    let attempts = layout.sql(&format!(
        "DELETE FROM {attempts} WHERE key IN \
         (SELECT key FROM {attempts} AS counters \
          WHERE window_end > ?3 AND window_end <= ?1 AND NOT (consecutive > 0 AND EXISTS \
            (SELECT 1 FROM json_each(?4) AS start JOIN {users} AS users ON users.{email_key} = \
                CAST(substr(CAST(counters.key AS BLOB), length(start.value) + 1) AS TEXT) \
             WHERE substr(counters.key, 1, length(start.value)) = start.value)) \
          LIMIT ?2)",
        attempts = layout.table(Table::Attempts),
        users = layout.table(Table::Users),
        email_key = layout.column(Table::Users, "email_key"),
    ));
    Sweeps::new(layout, over, attempts)
}

fn remove_accounts(layout: &Layout) -> [Sql; 4] {
    let users = layout.table(Table::Users);
    let [id, closes_at] = ["id", "closes_at"].map(|column| layout.column(Table::Users, column));
    let remove = |table: Table, owner: &str| {
        layout.sql(&format!(
            "DELETE FROM {} WHERE {owner} IN (SELECT {id} FROM {users} \
                WHERE {id} IN (SELECT unhex(value, '-') FROM json_each(?1)) AND {closes_at} <= ?2)",
            layout.table(table)
        ))
    };
    [
        remove(Table::Sessions, "user_id"),
        remove(Table::Invitations, "invited_by"),
        remove(Table::ApiKeys, "user_id"),
        remove(Table::Users, &id),
    ]
}
