//! `testudo user import`

mod account;
mod array;
mod django;
mod entries;
mod fields;
mod jsonl;
mod reading;
mod report;

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use testudo::flow::admin::{ImportUser, Imported};
use testudo_driver::{AuthError, Fault, FaultKind};
use tokio::sync::mpsc::Receiver;

use self::reading::{Batch, Source};
use self::report::Report;
use crate::cli::ImportUsers;
use crate::commands::office::{HERE, Office, Place};
use crate::commands::output::grouped;
use crate::commands::progress;
use crate::config::PasswordOptions;
use crate::failure::{Failure, while_doing};
use crate::shutdown::Signals;

/// For how long a store that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Brings accounts along, a batch at a time, and reports what became of them.
pub(super) async fn import(arguments: ImportUsers) -> Result<(), Failure> {
    let file = Source::open(&arguments.from)?;
    let progress = file.length.map_or_else(|| progress::spinner("importing"), progress::bar);
    let (unit, batches) = file.read(arguments.format)?;
    let import = Import {
        batches,
        signals: Signals::listen().map_err(while_doing("cannot listen for Ctrl-C"))?,
        report: Report::new(unit, arguments.output),
        progress,
        begun: Instant::now(),
    };
    let place = Place::there_or_made(arguments.source, PasswordOptions::default())?;
    place.work(async |office: &Office| import.run(office).await).await
}

/// An import on its way.
struct Import {
    batches: Receiver<Result<Batch, Failure>>,
    signals: Signals,
    report: Report,
    progress: ProgressBar,
    begun: Instant,
}

impl Import {
    async fn run(mut self, office: &Office) -> Result<(), Failure> {
        let ended = self.import_all(office).await;
        self.progress.finish_and_clear();
        self.report.finish(ended)
    }

    async fn import_all(&mut self, office: &Office) -> Result<(), Failure> {
        loop {
            // Between two batches: a batch in hand is finished first.
            let batch = tokio::select! {
                biased;
                () = self.signals.next() => {
                    return Err(self.interrupted());
                }
                batch = self.batches.recv() => batch,
            };
            let stopped = || Failure::new("the file was not read to its end: run it again");
            let batch = batch.ok_or_else(stopped)??;
            let (is_last, read_bytes) = (batch.is_last, batch.read_bytes);
            self.import_batch(batch, office).await?;
            self.show_progress(read_bytes);
            if is_last {
                return Ok(());
            }
        }
    }

    fn interrupted(&self) -> Failure {
        let accounts = self.report.accounts();
        Failure::new(format!(
            "interrupted after {accounts} accounts: run the same command again, and it goes on from \
             here",
        ))
    }

    /// Makes all accounts of a batch that can be made, in one commit.
    async fn import_batch(&mut self, batch: Batch, office: &Office) -> Result<(), Failure> {
        let Batch { accounts, refused, passed_over, ignored, .. } = batch;
        let (numbers, accounts): (Vec<_>, Vec<_>) = accounts.into_iter().unzip();
        let outcome =
            if accounts.is_empty() { Vec::new() } else { self.make(accounts, office).await? };
        let mut refused = refused;
        for (number, imported) in numbers.into_iter().zip(outcome) {
            match imported {
                Imported::Created(_) => self.report.imported(),
                Imported::Exists => self.report.existed(),
                Imported::Refused(errors) => {
                    let reasons =
                        errors.iter().map(|error| format!("`{}`: {}", error.field, error.message));
                    refused.push((number, reasons.collect::<Vec<_>>().join("; ")));
                }
            }
        }
        refused.sort_unstable();
        let report = &mut self.report;
        self.progress.suspend(|| {
            refused.into_iter().for_each(|(number, reason)| report.refused(number, reason));
        });
        self.report.passed_over(passed_over);
        self.report.ignored(ignored);
        Ok(())
    }

    /// Makes accounts. A store that does not answer is waited for, since a database that is started anew must not cost
    /// the whole import. What was done without an answer is found as existing.
    async fn make(
        &mut self,
        accounts: Vec<ImportUser>,
        office: &Office,
    ) -> Result<Vec<Imported>, Failure> {
        let stopped = while_doing("stopped here; running it again goes on from here");
        let (begun, mut pause) = (Instant::now(), Duration::from_millis(50));
        loop {
            match office.admin().import_users(accounts.clone(), &HERE).await {
                Err(AuthError::Fault(fault)) if passes(&fault) && begun.elapsed() < PATIENCE => {
                    self.progress.set_message("the store does not answer; trying again");
                    pause = (pause * 2).min(Duration::from_secs(2));
                    tokio::select! {
                        biased;
                        () = self.signals.next() => return Err(self.interrupted()),
                        () = tokio::time::sleep(pause) => {}
                    }
                }
                outcome => return outcome.map_err(stopped),
            }
        }
    }

    fn show_progress(&self, read_bytes: u64) {
        let users = self.report.accounts();
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let per_second = users.saturating_mul(1000) / millis;
        let message = format!("{} users, {}/s", grouped(users), grouped(per_second));
        self.progress.set_message(message);
        self.progress.set_position(read_bytes);
    }
}

/// Whether it may be over in a moment.
fn passes(fault: &Fault) -> bool {
    matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Overloaded)
}
