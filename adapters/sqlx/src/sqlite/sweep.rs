//! Sweeping: one statement for each kind of record, so that each looks and removes at once.

use sqlx::Sqlite;
use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::model::AttemptKey;
use testudo_driver::Fault;

use super::SqliteStore;
use super::commit::BEGIN;
use super::fault::fault;
use crate::sql::records::{id, json};
use crate::sql::{Sql, Value};

/// Accounts come last: what goes with an account is not counted as what it is.
pub(super) async fn sweep(store: &SqliteStore, command: Sweep) -> Result<Swept, Fault> {
    let statements = &store.statements.sweep;
    let of_accounts = json(&AttemptKey::OF_ACCOUNTS)?;
    let remove = async |sql: &Sql, by: Timestamp, more: &[Value<'_>]| {
        let values = [&[by.into(), command.limit.into()], more].concat();
        let query = sql.query::<Sqlite>(&values);
        query.execute(&store.writer).await.map(|done| done.rows_affected()).map_err(fault)
    };
    let links = command.links_expired_by;
    Ok(Swept {
        sessions: remove(&statements.sessions, command.sessions_expired_by, &[]).await?,
        attempts: remove(&statements.attempts, command.attempts_idle_since, &[of_accounts]).await?,
        invitations: remove(&statements.invitations, links, &[]).await?,
        onboarding: remove(&statements.onboarding, links, &[]).await?,
        api_keys: remove(&statements.api_keys, links, &[]).await?,
        events: remove(&statements.events, command.events_kept_since, &[]).await?,
        dead_letters: remove(&statements.dead_letters, command.dead_letters_buried_by, &[]).await?,
        accounts: accounts(store, command.accounts_closed_by, command.limit).await?,
    })
}

/// Removes accounts with all that is theirs.
async fn accounts(store: &SqliteStore, closed_by: Timestamp, limit: u32) -> Result<u64, Fault> {
    let statements = &store.statements.sweep;
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(fault)?;
    let find = statements.accounts.query::<Sqlite>(&[closed_by.into(), limit.into()]);
    let rows = find.fetch_all(&mut *transaction).await.map_err(fault)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let ids = rows.iter().map(|row| id(row, "users.id")).collect::<Result<Vec<_>, _>>()?;
    let ids = json(&ids)?;
    for sql in &statements.with_accounts {
        let query = sql.query::<Sqlite>(std::slice::from_ref(&ids));
        query.execute(&mut *transaction).await.map_err(fault)?;
    }
    transaction.commit().await.map_err(fault)?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{plan, scratch};

    /// However many rows there are that stay.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_over_is_found_along_an_index() {
        let (_directory, store) = scratch().await;
        let sweep = &store.statements.sweep;
        for (statement, index) in [
            (&sweep.sessions, "sessions_by_expiry"),
            (&sweep.accounts, "users_by_closing"),
            (&sweep.invitations, "invitations_by_expiry"),
            (&sweep.onboarding, "onboarding_sessions_by_expiry"),
            (&sweep.api_keys, "api_keys_by_expiry"),
        ] {
            let plan = plan(&store, statement).await;
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        }
    }

    /// Nothing is found by looking at every row.
    #[tokio::test(flavor = "multi_thread")]
    async fn records_are_found_by_their_keys() {
        let (_directory, store) = scratch().await;
        let reads = &store.statements.reads;
        for statement in [
            &reads.user_by_id,
            &reads.user_by_email,
            &reads.session,
            &reads.session_record,
            &reads.session_with_user,
            &reads.user_with_session,
            &reads.invitation,
            &reads.api_key,
            &reads.onboarding,
            &reads.counter,
            &reads.live_sessions.next,
            &reads.invitations_of_user.next,
            &reads.api_keys_of_user.next,
            &store.statements.refresh,
        ] {
            let plan = plan(&store, statement).await;
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
