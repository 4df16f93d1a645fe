//! The statements that SQLite has in its own way, made when the file is opened.

use crate::sql::batch::Writes;
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
    pub(super) sweep: Sweeping,
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

/// ?1 by when it was over, ?2 limit.
#[derive(Debug)]
pub(super) struct Sweeping {
    pub(super) sessions: Sql,
    /// ?3 what the keys of accounts begin with, as a JSON list.
    pub(super) attempts: Sql,
    pub(super) invitations: Sql,
    pub(super) onboarding: Sql,
    pub(super) api_keys: Sql,
    pub(super) events: Sql,
    pub(super) dead_letters: Sql,
    /// Finds the ids.
    pub(super) accounts: Sql,
    /// What goes with accounts, and the accounts: ?1 ids, ?2 by when they were to be removed.
    pub(super) with_accounts: [Sql; 4],
}

/// A JSON list of ids as a list of their bytes.
const IDS: &str = "(SELECT unhex(value, '-') FROM json_each(?1))";

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
            sweep: sweeping(layout),
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
        sent: layout.sql(&format!("DELETE FROM {messages} WHERE id IN {IDS}")),
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

fn sweeping(layout: &Layout) -> Sweeping {
    let over = |table: Table, key: &str, column: &str| {
        let table = layout.table(table);
        layout.sql(&format!(
            "DELETE FROM {table} WHERE {key} IN \
             (SELECT {key} FROM {table} WHERE {column} <= ?1 LIMIT ?2)"
        ))
    };
    let of_accounts = |table: Table, owner: &str| {
        layout.sql(&format!("DELETE FROM {} WHERE {owner} IN {IDS}", layout.table(table)))
    };
    let users = layout.table(Table::Users);
    let user = |column| layout.column(Table::Users, column);
    Sweeping {
        sessions: over(Table::Sessions, "id", "expires_at"),
        // The address is cut off as bytes: as a text it would end at a NUL.
        attempts: layout.sql(&format!(
            "DELETE FROM {attempts} WHERE key IN \
             (SELECT key FROM {attempts} AS counters WHERE window_end <= ?1 AND NOT \
                (consecutive > 0 AND EXISTS \
                    (SELECT 1 FROM json_each(?3) AS start JOIN {users} AS users ON users.{email_key} = \
                        CAST(substr(CAST(counters.key AS BLOB), length(start.value) + 1) AS TEXT) \
                     WHERE substr(counters.key, 1, length(start.value)) = start.value)) \
              LIMIT ?2)",
            attempts = layout.table(Table::Attempts),
            email_key = user("email_key"),
        )),
        invitations: over(Table::Invitations, "id", "expires_at"),
        onboarding: over(Table::Onboarding, "id", "expires_at"),
        api_keys: over(Table::ApiKeys, "id", "expires_at"),
        events: over(Table::Events, "seq", "at"),
        dead_letters: over(Table::Messages, "seq", "buried_at"),
        accounts: layout.sql(&format!(
            "SELECT {} FROM {} WHERE users.{} <= ?1 LIMIT ?2",
            layout.some(Table::Users, &["id"]),
            layout.from(Table::Users),
            user("closes_at"),
        )),
        with_accounts: [
            of_accounts(Table::Sessions, "user_id"),
            of_accounts(Table::Invitations, "invited_by"),
            of_accounts(Table::ApiKeys, "user_id"),
            layout.sql(&format!("DELETE FROM {users} WHERE {} IN {IDS}", user("id"))),
        ],
    }
}
