//! Options, variables and the file.

use crate::support::{EMAIL, PASSWORD, Request, Server, Site, complaint, run};

fn expires_in(server: &Server) -> u64 {
    server.login(EMAIL, PASSWORD).json()["expires_in"].as_u64().unwrap()
}

#[test]
fn an_option_wins_over_the_variable_and_the_variable_over_the_file() {
    let site = Site::with_user();
    site.write("testudo.toml", "access_lifetime = 100\nlisten = \"127.0.0.1:0\"\n");
    let serve = |options: &[&str], variable: Option<&str>| {
        let arguments = [&["serve", "--config", "testudo.toml"], options].concat();
        let mut command = site.command(&arguments);
        command.envs(variable.map(|value| ("TESTUDO_ACCESS_LIFETIME", value)));
        expires_in(&Server::start(command))
    };
    assert_eq!(serve(&[], None), 100);
    assert_eq!(serve(&[], Some("200")), 200);
    assert_eq!(serve(&["--access-lifetime", "300"], Some("200")), 300);
}

#[test]
fn every_setting_of_the_library_is_in_a_table_of_the_file_and_a_variable() {
    let site = Site::with_user();
    let serve = |file: &str, variables: &[(&str, &str)]| {
        site.write("testudo.toml", file);
        let listen = ["serve", "--config", "testudo.toml", "--listen", "127.0.0.1:0"];
        let mut command = site.command(&listen);
        command.envs(variables.iter().copied());
        expires_in(&Server::start(command))
    };
    let table = "[policy]\naccess_lifetime = 100";
    assert_eq!(serve(table, &[]), 100);
    assert_eq!(serve(&format!("access_lifetime = 150\n{table}"), &[]), 150);
    assert_eq!(serve(table, &[("TESTUDO_POLICY__ACCESS_LIFETIME", "200")]), 200);
    let both = [("TESTUDO_POLICY__ACCESS_LIFETIME", "200"), ("TESTUDO_ACCESS_LIFETIME", "250")];
    assert_eq!(serve(table, &both), 250);

    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_POLICY__API_KEYS", "hunter2").env("TESTUDO_HASHING__SCHEME", "md5");
    let refused = complaint(&run(command, ""));
    assert!(refused.contains("TESTUDO_POLICY__API_KEYS"), "{refused}");
    assert!(refused.contains("TESTUDO_HASHING__SCHEME") && refused.contains("bcrypt"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn every_option_is_a_key_of_the_file_and_a_variable() {
    let site = Site::on_sqlite("the stores are among the options").and_user();
    let file = r#"
        listen = "127.0.0.1:0"
        database = "sqlite:testudo.db"
        sessions = "sqlite:testudo.db"
        limits = "sqlite:testudo.db"
        mail = "dir:mail"
        tokens = "hybrid"
        jwt_issuer = "https://id.example.com"
        jwt_audience = "api"
        public_url = "https://id.example.com"
        trusted_proxies = 1
        access_lifetime = 60
        refresh_grace = 5
        invitations = "users"
        pages = "off"
        api_key_scopes = "read,write"
        log_format = "json"
        argon2_memory = 19456
        argon2_passes = 2
        argon2_lanes = 1
    "#;
    site.write("testudo.toml", file);
    let mut by_file = site.command(&["serve"]);
    by_file.env("TESTUDO_CONFIG", "testudo.toml");
    let mut by_variable = site.command(&[]);
    for line in file.lines().filter_map(|line| line.trim().split_once(" = ")) {
        by_variable.env(format!("TESTUDO_{}", line.0.to_uppercase()), line.1.trim_matches('"'));
    }
    for command in [by_file, by_variable] {
        let mut server = Server::start(command);
        assert_eq!(expires_in(&server), 60);
        server.wait_for_log("https://id.example.com");
        assert!(!server.log().contains("mail is printed"), "{}", server.log());
        assert!(site.path("mail").is_dir());
        let page = Request::new("GET", "/").header("accept", "text/html").send(server.address);
        assert_eq!(page.status, 404, "pages are off");
        let first = server.log().lines().next().unwrap().to_owned();
        let first: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!(first["database"], "sqlite:testudo.db");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let site = Site::on_sqlite("the stores are among the options").and_user();
    site.write("testudo.toml", "access_lifetime = 100\npublic_url = \"https://id.example.com\"\n");
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    for name in [
        "LISTEN DATABASE SESSIONS LIMITS ONBOARDING_SESSIONS MAIL MAIL_FROM MAIL_TEMPLATES TOKENS JWT_ISSUER",
        "JWT_AUDIENCE PUBLIC_URL TRUSTED_PROXIES ACCESS_LIFETIME REFRESH_GRACE ARGON2_MEMORY ARGON2_PASSES",
        "ARGON2_LANES CONTEXT_WORDS SERVICE_NAME REQUIRE_TOTP PAGES INVITATIONS API_KEY_SCOPES WEBHOOKS",
        "WEBHOOK_EVENTS LOG_FORMAT SECRET SERVICE_TOKENS WEBHOOK_SECRET POLICY__ACCESS_LIFETIME",
        "HASHING__SCHEME",
    ]
    .iter()
    .flat_map(|names| names.split(' '))
    {
        command.env(format!("TESTUDO_{name}"), "");
    }
    let with_file = |file: &str| {
        let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("TESTUDO_CONFIG", file).env("TESTUDO_ACCESS_LIFETIME", "");
        Server::start(command)
    };
    let server = Server::start(command);
    assert_eq!(expires_in(&server), 900);
    assert!(server.log().contains("testudo.secret"), "{}", server.log());
    let mut by_file = with_file("testudo.toml");
    by_file.wait_for_log("https://id.example.com");
    assert_eq!(expires_in(&by_file), 100, "the file's, and not none");
    assert_eq!(expires_in(&with_file("")), 900, "no file");
    let empty_option = site.run(&["serve", "--public-url", ""], "");
    assert_eq!(empty_option.status.code(), Some(2), "an option that is there says something");
}

#[test]
fn a_number_that_is_none_is_told_what_was_expected() {
    let site = Site::new();
    for (option, value, expected) in [
        ("--trusted-proxies", "x", "a whole number, 0 or more"),
        ("--trusted-proxies", "", "a whole number, 0 or more"),
        ("--trusted-proxies", "-1", "a whole number, 0 or more"),
        ("--trusted-proxies", "99999999999999999999", "a smaller number"),
        ("--access-lifetime", "15m", "a whole number, 0 or more"),
        ("--argon2-lanes", "four", "a whole number, 0 or more"),
    ] {
        let refused = site.run(&["serve", &format!("{option}={value}")], "");
        assert_eq!(refused.status.code(), Some(2), "{option}={value}");
        let complaint = complaint(&refused);
        assert!(complaint.contains(option) && complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn a_file_that_does_not_hold_is_refused_by_line_and_name() {
    let site = Site::new();
    for (text, expected) in [
        ("\nlissten = \"x\"", vec!["line 2", "lissten"]),
        ("listen = ", vec!["line 1"]),
        ("listen = \"localhost\"", vec!["line 1", "127.0.0.1:8080"]),
        ("trusted_proxies = \"many\"", vec!["line 1"]),
        ("trusted_proxies = -1", vec!["line 1"]),
        ("database = \"redis://:hunter2@x?buckets=0\"", vec!["line 1", "buckets"]),
        ("argon2_memory = 19455\nargon2_passes = 2", vec!["argon2_memory", "19456 KiB with 2"]),
        ("argon2_passes = 17", vec!["hashing.argon2", "at most", "calibrate"]),
        ("argon2_lanes = 0", vec!["hashing.argon2"]),
        ("argon2_memory = -1", vec!["line 1"]),
        ("refresh_grace = 61", vec!["refresh_grace", "at most a minute"]),
        ("access_lifetime = 0", vec!["access_lifetime", "at least a second"]),
        ("[policy]\nacces_lifetime = 1", vec!["line 2", "acces_lifetime"]),
        (
            "[policy]\napi_keys = 1001\nsession = { idle = 2, absolute = 1 }\n[passwords]\nmin_length = 7",
            vec!["policy.api_keys", "policy.session", "passwords.min_length"],
        ),
    ] {
        site.write("testudo.toml", text);
        let listen = ["serve", "--config", "testudo.toml", "--listen", "127.0.0.1:0"];
        let listen = if text.contains("listen") { &listen[..3] } else { &listen[..] };
        let refused = site.run(listen, "");
        assert_eq!(refused.status.code(), Some(1), "{text}");
        let complaint = complaint(&refused);
        assert!(expected.iter().all(|part| complaint.contains(part)), "{text}: {complaint}");
        assert!(!complaint.contains("hunter2"), "{complaint}");
    }
    let missing = complaint(&site.run(&["serve", "--config", "nowhere.toml"], ""));
    assert!(missing.contains("nowhere.toml"), "{missing}");
}

#[test]
fn options_that_this_build_cannot_serve_are_refused() {
    let site = Site::new();
    for (option, value) in [
        ("--database", "postgres://ada:hunter2@db/x?connections=none"),
        ("--database", "mongodb://ada:hunter2@db/x"),
        ("--database", "redis://ada:hunter2@db?buckets=hunter2"),
        ("--sessions", "redis:x"),
        ("--limits", "rediss://"),
        ("--database", "redis://ada:hunter2@db:port"),
        ("--sessions", "redis://ada:hunter2@db/hunter2"),
        ("--limits", "redis-cluster://ada:hunter2@db:1,"),
        ("--database", "rediss-cluster://ada:hunter2@db:1/3"),
        ("--onboarding-sessions", "sessions.db"),
        ("--tokens", "paseto"),
        ("--jwt-issuer", ""),
        ("--mail", "pigeon"),
        ("--mail", "dir:"),
        ("--invitations", "everybody"),
        ("--mail", "smtp://ada:hunter2@localhost?tls=perhaps"),
        ("--mail", "smtp://ada:hunter2@mail.example.com?tls=none"),
        ("--mail-from", "Example"),
        ("--mail-from", "a@example.com, b@example.com"),
        ("--public-url", "example"),
        ("--trusted-proxies", "-1"),
        ("--listen", "8080"),
        ("--log-format", "xml"),
        ("--argon2-memory", "64MiB"),
        ("--argon2-passes", "-1"),
        ("--argon2-lanes", "4294967296"),
    ] {
        let refused = site.run(&["serve", &format!("{option}={value}")], "");
        assert_eq!(refused.status.code(), Some(2), "{option} {value}");
        let complaint = complaint(&refused);
        assert!(complaint.contains(option) && !complaint.contains("hunter2"), "{complaint}");
    }
    let whole = ["serve", "--database", "redis://db?buckets=64"];
    let refused = site.run(&whole, "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(complaint(&refused).contains("buckets"));
}

#[test]
fn with_anything_but_sqlite_a_secret_must_be_set() {
    let site = Site::on_sqlite("elsewhere there is a secret");
    let refused = site.run(&["serve", "--database", "redis://127.0.0.1:1"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("TESTUDO_SECRET"));
}

#[test]
fn what_migrating_would_do_is_said_and_not_done() {
    let site = Site::on_sqlite("a database that is not there yet is a file");
    let dry = site.run(&["migrate", "--dry-run"], "");
    assert!(dry.status.success());
    assert!(String::from_utf8_lossy(&dry.stdout).contains("CREATE TABLE"));
    assert!(!site.path("testudo.db").exists());
    assert!(site.run(&["migrate"], "").status.success());
    let dry = site.run(&["migrate", "--dry-run"], "");
    assert!(String::from_utf8_lossy(&dry.stdout).contains("up to date"));
}

#[test]
fn sessions_may_be_kept_elsewhere_than_users() {
    let site = Site::on_sqlite("it names its stores itself");
    let server = site.serve(&[
        "--database",
        "sqlite:users.db",
        "--sessions",
        "sqlite:sessions.db",
        "--limits",
        "memory:",
    ]);
    assert!(site.path("users.db").exists() && site.path("sessions.db").exists());
    assert_eq!(server.send(Request::new("GET", "/healthz")).status, 200);
}

#[test]
fn an_address_behind_trusted_proxies_is_the_one_they_saw() {
    let site = Site::new();
    for (trusted, expected) in
        [("0", "127.0.0.1"), ("1", "203.0.113.9"), ("2", "198.51.100.7"), ("3", "127.0.0.1")]
    {
        let mut server = site.serve(&["--trusted-proxies", trusted]);
        let request = Request::new("POST", "/auth/login")
            .header("x-forwarded-for", "made up, 198.51.100.7")
            .header("x-forwarded-for", "203.0.113.9")
            .header("user-agent", "browser/1")
            .json(r#"{"email": "ada@example.com", "password": "x"}"#);
        server.send(request).assert_problem(401, "invalid_credentials");
        server.wait_for_log("user_login_failed");
        let client = format!(r#""client":{{"ip":"{expected}","user_agent":"browser/1"}}"#);
        assert!(server.log().contains(&client), "{client} not in {}", server.log());
        // In order: one that is killed may keep the next from its events until its lease is over.
        server.signal("TERM");
        server.ended();
    }
}

#[test]
fn the_secret_is_taken_from_the_variable() {
    let site = Site::with_user();
    let secret = |letter: &str| format!("0123456789-{}-secret", letter.repeat(24));
    let (old, new) = (secret("a"), secret("b"));
    let serve = |secrets: &str| {
        let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
        Server::start({
            command.env("TESTUDO_SECRET", secrets);
            command
        })
    };
    let refresh = serve(&old).login(EMAIL, PASSWORD).text("refresh_token");
    let rotated = serve(&format!("{new}, {old}"));
    let (once, again) = (rotated.refresh(&refresh), rotated.refresh(&refresh));
    assert_eq!((once.status, again.status), (200, 200));
    assert_eq!(once.text("refresh_token"), again.text("refresh_token"));
    assert!(!site.path("testudo.secret").exists());
    assert!(rotated.log().contains("TESTUDO_SECRET") && !rotated.log().contains(&new));
}

#[test]
fn a_secret_that_is_none_is_refused_without_being_shown() {
    let site = Site::new();
    for secret in ["short", "hunter2hunter2hunter2hunter2hunt,x"] {
        let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("TESTUDO_SECRET", secret);
        let refused = run(command, "");
        assert_eq!(refused.status.code(), Some(1));
        let complaint = complaint(&refused);
        assert!(complaint.contains("TESTUDO_SECRET") && complaint.contains("secret new"));
        assert!(!complaint.contains("hunter2"), "{complaint}");
    }
    let site = Site::on_sqlite("the secret's file is beside the database's");
    site.write("testudo.secret", "short\n");
    let refused = complaint(&site.run(&["serve", "--listen", "127.0.0.1:0"], ""));
    assert!(refused.contains("testudo.secret"), "{refused}");
}
