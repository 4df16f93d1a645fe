//! The commands about hashes, and the settings of new ones.

use std::process::Output;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{EMAIL, PASSWORD, Site, complaint, printed};

/// A hash that another system made.
#[derive(Deserialize)]
struct Vector {
    made_by: String,
    scheme: String,
    default_cost: bool,
    password: String,
    stored: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../tests/vectors/passwords/vectors.json")).unwrap()
}

// Made by argon2-cffi 25.1.
const CURRENT: &str = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw\
                       $hTsnKkTbFCHAKWJmmlXrCZTzyrOF7RxMeSU+7hm6tJ4";
const OF_CURRENT: &str = "correct horse battery staple";
// Made by Python's bcrypt 5.0.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";

fn identify(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    Site::new().run(&[&["hash", "identify"], arguments].concat(), input)
}

fn verify(arguments: &[&str], password: &str, stored: &str) -> Output {
    let input = format!("{password}\n{stored}\n");
    let output = Site::new().run(&[&["hash", "verify"], arguments].concat(), input);
    let shown = [&output.stdout[..], &output.stderr].concat();
    let shown = String::from_utf8(shown).unwrap();
    assert!(password.is_empty() || !shown.contains(password), "{shown}");
    assert!(stored.is_empty() || !shown.contains(stored), "{shown}");
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn json_lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the server keeps of the account.
fn stored_hash(site: &Site) -> String {
    let exported: Value =
        serde_json::from_str(&printed(&site.run(&["user", "export"], ""))).unwrap();
    assert_eq!(exported["email"], EMAIL);
    exported["password_hash"].as_str().unwrap().to_owned()
}

#[test]
fn every_hash_of_another_system_is_identified() {
    let vectors = vectors();
    let input: Vec<_> = vectors.iter().map(|vector| vector.stored.as_str()).collect();
    let output = identify(&["--json"], input.join("\n"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found = json_lines(&output);
    assert_eq!(found.len(), vectors.len());
    for ((line, found), vector) in (1..).zip(&found).zip(&vectors) {
        let ours = vector.stored.starts_with("$argon2id$v=19$m=65536,t=3,p=4$");
        assert_eq!(found["status"], if ours { "current" } else { "outdated" }, "{found}");
        assert_eq!(found["line"], line);
        assert!(found["parameters"].as_object().is_some_and(|costs| !costs.is_empty()), "{found}");
        let letters = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "");
        let (scheme, expected) = (found["scheme"].as_str().unwrap(), letters(&vector.scheme));
        let is_named = letters(scheme).starts_with(&expected) || expected.starts_with('2');
        assert!(is_named, "{} {} is not {scheme}", vector.made_by, vector.scheme);
    }
}

#[test]
fn each_line_is_told_apart_and_none_is_repeated() {
    let lines = [
        CURRENT,
        BCRYPT,
        "!0123456789abcdef",
        "",
        "plain text",
        &CURRENT.replace("m=65536", "m=4294967295"),
        "$argon2id$",
        "$pepper$a$argon2id$x",
        "!\0",
    ];
    let output = identify(&[], lines.join("\n"));
    assert_eq!(output.status.code(), Some(1));
    let argon2 = "argon2id memory_kib=65536 passes=3 lanes=4: current";
    let too_costly = "argon2id: unreadable: stored hash asks for memory (KiB) of 4294967295, \
                      expected at most 262144";
    let expected = [
        format!("1: {argon2}"),
        "2: bcrypt cost=4: outdated, replaced at the next sign-in".into(),
        "3: unusable: an account without a password".into(),
        "4: unusable: an account without a password".into(),
        "5: unknown: of no scheme that is read here".into(),
        format!("6: {too_costly}"),
    ];
    let shown: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(shown[..6], expected);
    assert!(shown[6].starts_with("7: argon2id: unreadable: ") && shown[7].contains("pepper"));
    assert!(shown[8].starts_with("9: unreadable: ") && shown[8].ends_with("no control characters"));
    let error = text(&output.stderr);
    assert!(error.starts_with("error: 5 of 9 lines") && error.contains("line 5"), "{error}");
    assert_eq!(error.lines().count(), 1);
    for secret in ["hTsnKkTbFCHAK", "AAECAwQFBgcICQoLDA0ODw", "BzzIgyKkz7", "0123456", "plain"] {
        assert!(!text(&output.stdout).contains(secret) && !error.contains(secret), "{secret}");
    }
}

#[test]
fn lines_are_bounded_and_may_end_in_any_way() {
    let long = "$argon2id$".repeat(100_000);
    let mut input = format!("{BCRYPT}\r\n{long}\n{BCRYPT}\n").into_bytes();
    input.extend_from_slice(b"\xff\xfe$2b$\n");
    input.extend_from_slice(BCRYPT.as_bytes());
    let output = identify(&["--json"], input);
    assert_eq!(output.status.code(), Some(1));
    let found = json_lines(&output);
    let outdated = |line| {
        let parameters = json!({"cost": 4});
        json!({"line": line, "status": "outdated", "scheme": "bcrypt", "parameters": parameters})
    };
    let unreadable = |line, reason| json!({"line": line, "status": "unreadable", "scheme": null, "reason": reason});
    let expected = [
        outdated(1),
        unreadable(2, "too long: expected at most 2048 bytes"),
        outdated(3),
        unreadable(4, "not UTF-8: write it in that encoding"),
        outdated(5),
    ];
    assert_eq!(found, expected);
}

#[test]
fn without_a_line_there_is_nothing_to_identify() {
    let output = identify(&[], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("one a line"));
}

#[test]
fn a_hash_is_current_by_the_settings_that_the_server_would_have() {
    let settings = ["--argon2-memory", "19456", "--argon2-passes", "2", "--argon2-lanes", "1"];
    let output = identify(&settings, CURRENT);
    assert!(text(&output.stdout).contains("outdated"), "{output:?}");
    let output = verify(&settings, OF_CURRENT, CURRENT);
    assert!(text(&output.stdout).contains("would be replaced"), "{output:?}");
}

#[test]
fn a_password_matches_its_hash_and_no_other_does() {
    let matched = verify(&[], OF_CURRENT, CURRENT);
    assert_eq!((matched.status.code(), text(&matched.stdout)), (Some(0), "matches\n"));
    let other = verify(&[], "battery staple", CURRENT);
    assert_eq!((other.status.code(), text(&other.stdout)), (Some(1), "does not match\n"));
    assert!(other.stderr.is_empty());
    let matched = verify(&["--json"], OF_CURRENT, CURRENT);
    assert_eq!(json_lines(&matched), [json!({"matches": true, "outdated": false})]);
    let other = verify(&["--json"], "battery staple", CURRENT);
    assert_eq!(json_lines(&other), [json!({"matches": false, "outdated": null})]);
}

#[test]
fn a_password_of_another_system_matches_and_would_be_replaced() {
    let mut seen = Vec::new();
    for vector in vectors() {
        let kind = (vector.made_by.clone(), vector.scheme.clone());
        if vector.default_cost || vector.password.is_ascii() || seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        let output = verify(&["--json"], &vector.password, &vector.stored);
        assert_eq!(output.status.code(), Some(0), "{} {output:?}", vector.stored);
        let outdated = !vector.stored.starts_with("$argon2id$v=19$m=65536,t=3,p=4$");
        assert_eq!(json_lines(&output), [json!({"matches": true, "outdated": outdated})]);
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn a_password_that_bcrypt_would_shorten_does_not_match() {
    let fits = "a".repeat(72);
    assert_eq!(verify(&[], &fits, BCRYPT).status.code(), Some(0));
    let output = verify(&[], &format!("{fits}b"), BCRYPT);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), "does not match\n"));
}

#[test]
fn a_hash_that_cannot_be_compared_with_is_refused_with_the_reason() {
    let long = "$2b$".repeat(10_000);
    for (stored, expected) in [
        (CURRENT.replace("m=65536", "m=4294967295"), "memory (KiB) of 4294967295"),
        (BCRYPT.replace("$04$", "$31$"), "cost of 31"),
        (BCRYPT[..59].to_owned(), "expected 60 characters"),
        ("plain text".into(), "scheme"),
        ("!0123456789abcdef".into(), "without a password"),
        (String::new(), "without a password"),
        (format!("$pepper$a{CURRENT}"), "pepper"),
        (long, "at most 2048 bytes"),
    ] {
        let output = verify(&[], "the password", &stored);
        assert_eq!(output.status.code(), Some(1), "{stored}");
        let complaint = complaint(&output);
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn what_is_to_be_verified_is_bounded() {
    let site = Site::new();
    let longest = "x".repeat(4096);
    let output = site.run(&["hash", "verify"], format!("{longest}\n{BCRYPT}"));
    assert_eq!(text(&output.stdout), "does not match\n");
    let long = "x".repeat(1024 * 1024);
    for (input, expected) in [
        (String::new().into_bytes(), "no password"),
        (b"password".to_vec(), "no hash"),
        (b"password\n".to_vec(), "no hash"),
        (format!("{longest}x\n{BCRYPT}").into_bytes(), "at most 4096 bytes"),
        (long.into_bytes(), "at most 4096 bytes"),
        (b"\xff\n$2b$".to_vec(), "password is not UTF-8"),
        (b"password\n\xff".to_vec(), "second line is not UTF-8"),
    ] {
        let output = site.run(&["hash", "verify"], &input);
        assert_eq!(output.status.code(), Some(1), "{expected}");
        let complaint = complaint(&output);
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn new_passwords_are_hashed_with_the_settings_and_old_ones_replaced() {
    let site = Site::new();
    site.write("testudo.toml", "argon2_memory = 19456\nargon2_passes = 2\nargon2_lanes = 1\n");
    let create = ["user", "create", EMAIL, "--password-stdin", "--config", "testudo.toml"];
    assert!(site.run(&create, PASSWORD).status.success());
    assert!(stored_hash(&site).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let server = site.serve(&["--config", "testudo.toml", "--argon2-passes", "3"]);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    assert!(stored_hash(&site).starts_with("$argon2id$v=19$m=19456,t=3,p=1$"));
}

#[test]
fn what_calibrate_prints_is_a_configuration_that_the_server_takes() {
    let site = Site::with_user();
    let output = site.run(&["hash", "calibrate", "--target-ms", "1"], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "there is no terminal to show progress on: {output:?}");
    let file = text(&output.stdout);
    site.write("testudo.toml", file);
    let settings: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let value = |name: &str| {
        let lines = settings.iter().filter_map(|line| line.strip_prefix(name));
        lines.map(|value| value.trim_start_matches(" = ").parse::<u32>().unwrap()).next().unwrap()
    };
    assert_eq!(settings.len(), 3, "{file}");
    let (memory, passes) = (value("argon2_memory"), value("argon2_passes"));
    assert!(memory >= 12_288 && memory * passes >= 36_864, "weaker than is safe: {file}");

    let server = site.serve(&["--config", "testudo.toml"]);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    let expected = format!("$argon2id$v=19$m={memory},t={passes},p={}$", value("argon2_lanes"));
    assert!(stored_hash(&site).starts_with(&expected), "{expected}");
}

#[test]
fn calibrate_tells_programs_all_that_it_measured() {
    let output = Site::new().run(&["hash", "calibrate", "--target-ms", "1", "--json"], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let told = json_lines(&output).remove(0);
    assert_eq!(told["target_ms"], 1);
    assert!(told["cores"].as_u64().is_some_and(|cores| cores > 0));
    let measured = told["measured"].as_array().unwrap();
    assert_eq!(measured[0]["argon2_memory"], 47_104);
    assert!(measured.contains(&told["recommended"]), "{told}");
    assert!(measured.iter().all(|row| row["ms"].as_f64().is_some_and(|ms| ms > 0.0)), "{told}");
}
