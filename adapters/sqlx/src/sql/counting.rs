//! Counting attempts: one statement, and a look at why where it did nothing.

use testudo::command::CountAttempt;
use testudo::model::AttemptVerdict;
use testudo_driver::{Fault, FaultKind};

use super::layout::{Layout, Table};
use super::link::Link;
use super::reads::Reads;
use super::records::{count, moment};
use super::statement::Sql;
use super::value::{Value, integer};

/// How often a counter may be cleared between a refusal and the question why, before we give up.
const ROUNDS: usize = 8;

/// [`AttemptCounter::reserve`](testudo::model::AttemptCounter::reserve) as SQL, for databases with
/// `INSERT … ON CONFLICT`: it changes a row, and returns it, exactly when the attempt is allowed.
///
/// An attempt that was refused before anybody wrote proposes no row. On Postgres one that is refused only by the last
/// condition keeps the row locked until its transaction is flushed, and all who are refused would stand in line for
/// that, each with a connection.
///
/// ?1 key, ?2 now, ?3 the end of a window that begins now, ?4 the end of a lock that begins now,
/// ?5 attempts per window, ?6 the hard stop or NULL.
pub(crate) fn reserve(layout: &Layout) -> Sql {
    let column = |name| layout.column(Table::Attempts, name);
    let (key, count, window_end, consecutive) =
        (column("key"), column("count"), column("window_end"), column("consecutive"));
    let (greatest, least) = (
        |one: &str, other: &str| layout.dialect.greatest(one, other),
        |one: &str, other: &str| layout.dialect.least(one, other),
    );
    let allowed = format!(
        "(?2 >= attempts.{window_end} OR attempts.{count} < ?5) \
        AND (?6 IS NULL OR attempts.{consecutive} < ?6)"
    );
    layout.sql(&format!(
        "INSERT INTO {attempts} ({key}, {count}, {window_end}, {consecutive}) \
        SELECT ?1, 1, CASE WHEN ?5 = 1 THEN {new_lock} ELSE ?3 END, 1 \
        WHERE ?5 > 0 AND (?6 IS NULL OR ?6 > 0) \
            AND NOT EXISTS (SELECT 1 FROM {attempts} WHERE {key} = ?1 AND NOT ({allowed})) \
        ON CONFLICT ({key}) DO UPDATE SET \
            {count} = CASE WHEN ?2 < attempts.{window_end} THEN attempts.{count} + 1 ELSE 1 END, \
            {window_end} = CASE \
                WHEN ?2 >= attempts.{window_end} THEN excluded.{window_end} \
                WHEN attempts.{count} + 1 < ?5 THEN attempts.{window_end} \
                ELSE {lock} END, \
            {consecutive} = {one_more} \
        WHERE {allowed} \
        RETURNING {returned}",
        attempts = layout.from(Table::Attempts),
        new_lock = greatest("?3", "?4"),
        lock = greatest(&format!("attempts.{window_end}"), "?4"),
        one_more = least(&format!("attempts.{consecutive} + 1"), "4294967295"),
        returned = layout.returning(Table::Attempts, &["count", "window_end"]),
    ))
}

/// The parameters of [`reserve`].
pub(crate) fn reservation<'a>(layout: &Layout, command: &'a CountAttempt) -> [Value<'a>; 6] {
    let CountAttempt { key, limit, now } = command;
    [
        layout.dialect.attempt_key(key),
        (*now).into(),
        (*now + limit.window).into(),
        (*now + limit.lock).into(),
        limit.attempts.into(),
        Value::Int(limit.hard_stop.map(|stop| integer(stop.into()))),
    ]
}

/// Counts an attempt if it is allowed, and says why if it is not. `writer` carries the statement out.
pub(crate) async fn count_attempt<R: Link, W: Link>(
    reads: &Reads,
    reserve: &Sql,
    reader: &R,
    writer: &W,
    command: &CountAttempt,
) -> Result<AttemptVerdict, Fault> {
    for _ in 0..ROUNDS {
        // All rows, though there is at most one: only running to its end commits the statement, and an error of
        // that commit must not be lost.
        let rows = writer.rows(reserve, &reservation(&reads.layout, command)).await?;
        if let Some(row) = rows.first() {
            let is_last = count(row, "attempts.count")? >= command.limit.attempts;
            let window = moment(row, "attempts.window_end")?;
            return Ok(AttemptVerdict::Allowed { window, is_last });
        }
        // A copy is asked, so nothing is counted here. Were the answer `Allowed`, the counter was cleared or
        // refunded in between, and the attempt is made again.
        let mut counter = reads.find_counter(reader, &command.key).await?;
        match counter.reserve(&command.limit, command.now) {
            AttemptVerdict::Allowed { .. } => {}
            refused => return Ok(refused),
        }
    }
    Err(Fault::new(FaultKind::Overloaded, "an attempt counter changes faster than it can be read"))
}
