//! Starting many commands before waiting for the first.

use std::future::{Future, poll_fn};
use std::task::Poll;

use futures::future::join_all;
use testudo::command::{Commit, Conflict};
use testudo::event::EventRecord;
use testudo::model::{User, UserId};

use super::observe::{Observe, replace_user};
use super::records::next_user;
use crate::Store;

/// Runs `contestants` futures of one kind side by side; each is told its number.
pub(super) async fn race<F: Future>(
    contestants: u32,
    contestant: impl Fn(u32) -> F,
) -> Vec<F::Output> {
    join_all((0..contestants).map(contestant)).await
}

/// Lets the others go on, once.
pub(super) async fn let_others_go_on() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Changes a user as flows do: reads, decides, commits, and looks again when somebody came first.
///
/// `rivals` is how many changes all others make to that user: none of them comes first twice.
pub(super) async fn change_user<S: Store>(
    store: &S,
    id: UserId,
    rivals: u32,
    change: impl Fn(&mut User) -> Option<EventRecord>,
) {
    for _ in 0..=rivals {
        let mut next = next_user(&store.user(id).await.expect("the user is there"));
        let events = change(&mut next).into_iter().collect();
        let_others_go_on().await;
        let batch = Commit {
            guards: Vec::new(),
            writes: vec![replace_user(&next)],
            events,
            messages: Vec::new(),
        };
        if store.apply(batch).await.is_ok() {
            return;
        }
    }
    panic!("a commit was refused although nothing had changed");
}

/// The number of the one contestant that was not refused.
pub(super) fn only_winner(outcomes: Vec<Result<(), Conflict>>) -> u32 {
    let winners: Vec<u32> =
        (0..).zip(outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1, "expected one winner, got {winners:?}");
    winners[0]
}
