//! Batches, applied wrongly.

use std::mem::take;

use smol::future::yield_now;
use testudo::command::{Commit, Conflict, FindApiKey, FindSession, Guard, Write};
use testudo::model::ApiKey;
use testudo_driver::{Fault, Store as _};

use crate::reading::by_id;
use crate::{Defect, Defective};

pub(crate) async fn commit(
    this: &Defective,
    mut batch: Commit,
) -> Result<Result<(), Conflict>, Fault> {
    // As over a network: others come between a flow's look and its commit.
    yield_now().await;
    batch.writes = batch.writes.into_iter().map(|write| this.mangled_write(write)).collect();
    match this.defect {
        Defect::IgnoresGuards => batch.guards.clear(),
        Defect::IgnoresTheAbsenceOfSessions => {
            batch.guards.retain(|guard| !matches!(guard, Guard::NoSession { .. }));
        }
        Defect::LosesMessages => batch.messages.clear(),
        Defect::CountsInTwoSteps => this.forget_counted(&batch),
        Defect::ChecksGuardsFirst => {
            let guards = Commit { guards: take(&mut batch.guards), ..Commit::default() };
            if this.store.commit(guards).await?.is_err() {
                return Ok(Err(Conflict));
            }
            yield_now().await;
        }
        Defect::ChecksVersionsFirst => {
            if !this.versions_hold(&batch).await? {
                return Ok(Err(Conflict));
            }
            yield_now().await;
            batch.writes = this.upserts(batch.writes).await?;
        }
        Defect::Upserts => batch.writes = this.upserts(batch.writes).await?,
        Defect::InsertsOverWhatIsThere => batch.writes = this.inserted_over(batch.writes).await?,
        Defect::KeepsFactorsForEver => {
            batch.writes = this.with_factors_for_ever(batch.writes).await?;
        }
        Defect::AppliesWriteByWrite => {
            for write in take(&mut batch.writes) {
                let guards = batch.guards.clone();
                let single = Commit {
                    guards,
                    writes: vec![write],
                    events: Vec::new(),
                    messages: Vec::new(),
                };
                if this.store.commit(single).await?.is_err() {
                    return Ok(Err(Conflict));
                }
                batch.guards.clear();
                yield_now().await;
            }
        }
        Defect::TouchesBackwards | Defect::TouchesTheVersion => {
            batch.writes = this.touches_as_replacements(batch.writes).await?;
        }
        Defect::RefusesToTouchNothing => {
            for write in &batch.writes {
                let Write::TouchApiKey { id, .. } = *write else { continue };
                if this.store.find_api_key(FindApiKey { id }).await?.is_none() {
                    return Ok(Err(Conflict));
                }
            }
        }
        Defect::FindsKeysOfNobody => {
            let keys = batch.writes.iter().filter_map(|write| match write {
                Write::InsertApiKey(key) => Some(ApiKey::clone(key)),
                _ => None,
            });
            this.orphans.lock().unwrap().extend(keys);
        }
        Defect::SendsMessagesOfConflicts => {
            let messages = take(&mut batch.messages);
            let sent = this.store.commit(Commit { messages, ..Commit::default() }).await?;
            sent.unwrap();
        }
        Defect::CutsMessages => {
            batch.messages.iter_mut().for_each(|message| message.sealed.truncate(8192));
        }
        Defect::RecordsEventsOfConflicts => this.record(take(&mut batch.events)).await?,
        Defect::RecordsEventsLater => {
            let events = take(&mut batch.events);
            let outcome = this.store.commit(batch).await?;
            if outcome.is_ok() && !events.is_empty() {
                this.wait_every_other_time().await;
                this.record(events).await?;
            }
            return Ok(outcome);
        }
        _ => {}
    }
    this.store.commit(batch).await
}

impl Defective {
    /// Whether all that is to be replaced is there, at its version.
    pub(crate) async fn versions_hold(&self, batch: &Commit) -> Result<bool, Fault> {
        for write in &batch.writes {
            let holds = match write {
                Write::ReplaceUser { user, was } => {
                    let stored = self.store.find_user(by_id(user)).await?;
                    stored.is_some_and(|stored| stored.version == *was)
                }
                Write::ReplaceSession { session, was } => {
                    let stored = self.store.find_session(FindSession { id: session.id }).await?;
                    stored.is_some_and(|stored| stored.session.version == *was)
                }
                _ => true,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
