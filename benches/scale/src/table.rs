//! The table in the capacity page.

use std::fmt::Write as _;

use crate::operations::Operation;
use crate::results::{Measured, Results};

/// The stores, as they are named where the figures are kept and where they are shown.
const STORES: [(&str, &str); 4] =
    [("sqlite", "SQLite"), ("postgres", "Postgres"), ("mariadb", "MariaDB"), ("redis", "Redis")];

const ROWS: [(Operation, &str); 8] = [
    (Operation::Bare, "bare read of a session by its key"),
    (Operation::Authenticate, "authenticate"),
    (Operation::Login, "login, without its hash"),
    (Operation::Refresh, "refresh"),
    (Operation::LogoutAll, "sign out everywhere"),
    (Operation::ListSessions, "list one's sessions"),
    (Operation::ListUsers, "list 100 users"),
    (Operation::Sweep, "sweep 500 sessions"),
];

/// What each operation costs in the smallest database, and beside it in the larger ones; and what authenticating costs
/// beside the bare read, in each.
pub(crate) fn table(results: &Results) -> String {
    let stores: Vec<(&str, &Measured)> = STORES
        .iter()
        .filter_map(|(name, shown)| Some((*shown, results.stores.get(*name)?)))
        .collect();
    let mut table = String::new();
    row(
        &mut table,
        "median at 10⁴ users; beside it at 10⁵; at 10⁶",
        stores.iter().map(|(shown, _)| (*shown).to_owned()),
    );
    writeln!(table, "|---{}|", "|---".repeat(stores.len())).unwrap();
    for (operation, label) in ROWS {
        let cells = stores.iter().map(|(_, store)| cost(store, operation));
        row(&mut table, label, cells);
    }
    let beside =
        stores.iter().map(|(_, store)| ratios(&store.beside_bare(Operation::Authenticate)));
    row(&mut table, "authenticate beside the bare read: at 10⁴; 10⁵; 10⁶", beside);
    table
}

fn row(table: &mut String, label: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    writeln!(table, "| {label} | {} |", cells.join(" | ")).unwrap();
}

fn cost(store: &Measured, operation: Operation) -> String {
    let smallest = store.of(operation)[0].median;
    let growth: Vec<f64> =
        store.growth(operation).iter().skip(1).map(|(_, ratio)| *ratio).collect();
    format!("{}; {}", time(smallest), ratios(&growth))
}

fn ratios(ratios: &[f64]) -> String {
    ratios.iter().map(|ratio| format!("{ratio:.2}")).collect::<Vec<_>>().join("; ")
}

/// Two digits that count, of microseconds.
fn time(micros: f64) -> String {
    match micros / 1000.0 {
        ms if ms < 0.0995 => format!("{micros:.0} µs"),
        ms if ms < 0.995 => format!("{ms:.2} ms"),
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        serde_json::from_str(include_str!("../../../docs/scale.json")).unwrap()
    }

    #[test]
    fn the_capacity_page_shows_the_figures_that_were_measured() {
        let page = include_str!("../../../docs/capacity.md");
        let table = table(&results());
        assert!(page.contains(&table), "docs/capacity.md should have this table:\n{table}");
    }

    /// The aim that is missed: it reads from a second tree, and there is no trip to a server beside which that is nothing.
    const MISSED: [(&str, usize); 1] = [("sqlite", 1_000_000)];

    #[test]
    fn authenticating_costs_about_a_bare_read_however_many_sessions_there_are() {
        let mut missed = Vec::new();
        for (name, store) in &results().stores {
            let beside = store.beside_bare(Operation::Authenticate);
            assert!(beside.len() >= 3, "{name}: {beside:?}");
            let sizes = store.growth(Operation::Authenticate).into_iter().map(|(size, _)| size);
            let over = sizes.zip(beside).filter(|(_, ratio)| *ratio > 1.3);
            missed.extend(over.map(|(size, _)| (name.clone(), size)));
            let growth = store.growth(Operation::Authenticate);
            assert!(growth.iter().all(|(_, ratio)| *ratio <= 1.5), "{name}: {growth:?}");
        }
        assert_eq!(missed, MISSED.map(|(name, size)| (name.to_owned(), size)));
    }

    #[test]
    fn nothing_costs_much_more_in_a_store_of_a_million() {
        for (name, store) in &results().stores {
            for operation in Operation::ALL {
                for (size, ratio) in store.growth(operation) {
                    assert!(ratio <= 1.5, "{name}: {} at {size}: {ratio:.2}", operation.name());
                }
            }
        }
    }
}
