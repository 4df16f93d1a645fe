//! What the core is built from does nothing by itself, either: no runtime, no network, no database, no OpenSSL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic")]

use std::process::Command;

/// Crates that do what adapters are for, or that nothing which does without them would bring along.
const ACTING: [&str; 22] = [
    "async-io",
    "async-std",
    "axum",
    "crossbeam-channel",
    "deadpool",
    "futures-core",
    "futures-util",
    "hyper",
    "lettre",
    "mio",
    "native-tls",
    "openssl",
    "openssl-sys",
    "parking_lot",
    "rayon",
    "redis",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
];

/// The names of all crates that `package` is built from, whatever its features.
fn built_from(package: &str) -> Vec<String> {
    let mut cargo = Command::new(std::env!("CARGO"));
    cargo.args(["tree", "--package", package, "--all-features", "--offline", "--locked"]);
    cargo.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let tree = cargo.current_dir(std::env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names = String::from_utf8(tree.stdout).unwrap();
    names.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

fn acting(package: &str) -> Vec<String> {
    let mut found = built_from(package);
    found.retain(|name| ACTING.contains(&name.as_str()));
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_core_is_built_from_nothing_that_acts() {
    assert_eq!(acting("testudo"), [""; 0]);
}

#[test]
fn what_acts_is_seen_where_it_is_meant_to_be() {
    assert!(acting("testudo-tokio").contains(&"tokio".to_owned()));
    assert!(acting("testudo-sqlx").contains(&"deadpool".to_owned()));
}
