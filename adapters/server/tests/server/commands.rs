//! The administrative commands, and starting what cannot start.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{EMAIL, PASSWORD, Site, complaint, printed, printed_json, run};

#[test]
fn an_account_is_made_beside_a_running_server() {
    let site = Site::new();
    let server = site.serve(&[]);
    let made = site.run(&["user", "create", EMAIL, "--password-stdin", "--verified"], PASSWORD);
    let made = printed(&made);
    let user = server.login(EMAIL, PASSWORD).json()["user"].clone();
    assert_eq!(made, format!("created {EMAIL} (id {})\n", user["id"].as_str().unwrap()));
    assert_eq!(user["is_verified"], true);
}

#[test]
fn the_password_is_the_first_line_as_it_stands() {
    let site = Site::new();
    let create = |email: &str, input: &str| {
        printed(&site.run(&["user", "create", email, "--password-stdin"], input));
    };
    create("plain@example.com", "  two spaces  \nnot this line\n");
    create("dos@example.com", "carriage return\r\n");
    create("bare@example.com", "no line end\r");
    let server = site.serve(&[]);
    assert_eq!(server.login("plain@example.com", "  two spaces  ").status, 200);
    assert_eq!(server.login("dos@example.com", "carriage return").status, 200);
    assert_eq!(server.login("bare@example.com", "no line end\r").status, 200);
    assert_eq!(server.login("plain@example.com", "two spaces").status, 401);
}

#[test]
fn an_account_is_shown_as_json_as_the_server_shows_it() {
    let site = Site::new();
    let made = site.run(&["user", "create", EMAIL, "--password-stdin", "--json"], PASSWORD);
    let mut made: Value = serde_json::from_str(&printed(&made)).unwrap();
    let mut user = site.serve(&[]).login(EMAIL, PASSWORD).json()["user"].clone();
    assert_eq!(made["last_login"].take(), json!(null));
    assert_ne!(user["last_login"].take(), json!(null));
    assert_eq!(made, user);
}

#[test]
fn an_account_that_cannot_be_made_is_refused_in_one_line() {
    let site = Site::with_user();
    let refused = |arguments: &[&str], input: &[u8], expected: &[&str]| {
        let output = site.run(&[&["user", "create"], arguments].concat(), input);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let complaint = complaint(&output);
        assert!(expected.iter().all(|part| complaint.contains(part)), "{complaint}");
    };
    let password = PASSWORD.as_bytes();
    refused(&["Ada@EXAMPLE.com", "--password-stdin"], password, &["exists already"]);
    refused(&["ada", "--password-stdin"], b"short", &["email:", "password:", "at least 8"]);
    refused(&["b@example.com", "--password-stdin"], b"", &["no password"]);
    refused(&["b@example.com", "--password-stdin"], b"\xff\xfe\xfd\xfc\n", &["UTF-8"]);
    let long = "x".repeat(1024 * 1024);
    refused(&["b@example.com", "--password-stdin"], long.as_bytes(), &["at most 4096 bytes"]);
    refused(&["b@example.com"], password, &["--password-stdin"]);
    let in_memory = ["b@example.com", "--password-stdin", "--database", "memory:"];
    refused(&in_memory, password, &["memory:"]);
}

#[test]
fn the_database_of_a_command_is_the_one_of_the_file() {
    let site = Site::on_sqlite("a variable wins over the file");
    site.write("testudo.toml", "database = \"sqlite:other.db\"\ntrusted_proxies = 1\n");
    let create = ["user", "create", EMAIL, "--password-stdin", "--config", "testudo.toml"];
    printed(&site.run(&create, PASSWORD));
    assert!(site.path("other.db").exists() && !site.path("testudo.db").exists());
}

#[test]
fn a_new_secret_is_one_that_the_server_takes() {
    let site = Site::new();
    let plain = printed(&site.run(&["secret", "new"], ""));
    let json: Value =
        serde_json::from_str(&printed(&site.run(&["secret", "new", "--json"], ""))).unwrap();
    for secret in [plain.trim_end(), json["secret"].as_str().unwrap()] {
        assert_eq!(secret.len(), 43);
        assert!(testudo::KeyRing::parse(secret).is_ok());
    }
}

#[test]
fn migrations_run_once_and_again() {
    let site = Site::on_sqlite("a database that is not there yet is a file");
    for _ in 0..2 {
        let done = printed(&site.run(&["migrate", "--database", "sqlite:new.db"], ""));
        assert_eq!(done, "the tables of sqlite:new.db are up to date\n");
    }
    assert!(site.path("new.db").exists());
}

#[test]
fn what_looks_for_something_makes_no_database_to_find_it_in() {
    let site = Site::on_sqlite("a database that is not there is a file");
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let commands: [&[&str]; 13] = [
        &["user", "list"],
        &["user", "show", EMAIL],
        &["user", "export"],
        &["user", "activate", EMAIL],
        &["user", "set-password", EMAIL, "--password-stdin"],
        &["session", "list", EMAIL],
        &["session", "revoke", id],
        &["session", "revoke-all", "--everybody"],
        &["audit"],
        &["outbox", "list"],
        &["outbox", "retry", "--all"],
        &["sweep"],
        &["user", "reset-second-factor", EMAIL],
    ];
    for command in commands {
        for (named, database) in
            [(&[][..], "testudo.db"), (&["--database", "sqlite:none.db"][..], "none.db")]
        {
            let output = site.run(&[command, named].concat(), PASSWORD);
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            let complaint = complaint(&output);
            let is_told = complaint.contains(&format!("no database sqlite:{database}"));
            assert!(is_told && complaint.contains("--database"), "{complaint}");
        }
        let left = std::fs::read_dir(site.path(".")).unwrap().count();
        assert_eq!(left, 0, "{command:?} left something behind");
    }
    site.create(EMAIL, PASSWORD);
    assert_eq!(site.users().len(), 1, "who begins with an account has a database");
}

#[test]
fn what_is_done_and_would_be_done_is_told_to_programs() {
    let site = Site::on_sqlite("a database that is not there yet is a file");
    let migrate =
        |more: &[&str]| printed_json(&site.run(&[&["migrate", "--json"], more].concat(), ""));
    let numbers = |told: &Value| -> Vec<u64> {
        let migrations = told["databases"][0]["migrations"].as_array().unwrap().iter();
        migrations.map(|migration| migration["version"].as_u64().unwrap()).collect()
    };
    let foretold = migrate(&["--dry-run"]);
    assert!(!site.path("testudo.db").exists());
    assert_eq!(foretold["dry_run"], true);
    assert_eq!(foretold["databases"][0]["database"], "sqlite:testudo.db");
    let first = &foretold["databases"][0]["migrations"][0];
    assert!(first["sql"].as_str().unwrap().contains("CREATE TABLE"), "{first}");
    let done = migrate(&[]);
    assert_eq!((&done["dry_run"], numbers(&done)), (&json!(false), numbers(&foretold)));
    assert!(numbers(&done).len() > 5 && site.path("testudo.db").exists());
    assert!(numbers(&migrate(&[])).is_empty() && numbers(&migrate(&["--dry-run"])).is_empty());
    let nowhere = migrate(&["--database", "memory:"]);
    assert_eq!(nowhere["databases"], json!([{"database": "memory:", "migrations": []}]));
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let site = Site::new();
    let wrong: [&[&str]; 24] = [
        &["bogus"],
        &["serve", "--bogus"],
        &["serve", "extra"],
        &["user"],
        &["user", "create"],
        &["user", "create", "a@example.com", "secret on the command line"],
        &["user", "list", "extra"],
        &["user", "show"],
        &["user", "activate"],
        &["user", "set-password", "a@example.com", "secret on the command line"],
        &["user", "import"],
        &["user", "import", "users.csv", "--format", "csv"],
        &["session"],
        &["session", "revoke"],
        &["session", "revoke-all"],
        &["sweep", "everything"],
        &["secret"],
        &["hash"],
        &["hash", "identify", "$2b$04$a-hash-on-the-command-line"],
        &["hash", "verify", "a password on the command line"],
        &["hash", "verify", "--password-stdin"],
        &["hash", "calibrate", "--target-ms", "0"],
        &["hash", "calibrate", "--target-ms", "10001"],
        &["hash", "calibrate", "--target-ms", "quick"],
    ];
    for arguments in wrong {
        let output = site.run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint(&output).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn a_command_without_its_command_is_told_which_there_are() {
    let site = Site::new();
    for (command, some) in [
        ("user", ["create", "set-password", "export"]),
        ("session", ["list", "revoke", "revoke-all"]),
        ("outbox", ["list", "retry", "list"]),
        ("hash", ["calibrate", "identify", "verify"]),
        ("secret", ["new", "new", "new"]),
    ] {
        let output = site.run(&[command], "");
        assert_eq!(output.status.code(), Some(2));
        let told = complaint(&output);
        assert!(told.contains(&format!("testudo {command} --help")), "{told}");
        assert!(some.iter().all(|name| told.contains(name)), "{told}");
    }
}

#[test]
fn help_is_everywhere() {
    let site = Site::new();
    let commands: [&[&str]; 23] = [
        &[],
        &["serve"],
        &["user"],
        &["user", "create"],
        &["user", "list"],
        &["user", "show"],
        &["user", "activate"],
        &["user", "deactivate"],
        &["user", "set-password"],
        &["user", "import"],
        &["user", "export"],
        &["session"],
        &["session", "list"],
        &["session", "revoke"],
        &["session", "revoke-all"],
        &["sweep"],
        &["secret"],
        &["secret", "new"],
        &["hash"],
        &["hash", "calibrate"],
        &["hash", "identify"],
        &["hash", "verify"],
        &["migrate"],
    ];
    for command in commands {
        let help = printed(&site.run(&[command, &["--help"]].concat(), ""));
        assert!(help.contains("Usage: testudo"), "{help}");
    }
    assert!(printed(&site.run(&["--version"], "")).starts_with("testudo 0."));
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let site = Site::on_sqlite("it names other files itself");
    let refused = |arguments: &[&str], expected: &[&str]| {
        let output = site.run(&[&["serve"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let complaint = complaint(&output);
        assert!(expected.iter().all(|part| complaint.contains(part)), "{complaint}");
    };
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    refused(&["--listen", &taken], &[&taken, "--listen"]);

    let listen = ["--listen", "127.0.0.1:0", "--database"];
    let database =
        |url: &str, expected: &[&str]| refused(&[&listen[..], &[url]].concat(), expected);
    let garbage = "this is no database ".repeat(1000);
    site.write("garbage.db", &garbage);
    database("sqlite:garbage.db", &["garbage.db", "not an intact SQLite database"]);
    assert_eq!(std::fs::read_to_string(site.path("garbage.db")).unwrap(), garbage);
    database("sqlite:nowhere/testudo.db", &["nowhere", "create it"]);
    std::fs::create_dir(site.path("directory")).unwrap();
    database("sqlite:directory", &["directory"]);
}

#[test]
fn a_store_that_does_not_answer_is_told_in_one_line() {
    let site = Site::on_sqlite("it names its stores itself");
    for (url, what) in [
        ("redis://ada:hunter2@127.0.0.1:1", "redis://127.0.0.1:1"),
        ("redis-cluster://ada:hunter2@127.0.0.1:1,127.0.0.1:2", "redis-cluster://127.0.0.1:1"),
        ("postgres://ada:hunter2@127.0.0.1:1/x", "postgres://127.0.0.1:1"),
        ("mysql://ada:hunter2@127.0.0.1:1/x", "mysql://127.0.0.1:1"),
    ] {
        let mut command = site.command(&["serve", "--listen", "127.0.0.1:0", "--database", url]);
        command.env("TESTUDO_SECRET", "a secret that is long enough for anybody");
        let output = run(command, "");
        assert_eq!(output.status.code(), Some(1), "{url}");
        let complaint = complaint(&output);
        assert!(complaint.contains(what) && !complaint.contains("hunter2"), "{complaint}");
    }
}

#[cfg(unix)]
#[test]
fn the_secret_beside_the_database_is_made_once_and_for_its_owner_alone() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::on_sqlite("the secret's file is beside the database's").and_user();
    std::fs::create_dir(site.path("data")).unwrap();
    let (one, two) = std::thread::scope(|scope| {
        let serve = || site.serve(&["--database", "sqlite:data/testudo.db"]);
        let other = scope.spawn(serve);
        (serve(), other.join().unwrap())
    });
    let path = site.path("data").join("testudo.secret");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(secret.trim_end().len(), 43);
    let made = [&one, &two].iter().filter(|server| server.log().contains("made just now")).count();
    assert_eq!(made, 1, "{}\n{}", one.log(), two.log());
    assert!([&one, &two].iter().all(|server| server.log().contains("data/testudo.secret")));
    assert!(![&one, &two].iter().any(|server| server.log().contains(secret.trim_end())));

    assert!(!one.log().contains("chmod"));
    std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let warned = site.serve(&["--database", "sqlite:data/testudo.db"]);
    assert!(warned.log().contains("chmod 600 data/testudo.secret"), "{}", warned.log());
}
