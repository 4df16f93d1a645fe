//! What things cost in a store of ten thousand users, and in one of a million.
//!
//! For each store that is named, one database of each size is filled with users and a live session of each, by
//! commits in parallel; their tokens are as real as those of a sign-in, since the flow itself makes them. Then each
//! operation is done in all of the databases **in turns**, so that a machine that is busy is so for all of them, and
//! is compared with itself in the smallest one, and reads with what is bare: the same row by its key through the same
//! client library.
//!
//! Servers are throwaway ones with the durability that production has, filled caches and one client, which has a core of
//! its own: what is measured is how cost grows with size, and not how much a server can take.
//!
//! ```console
//! cargo run --release -p testudo-scale -- run
//! cargo run --release -p testudo-scale -- run --stores postgres,redis --sizes 1000,10000 --json - --svg plot.svg
//! cargo run --release -p testudo-scale -- plot docs/scale.json docs/scale.svg
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench that measures the wrong thing must not go on; the figures"
)]

mod bare;
mod cores;
mod filling;
mod measuring;
mod operations;
mod people;
mod place;
mod plot;
mod results;
mod table;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::cores::Cores;
use crate::place::Kind;
use crate::results::Results;

#[derive(Parser)]
#[command(about, version)]
enum Cli {
    /// Fills databases, measures, prints the figures and writes them.
    Run {
        /// Which stores
        #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres", "mariadb", "redis"])]
        stores: Vec<Kind>,
        /// How many users, and sessions, in each database; the smallest comes first
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
        sizes: Vec<usize>,
        /// How often each operation is measured
        #[arg(long, default_value_t = 1500)]
        times: usize,
        /// Where the figures go; what a file there holds of other stores stays
        #[arg(long, default_value = "docs/scale.json")]
        json: PathBuf,
        /// Where the plot goes
        #[arg(long, default_value = "docs/scale.svg")]
        svg: PathBuf,
    },
    /// Draws figures that were measured before, and prints the table of the capacity page.
    Plot {
        /// What `run` has written
        json: PathBuf,
        /// Where the plot goes
        svg: PathBuf,
    },
}

fn main() {
    let cli = Cli::parse();
    let cores = Cores::apart();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // As on a server, the work is a task: the main thread is woken by another one for each answer.
    runtime.block_on(async move { tokio::spawn(run(cli, cores)).await.unwrap() });
}

async fn run(cli: Cli, cores: Cores) {
    match cli {
        Cli::Run { stores, mut sizes, times, json, svg } => {
            sizes.sort_unstable();
            let mut results = Results::read(&json).unwrap_or_default();
            for kind in stores {
                let name = kind.to_possible_value().unwrap();
                let measured = measuring::measure(kind, cores, &sizes, times).await;
                results.replace(name.get_name(), measured);
                results.write(&json);
            }
            results.print();
            plot::draw(&results, &svg);
        }
        Cli::Plot { json, svg } => {
            let results = Results::read(&json).expect("figures");
            results.print();
            println!("\n{}", table::table(&results));
            plot::draw(&results, &svg);
        }
    }
}
