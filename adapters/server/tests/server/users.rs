//! Listing, showing and changing accounts.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{EMAIL, PASSWORD, Site, complaint, printed, printed_json};

const OTHER: &str = "another horse battery";

/// So many accounts without passwords, named in their order.
fn with_accounts(count: usize) -> Site {
    let site = Site::new();
    let line = |place| format!("{}\n", json!({"email": format!("user{place:05}@example.com")}));
    let file: String = (0..count).map(line).collect();
    printed(&site.run(&["user", "import", "-"], file));
    site
}

#[test]
fn accounts_are_listed_as_the_server_shows_them_in_the_order_they_were_made() {
    let site = Site::with_user();
    site.create("bob@example.com", PASSWORD);
    let user = site.serve(&[]).login("bob@example.com", PASSWORD).json()["user"].clone();
    let mut listed = site.users();
    let shown = listed.pop().unwrap();
    assert_ne!(shown["last_login"], Value::Null);
    let without_login = |mut user: Value| {
        user["last_login"].take();
        user
    };
    assert_eq!(without_login(shown), without_login(user));
    assert_eq!((listed.len(), &listed[0]["email"]), (1, &json!(EMAIL)));
}

#[test]
fn a_table_of_accounts_is_aligned() {
    let site = Site::with_user();
    site.create("a.much.longer.address@example.com", PASSWORD);
    let table = printed(&site.run(&["user", "list"], ""));
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    let column = lines[0].find("LAST LOGIN").unwrap();
    assert!(lines[1].starts_with(EMAIL) && lines[1][column..] == *"never", "{table}");
    assert!(lines[2].starts_with("a.much") && lines[2][column..] == *"never", "{table}");
}

#[test]
fn an_empty_list_is_a_list() {
    let site = Site::new();
    assert!(site.run(&["migrate"], "").status.success());
    assert_eq!(site.users(), [Value::Null; 0]);
    assert_eq!(printed(&site.run(&["user", "list"], "")).lines().count(), 1);
}

#[test]
fn a_list_has_every_account_once_however_many_pages_it_has() {
    for count in [500, 1201] {
        let site = with_accounts(count);
        let listed = site.users();
        let emails: Vec<_> = listed.iter().map(|user| user["email"].as_str().unwrap()).collect();
        let expected: Vec<_> =
            (0..count).map(|place| format!("user{place:05}@example.com")).collect();
        assert_eq!(emails, expected);
        assert_eq!(printed(&site.run(&["user", "list"], "")).lines().count(), count + 1);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let site = with_accounts(2000);
    for arguments in [&["user", "list"][..], &["user", "list", "--json"], &["user", "export"]] {
        let mut command = site.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::with_capacity(100, child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        drop(out);
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert_eq!((child.wait().unwrap().code(), complaint.as_str()), (Some(0), ""));
    }
}

#[test]
fn an_account_is_shown_with_all_but_its_hash() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    server.login(EMAIL, PASSWORD);
    let user = server.login(EMAIL, PASSWORD).json()["user"].clone();
    let shown = site.user(EMAIL);
    for field in ["id", "email", "is_active", "is_verified", "created_at", "profile"] {
        assert_eq!(shown[field], user[field], "{field}");
    }
    assert_eq!(shown["password_scheme"], "argon2id");
    assert_eq!(
        (&shown["live_sessions"], &shown["must_change_password"]),
        (&json!(2), &json!(false))
    );
    let text = printed(&site.run(&["user", "show", EMAIL], ""));
    assert!(text.contains("argon2id") && text.contains(user["id"].as_str().unwrap()), "{text}");
    assert!(!text.contains('$') && !shown.to_string().contains('$'), "a hash is shown");
}

#[test]
fn an_account_is_found_by_its_id_and_in_any_spelling() {
    let site = Site::with_user();
    let shown = site.user(EMAIL);
    assert_eq!(site.user(shown["id"].as_str().unwrap()), shown);
    assert_eq!(site.user("ADA@Example.COM"), shown);
}

#[test]
fn the_kind_of_a_password_is_told() {
    let site = Site::new();
    let hash = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
    let kinds = [(Value::Null, "unusable"), (json!("!legacy"), "legacy"), (json!(hash), "bcrypt")];
    for (hash, kind) in kinds {
        let email = format!("{kind}@example.com");
        let line = json!({"email": email, "password_hash": hash}).to_string();
        printed(&site.run(&["user", "import", "-"], line));
        assert_eq!(site.user(&email)["password_scheme"], kind);
    }
}

#[test]
fn a_deactivated_account_is_shut_at_once_and_stays_so_until_it_is_activated() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let closed = printed_json(&site.run(&["user", "deactivate", EMAIL, "--json"], ""));
    assert_eq!(closed["is_active"], false);
    server.me(&access).assert_problem(401, "revoked_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    // Twice is as good as once.
    assert!(printed(&site.run(&["user", "deactivate", EMAIL], "")).contains("inactive"));

    let id = closed["id"].as_str().unwrap();
    let open = printed_json(&site.run(&["user", "activate", id, "--json"], ""));
    assert_eq!(open["is_active"], true);
    server.me(&access).assert_problem(401, "revoked_token");
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    assert!(printed(&site.run(&["user", "activate", EMAIL], "")).contains("is active"));
}

#[test]
fn another_password_ends_what_was_opened_with_the_old_one() {
    let site = Site::with_user();
    let (server, mailbox) = site.serve_with_mail(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let set = ["user", "set-password", EMAIL, "--password-stdin"];
    let told = printed(&site.run(&set, format!("{OTHER}\n")));
    assert!(told.contains(EMAIL) && !told.contains(OTHER), "{told}");
    server.me(&access).assert_problem(401, "revoked_token");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    assert_eq!(server.login(EMAIL, OTHER).status, 200);
    assert_eq!(site.user(EMAIL)["must_change_password"], false);
    let notice = mailbox.letter(1, "password_changed");
    assert_eq!(notice["to"], EMAIL, "the server cannot open what the command sealed");
}

#[test]
fn a_password_that_somebody_else_has_seen_must_be_changed() {
    let site = Site::with_user();
    let set = ["user", "set-password", EMAIL, "--password-stdin", "--must-change", "--json"];
    assert_eq!(printed_json(&site.run(&set, OTHER))["email"], EMAIL);
    assert_eq!(site.user(EMAIL)["must_change_password"], true);
    let server = site.serve(&[]);
    let mut ada = server.owing(EMAIL, OTHER);
    assert_eq!(ada.step(), "change_password");
    ada.say(&json!({"new_password": "a password of my own"}));
    assert_eq!(server.me(&ada.access()).status, 200);
    assert_eq!(site.user(EMAIL)["must_change_password"], false);
}

#[test]
fn a_password_that_is_unfit_is_refused() {
    let site = Site::with_user();
    for (password, expected) in [("short", "at least 8"), ("", "no password")] {
        let output = site.run(&["user", "set-password", EMAIL, "--password-stdin"], password);
        assert_eq!(output.status.code(), Some(1));
        assert!(complaint(&output).contains(expected));
    }
    let no_terminal = site.run(&["user", "set-password", EMAIL], OTHER);
    assert_eq!(no_terminal.status.code(), Some(1));
    assert!(complaint(&no_terminal).contains("--password-stdin"));
    assert_eq!(site.serve(&[]).login(EMAIL, PASSWORD).status, 200);
}

#[test]
fn nobody_is_told_as_such_by_every_command() {
    let site = Site::with_user();
    let nobodies = ["nobody@example.com", "nobody", "01890a5d-ac96-774b-bcce-b302099a8057"];
    for nobody in nobodies {
        let commands: [&[&str]; 8] = [
            &["user", "show", nobody],
            &["user", "reset-second-factor", nobody],
            &["user", "activate", nobody],
            &["user", "deactivate", nobody],
            &["user", "set-password", nobody, "--password-stdin"],
            &["session", "list", nobody],
            &["session", "revoke", nobody, nobodies[2]],
            &["session", "revoke-all", nobody],
        ];
        for command in commands {
            let output = site.run(command, OTHER);
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            let complaint = complaint(&output);
            assert!(complaint.starts_with(&format!("no account for {nobody}")), "{complaint}");
        }
    }
}

#[test]
fn what_is_forgotten_at_the_end_is_not_administered() {
    let site = Site::on_sqlite("it names another place itself");
    site.write("users.jsonl", "");
    let commands: [&[&str]; 12] = [
        &["user", "list"],
        &["user", "reset-second-factor", EMAIL],
        &["user", "show", EMAIL],
        &["user", "activate", EMAIL],
        &["user", "deactivate", EMAIL],
        &["user", "set-password", EMAIL, "--password-stdin"],
        &["user", "import", "users.jsonl"],
        &["user", "export"],
        &["session", "list", EMAIL],
        &["session", "revoke", "01890a5d-ac96-774b-bcce-b302099a8057"],
        &["session", "revoke-all", EMAIL],
        &["sweep"],
    ];
    for command in commands {
        let output = site.run(&[command, &["--database", "memory:"]].concat(), PASSWORD);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(complaint(&output).contains("memory:"), "{command:?}");
    }
}

#[test]
fn a_password_that_is_a_context_word_is_refused_by_commands_as_by_the_server() {
    let site = Site::new();
    let file = site.write("testudo.toml", "context_words = \"Gopher\"\n");
    let create = |arguments: &[&str]| {
        let arguments = [&["user", "create", EMAIL, "--password-stdin"], arguments].concat();
        site.run(&arguments, "g0pher!2026")
    };
    for arguments in [["--context-words", "Gopher"], ["--config", file.to_str().unwrap()]] {
        let refused = create(&arguments);
        assert_eq!(refused.status.code(), Some(1));
        assert!(complaint(&refused).contains("password"), "{refused:?}");
    }
    assert!(create(&[]).status.success());
}
