//! Answers that come no sooner than a fixed time, so that what was done cannot be timed.

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

/// Carries `work` out and gives its result, but no sooner than after `span`.
///
/// For work whose answer is the same whatever it found, and whose cost is not quite: choose a span that is
/// always longer, and all that a stopwatch sees is the span.
///
/// ```
/// use std::time::Duration;
/// use testudo_tokio::no_sooner;
///
/// # async fn ask() {}
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// no_sooner(Duration::from_millis(25), ask()).await;
/// # });
/// ```
///
/// # Security
///
/// Work that takes longer shows. Nothing is to depend on it that a fixed limit of attempts does not bound.
pub async fn no_sooner<T>(span: Duration, work: impl Future<Output = T>) -> T {
    let (result, ()) = tokio::join!(work, sleep(span));
    result
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn quick_work_and_none_take_the_same_time_and_slow_work_its_own() {
        let span = Duration::from_millis(25);
        for (work, expected) in [(0, 25), (24, 25), (25, 25), (70, 70)] {
            let begun = Instant::now();
            let result = no_sooner(span, async {
                sleep(Duration::from_millis(work)).await;
                work
            });
            assert_eq!(result.await, work);
            assert_eq!(begun.elapsed(), Duration::from_millis(expected), "{work}");
        }
    }
}
