//! Filling a store, by commits in parallel.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use testudo::command::{Commit, Conflict, Write};
use testudo_driver::{FaultKind, SharedStore, Store as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::people::{Maker, SignedTokens, address};

/// Accounts in one commit.
const BATCH: usize = 100;

/// How often a commit is tried whose outcome nobody knows: on a busy machine it may take longer than a command may.
const TRIES: u32 = 20;

/// How many tokens are kept, spread over the whole store.
const KEPT: usize = 20_000;

/// Commits that are under way at once, and the batches that wait for them.
pub(crate) async fn fill(
    store: &SharedStore,
    maker: &Maker,
    size: usize,
    at_once: usize,
    what: &str,
) -> Vec<SignedTokens> {
    let progress = bar(size, what);
    let permits = Arc::new(Semaphore::new(at_once));
    let mut commits = JoinSet::new();
    for first in (0..size).step_by(BATCH) {
        let permit = Arc::clone(&permits).acquire_owned().await.unwrap();
        let (store, maker, progress) = (store.clone(), maker.clone(), progress.clone());
        commits.spawn(async move {
            let numbers = first..(first + BATCH).min(size);
            let count = numbers.len() as u64;
            let (batch, kept) = batch(&maker, numbers, size.div_ceil(KEPT));
            commit(&store, &batch).await;
            progress.inc(count);
            drop(permit);
            kept
        });
    }
    let kept = commits.join_all().await.concat();
    progress.finish();
    kept
}

/// A conflict says that nothing was written, or, when it was tried before, that it was written then.
async fn commit(store: &SharedStore, batch: &Commit) {
    for tried in 0..TRIES {
        match store.commit(batch.clone()).await {
            Ok(Ok(())) => return,
            Ok(Err(Conflict)) if tried > 0 => return,
            Ok(Err(Conflict)) => panic!("somebody was there before"),
            Err(fault) if fault.kind() == FaultKind::Unavailable => {}
            Err(fault) => panic!("{fault}"),
        }
    }
    panic!("the store does not answer in time");
}

fn batch(
    maker: &Maker,
    numbers: std::ops::Range<usize>,
    keep_every: usize,
) -> (Commit, Vec<SignedTokens>) {
    let mut random = fastrand::Rng::new();
    let (mut writes, mut sessions, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for number in numbers {
        let user = maker.user(&address(number), &mut random);
        let somebody = maker.sign_in(user, &mut random);
        writes.push(Write::InsertUser(Box::new(somebody.user)));
        sessions.push(Write::InsertSession(Box::new(somebody.session)));
        if number.is_multiple_of(keep_every) {
            kept.push(somebody.tokens);
        }
    }
    writes.extend(sessions);
    (Commit { writes, ..Commit::default() }, kept)
}

pub(crate) fn bar(length: usize, what: &str) -> ProgressBar {
    let style = "{msg:30} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
    let style = ProgressStyle::with_template(style).unwrap();
    ProgressBar::new(length as u64).with_style(style).with_message(what.to_owned())
}
