//! The figures, and how they are kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::operations::Operation;

/// The figures of each store, by its name.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) stores: BTreeMap<String, Measured>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Seconds for all sizes.
    pub(crate) filled_in: f64,
    /// Bytes that the server holds in memory after it all, where that tells anything.
    pub(crate) memory: Option<u64>,
    pub(crate) costs: Vec<Cost>,
}

/// What an operation costs in a database of a size, in microseconds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) operation: String,
    pub(crate) size: usize,
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
}

impl Cost {
    pub(crate) fn of(operation: Operation, size: usize, mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e6;
        let operation = operation.name().to_owned();
        Self { operation, size, least: at(0), median: at(50), p90: at(90) }
    }
}

impl Measured {
    pub(crate) fn of(&self, operation: Operation) -> Vec<&Cost> {
        self.costs.iter().filter(|cost| cost.operation == operation.name()).collect()
    }

    /// How much more an operation costs than in the smallest database, by size.
    pub(crate) fn growth(&self, operation: Operation) -> Vec<(usize, f64)> {
        let costs = self.of(operation);
        let Some(smallest) = costs.first() else { return Vec::new() };
        costs.iter().map(|cost| (cost.size, cost.median / smallest.median)).collect()
    }

    /// What an operation costs beside the bare read, by size.
    pub(crate) fn beside_bare(&self, operation: Operation) -> Vec<f64> {
        let beside = self.of(operation).into_iter().zip(self.of(Operation::Bare));
        beside.map(|(cost, bare)| cost.median / bare.median).collect()
    }
}

impl Results {
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    pub(crate) fn replace(&mut self, store: &str, measured: Measured) {
        self.stores.insert(store.to_owned(), measured);
    }

    pub(crate) fn write(&self, path: &Path) {
        let text = serde_json::to_string_pretty(self).unwrap();
        if path == Path::new("-") {
            println!("{text}");
        } else {
            std::fs::write(path, text + "\n").unwrap();
        }
    }

    /// A table for each store: the median in the smallest database, and what the others cost beside it.
    pub(crate) fn print(&self) {
        for (store, measured) in &self.stores {
            println!("\n{store} (filled in {:.0} s)", measured.filled_in);
            for operation in Operation::ALL {
                let costs = measured.of(operation);
                let Some(first) = costs.first() else { continue };
                print!("{:<20} {:>9.1} us", operation.name(), first.median);
                for (size, ratio) in measured.growth(operation).iter().skip(1) {
                    print!("  {size:>8}: {ratio:>5.2}x");
                }
                let beside = measured.beside_bare(operation);
                let beside: Vec<_> = beside.iter().map(|ratio| format!("{ratio:.2}")).collect();
                println!("  beside bare: {}", beside.join(" "));
            }
        }
    }
}
