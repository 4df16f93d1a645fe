//! What the audit trail says, to whom, and that nobody floods it.

use testudo::event::{Event, EventKind, EventRecord};
use testudo::flow::{
    CreateApiKey, EventPage, Login, admin, authenticate_api_key, authenticate_service,
    create_api_key, list_events, login, refresh, request_email_change,
};
use testudo::message::MessageKind;
use testudo::service::ServiceTokens;
use testudo::testing::World;
use testudo::{Client, Duration, Refusal};

use super::{ADA, PASSWORD, world_with_ada, world_with_session, worlds_with_session};

const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
const EVE: &str = "eve@example.com";

fn of_kind(world: &World, kind: EventKind) -> Vec<EventRecord> {
    let mut events = world.tables().events();
    events.retain(|record| record.event.kind() == kind);
    events
}

fn own(world: &mut World, access: &str, page: EventPage) -> Vec<EventRecord> {
    let now = world.now();
    world.run(|env| list_events(access, page, env.settings(), now)).unwrap()
}

#[test]
fn a_user_is_told_what_concerns_themselves_and_nothing_of_others() {
    for (mut world, start) in worlds_with_session() {
        world.register(EVE, PASSWORD);
        let eve = world.login(EVE, PASSWORD);
        let _ = world.run(|env| login(Login::new(ADA, "a wrong guess".into()), env));
        let access = start.tokens.access.expose();
        let listed = own(&mut world, access, EventPage::default());
        assert!(listed.iter().all(|record| record.user == Some(start.user.id)));
        assert!(listed.is_sorted_by(|newer, older| newer.id >= older.id));
        let all = world.tables().events();
        let hers = all.iter().filter(|record| record.user == Some(start.user.id)).count();
        assert_eq!(listed.len(), hers);
        // Page by page, whatever a page holds.
        for limit in 1..4 {
            let (mut paged, mut page) = (Vec::new(), EventPage { limit, ..EventPage::default() });
            loop {
                let next = own(&mut world, access, page.clone());
                let Some(last) = next.last() else { break };
                page.before = Some(last.id);
                paged.extend(next);
            }
            assert_eq!(paged, listed);
        }
        let kinds = vec![EventKind::UserLogin];
        let sign_ins = own(&mut world, access, EventPage { kinds, ..EventPage::default() });
        assert_eq!(sign_ins.len(), 1);
        let _ = eve;
    }
}

#[test]
fn an_ended_session_lists_nothing() {
    let (mut world, start) = world_with_session();
    let access = start.tokens.access.expose();
    world.run(|env| testudo::flow::logout(access, env)).unwrap();
    let now = world.now();
    let page = EventPage::default();
    let refused = world.run(|env| list_events(access, page, env.settings(), now)).unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
}

/// The trail must not tell what the answer did not.
#[test]
fn who_lists_events_learns_of_no_account_of_others() {
    let listed = |prepare: fn(&mut World)| {
        let (mut world, start) = world_with_session();
        let access = start.tokens.access.expose();
        prepare(&mut world);
        world.run(|env| request_email_change(access, EVE, env)).unwrap();
        let listed = own(&mut world, access, EventPage::default());
        let administrator =
            world.run(|_| admin::list_events(Some(start.user.id), EventPage::default()));
        let json = listed.iter().map(|record| serde_json::to_string(&record.event).unwrap());
        let mut json: Vec<_> = json.collect();
        json.sort();
        let requested = |it: &EventRecord| it.event.kind() == EventKind::EmailChangeRequested;
        (json, administrator.into_iter().find(requested).unwrap().event)
    };
    let (free, one) = listed(|_| ());
    let (taken, other) = listed(|world| drop(world.register(EVE, PASSWORD)));
    assert_eq!(free, taken);
    assert_ne!(one, other, "an administrator is told");
}

#[test]
fn a_flood_of_wrong_service_tokens_makes_a_bounded_number_of_rows_and_shuts_nobody_out() {
    for client in [Client::unknown(), Client::unknown().with_ip("192.0.2.1".parse().unwrap())] {
        let mut world = crate::new_world();
        world.set_client(client);
        let tokens: ServiceTokens = SERVICE.parse().unwrap();
        for (tokens, wrong) in [(tokens.clone(), "wrong"), (ServiceTokens::none(), SERVICE)] {
            for _ in 0..200 {
                let _ = world.run(|env| authenticate_service(wrong, None, &tokens, env));
            }
        }
        assert_eq!(of_kind(&world, EventKind::S2sAuthFailed).len(), 30);
        assert_eq!(of_kind(&world, EventKind::RateLimitExceeded).len(), 1);
        let refused = world.run(|env| authenticate_service("wrong", None, &tokens, env));
        assert!(matches!(refused, Err(Refusal::RateLimited { .. })));
        let name = || "billing".parse().ok();
        let granted = world.run(|env| authenticate_service(SERVICE, name(), &tokens, env));
        assert_eq!(granted, Ok(name()), "a flood shuts no service out");
        let events = world.tables().events();
        let last = &events.last().unwrap().event;
        assert_eq!(*last, Event::S2sAuthSuccess { service: name() });
        let mut policy = world.settings().policy().clone();
        policy.record_service_successes = false;
        world.set_policy(policy);
        world.take_trace();
        world.run(|env| authenticate_service(SERVICE, name(), &tokens, env)).unwrap();
        assert!(world.take_trace().is_empty());
    }
}

#[test]
fn refusals_of_what_is_genuine_are_recorded_once_a_minute() {
    let (mut world, start) = world_with_session();
    let access = start.tokens.access;
    let (key, text) =
        world.run(|env| create_api_key(access.expose(), CreateApiKey::new("x"), env)).unwrap();
    world.run(|env| admin::revoke_api_key(key.id, env)).unwrap();
    world.advance(Duration::from_minutes(11));
    world.set_policy(testudo::Policy {
        access_lifetime: Duration::from_minutes(60),
        ..testudo::Policy::default()
    });
    let again = world.login(ADA, PASSWORD).tokens.access;
    world.advance(Duration::from_minutes(11));
    let refuse_all = |world: &mut World| {
        for _ in 0..50 {
            let used = world.run(|env| authenticate_api_key(text.expose(), None, env));
            assert_eq!(used.unwrap_err(), Refusal::RevokedToken);
            let request = CreateApiKey::new("y");
            let stale = world.run(|env| create_api_key(again.expose(), request, env));
            assert_eq!(stale.unwrap_err(), Refusal::StepUpRequired);
        }
    };
    for minutes in 1..4 {
        refuse_all(&mut world);
        for kind in [EventKind::ApiKeyRefused, EventKind::StepUpRequired] {
            assert_eq!(of_kind(&world, kind).len(), minutes, "{kind}");
        }
        world.advance(Duration::from_minutes(1));
    }
    let made_up = world.run(|env| authenticate_api_key("tdk_made-up", None, env));
    assert_eq!(made_up.unwrap_err(), Refusal::InvalidToken);
}

#[test]
fn the_owner_is_told_of_a_device_that_no_sign_in_had_before_and_of_no_other() {
    let mut world = world_with_ada();
    let mut sign_in = |agent: &str| {
        world.set_client(Client::unknown().with_user_agent(agent));
        let notices = |world: &World| {
            let new = |message: &&testudo::message::Message| message.kind == MessageKind::NewDevice;
            world.messages().iter().filter(new).count()
        };
        let before = notices(&world);
        let _ = world.run(|env| login(Login::new(ADA, "a wrong guess".into()), env));
        assert_eq!(notices(&world), before, "of a refusal nobody is told");
        world.login(ADA, PASSWORD);
        world.advance(Duration::from_minutes(1));
        notices(&world) - before
    };
    let told = ["phone", "phone", "laptop", "phone", "", "", "laptop"].map(&mut sign_in);
    assert_eq!(told, [0, 0, 1, 0, 1, 0, 0]);
    // Who has the password sends no more notices than that.
    let flood: usize = (0..40).map(|number| sign_in(&format!("agent {number}"))).sum();
    assert_eq!(flood, 3, "five in an hour, with the two before");
}

#[test]
fn an_account_whose_sign_ins_are_not_known_is_told_of_no_device() {
    let mut world = world_with_ada();
    let long_ago = world.now();
    world.change_user(ADA, |user| user.last_login = Some(long_ago));
    world.set_client(Client::unknown().with_user_agent("phone"));
    world.login(ADA, PASSWORD);
    assert!(world.messages().is_empty());
}

#[test]
fn the_owner_is_told_once_that_a_spent_refresh_token_came_back() {
    for (mut world, start) in worlds_with_session() {
        let spent = start.tokens.refresh.expose();
        world.run(|env| refresh(spent, env)).unwrap();
        world.advance(Duration::from_minutes(1));
        for _ in 0..20 {
            let refused = world.run(|env| refresh(spent, env)).map(drop);
            assert_eq!(refused, Err(Refusal::RevokedToken));
        }
        let messages = world.messages();
        let told: Vec<_> = messages.iter().map(|it| (it.kind, it.to.as_str())).collect();
        assert_eq!(told, [(MessageKind::RefreshReused, ADA)]);
        assert_eq!(of_kind(&world, EventKind::RefreshReused).len(), 1);
        assert_eq!(of_kind(&world, EventKind::RefreshRefused).len(), 1, "the rest, once a minute");
    }
}
