//! The audit trail and what makes it: listing events, service tokens, new devices.

use testudo::event::{Event, EventKind, LimitName, ServiceFailure};
use testudo::flow::{EventPage, Login, admin, authenticate_service, list_events, login};
use testudo::message::MessageKind;
use testudo::model::{AttemptKey, AttemptVerdict};
use testudo::service::ServiceTokens;
use testudo::testing::{World, expect};
use testudo::{Client, Duration, Refusal, Timestamp};

use super::{ADA, PASSWORD, owned, world_with_session};

const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";

#[test]
fn events_are_listed_with_one_look_at_the_session_and_one_at_the_trail() {
    let (mut world, start) = world_with_session();
    let (access, now) = (start.tokens.access.expose(), world.now());
    let since = Some(Timestamp::from_millis(1));
    let page = EventPage { kinds: vec![EventKind::UserLogin], since, ..EventPage::default() };
    let step = list_events(access, page.clone(), world.env().settings(), now);
    let ask = expect!(step, FindSession);
    let ask = expect!(ask.answer(owned(&start.session, &start.user)), ListEvents);
    assert_eq!(ask.command.user, Some(start.user.id));
    assert_eq!((ask.command.kinds.as_slice(), ask.command.since), (&page.kinds[..], since));
    assert_eq!(expect!(ask.answer(Vec::new()), Done), Ok(Vec::new()));

    let ask = expect!(admin::list_events(None, page), ListEvents);
    assert_eq!((ask.command.user, ask.command.limit), (None, 100));
    assert_eq!(expect!(ask.answer(Vec::new()), Done), Vec::new());
}

#[test]
fn a_service_is_let_in_with_one_commit_and_turned_away_after_it_was_counted() {
    let mut world = World::new();
    let ip = "192.0.2.1".parse().unwrap();
    world.set_client(Client::unknown().with_ip(ip));
    let tokens: ServiceTokens = SERVICE.parse().unwrap();
    let name = || "billing".parse().ok();
    let ask = expect!(authenticate_service(SERVICE, name(), &tokens, world.env()), Commit);
    let record = &ask.command.events[0];
    assert_eq!(record.event, Event::S2sAuthSuccess { service: name() });
    assert_eq!((record.user, record.client.ip()), (None, Some(ip)));
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(name()));

    for (tokens, reason) in [
        (tokens, ServiceFailure::UnknownToken),
        (ServiceTokens::none(), ServiceFailure::NotEnabled),
    ] {
        let step = authenticate_service("another", name(), &tokens, world.env());
        let ask = expect!(step, CountAttempt);
        assert_eq!(ask.command.key, AttemptKey::service_network(Some(ip)));
        let window = world.now() + Duration::from_minutes(5);
        let ask = expect!(ask.answer(AttemptVerdict::Allowed { window, is_last: true }), Commit);
        let events: Vec<_> = ask.command.events.iter().map(|record| &record.event).collect();
        let limit = LimitName::ServiceNetwork;
        let failed = Event::S2sAuthFailed { service: name(), reason };
        assert_eq!(events, [&failed, &Event::RateLimitExceeded { limit }]);
        assert_eq!(expect!(ask.answer(Ok(())), Done), Err(Refusal::InvalidToken));

        let step = authenticate_service("another", None, &tokens, world.env());
        let locked = expect!(step, CountAttempt).answer(AttemptVerdict::Locked { until: window });
        let refused = Err(Refusal::RateLimited { retry_after: Duration::from_minutes(5) });
        assert_eq!(expect!(locked, Done), refused, "and nothing is recorded");
    }
}

#[test]
fn a_sign_in_looks_at_earlier_ones_once_the_password_was_right() {
    let (mut world, start) = world_with_session();
    world.set_client(Client::unknown().with_user_agent("another"));
    world.take_trace();
    world.login(ADA, PASSWORD);
    let before = ["CountAttempt", "FindUser", "VerifyPassword"];
    let after = ["ListEvents", "CountAttempt", "Commit"];
    assert_eq!(world.take_trace(), [&before[..], &after[..]].concat());
    let notice = world.messages().pop().unwrap();
    assert_eq!((notice.kind, notice.to.as_str()), (MessageKind::NewDevice, ADA));
    assert_eq!((notice.user, notice.token.is_none()), (Some(start.user.id), true));
    world.login(ADA, PASSWORD);
    assert_eq!(world.take_trace(), [&before[..], &["ListEvents", "Commit"]].concat());
    let _ = world.run(|env| login(Login::new(ADA, "a wrong guess".into()), env));
    assert_eq!(world.take_trace(), [&before[..], &["Commit"]].concat());
    assert_eq!(world.messages().len(), 1);
}
