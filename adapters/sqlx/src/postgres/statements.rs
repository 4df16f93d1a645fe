//! The statements that Postgres has in its own way, made when the store is opened.

use crate::sql::batch::Writes;
use crate::sql::sweep::Sweeps;
use crate::sql::{Layout, Reads, Sql, Table, counting, refresh};

/// All statements of a store.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) layout: Layout,
    pub(super) reads: Reads,
    pub(super) writes: Writes,
    pub(super) reserve: Sql,
    /// ?1 since when they are idle, behind it the list of keys.
    pub(super) forget_attempts: Sql,
    pub(super) refresh: Sql,
    pub(super) sign_in: Sql,
    pub(super) events: Events,
    pub(super) messages: Messages,
    /// Rows that somebody else has locked are passed over: they are being removed, or are about to be something else.
    /// Further values: ?4 what the keys of accounts begin with.
    pub(super) sweep: Sweeps,
    /// Accounts with all that is theirs, and a row for each: ?1 ids, ?2 by when they were to be removed.
    pub(super) remove_accounts: Sql,
}

#[derive(Debug)]
pub(super) struct Events {
    /// ?1 consumer, ?2 now. Asked before anything is locked: mostly there is nothing.
    pub(super) is_any: Sql,
    /// Whoever gives places is alone from here to the end of the transaction. A statement of its own: the next one
    /// sees all that was committed before.
    pub(super) lock_sequencer: Sql,
    /// ?1 limit. Gives places to events that have none, in the order of their numbers; says how many.
    pub(super) place: Sql,
    /// ?1 consumer, ?2 now, ?3 until when nobody else is given events. No row while it has to wait.
    pub(super) lease: Sql,
    /// ?1 cursor, ?2 limit.
    pub(super) next: Sql,
    /// ?1 consumer, ?2 event.
    pub(super) has_no_place: Sql,
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
    /// ?1 now, ?2 until when nobody else is given them, ?3 limit. Its rows come back in no order.
    pub(super) take: Sql,
    /// ?1 id, ?2 until.
    pub(super) postpone: Sql,
    /// ?1 id, ?2 when, ?3 why.
    pub(super) bury: Sql,
    /// ?1 now.
    pub(super) revive_all: Sql,
    /// ?1 now, ?2 ids.
    pub(super) revive: Sql,
    /// ?1 ids.
    pub(super) sent: Sql,
}

impl Statements {
    pub(super) fn new(layout: &Layout) -> Self {
        let attempts = layout.table(Table::Attempts);
        Self {
            reads: Reads::new(layout),
            writes: Writes::new(layout),
            reserve: counting::reserve(layout),
            // Locked in one order, so that no two of them wait for each other.
            forget_attempts: layout.sql(&format!(
                "WITH idle AS (SELECT key FROM {attempts} WHERE key = ANY(?1) AND window_end <= ?2 \
                    ORDER BY key FOR UPDATE) \
                 DELETE FROM {attempts} WHERE key IN (SELECT key FROM idle)"
            )),
            refresh: refresh::statement(layout),
            sign_in: layout.sql(&sign_in(layout)),
            events: events(layout),
            messages: messages(layout),
            sweep: sweeps(layout),
            remove_accounts: layout.sql(&remove_accounts(layout)),
            layout: layout.clone(),
        }
    }
}

/// The batch of a sign-in as one statement: a user is replaced at a version, a session inserted, one counter
/// cleared and an attempt taken back at another, events are recorded. It gives a row exactly if all of it was done.
///
/// Parameters: the values of the user and the version that was read; the values of the session; the key that is
/// cleared, the key and window of the attempt, each or NULL; and the columns of the events, each as a list.
fn sign_in(layout: &Layout) -> String {
    let session = layout.next_place(Table::Users);
    let count = layout.columns(Table::Sessions).len();
    let sessions: Vec<_> = (1..=count).map(|at| format!("?{}", session + at)).collect();
    let cleared = session + count + 1;
    let events = cleared + 3;
    let lists = [("uuid", 0), ("uuid", 1), ("bigint", 2), ("text", 3), ("text", 4)];
    let lists = lists.map(|(kind, at)| format!("?{}::{kind}[]", events + at));
    let attempts = layout.table(Table::Attempts);
    format!(
        "WITH owner AS ({replace} RETURNING 1 AS done), \
         session AS (INSERT INTO {session_table} ({session_columns}) SELECT {session_values} FROM owner), \
         cleared AS (DELETE FROM {attempts} WHERE key = ?{cleared} AND EXISTS (SELECT 1 FROM owner)), \
         refunded AS (UPDATE {attempts} SET \
                count = greatest(count - 1, 0), consecutive = greatest(consecutive - 1, 0) \
             WHERE key = ?{refunded} AND window_end = ?{window} AND EXISTS (SELECT 1 FROM owner)), \
         trail AS (INSERT INTO {event_table} ({event_columns}) \
             SELECT event.* FROM owner, unnest({lists}) AS event) \
         SELECT done FROM owner",
        replace = layout.replace(Table::Users),
        session_table = layout.table(Table::Sessions),
        session_columns = layout.columns(Table::Sessions).join(", "),
        session_values = sessions.join(", "),
        refunded = cleared + 1,
        window = cleared + 2,
        event_table = layout.table(Table::Events),
        event_columns = layout.columns(Table::Events).join(", "),
        lists = lists.join(", "),
    )
}

fn events(layout: &Layout) -> Events {
    let (events, consumers) = (layout.table(Table::Events), layout.table(Table::EventConsumers));
    let sequencer = layout.table(Table::EventSequencer);
    let leased = layout.some(Table::EventConsumers, &["seq", "attempts"]);
    Events {
        is_any: layout.sql(&format!(
            "SELECT 1 WHERE (EXISTS (SELECT 1 FROM {events} WHERE seq IS NULL) \
                OR EXISTS (SELECT 1 FROM {events} WHERE seq > \
                    coalesce((SELECT seq FROM {consumers} WHERE name = ?1), 0))) \
             AND NOT EXISTS (SELECT 1 FROM {consumers} WHERE name = ?1 AND next_try > ?2)"
        )),
        lock_sequencer: layout.sql(&format!("SELECT seq FROM {sequencer} WHERE id = 1 FOR UPDATE")),
        // An event that is swept meanwhile leaves its place empty.
        place: layout.sql(&format!(
            "WITH fresh AS (SELECT id, row_number() OVER (ORDER BY number) AS place FROM \
                (SELECT id, number FROM {events} WHERE seq IS NULL ORDER BY number LIMIT ?1) AS oldest), \
             placed AS (UPDATE {events} AS events \
                SET seq = (SELECT seq FROM {sequencer} WHERE id = 1) + fresh.place \
                FROM fresh WHERE events.id = fresh.id) \
             UPDATE {sequencer} SET seq = seq + (SELECT max(place) FROM fresh) WHERE id = 1 \
                AND EXISTS (SELECT 1 FROM fresh)"
        )),
        lease: layout.sql(&format!(
            "INSERT INTO {consumers} AS event_consumers (name, seq, attempts, next_try) \
             VALUES (?1, 0, 1, ?3) \
             ON CONFLICT (name) DO UPDATE SET attempts = event_consumers.attempts + 1, next_try = ?3 \
             WHERE event_consumers.next_try <= ?2 RETURNING {leased}"
        )),
        next: layout.sql(&format!(
            "SELECT {} FROM {} WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            layout.some(Table::Events, &["record"]),
            layout.from(Table::Events),
        )),
        has_no_place: layout.sql(&format!("SELECT 1 FROM {events} WHERE id = ?1 AND seq IS NULL")),
        taken: layout.sql(&format!(
            "UPDATE {consumers} AS consumers SET seq = events.seq, attempts = 0, next_try = 0 \
             FROM {events} AS events \
             WHERE events.id = ?2 AND consumers.name = ?1 AND consumers.seq < events.seq"
        )),
        postpone: layout.sql(&format!("UPDATE {consumers} SET next_try = ?2 WHERE name = ?1")),
        // The last place that was given, also when its event was swept.
        begin: layout.sql(&format!(
            "INSERT INTO {consumers} (name, seq) SELECT ?1, seq FROM {sequencer} WHERE id = 1 \
             ON CONFLICT (name) DO NOTHING"
        )),
        forget: layout.sql(&format!("DELETE FROM {consumers} WHERE name = ?1")),
    }
}

fn messages(layout: &Layout) -> Messages {
    let messages = layout.table(Table::Messages);
    let taken = layout.some(Table::Messages, &["seq", "id", "created_at", "sealed", "attempts"]);
    let id = layout.returning(Table::Messages, &["id"]);
    let revive = format!(
        "UPDATE {messages} SET buried_at = NULL, burial_reason = NULL, attempts = 0, next_try = ?1 \
         WHERE buried_at IS NOT NULL"
    );
    Messages {
        take: layout.sql(&format!(
            "WITH due AS (SELECT id FROM {messages} WHERE buried_at IS NULL AND next_try <= ?1 \
                ORDER BY seq LIMIT ?3 FOR UPDATE SKIP LOCKED) \
             UPDATE {messages} AS messages SET attempts = messages.attempts + 1, next_try = ?2 \
             FROM due WHERE messages.id = due.id RETURNING {taken}"
        )),
        postpone: layout.sql(&format!("UPDATE {messages} SET next_try = ?2 WHERE id = ?1")),
        bury: layout.sql(&format!(
            "UPDATE {messages} SET buried_at = ?2, burial_reason = ?3 \
             WHERE id = ?1 AND buried_at IS NULL"
        )),
        revive_all: layout.sql(&format!("{revive} RETURNING {id}")),
        revive: layout.sql(&format!("{revive} AND id = ANY(?2) RETURNING {id}")),
        sent: layout.sql(&format!("DELETE FROM {messages} WHERE id = ANY(?1)")),
    }
}

fn sweeps(layout: &Layout) -> Sweeps {
    let over = |table: Table, column: &str| {
        let table = layout.table(table);
        layout.sql(&format!(
            "WITH over AS (SELECT id FROM {table} WHERE {column} <= ?1 \
                LIMIT ?2 FOR UPDATE SKIP LOCKED) \
             DELETE FROM {table} WHERE id IN (SELECT id FROM over)"
        ))
    };
    // What no address can hold is not decoded: it would be an error.
    let attempts = layout.sql(&format!(
        "WITH idle AS (SELECT key FROM {attempts} AS attempts \
            WHERE window_end > ?3 AND window_end <= ?1 AND NOT (consecutive > 0 AND EXISTS \
                (SELECT 1 FROM unnest(?4::bytea[]) AS start JOIN {users} AS users ON users.{email_key} = \
                    CASE WHEN substring(attempts.key FROM 1 FOR octet_length(start)) = start \
                        AND position('\\x00'::bytea IN attempts.key) = 0 \
                    THEN convert_from(substring(attempts.key FROM octet_length(start) + 1), 'UTF8') \
                    END)) \
            LIMIT ?2 FOR UPDATE OF attempts SKIP LOCKED) \
         DELETE FROM {attempts} WHERE key IN (SELECT key FROM idle)",
        attempts = layout.table(Table::Attempts),
        users = layout.table(Table::Users),
        email_key = layout.column(Table::Users, "email_key"),
    ));
    Sweeps::new(layout, over, attempts)
}

fn remove_accounts(layout: &Layout) -> String {
    let theirs = |table: Table, owner: &str| {
        format!("(DELETE FROM {} WHERE {owner} IN (SELECT id FROM gone))", layout.table(table))
    };
    let [id, closes_at] = ["id", "closes_at"].map(|column| layout.column(Table::Users, column));
    format!(
        "WITH closed AS (SELECT {id} AS id FROM {users} WHERE {id} = ANY(?1) AND {closes_at} <= ?2 \
            FOR UPDATE SKIP LOCKED), \
         gone AS (DELETE FROM {users} WHERE {id} IN (SELECT id FROM closed) RETURNING {id} AS id), \
         sessions AS {}, invitations AS {}, api_keys AS {} \
         SELECT id AS \"users.id\" FROM gone",
        theirs(Table::Sessions, "user_id"),
        theirs(Table::Invitations, "invited_by"),
        theirs(Table::ApiKeys, "user_id"),
        users = layout.table(Table::Users),
    )
}
