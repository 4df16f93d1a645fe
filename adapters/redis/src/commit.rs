//! Applying a batch.

use testudo::command::{Commit, Conflict};
use testudo_driver::Fault;

use crate::RedisStore;
use crate::fault::{Unanswered, unexpected};
use crate::plan::Plan;
use crate::{answer, belongings, writes};

/// How often a batch is planned anew because what it removes changed meanwhile.
const ROUNDS: usize = 8;

/// What became of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was applied.
    Applied,
    /// Something did not hold.
    Conflict,
    /// What it removes is not what it was when it was planned.
    Changed,
}

/// Applies a batch: with one bucket, by one call. What is removed behind it may take longer than a command.
pub(crate) async fn commit(
    store: &RedisStore,
    batch: &Commit,
) -> Result<Result<(), Conflict>, Fault> {
    let in_time = store.for_one_command();
    for _ in 0..ROUNDS {
        let removed = belongings::of_removed(&in_time, batch).await?;
        let plan = writes::plan(&store.keys, batch, &removed)?;
        match apply(&in_time, &plan).await? {
            Outcome::Applied => {
                for (user, belongings) in &removed {
                    belongings.remove_sessions(store, *user).await?;
                }
                return Ok(Ok(()));
            }
            Outcome::Conflict => return Ok(Err(Conflict)),
            Outcome::Changed => {}
        }
    }
    Err(Unanswered::Unchanged.into())
}

/// Applies a plan, part by part; all that may conflict is looked at first.
///
/// A conflict in a later part, because something came in between, leaves the earlier ones applied: flows order
/// their writes so that nothing is granted then.
pub(crate) async fn apply(store: &RedisStore, plan: &Plan) -> Result<Outcome, Fault> {
    if plan.is_checked_first() {
        for part in plan.parts().iter().filter(|part| part.may_conflict()) {
            let check = part.call("check");
            // What is only looked at has to be with replicas too, where commits wait for them: `WAIT` is about all that
            // the command before it may have seen. The others wait when they are applied.
            let answer = if part.writes() {
                check.run(&store.link).await?
            } else {
                store.writers.run(&store.link, &check).await?
            };
            match outcome(answer)? {
                Outcome::Applied => {}
                other => return Ok(other),
            }
        }
    }
    let is_alone = plan.parts().len() == 1;
    for part in plan.parts().iter().filter(|part| part.writes() || is_alone) {
        match outcome(store.writers.run(&store.link, &part.call("apply")).await?)? {
            Outcome::Applied => {}
            other => return Ok(other),
        }
    }
    Ok(Outcome::Applied)
}

fn outcome(answer: redis::Value) -> Result<Outcome, Fault> {
    match answer::present(answer)?.as_slice() {
        b"ok" => Ok(Outcome::Applied),
        b"conflict" => Ok(Outcome::Conflict),
        b"again" => Ok(Outcome::Changed),
        _ => Err(unexpected()),
    }
}
