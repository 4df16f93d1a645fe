//! The page for who comes from tortoise-auth leaves no name out, and the compiler knows what it names.

#![allow(clippy::unwrap_used, reason = "these are tests")]

/// Every public name of tortoise-auth 0.6.0: `__all__`, the methods of its services, what its Starlette integration
/// exports, and the options of `AuthConfig`.
const NAMES: &str = include_str!("tortoise_auth_names.txt");
const PAGE: &str = include_str!("../../../docs/from-tortoise-auth.md");

/// The rows of all tables: their cells.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_name_has_a_row_that_says_what_it_is_here() {
    let rows = rows();
    for name in NAMES.lines() {
        let quoted = format!("`{name}`");
        let row = rows.iter().find(|row| row.first() == Some(&quoted.as_str()));
        let answers = if name.starts_with("AuthConfig.") { 2 } else { 1 };
        let answer = row.and_then(|row| row.get(answers)).copied().unwrap_or_default();
        assert!(!answer.is_empty(), "docs/from-tortoise-auth.md does not say what {name} is here");
    }
}

#[test]
fn every_row_is_about_a_name_that_there_is() {
    for row in rows() {
        let name = code(row.first().unwrap()).next();
        let is_known =
            name.is_none_or(|name| name == "AuthConfig" || NAMES.lines().any(|it| it == name));
        assert!(is_known, "tortoise-auth has no {name:?}");
    }
}

/// Whether it is a path, or a type that is ours.
fn is_rust(code: &str) -> bool {
    let is_type = code.chars().all(char::is_alphanumeric)
        && code.starts_with(char::is_uppercase)
        && code.contains(char::is_lowercase);
    code.contains("::") || is_type && !["EdDSA", "Option"].contains(&code)
}

#[test]
fn every_rust_name_in_the_tables_is_compiled() {
    let (_, block) = PAGE.split_once("```rust\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    // `Auth` and `Admin` go by shorter names where their methods are taken.
    let words: Vec<_> = block.split(|c| !is_part(c)).collect();
    let mut seen = 0;
    for row in rows() {
        for name in row.iter().skip(1).flat_map(|cell| code(cell)).filter(|code| is_rust(code)) {
            for part in name.split("::") {
                assert!(
                    words.contains(&part),
                    "{part} of {name} is not in the block that is compiled"
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}
