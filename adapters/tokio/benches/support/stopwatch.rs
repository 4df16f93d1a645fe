//! What a stopwatch makes of the times of several kinds of the same thing.

#![allow(clippy::print_stdout, reason = "the figures")]

/// Prints each kind beside the first: its median, their ratio, and Welch's t of the two means.
pub(crate) fn report<const N: usize>(names: &[&str; N], samples: &mut [Vec<f64>; N]) {
    let mut kinds = names.iter().zip(samples);
    let Some((name, model)) = kinds.next() else { return };
    println!("{name:<26} {:>9.3} ms", median(model));
    for (name, other) in kinds {
        let ratio = median(other) / median(model);
        println!("{name:<26} {:>9.3} ms  {ratio:.4}  t = {:.2}", median(other), t(other, model));
    }
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// Welch's t, of the nine tenths that were not held up by something else.
fn t(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (moments(one), moments(other));
    (one.mean - other.mean) / (one.variance / one.count + other.variance / other.count).sqrt()
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

#[allow(clippy::cast_precision_loss, reason = "some hundreds")]
fn moments(sorted: &[f64]) -> Moments {
    let kept = sorted.get(..sorted.len() * 9 / 10).unwrap_or_default();
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let variance = kept.iter().map(|taken| (taken - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Moments { count, mean, variance }
}
