//! Two things side by side: what each takes, and the ratio of the two.
//!
//! They are run in turns, so that a machine that is busy, warms up or slows down does so for both. The
//! median is the figure; the ratio is that of the medians.

use std::time::{Duration, Instant};

/// What a number of runs took.
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Times one run.
    pub(crate) async fn time<T>(&mut self, run: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let result = run.await;
        self.0.push(begun.elapsed());
        result
    }

    /// The time that so many runs of a hundred stayed within: 50 gives the median.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(place).copied().unwrap_or_default()
    }
}

/// Prints what something takes.
pub(crate) fn show(name: &str, sample: &Sample) {
    let [least, median, p90] = [0, 50, 90].map(|percent| sample.percentile(percent));
    println!("{name:<48} least {least:>9.1?}  median {median:>9.1?}  p90 {p90:>9.1?}");
}

/// Prints both, and how much more the first takes than the second.
pub(crate) fn report(name: &str, sample: &Sample, bare_name: &str, bare: &Sample) {
    show(name, sample);
    show(bare_name, bare);
    let [least, median] = [0, 50].map(|percent| {
        sample.percentile(percent).as_secs_f64() / bare.percentile(percent).as_secs_f64()
    });
    println!("{:<48} least {least:>8.2}x  median {median:>8.2}x\n", "  ratio");
}
