//! Mail over SMTP: none is lost, whatever is killed when, and what is given up is kept.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use testudo::flow::RegisterUser;
use testudo::password::HasherChain;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing};

use crate::support::{Server, Site, block_on, complaint, printed, printed_json, records, run};

#[path = "../../../smtp/tests/smtp/server.rs"]
#[allow(dead_code, reason = "what the tests of testudo-smtp need")]
mod mail_server;

use mail_server::{Delivery, Misdeed, SmtpServer, Tls};

const SECRET: &str = "0123456789-for-tests-of-mail-0123456789";

/// Accounts that all asked for a new password while no server ran.
fn queue(site: &Site, count: usize) {
    block_on(async {
        let store = records(site).await;
        let settings = Settings::new(Policy::default(), KeyRing::parse(SECRET).unwrap()).unwrap();
        let hashing = InlineHashing::new(HasherChain::standard());
        let auth = Auth::new(store, hashing, settings);
        let here = Client::unknown();
        for number in 0..count {
            let email = format!("user-{number}@example.com");
            let request = RegisterUser { password: None, ..RegisterUser::new(&email, "".into()) };
            auth.register_user(request, &here).await.unwrap();
            auth.request_password_reset(&email, &here).await.unwrap();
        }
    });
}

fn with_secret(site: &Site, arguments: &[&str]) -> Command {
    let mut command = site.command(arguments);
    command.env("TESTUDO_SECRET", SECRET);
    command
}

fn serve(site: &Site, mail: &SmtpServer) -> Server {
    let mut command = with_secret(site, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_MAIL", format!("smtp://ada:hunter2@{}?tls=none", mail.address));
    command.args(["--mail-from", "Example <no-reply@example.org>"]);
    command.args(["--public-url", "https://id.example.com"]);
    Server::start(command)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(90), "still waiting until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn ids(taken: &[Delivery]) -> BTreeSet<String> {
    taken.iter().map(|mail| mail.header("Message-ID").unwrap().to_owned()).collect()
}

#[test]
fn every_letter_arrives_once_in_an_ordinary_run() {
    let site = Site::new();
    queue(&site, 20);
    let mail = SmtpServer::start(Tls::Never, |_, _| None);
    let server = serve(&site, &mail);
    wait_until("all have arrived", || mail.taken().len() >= 20);
    let is_empty = || {
        printed_json(&run(with_secret(&site, &["outbox", "list", "--json"]), ""))
            == serde_json::json!([])
    };
    wait_until("none is left", is_empty);
    let taken = mail.taken();
    assert_eq!((taken.len(), ids(&taken).len()), (20, 20));
    for (number, mail) in taken.iter().enumerate() {
        assert_eq!(mail.to, [format!("<user-{number}@example.com>")]);
        assert_eq!(mail.header("From"), Some("Example <no-reply@example.org>"));
    }
    let log = server.kill();
    assert!(log.contains("mail goes to a mail server") && !log.contains("hunter2"), "{log}");
    assert!(!log.contains("tdl_") && !log.contains("user-1@"), "{log}");
}

#[test]
fn no_letter_is_lost_however_often_the_server_is_killed() {
    const LETTERS: usize = 50;
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let begun_with = seed;
    let mut random = |below: usize| {
        // Knuth's MMIX generator.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed &= u128::from(u64::MAX);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let site = Site::new();
    queue(&site, LETTERS);
    let mail = SmtpServer::start(Tls::Never, |_, _| None);
    let mut kills = 0;
    while kills < 6 && ids(&mail.taken()).len() < LETTERS {
        let server = serve(&site, &mail);
        // A letter is some five lines: it is killed anywhere in one of the next few.
        let enough = mail.heard().len() + 1 + random(40);
        wait_until(&format!("{enough} lines were heard; seed {begun_with}"), || {
            mail.heard().len() >= enough || ids(&mail.taken()).len() >= LETTERS
        });
        server.kill();
        kills += 1;
    }
    let server = serve(&site, &mail);
    wait_until(&format!("all have arrived; seed {begun_with}"), || {
        ids(&mail.taken()).len() >= LETTERS
    });
    drop(server);
    let taken = mail.taken();
    let to: BTreeSet<_> = taken.iter().map(|mail| mail.to.clone()).collect();
    assert_eq!((to.len(), ids(&taken).len()), (LETTERS, LETTERS), "seed {begun_with}");
    assert!(taken.len() <= LETTERS + kills, "{} mails, seed {begun_with}", taken.len());
}

#[test]
fn what_is_given_up_is_listed_without_its_content_and_tried_again() {
    let site = Site::new();
    queue(&site, 2);
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let mail = SmtpServer::start(Tls::Never, move |_, line| {
        (line.starts_with("RCPT") && !is_mended.load(Ordering::SeqCst))
            .then_some(Misdeed::Answer("550 nobody lives there\r\n"))
    });
    let mut server = serve(&site, &mail);
    let list = |arguments: &[&str]| {
        printed(&run(with_secret(&site, &[&["outbox", "list"], arguments].concat()), ""))
    };
    let dead =
        || serde_json::from_str::<Vec<serde_json::Value>>(&list(&["--dead", "--json"])).unwrap();
    wait_until("both are given up", || dead().len() == 2);
    let dead = dead();
    assert_eq!(
        (&dead[0]["kind"], &dead[0]["reason"]),
        (&"password_reset".into(), &"refused".into())
    );
    assert_eq!(dead[0]["to"], "u***@example.com");
    let shown = list(&[]) + &list(&["--dead"]) + &list(&["--json"]);
    assert!(
        !shown.contains("tdl_") && !shown.contains("user-") && !shown.contains("https:"),
        "{shown}"
    );
    assert!(shown.contains("refused") && shown.contains("u***@example.com"), "{shown}");
    assert_eq!(list(&["--waiting", "--json"]).trim(), "[]");

    for wrong in ["x", "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f"] {
        let refused = site.run(&["outbox", "retry", wrong], "");
        assert_eq!(refused.status.code(), Some(1));
        assert!(complaint(&refused).contains(wrong));
    }
    mended.store(true, Ordering::SeqCst);
    let first = dead[0]["id"].as_str().unwrap();
    assert!(printed(&site.run(&["outbox", "retry", first], "")).starts_with("1 "));
    wait_until("the first has arrived", || mail.taken().len() == 1);
    assert!(printed(&site.run(&["outbox", "retry", "--all"], "")).starts_with("1 "));
    wait_until("the second has arrived", || mail.taken().len() == 2);
    server.wait_for_log("given up");
}

#[test]
fn a_mail_server_on_this_machine_needs_nothing_but_its_address() {
    for (more, sender) in [
        (&[][..], "no-reply@localhost"),
        (&["--public-url", "https://id.example.com"], "no-reply@id.example.com"),
    ] {
        let site = Site::new();
        queue(&site, 1);
        let mail = SmtpServer::start(Tls::Never, |_, _| None);
        let url = format!("smtp://{}", mail.address);
        let options = ["serve", "--listen", "127.0.0.1:0", "--mail", &url];
        let _server = Server::start(with_secret(&site, &[&options[..], more].concat()));
        wait_until("it has arrived", || mail.taken().len() == 1);
        assert_eq!(mail.taken()[0].header("From"), Some(sender));
    }
}

#[test]
fn a_mail_server_elsewhere_needs_links_that_lead_to_the_readers() {
    let site = Site::new();
    let url = "smtps://ada:hunter2@mail.example.com";
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("TESTUDO_MAIL", url);
    let refused = run(command, "");
    assert_eq!(refused.status.code(), Some(1));
    let complaint = complaint(&refused);
    assert!(complaint.contains("--public-url") && !complaint.contains("hunter2"), "{complaint}");
    let mut help = site.command(&["serve", "--help"]);
    help.env("TESTUDO_MAIL", url);
    assert!(!printed(&run(help, "")).contains("hunter2"));
}

#[test]
fn letters_are_in_the_words_and_the_language_of_the_templates() {
    let site = Site::new();
    site.write("ada.jsonl", r#"{"email": "ada@example.com", "profile": {"locale": "de-AT"}}"#);
    assert!(site.run(&["user", "import", "ada.jsonl"], "").status.success());
    std::fs::create_dir_all(site.path("words/de")).unwrap();
    site.write("words/de/password_reset.subject.txt", "Neues Passwort");
    site.write("words/de/password_reset.txt", "Hier: {{ link }}");
    site.write("words/de/password_reset.html", "\n<a href='{{ lnk }}'>Hier</a>");
    site.write("words/invitatoin.txt", "x");
    let refused = site.run(&["serve", "--listen", "127.0.0.1:0", "--mail-templates", "words"], "");
    assert_eq!(refused.status.code(), Some(1));
    let complaint = complaint(&refused);
    assert!(complaint.contains("de/password_reset.html, line 2"), "{complaint}");
    assert!(complaint.contains("invitatoin.txt"), "{complaint}");

    std::fs::remove_file(site.path("words/invitatoin.txt")).unwrap();
    site.write("words/de/password_reset.html", "<a href='{{ link }}'>Hier</a>");
    let (server, mailbox) = site.serve_with_mail(&["--mail-templates", "words"]);
    let body = r#"{"email": "ada@example.com"}"#;
    let request = crate::support::Request::new("POST", "/auth/password/forgot").json(body);
    assert_eq!(server.send(request).status, 202);
    let letter = mailbox.letter(1, "password_reset");
    assert_eq!(letter["subject"], "Neues Passwort");
    assert!(letter["text"].as_str().unwrap().starts_with("Hier: http"));
    assert!(letter["html"].as_str().unwrap().starts_with("<a href="));
}
