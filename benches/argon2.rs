//! What one password costs: Argon2id of 64 MiB, 3 passes and 4 lanes, in a buffer that is used again,
//! and, to show what that is worth, in one that is new each time.
//!
//! With `--on-demand` it hashes once for each line that it reads and prints the nanoseconds: that is
//! how `argon2_beside_cffi.py` drives it.
//!
//! ```console
//! cargo bench --bench argon2
//! ```

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock and its arguments")]

use std::time::{Duration, Instant};

use criterion::Criterion;
use testudo::password::{Argon2id, Hasher as _, Salt, WorkBuffer};

fn main() {
    if std::env::args().any(|argument| argument == "--on-demand") {
        on_demand();
    } else {
        beside_fresh_memory();
    }
}

fn hash(work: &mut WorkBuffer) -> Duration {
    let begun = Instant::now();
    let salt = Salt::new([7; 16]);
    Argon2id::default().hash(b"correct horse battery", &salt, work).unwrap();
    begun.elapsed()
}

fn on_demand() {
    let mut work = WorkBuffer::new();
    for _line in std::io::stdin().lines() {
        println!("{}", hash(&mut work).as_nanos());
    }
}

fn beside_fresh_memory() {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut work = WorkBuffer::new();
    criterion.bench_function("Argon2id, the buffer used again", |bencher| {
        bencher.iter(|| hash(&mut work));
    });
    criterion.bench_function("Argon2id, a new buffer", |bencher| {
        bencher.iter(|| hash(&mut WorkBuffer::new()));
    });
    criterion.final_summary();
}
