//! The tables of the documentation say what the code does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic")]

use std::path::Path;

use testudo::event::{Event, EventKind, EventRecord};
use testudo::flow::Invite;
use testudo::model::{ApiKey, AttemptLimit, Client, EventId};
use testudo::testing::every_event;
use testudo::{Policy, Timestamp};

const SECURITY: &str = include_str!("../docs/security.md");

/// The cells of the row whose first cell is `name`.
fn row(name: &str) -> Vec<&'static str> {
    SECURITY
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .find(|cells| cells.first() == Some(&name))
        .unwrap_or_else(|| panic!("docs/security.md has no row `{name}`"))
}

#[test]
fn every_limit_is_documented_with_its_default() {
    let cells = |limit: AttemptLimit| {
        [
            limit.attempts.to_string(),
            format!("{} s", limit.window.as_secs()),
            format!("{} s", limit.lock.as_secs()),
            limit.hard_stop.map_or("none".into(), |stop| stop.to_string()),
        ]
    };
    let policy = Policy::default();
    assert_eq!(row("`login_account`")[2..], cells(policy.login_account));
    assert_eq!(row("`login_network`")[2..], cells(policy.login_network));
    assert_eq!(row("`totp`")[2..], cells(policy.totp));
    assert_eq!(row("`recovery_code`")[2..], cells(policy.recovery_code));
    assert_eq!(row("`email_code`")[2..], cells(policy.email_code));
    assert_eq!(row("`onboarding_network`")[2..], cells(policy.onboarding_network));
    assert_eq!(row("`password_reset`")[2..], cells(policy.password_reset));
    assert_eq!(row("`email_proof`")[2..], cells(policy.email_proof));
    assert_eq!(row("`mail_network`")[2..], cells(policy.mail_network));
    assert_eq!(row("`mail_user`")[2..], cells(policy.mail_user));
    assert_eq!(row("`device_notice`")[2..], cells(policy.device_notice));
    assert_eq!(row("`service_network`")[2..], cells(policy.service_network));
    assert_eq!(row("API keys that are live")[1], policy.api_keys.to_string());
    assert_eq!(row("invitations that are open")[1], policy.open_invitations.to_string());
}

#[test]
fn every_lifetime_is_documented_with_its_default() {
    let policy = Policy::default();
    for (name, lifetime) in [
        ("access token", policy.access_lifetime),
        ("session, idle", policy.session.idle),
        ("session, absolute", policy.session.absolute),
        ("remembered session, idle", policy.remembered_session.idle),
        ("remembered session, absolute", policy.remembered_session.absolute),
        ("code that proves an address", policy.email_code_lifetime),
        ("onboarding, from its start", policy.onboarding_lifetime),
        ("sign-in that owes something, from its password", policy.sign_in_lifetime),
        ("link that resets a password", policy.password_reset_lifetime),
        ("link that proves an address", policy.email_proof_lifetime),
        ("way back to the address before", policy.email_undo_lifetime),
        ("grace of a closed account", policy.closing_grace),
        ("sign-in that counts as fresh", policy.fresh_sign_in),
        ("event of the audit trail", policy.audit_retention),
        ("grace of a spent refresh token", policy.refresh_grace),
    ] {
        assert_eq!(row(name)[1], format!("{} s", lifetime.as_secs()), "{name}");
    }
    for (name, lifetime) in [
        ("invitation that does not say", Invite::USUAL),
        ("invitation, at most", Invite::LONGEST),
        ("record of a revoked API key that had no end", ApiKey::KEPT),
    ] {
        assert_eq!(row(name)[1], format!("{} s", lifetime.as_secs()), "{name}");
    }
    let horizon = format!("more than {} refreshes ago", policy.reuse_horizon);
    assert!(SECURITY.contains(&horizon), "{horizon}");
}

#[test]
fn every_event_is_documented_under_its_serialised_name() {
    let names = |kinds: &[EventKind]| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let [mut there, mut all] = [
        names(&every_event().iter().map(Event::kind).collect::<Vec<_>>()),
        names(EventKind::ALL),
    ];
    there.sort_unstable();
    all.sort_unstable();
    assert_eq!(there, all);
    for event in every_event() {
        let record = EventRecord {
            id: EventId::from_uuid(uuid::Uuid::nil()),
            at: Timestamp::from_millis(0),
            user: None,
            session: None,
            client: Client::unknown(),
            event,
        };
        let record = serde_json::to_value(record).unwrap();
        let name = record["type"].as_str().unwrap().to_owned();
        assert_eq!(name.parse::<EventKind>().unwrap().as_str(), name);
        row(&format!("`{name}`"));
    }
}

#[test]
fn every_test_that_an_abuse_case_names_exists() {
    let cases = include_str!("../docs/abuse-cases.md");
    let sources = rust_sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    let rows = cases.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut checked = 0;
    for row in rows {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in shown_by.split(", ").map(|name| name.trim_matches('`')) {
            let declared = |source: &String| {
                source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<"))
            };
            assert!(sources.iter().any(declared), "no test is called {name}");
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} names were found");
}

/// What ends a token, and when, under every backend: each cell is tried.
#[cfg(feature = "jwt")]
#[test]
fn what_ends_a_token_is_documented_for_every_backend() {
    use token_table::{BACKENDS, EVENTS, seen};

    for event in EVENTS {
        for token in ["access", "refresh"] {
            let cells = SECURITY
                .lines()
                .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
                .map(|line| line.split(" | ").collect::<Vec<_>>())
                .find(|cells| cells.get(..2) == Some(&[event, token]))
                .unwrap_or_else(|| panic!("docs/security.md has no row `{event} | {token}`"));
            let seen = BACKENDS.map(|backend| seen(event, token, backend));
            assert_eq!(cells.get(2..), Some(&seen[..]), "{event}, {token}");
        }
    }
}

/// Tries the cells of the table of what ends a token.
#[cfg(feature = "jwt")]
mod token_table {
    use std::sync::Arc;

    use testudo::command::UserKey;
    use testudo::flow::{
        ChangePassword, change_password, logout, logout_all, refresh, revoke_session,
    };
    use testudo::model::Email;
    use testudo::testing::{Backend, World};
    use testudo::token::Tokens;
    use testudo::token::backend::{HybridBackend, JwtBackend, OpaqueBackend};
    use testudo::{Duration, Refusal};

    /// The columns.
    pub(super) const BACKENDS: [Backend; 5] = [
        |_| Arc::new(OpaqueBackend),
        |keys| Arc::new(JwtBackend::hs256(keys).unwrap()),
        |keys| Arc::new(JwtBackend::hs256(keys).unwrap().with_denylist()),
        |keys| Arc::new(JwtBackend::hs256(keys).unwrap().recorded()),
        |keys| Arc::new(HybridBackend::hs256(keys).unwrap()),
    ];

    /// The rows.
    pub(super) const EVENTS: [&str; 7] = [
        "sign-out",
        "sign-out everywhere",
        "session ended from another",
        "password changed elsewhere",
        "deactivation",
        "refresh, of the pair before",
        "reuse of a refresh token",
    ];

    const ADA: &str = "ada@example.com";
    const PASSWORD: &str = "correct horse battery";

    /// What becomes of a token when this happens.
    pub(super) fn seen(event: &str, token: &str, backend: Backend) -> &'static str {
        let mut world = World::new();
        world.set_tokens(backend);
        world.register(ADA, PASSWORD);
        let (mut phone, laptop) = (world.login(ADA, PASSWORD), world.login(ADA, PASSWORD).tokens);
        if event == "reuse of a refresh token" {
            let first = phone.tokens.refresh;
            phone.tokens = world.run(|env| refresh(first.expose(), env)).unwrap().tokens;
            world.advance(Duration::from_secs(60));
            let _ = world.run(|env| refresh(first.expose(), env));
        } else {
            assert!(works(&world, token, &phone.tokens), "{event}, {token}: good before");
        }
        let (session, access) = (phone.session.id, phone.tokens.access.expose());
        let done = match event {
            "sign-out" => world.run(|env| logout(access, env)),
            "sign-out everywhere" => world.run(|env| logout_all(access, env)),
            "session ended from another" => {
                world.run(|env| revoke_session(laptop.access.expose(), session, env))
            }
            "password changed elsewhere" => world.run(|env| {
                let new = "a wholly different phrase".into();
                let request = ChangePassword { current: PASSWORD.into(), new };
                change_password(laptop.access.expose(), request, env)
            }),
            "deactivation" => {
                let ada = UserKey::Email(ADA.parse::<Email>().unwrap().key().clone());
                world.run(|env| testudo::flow::admin::deactivate(ada, env)).map(drop)
            }
            "refresh, of the pair before" => {
                let next = world.run(|env| refresh(phone.tokens.refresh.expose(), env));
                world.advance(Duration::from_secs(60));
                next.map(drop)
            }
            _ => Ok(()),
        };
        match done {
            Err(refusal) => {
                assert_eq!(refusal, Refusal::NotRecorded);
                "not offered"
            }
            Ok(()) if works(&world, token, &phone.tokens) => {
                let absolute = world.settings().policy().session.absolute;
                let lifetime = world.settings().policy().access_lifetime;
                world.advance(if token == "access" { lifetime } else { absolute });
                assert!(!works(&world, token, &phone.tokens), "{event}, {token}: it expires");
                "expires"
            }
            Ok(()) => "at once",
        }
    }

    fn works(world: &World, token: &str, tokens: &Tokens) -> bool {
        let mut world = world.clone();
        match token {
            "access" => world.authenticate(tokens.access.expose()).is_ok(),
            _ => world.run(|env| refresh(tokens.refresh.expose(), env)).is_ok(),
        }
    }
}

/// The text of every Rust file of the workspace.
#[allow(clippy::disallowed_methods, reason = "a test looks at its own sources")]
fn rust_sources(root: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    let mut folders = ["src", "tests", "adapters"].map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}
