//! `docs/flows.md` shows each flow as it runs: what it asks, what may be answered, how it ends.
//!
//! The diagrams are drawn from runs: each scenario once as it goes well, and once for each question with bad news
//! for an answer. `TESTUDO_DRAW=1 cargo test --test diagrams` draws them anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests panic, and this one draws into a file when it is told to"
)]

mod draw;
mod recorder;
mod scenarios;

use std::fmt::Write as _;

use draw::Graph;
use scenarios::{Chapter, chapters};

const PAGE: &str = include_str!("../../docs/flows.md");

/// What stands above the diagrams.
const HEAD: &str = "# The flows, as they run

Each flow asks one question at a time, and the answer moves it on. These diagrams are drawn from runs, by
`tests/diagrams`, and a test fails when they are not what the flows do: draw them anew with
`TESTUDO_DRAW=1 cargo test --test diagrams`.

A box is a state, as `file::function` below `src/flow` or `src/onboarding/steps`, with the question that it asks in
bold. Rounded is what is granted, slanted and dashed what is refused, by the name of the refusal. A flow that meets
a *conflict* looks again, up to sixteen times.

";

fn drawn() -> String {
    let chapters = chapters();
    let mut page = HEAD.to_owned();
    for Chapter { title, flows } in &chapters {
        let _ = writeln!(page, "- [{title}](#{})", anchor(title));
        let names = flows.iter().map(|flow| format!("[{0}](#{1})", flow.name, anchor(flow.name)));
        let _ = writeln!(page, "  {}", names.collect::<Vec<_>>().join(", "));
    }
    for Chapter { title, flows } in chapters {
        let _ = writeln!(page, "\n## {title}");
        for flow in flows {
            let _ = writeln!(page, "\n### {}\n\n{}\n", flow.name, flow.about);
            page.push_str(&draw(&flow.scenarios).mermaid());
        }
    }
    page
}

/// How GitHub names a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// All runs with at most one answer of bad news.
fn draw(scenarios: &[scenarios::Scenario]) -> Graph {
    let mut graph = Graph::default();
    for scenario in scenarios {
        let well = scenario(None);
        let questions = well.asked.len();
        graph.add(well);
        for otherwise in 0..questions {
            graph.add(scenario(Some(otherwise)));
        }
    }
    graph
}

#[test]
fn the_page_of_flows_shows_what_they_do() {
    let drawn = drawn();
    if std::env::var_os("TESTUDO_DRAW").is_some() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flows.md");
        std::fs::write(page, &drawn).unwrap();
        return;
    }
    let first = PAGE.lines().zip(drawn.lines()).find(|(page, drawn)| page != drawn);
    assert!(
        PAGE == drawn,
        "docs/flows.md is stale, draw it anew with TESTUDO_DRAW=1 cargo test --test diagrams; first: {first:?}"
    );
}

#[test]
fn every_flow_has_a_diagram() {
    for declared in
        [include_str!("../../src/flow/mod.rs"), include_str!("../../src/flow/admin/mod.rs")]
    {
        let given_out = declared.split(';').filter_map(|item| item.trim().strip_prefix("pub use "));
        for names in given_out.filter_map(|path| path.split_once("::")).map(|(_, names)| names) {
            let names = names.split(['{', '}', ',']).map(str::trim);
            let is_flow = |name: &&str| name.starts_with(|first: char| first.is_ascii_lowercase());
            // A link is signed without asking anything.
            for name in names.filter(is_flow).filter(|name| *name != "unsubscribe_token") {
                let shown =
                    |heading: &str| heading == name || heading.starts_with(&format!("{name}:"));
                let heading = |line: &str| line.strip_prefix("### ").is_some_and(shown);
                assert!(PAGE.lines().any(heading), "docs/flows.md has no diagram of `{name}`");
            }
        }
    }
}
