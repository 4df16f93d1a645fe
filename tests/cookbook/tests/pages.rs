//! Every recipe is run and can be found, and every link leads somewhere.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::path::{Path, PathBuf};

const RUN: &str = include_str!("../src/lib.rs");
const INDEX: &str = include_str!("../../../docs/cookbook/README.md");

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The names of the files in docs/cookbook, the index left out.
fn recipes() -> Vec<String> {
    let files = fs::read_dir(docs().join("cookbook")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: Vec<_> = names.filter(|name| name != "README.md").collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

/// What the links of a page lead to, within the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let links = ends.map(|(link, _)| link.split('#').next().unwrap_or_default());
    links.filter(|link| !link.is_empty() && !link.contains("://"))
}

#[test]
fn every_recipe_is_run_and_has_code() {
    for name in recipes() {
        assert!(
            RUN.contains(&format!("\"cookbook/{name}\"")),
            "src/lib.rs does not include {name}"
        );
        let text = fs::read_to_string(docs().join("cookbook").join(&name)).unwrap();
        assert!(text.contains("\n```rust\n"), "{name} has no code that runs");
        for part in ["\n## Mind\n", "\n## Read on\n"] {
            assert!(text.contains(part), "{name} lacks {part:?}");
        }
    }
}

#[test]
fn the_index_has_every_recipe() {
    for name in recipes() {
        assert!(INDEX.contains(&format!("]({name})")), "docs/cookbook/README.md lacks {name}");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let pages = recipes().into_iter().map(|name| format!("cookbook/{name}"));
    let others = ["cookbook/README.md", "from-tortoise-auth.md"].map(str::to_owned);
    for page in pages.chain(others) {
        let path = docs().join(&page);
        let text = fs::read_to_string(&path).unwrap();
        for link in links(&text) {
            let target = path.parent().unwrap().join(link);
            assert!(target.exists(), "{page} links to {link}, which is not there");
        }
    }
}
