//! Applying a batch: all of it or nothing.

use testudo::command::{Commit, Conflict};
use testudo_driver::Fault;

use super::MySqlStore;
use super::link::{Failure, Retries, Transaction};
use crate::sql::batch::{Effect, Step};

/// Applies a batch. What another transaction was in the way of is tried again: its outcome is then that of a later
/// moment.
pub(super) async fn commit(
    store: &MySqlStore,
    batch: &Commit,
) -> Result<Result<(), Conflict>, Fault> {
    let steps = store.statements.writes.steps(batch)?;
    let mut retries = Retries::new();
    loop {
        match apply(store, &steps).await {
            Err(failure) => retries.after(failure).await?,
            Ok(true) => return Ok(Ok(())),
            Ok(false) => return Ok(Err(Conflict)),
        }
    }
}

async fn apply(store: &MySqlStore, steps: &[Step<'_>]) -> Result<bool, Failure> {
    let mut transaction = Transaction::begin(&store.database).await?;
    for step in steps {
        if !carry_out(&mut transaction, step).await? {
            transaction.roll_back().await?;
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

/// Carries a step out; false where it does not hold.
async fn carry_out(transaction: &mut Transaction, step: &Step<'_>) -> Result<bool, Failure> {
    let result = match step.effect {
        Effect::Finds => {
            transaction.rows(step.sql, &step.values).await.map(|rows| !rows.is_empty())
        }
        Effect::Changes => {
            transaction.execute(step.sql, &step.values).await.map(|changed| changed > 0)
        }
        Effect::Any => transaction.execute(step.sql, &step.values).await.map(|_| true),
    };
    match result {
        Err(failure) if failure.is_duplicate() => Ok(false),
        result => result,
    }
}
