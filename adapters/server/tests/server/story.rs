//! What a client lives through.

use std::thread;
use std::time::Duration;

use testudo::command::FindSession;
use testudo::token::AccessToken;
use testudo_driver::Store as _;

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site, block_on, names, records};

fn tokens(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json = answer.json();
    assert_eq!(json["token_type"], "Bearer");
    // From now on, which for a repeated answer is a moment later than for the first.
    assert!(json["expires_in"].as_u64().is_some_and(|left| (890..=900).contains(&left)), "{json}");
    (answer.text("access_token"), answer.text("refresh_token"))
}

fn assert_gone(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// A site whose server is killed and started again before every use, with these arguments.
struct Restarted<'a>(&'a Site, Option<Server>, &'a [&'a str]);

impl Restarted<'_> {
    fn server(&mut self) -> &Server {
        if let Some(server) = self.1.take() {
            server.kill();
        }
        self.1.insert(self.0.serve(self.2))
    }
}

#[test]
fn the_whole_story_survives_a_kill_between_any_two_calls() {
    whole_story(&["--tokens", "opaque"]);
}

#[test]
fn the_whole_story_is_the_same_with_jwts() {
    whole_story(&["--tokens", "jwt", "--public-url", "https://id.example.com"]);
}

#[test]
fn the_whole_story_is_the_same_with_hybrid_tokens() {
    whole_story(&["--tokens", "hybrid", "--jwt-audience", "api"]);
}

fn whole_story(arguments: &[&str]) {
    let site = Site::with_user();
    let mut fresh = Restarted(&site, None, arguments);

    let signed_in = fresh.server().login(EMAIL, PASSWORD);
    let (first_access, first) = tokens(&signed_in);
    let json = signed_in.json();
    assert_eq!((&json["status"], &json["user"]["email"]), (&"completed".into(), &EMAIL.into()));

    let me = fresh.server().me(&first_access);
    assert_eq!((me.status, me.json()), (200, json["user"].clone()));

    let (second_access, second) = tokens(&fresh.server().refresh(&first));
    fresh.server().me(&first_access).assert_problem(401, "invalid_token");
    assert_eq!(fresh.server().me(&second_access).status, 200);
    let (third_access, third) = tokens(&fresh.server().refresh(&second));

    fresh.server().refresh(&first).assert_problem(401, "revoked_token");
    fresh.server().me(&third_access).assert_problem(401, "revoked_token");
    fresh.server().refresh(&third).assert_problem(401, "revoked_token");

    let (access, refresh) = tokens(&fresh.server().login(EMAIL, PASSWORD));
    let (elsewhere, _) = tokens(&fresh.server().login(EMAIL, PASSWORD));
    assert_gone(&fresh.server().logout_all(&access));
    fresh.server().me(&access).assert_problem(401, "revoked_token");
    fresh.server().me(&elsewhere).assert_problem(401, "revoked_token");
    fresh.server().refresh(&refresh).assert_problem(401, "revoked_token");
    fresh.server().logout_all(&access).assert_problem(401, "revoked_token");
}

#[test]
fn a_user_is_shown_as_agreed() {
    let site = Site::new();
    site.create("Ada@Example.com", PASSWORD);
    let server = site.serve(&[]);
    let user = server.login(EMAIL, PASSWORD).json()["user"].clone();
    assert_eq!(user["email"], "Ada@Example.com", "the address is shown as it was typed");
    let fields = names(&user);
    let agreed = [
        "created_at",
        "email",
        "id",
        "is_active",
        "is_verified",
        "last_login",
        "profile",
        "second_factors",
    ];
    assert_eq!(fields, agreed);
    assert_eq!(user["is_active"], true);
    assert_eq!(user["is_verified"], false);
    assert_eq!(
        (&user["profile"], &user["second_factors"]),
        (&"{}".parse().unwrap(), &"[]".parse().unwrap())
    );
    for time in ["created_at", "last_login"] {
        let time = user[time].as_str().unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z') && time.contains('T'), "{time}");
    }
}

#[test]
fn a_refresh_whose_answer_was_lost_is_repeated_within_the_grace() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let (_, first) = tokens(&server.login(EMAIL, PASSWORD));
    let once = tokens(&server.refresh(&first));
    assert_eq!(tokens(&server.refresh(&first)), once);
    assert_eq!(server.me(&once.0).status, 200);
}

#[test]
fn a_spent_refresh_token_ends_the_session_after_the_grace() {
    let site = Site::with_user();
    let server = site.serve(&["--refresh-grace", "1"]);
    let (_, first) = tokens(&server.login(EMAIL, PASSWORD));
    let (access, _) = tokens(&server.refresh(&first));
    thread::sleep(Duration::from_millis(1100));
    server.refresh(&first).assert_problem(401, "revoked_token");
    server.me(&access).assert_problem(401, "revoked_token");
}

#[test]
fn a_hundred_parallel_refreshes_leave_one_successor() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let (_, first) = tokens(&server.login(EMAIL, PASSWORD));
    let pairs: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..100).map(|_| scope.spawn(|| tokens(&server.refresh(&first)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(pairs.iter().all(|pair| *pair == pairs[0]));
    assert_eq!(server.me(&pairs[0].0).status, 200);
    tokens(&server.refresh(&pairs[0].1));
}

#[test]
fn signing_out_ends_this_session_and_no_other() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let (here, refresh) = tokens(&server.login(EMAIL, PASSWORD));
    let (elsewhere, _) = tokens(&server.login(EMAIL, PASSWORD));
    assert_gone(&server.logout(&here));
    server.me(&here).assert_problem(401, "revoked_token");
    server.refresh(&refresh).assert_problem(401, "revoked_token");
    server.logout(&here).assert_problem(401, "revoked_token");
    assert_eq!(server.me(&elsewhere).status, 200);
}

#[test]
fn an_access_token_ends_by_itself() {
    let site = Site::with_user();
    let server = site.serve(&["--access-lifetime", "1"]);
    let answer = server.login(EMAIL, PASSWORD);
    assert_eq!(answer.json()["expires_in"], 1);
    thread::sleep(Duration::from_millis(1100));
    server.me(&answer.text("access_token")).assert_problem(401, "expired_token");
    assert_eq!(server.refresh(&answer.text("refresh_token")).status, 200);
}

#[test]
fn a_remembered_session_lasts_longer() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let days = |remember: &str| {
        let body = format!(r#"{{"email": "{EMAIL}", "password": "{PASSWORD}"{remember}}}"#);
        let answer = server.send(Request::new("POST", "/auth/login").json(body));
        let id = AccessToken::parse(&tokens(&answer).0).unwrap().session();
        let session = block_on(async {
            let store = records(&site).await;
            store.find_session(FindSession { id }).await.unwrap().unwrap().session
        });
        (session.expires_at - session.created_at).as_secs() / 86_400
    };
    assert_eq!(days(""), 7);
    assert_eq!(days(r#", "remember": false"#), 7);
    assert_eq!(days(r#", "remember": true"#), 90);
}

#[test]
fn the_store_in_memory_serves_too() {
    let site = Site::on_sqlite("what is in memory is the question");
    let mut server = site.serve(&["--database", "memory:"]);
    server.wait_for_log("TESTUDO_SECRET");
    server.login(EMAIL, PASSWORD).assert_problem(401, "invalid_credentials");
    let health = server.send(Request::new("GET", "/healthz"));
    assert_eq!((health.status, health.body.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(std::fs::read_dir(site.path(".")).unwrap().count(), 0, "it left files behind");
}
