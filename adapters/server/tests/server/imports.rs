//! Bringing accounts along, and taking them away.

use serde_json::{Value, json};

use crate::support::{EMAIL, PASSWORD, Request, Site, complaint, printed, printed_json};

const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
const DJANGO: &str = "pbkdf2_sha256$2$salt$QxjCGRxfPzDqTiFSBnxS4WFfhAKwUQS6Y4ZhXcu0EBw=";

fn lines(entries: &[Value]) -> String {
    entries.iter().map(|entry| format!("{entry}\n")).collect()
}

/// So many accounts without passwords.
pub(crate) fn many(count: usize) -> String {
    (0..count).map(|place| format!("{}\n", json!({"email": email(place)}))).collect()
}

pub(crate) fn email(place: usize) -> String {
    format!("user{place:06}@example.com")
}

/// Imports what is refused in part; gives the report and what stood on standard error.
fn import_in_part(site: &Site, arguments: &[&str], file: impl AsRef<[u8]>) -> (String, String) {
    let output = site.run(&[&["user", "import", "-"], arguments].concat(), file);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Accounts as they are listed, but for the ids, which are new after an import.
fn comparable(site: &Site) -> Vec<Value> {
    let mut users = site.users();
    users.iter_mut().for_each(|user| drop(user["id"].take()));
    users
}

#[test]
fn an_account_comes_with_all_that_is_known_of_it() {
    let site = Site::new();
    let file = lines(&[
        json!({
            "email": "Full@Example.com", "password_hash": BCRYPT, "is_active": false,
            "is_verified": true, "must_change_password": true,
            "created_at": "2020-02-03T04:05:06.789Z", "last_login": "2021-02-03T05:05:06+01:00",
            "profile": {"name": "Zoë", "tags": [1, null]},
        }),
        json!({"email": "least@example.com"}),
        json!({"email": "null@example.com", "password_hash": null, "is_active": null,
               "is_verified": null, "created_at": null, "last_login": null, "profile": null}),
    ]);
    site.write("users.jsonl", file.replace('\n', "\r\n\r\n"));
    let done = printed(&site.run(&["user", "import", "users.jsonl"], ""));
    assert_eq!(done, "imported 3, existed already 0, refused 0\n");
    let full = site.user("full@example.com");
    let expected = json!({
        "id": full["id"], "email": "Full@Example.com", "is_active": false, "is_verified": true,
        "created_at": "2020-02-03T04:05:06.789Z", "last_login": "2021-02-03T04:05:06Z",
        "profile": {"name": "Zoë", "tags": [1, null]}, "second_factors": [],
        "must_change_password": true, "closes_at": null, "password_scheme": "bcrypt", "live_sessions": 0,
        "second_factor": false, "recovery_codes_left": 0,
    });
    assert_eq!(full, expected);
    for email in ["least@example.com", "null@example.com"] {
        let user = site.user(email);
        assert_eq!((&user["is_active"], &user["is_verified"]), (&json!(true), &json!(false)));
        assert_eq!((&user["profile"], &user["last_login"]), (&json!({}), &Value::Null));
        assert_eq!(user["password_scheme"], "unusable");
    }
}

#[test]
fn importing_twice_changes_nothing() {
    let site = Site::with_user();
    let file = site.write("users.jsonl", many(700));
    printed(&site.run(&["user", "import", "users.jsonl"], ""));
    let before = site.users();
    assert_eq!(before.len(), 701);
    let again = printed(&site.run(&["user", "import", "users.jsonl"], ""));
    assert_eq!(again, "imported 0, existed already 700, refused 0\n");
    let changed = std::fs::read_to_string(&file).unwrap().replace('}', r#", "is_active": false}"#);
    let again = printed_json(&site.run(&["user", "import", "-", "--json"], changed));
    assert_eq!((&again["imported"], &again["existed"]), (&json!(0), &json!(700)));
    assert_eq!(site.users(), before);
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let site = Site::with_user();
    site.create("bob@example.com", PASSWORD);
    printed(&site.run(
        &["user", "set-password", "bob@example.com", "--password-stdin", "--must-change"],
        "another horse battery",
    ));
    site.serve(&[]).login(EMAIL, PASSWORD);
    let file = lines(&[
        json!({"email": "legacy@example.com", "password_hash": "!legacy", "is_verified": true}),
        json!({"email": "none@example.com", "profile": {"a": {"b": "ü\u{1F511}"}}}),
        json!({"email": "old@example.com", "password_hash": DJANGO, "is_active": false,
               "created_at": "2001-01-01T00:00:00Z"}),
    ]);
    printed(&site.run(&["user", "import", "-"], file + &many(1100)));
    let exported = printed(&site.run(&["user", "export"], ""));
    let told = printed(&site.run(&["user", "export", "users.jsonl"], ""));
    assert!(told.starts_with("exported 1105 accounts to users.jsonl"), "{told}");
    assert_eq!(std::fs::read_to_string(site.path("users.jsonl")).unwrap(), exported);

    assert_eq!(printed(&site.run(&["user", "export", "--json"], "")), exported);
    let told = printed_json(&site.run(&["user", "export", "again.jsonl", "--json"], ""));
    assert_eq!(told, json!({"exported": 1105, "file": "again.jsonl"}));

    let fresh = Site::new();
    let done = printed(&fresh.run(&["user", "import", "-"], &exported));
    assert_eq!(done, "imported 1105, existed already 0, refused 0\n");
    assert_eq!(comparable(&fresh), comparable(&site));
    assert_eq!(printed(&fresh.run(&["user", "export"], "")), exported);
    assert_eq!(fresh.user("legacy@example.com")["password_scheme"], "legacy");
    let server = fresh.serve(&[]);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    let must_change = server.login("bob@example.com", "another horse battery");
    assert_eq!(must_change.json()["current_step"], "change_password");
}

#[cfg(unix)]
#[test]
fn an_export_is_for_its_owner_alone_and_replaces_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::with_user();
    site.write("there.jsonl", "precious");
    let refused = site.run(&["user", "export", "there.jsonl"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("there.jsonl exists already"));
    assert_eq!(std::fs::read_to_string(site.path("there.jsonl")).unwrap(), "precious");

    let nowhere = site.run(&["user", "export", "nowhere/new.jsonl"], "");
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(complaint(&nowhere).contains("nowhere/new.jsonl"));

    printed(&site.run(&["user", "export", "new.jsonl"], ""));
    let mode = std::fs::metadata(site.path("new.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names = std::fs::read_dir(site.path(".")).unwrap();
    let names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with('.')), "left behind: {names:?}");
}

#[test]
fn bad_lines_are_told_with_their_reasons_and_the_others_go_in() {
    let site = Site::new();
    let costly = format!(
        "$argon2id$v=19$m=65536,t={},p=4$AAECAwQFBgcICQoLDA0ODw$hTsnKkTbFCHAKWJmmlXrCZTzyrOF7RxMeSU+7hm6tJ4",
        u32::MAX
    );
    let deep = format!(
        r#"{{"email": "deep@example.com", "profile": {}1{}}}"#,
        r#"{"a":"#.repeat(100_000),
        "}".repeat(100_000)
    );
    let huge = format!(
        r#"{{"email": "huge@example.com", "profile": {{"a": "{}"}}}}"#,
        "x".repeat(2 * 1024 * 1024)
    );
    let long_hash = format!("$2b${}", "x".repeat(5000));
    let hash = |hash: &str| json!({"email": "h@example.com", "password_hash": hash}).to_string();
    let bad: [(String, &str); 25] = [
        ("no JSON hunter2".into(), "not JSON"),
        ("[]".into(), "expected a JSON object"),
        ("{}".into(), "`email`: expected an address"),
        (r#"{"email": "cut@exam"#.into(), "not JSON"),
        (r#"{"email": "a@example.com"} {"email": "b@example.com"}"#.into(), "not JSON"),
        (r#"{"email": "hunter2"}"#.into(), "`email`: expected one e-mail address"),
        (r#"{"email": 1}"#.into(), "`email`: expected a string"),
        (
            r#"{"email": "a@example.com", "is_active": "yes"}"#.into(),
            "`is_active`: expected true or false",
        ),
        (
            r#"{"email": "a@example.com", "is_verified": 1}"#.into(),
            "`is_verified`: expected true or false",
        ),
        (r#"{"email": "a@example.com", "profile": []}"#.into(), "`profile`: expected an object"),
        (
            r#"{"email": "a@example.com", "created_at": "yesterday"}"#.into(),
            "`created_at`: expected a moment",
        ),
        (
            r#"{"email": "a@example.com", "created_at": 1577836800}"#.into(),
            "`created_at`: expected a string",
        ),
        (
            r#"{"email": "a@example.com", "last_login": "2020-13-01T00:00:00Z"}"#.into(),
            "`last_login`: expected a moment",
        ),
        (r#"{"email": "a@example.com", "email": "b@example.com"}"#.into(), "twice"),
        (r#"{"email": "a@example.com", "profile": {"x": 1, "x": 2}}"#.into(), "twice"),
        (hash("hunter2"), "`password_hash`: stored hash cannot be read"),
        (hash("$2b$04$hunter2"), "`password_hash`: stored hash cannot be read"),
        (hash(&costly), "`password_hash`: stored hash asks for"),
        (hash(&long_hash), "`password_hash`: expected at most 1000 bytes"),
        (hash(&format!("!{long_hash}")), "`password_hash`: expected at most 1000 bytes"),
        (hash("!\0"), "`password_hash`: expected no control characters"),
        (hash("!legacy\0"), "`password_hash`: expected no control characters"),
        (hash(&DJANGO.replace("salt", "sa\0lt")), "cannot be read: expected no control characters"),
        (deep, "not JSON"),
        (huge, "too long: expected at most 1048576 bytes"),
    ];
    let mut file = Vec::new();
    for (place, (bad, _)) in bad.iter().enumerate() {
        file.extend_from_slice(format!("{bad}\n{}\n", json!({"email": email(place)})).as_bytes());
    }
    file.extend_from_slice(b"{\"email\": \"\xff@example.com\"}\n");
    let (report, error) = import_in_part(&site, &["--json"], &file);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["imported"], &report["refused"]), (&json!(25), &json!(26)));
    let refusals = report["refusals"].as_array().unwrap();
    for (place, (bad, reason)) in bad.iter().enumerate() {
        assert_eq!(refusals[place]["line"], 2 * place + 1);
        let told = refusals[place]["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{told:?} of {:?}", &bad[..bad.len().min(100)]);
    }
    assert_eq!(refusals[25], json!({"line": 51, "reason": "not UTF-8: write it in that encoding"}));
    assert!(error.starts_with("error: refused 26 lines") && error.lines().count() == 1, "{error}");
    assert_eq!(site.users().len(), 25);

    let (summary, error) = import_in_part(&Site::new(), &[], &file);
    assert_eq!(summary, "imported 25, existed already 0, refused 26\n");
    let told: Vec<_> = error.lines().collect();
    assert_eq!(told.len(), 27, "{error}");
    for (place, (_, reason)) in bad.iter().enumerate() {
        let line = format!("line {}: ", 2 * place + 1);
        assert!(told[place].starts_with(&line) && told[place].contains(reason), "{}", told[place]);
    }
    assert!(told[25].starts_with("line 51: not UTF-8"), "{error}");
    assert!(told[26].starts_with("error: refused 26 lines"), "{error}");
    for secret in ["hunter2", "hTsnKkTb", "AAECAw", "xxxx"] {
        assert!(!error.contains(secret) && !report.to_string().contains(secret), "{secret}");
    }
}

#[test]
fn fields_that_nobody_asked_for_are_told_once() {
    let site = Site::new();
    let file = lines(&[
        json!({"email": "a@example.com", "is_actve": false, "phone": "1"}),
        json!({"email": "b@example.com", "is_actve": false}),
        json!({"email": "c@example.com", "\u{1b}[2J": 1}),
    ]);
    let output = site.run(&["user", "import", "-"], &file);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8(output.stderr).unwrap();
    let mut told: Vec<_> = told.lines().collect();
    told.sort_unstable();
    let expected = [
        "ignored the field `\\u{1b}[2J` in 1 line",
        "ignored the field `is_actve` in 2 lines",
        "ignored the field `phone` in 1 line",
    ];
    assert_eq!(told, expected);
    let again = printed_json(&site.run(&["user", "import", "-", "--json"], file));
    assert_eq!(again["ignored_fields"], json!({"is_actve": 2, "phone": 1, "\u{1b}[2J": 1}));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let site = Site::new();
    let output = site.run(&["user", "import", "nowhere.jsonl"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("nowhere.jsonl"));
    let empty = printed(&site.run(&["user", "import", "-"], ""));
    assert_eq!(empty, "imported 0, existed already 0, refused 0\n");
}

fn fixture() -> Value {
    let user = |pk: u64, fields: Value| json!({"model": "auth.user", "pk": pk, "fields": fields});
    json!([
        {"model": "contenttypes.contenttype", "pk": 1, "fields": {"app_label": "auth", "model": "user"}},
        user(1, json!({
            "password": DJANGO, "last_login": "2024-05-06T07:08:09.123456Z", "is_superuser": true,
            "username": "ada", "first_name": "Ada", "last_name": "", "email": "ada@example.com",
            "is_staff": true, "is_active": true, "date_joined": "2012-05-04T12:00:00",
            "groups": [], "user_permissions": [],
        })),
        user(2, json!({
            "password": "!kZ0GvUUpmkmMmbsXGFQvmSkHlXzpgJ2nHs6RMcBz", "last_login": null,
            "username": "bob", "email": "bob@example.com", "is_active": false,
            "date_joined": "2013-05-04T14:00:00.5+02:00",
        })),
        user(3, json!({"password": DJANGO, "username": "carl", "email": ""})),
        {"model": "accounts.member", "pk": 9, "fields": {"email": "dora@example.com", "password": ""}},
        user(4, json!({"password": "plain text", "email": "eve@example.com"})),
        {"model": "sessions.session", "pk": "x", "fields": {"session_data": "],}[{\"\\"}},
    ])
}

#[test]
fn users_come_out_of_a_fixture_of_djangos() {
    let indented = serde_json::to_string_pretty(&fixture()).unwrap();
    let objects = lines(fixture().as_array().unwrap());
    let format = ["--format", "django-fixture"];
    let forms: [(String, &[&str], &str); 4] = [
        (fixture().to_string(), &[], "object"),
        (format!("\u{feff}{indented}"), &[], "object"),
        (indented, &format, "object"),
        (objects, &format, "line"),
    ];
    for (file, arguments, unit) in forms {
        let site = Site::new();
        let (summary, error) = import_in_part(&site, arguments, &file);
        assert_eq!(summary, "imported 3, existed already 0, refused 2\n");
        assert!(error.contains(&format!("{unit} 4: `email`: expected an address")), "{error}");
        assert!(error.contains(&format!("{unit} 6: `password`: stored hash")), "{error}");
        assert!(error.contains(&format!("passed over 2 {unit}s that are no users")), "{error}");
        assert!(error.contains(&format!("ignored the field `is_superuser` in 1 {unit}\n")));
        let ada = site.user("ada@example.com");
        assert_eq!(ada["profile"], json!({"username": "ada", "first_name": "Ada"}));
        assert_eq!(ada["created_at"], "2012-05-04T12:00:00Z");
        assert_eq!(ada["last_login"], "2024-05-06T07:08:09.123Z");
        assert_eq!(ada["password_scheme"], "pbkdf2-sha256");
        let bob = site.user("bob@example.com");
        assert_eq!(
            (&bob["is_active"], &bob["password_scheme"]),
            (&json!(false), &json!("unusable"))
        );
        assert_eq!(bob["created_at"], "2013-05-04T12:00:00.5Z");
        assert_eq!(site.user("dora@example.com")["password_scheme"], "unusable");
        let (summary, _) = import_in_part(&site, arguments, &file);
        assert_eq!(summary, "imported 0, existed already 3, refused 2\n");
    }
}

#[test]
fn a_fixture_that_was_cut_off_gives_what_it_has() {
    let site = Site::new();
    let whole = fixture().to_string();
    let cut = &whole[..whole.find("accounts.member").unwrap()];
    let (report, error) = import_in_part(&site, &["--json"], cut);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["imported"], &report["complete"]), (&json!(2), &json!(false)));
    assert!(error.contains("cut off") && error.lines().count() == 1, "{error}");
    let format = ["--format", "django-fixture"];
    let (_, error) = import_in_part(&site, &format, "no array");
    assert!(error.contains("no JSON array"), "{error}");
    let (_, error) = import_in_part(&site, &[], lines(&fixture().as_array().unwrap()[1..2]));
    assert!(error.contains("--format django-fixture"), "{error}");
}

#[test]
fn hostile_fixtures_cost_no_more_than_an_entry() {
    let user = |place| json!({"model": "auth.user", "pk": 1, "fields": {"email": email(place)}});
    let deep = format!(r#"{{"model": {}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!(r#"{{"model": "{}"}}"#, "x".repeat(30 * 1024 * 1024));
    let twice = r#"{"model": "auth.user", "model": "auth.user"}"#;
    let file = format!("[{deep},{},{huge},{},{twice},]", user(1), user(2));
    let site = Site::new();
    let (report, _) = import_in_part(&site, &["--json"], file);
    let report: Value = serde_json::from_str(&report).unwrap();
    let numbers: Vec<_> =
        report["refusals"].as_array().unwrap().iter().map(|one| &one["object"]).collect();
    assert!(report["imported"] == 2 && numbers == [1, 3, 5], "{report}");
}

#[test]
fn hashes_of_other_systems_sign_in_and_are_replaced() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/passwords/vectors.json"))
            .unwrap();
    // One of each scheme of each system.
    let ordinary = "correct horse battery staple";
    let mut seen = std::collections::BTreeSet::new();
    let chosen: Vec<_> = vectors
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| vector["password"] == ordinary && vector["default_cost"] == false)
        .filter(|vector| seen.insert((vector["made_by"].as_str(), vector["scheme"].as_str())))
        .collect();
    assert!(chosen.len() >= 20, "{}", chosen.len());
    let accounts: Vec<_> = chosen
        .iter()
        .enumerate()
        .map(|(place, vector)| json!({"email": email(place), "password_hash": vector["stored"]}))
        .collect();
    let site = Site::new();
    printed(&site.run(&["user", "import", "-"], lines(&accounts)));
    let server =
        site.serve(&["--trusted-proxies", "1", "--argon2-memory", "19456", "--argon2-passes", "2"]);
    for (place, vector) in chosen.iter().enumerate() {
        let body = json!({"email": email(place), "password": ordinary}).to_string();
        let request = Request::new("POST", "/auth/login").json(body);
        let answer = server.send(request.header("x-forwarded-for", &format!("192.0.2.{place}")));
        assert_eq!(answer.status, 200, "{vector}");
        assert_eq!(site.user(&email(place))["password_scheme"], "argon2id", "{vector}");
    }
    let exported = printed(&site.run(&["user", "export"], ""));
    let current = exported.matches("$argon2id$v=19$m=19456,t=2,p=4$").count();
    assert_eq!(current, chosen.len());
}
