//! Sweeping: each kind of record in statements that look and remove at once, of bounded length.

use std::future::Future;

use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo_driver::{Fault, FaultKind};
use uuid::Uuid;

use super::records::id;
use super::{Columns, Layout, Link, Sql, Table, Value, required};

/// How many counters a statement looks at. Those of accounts may have to stay, and are there at each sweep, as many as
/// there are accounts at worst: one statement that passed over all of them would take longer than anybody waits.
const AT_ONCE: u32 = 5_000;

/// ?1 by when it was over, ?2 limit, where nothing else is said.
#[derive(Clone, Debug)]
pub(crate) struct Sweeps {
    pub(crate) sessions: Sql,
    /// ?3 behind which moment. Further parameters are the database's own.
    pub(crate) attempts: Sql,
    pub(crate) invitations: Sql,
    pub(crate) onboarding: Sql,
    pub(crate) api_keys: Sql,
    pub(crate) events: Sql,
    pub(crate) dead_letters: Sql,
    /// Where the counters end that are looked at next, if there are as many: ?1 behind which moment they begin, ?2
    /// since when they are idle.
    pub(crate) attempts_end: Sql,
    /// Finds closed accounts, those that were closed first: ?3 how many of them to pass over.
    pub(crate) closed: Sql,
}

impl Sweeps {
    /// `over` makes the statement for records that are over when a column says so.
    pub(crate) fn new(
        layout: &Layout,
        over: impl Fn(Table, &'static str) -> Sql,
        attempts: Sql,
    ) -> Self {
        Self {
            sessions: over(Table::Sessions, "expires_at"),
            attempts,
            invitations: over(Table::Invitations, "expires_at"),
            onboarding: over(Table::Onboarding, "expires_at"),
            api_keys: over(Table::ApiKeys, "expires_at"),
            events: over(Table::Events, "at"),
            dead_letters: over(Table::Messages, "buried_at"),
            attempts_end: attempts_end(layout),
            closed: closed(layout),
        }
    }
}

fn attempts_end(layout: &Layout) -> Sql {
    let window_end = layout.of(Table::Attempts, "window_end");
    layout.sql(&format!(
        "SELECT {} FROM {} WHERE {window_end} > ?1 AND {window_end} <= ?2 \
         ORDER BY {window_end} LIMIT 1 OFFSET {}",
        layout.some(Table::Attempts, &["window_end"]),
        layout.from(Table::Attempts),
        AT_ONCE - 1,
    ))
}

fn closed(layout: &Layout) -> Sql {
    let closes_at = layout.of(Table::Users, "closes_at");
    layout.sql(&format!(
        "SELECT {} FROM {} WHERE {closes_at} <= ?1 ORDER BY {closes_at} LIMIT ?2 OFFSET ?3",
        layout.some(Table::Users, &["id"]),
        layout.from(Table::Users),
    ))
}

/// What a database does in its own way. Everything is a transaction of its own, and gives how many records went.
pub(crate) trait Sweeper: Sync {
    type Link: Link;

    /// Whether many accounts are removed together, or one by one anyway.
    const TOGETHER: bool;

    fn link(&self) -> &Self::Link;

    fn sweeps(&self) -> &Sweeps;

    fn remove(
        &self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// With the values of [`Sweeps::attempts`], which the database's own follow.
    fn remove_attempts(
        &self,
        values: Vec<Value<'_>>,
    ) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// These accounts with all that is theirs, but for those that were opened again meanwhile: all or, where one of
    /// them cannot be removed, none. Without [`TOGETHER`](Self::TOGETHER) there is one.
    fn remove_accounts(
        &self,
        accounts: &[Uuid],
        closed_by: Timestamp,
    ) -> impl Future<Output = Result<u64, Fault>> + Send;
}

/// Removes what is over, of every kind, also where one of them cannot be removed. Accounts come last: what goes with
/// an account is not counted as what it is.
pub(crate) async fn sweep<S: Sweeper>(sweeper: &S, command: Sweep) -> Result<Swept, Fault> {
    let (sweeps, links) = (sweeper.sweeps(), command.links_expired_by);
    let over = |sql, by: Timestamp| {
        let values = [by.into(), command.limit.into()];
        async move { sweeper.remove(sql, &values).await }
    };
    let sessions = over(&sweeps.sessions, command.sessions_expired_by).await;
    let attempts = attempts(sweeper, command.attempts_idle_since, command.limit).await;
    let invitations = over(&sweeps.invitations, links).await;
    let onboarding = over(&sweeps.onboarding, links).await;
    let api_keys = over(&sweeps.api_keys, links).await;
    let events = over(&sweeps.events, command.events_kept_since).await;
    let dead_letters = over(&sweeps.dead_letters, command.dead_letters_buried_by).await;
    let accounts = accounts(sweeper, command.accounts_closed_by, command.limit).await;
    Ok(Swept {
        sessions: sessions?,
        attempts: attempts?,
        invitations: invitations?,
        onboarding: onboarding?,
        api_keys: api_keys?,
        events: events?,
        dead_letters: dead_letters?,
        accounts: accounts?,
    })
}

/// Counters, [`AT_ONCE`] after [`AT_ONCE`].
async fn attempts<S: Sweeper>(
    sweeper: &S,
    idle_since: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    let (mut removed, mut after) = (0_u64, -1);
    loop {
        let range = [Value::Int(Some(after)), idle_since.into()];
        let row = sweeper.link().row(&sweeper.sweeps().attempts_end, &range).await?;
        let end = match row {
            Some(row) => Some(required(row.int("attempts.window_end")?, "attempts.window_end")?),
            None => None,
        };
        let up_to = end.map_or_else(|| idle_since.into(), |end| Value::Int(Some(end)));
        let room = i64::try_from(u64::from(limit).saturating_sub(removed)).unwrap_or(i64::MAX);
        let values = vec![up_to, Value::Int(Some(room)), Value::Int(Some(after))];
        removed = removed.saturating_add(sweeper.remove_attempts(values).await?);
        match end {
            Some(end) if removed < u64::from(limit) => after = end,
            _ => return Ok(removed),
        }
    }
}

/// Closed accounts: page by page, and where one of a page cannot be removed, one by one, so that it holds up no
/// other. A table of the application's own may refer to it without going with it (`ON DELETE CASCADE`); it stays,
/// and the log says so.
async fn accounts<S: Sweeper>(sweeper: &S, closed_by: Timestamp, limit: u32) -> Result<u64, Fault> {
    let mut total = Removed::default();
    loop {
        let before = total;
        let values = [closed_by.into(), limit.into(), Value::int(total.stay)];
        let rows = sweeper.link().rows(&sweeper.sweeps().closed, &values).await?;
        let page = rows.iter().map(|row| id(row, "users.id")).collect::<Result<Vec<_>, _>>()?;
        if !page.is_empty() {
            let Removed { went, stay } = remove(sweeper, &page, closed_by).await?;
            total.went = total.went.saturating_add(went);
            total.stay = total.stay.saturating_add(stay);
        }
        // A page that somebody else has locked is for the next sweep: to look again would be to wait for them.
        let is_last = u64::try_from(page.len()).unwrap_or(u64::MAX) < u64::from(limit);
        if is_last || total == before || total.went >= u64::from(limit) {
            return Ok(total.went);
        }
    }
}

/// What became of accounts.
#[derive(Clone, Copy, Default, PartialEq)]
struct Removed {
    went: u64,
    stay: u64,
}

async fn remove<S: Sweeper>(
    sweeper: &S,
    accounts: &[Uuid],
    closed_by: Timestamp,
) -> Result<Removed, Fault> {
    if S::TOGETHER {
        match sweeper.remove_accounts(accounts, closed_by).await {
            Err(fault) if fault.kind() == FaultKind::Internal => {}
            gone => return Ok(Removed { went: gone?, stay: 0 }),
        }
    }
    let mut removed = Removed::default();
    for account in accounts {
        match sweeper.remove_accounts(std::slice::from_ref(account), closed_by).await {
            Err(fault) if fault.kind() == FaultKind::Internal => {
                removed.stay = removed.stay.saturating_add(1);
                tracing::warn!(user = %account, error = %fault, "a closed account cannot be removed");
            }
            gone => removed.went = removed.went.saturating_add(gone?),
        }
    }
    Ok(removed)
}
