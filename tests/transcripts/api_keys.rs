//! API keys: making them, looking at them, using them, revoking them.

use testudo::command::{Conflict, Guard, OwnedApiKey, Standing, UserKey, Write};
use testudo::event::{ApiKeyFailure, Event};
use testudo::flow::admin::{self, SetPassword, deactivate, end_sessions, set_password};
use testudo::flow::{
    ApiKeyPage, ChangePassword, CreateApiKey, SignedIn, authenticate_api_key, change_password,
    create_api_key, list_api_keys, list_sessions, logout, logout_all, refresh, revoke_api_key,
    revoke_session,
};
use testudo::model::{ApiKey, ApiKeyId, ApiKeyState, AttemptVerdict, Digest, User};
use testudo::testing::{World, expect};
use testudo::token::ApiKeyToken;
use testudo::{Duration, Policy, Refusal, Secret};

use super::{ADA, PASSWORD, by_email, owned, world_with_session};

const READ: &str = "reports:read";

fn with_scopes() -> (World, SignedIn) {
    let (mut world, signed_in) = world_with_session();
    world.set_api_key_scopes([READ, "reports:write"]);
    (world, signed_in)
}

fn request() -> CreateApiKey {
    CreateApiKey { scopes: vec![READ.into()], ..CreateApiKey::new("nightly") }
}

fn create(world: &mut World, signed_in: &SignedIn) -> Result<(ApiKey, Secret<String>), Refusal> {
    world.run(|env| create_api_key(signed_in.tokens.access.expose(), request(), env))
}

fn use_key(world: &mut World, key: &Secret<String>) -> Result<ApiKey, Refusal> {
    world.run(|env| authenticate_api_key(key.expose(), None, env))
}

fn limit_keys(world: &mut World, api_keys: u32) {
    world.set_policy(Policy { api_keys, ..Policy::default() });
}

fn stored(world: &World, id: ApiKeyId) -> ApiKey {
    world.tables().api_keys().find(|key| key.id == id).unwrap().clone()
}

#[test]
fn a_key_is_made_in_one_commit_that_writes_its_owner_once_more() {
    let (mut world, SignedIn { user, session, tokens }) = with_scopes();
    let expires_in = Some(Duration::from_days(1));
    let request = CreateApiKey { name: " nightly\n".into(), expires_in, ..request() };
    let step = create_api_key(tokens.access.expose(), request, world.env());
    let ask = expect!(step, FindSessionWithUser);
    assert_eq!(ask.command.id, session.id);
    let ask = expect!(ask.answer(Some((session.clone(), user.clone()))), ListApiKeys);
    assert_eq!((ask.command.user, ask.command.before), (user.id, None));
    let ask = expect!(ask.answer(Vec::new()), Commit);
    let guard = Guard::SessionVersion { id: session.id, version: session.version };
    assert_eq!(ask.command.guards, [guard]);
    let [Write::ReplaceUser { user: again, was }, Write::InsertApiKey(key)] =
        &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(**again, User { version: user.version.next(), ..user.clone() });
    assert_eq!(*was, user.version);
    let key = ApiKey::clone(key);
    assert_eq!((key.user, key.epoch), (user.id, user.epoch));
    assert_eq!((key.name.as_str(), &key.scopes[..]), ("nightly", &[READ.to_owned()][..]));
    assert_eq!(key.expires_at, Some(world.now() + Duration::from_days(1)));
    let event = Event::ApiKeyCreated { key: key.id, scopes: key.scopes.clone() };
    assert_eq!(ask.command.events[0].event, event);
    let (told, text) = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!(told, key);
    assert_eq!(ApiKeyToken::parse(text.expose()).unwrap().id(), key.id);
}

#[test]
fn a_sign_in_that_is_too_old_makes_no_key_however_fresh_its_token() {
    let (mut world, signed_in) = with_scopes();
    world.advance(Policy::default().fresh_sign_in);
    assert!(create(&mut world, &signed_in).is_ok());
    world.advance(Duration::from_millis(1));
    assert_eq!(create(&mut world, &signed_in).unwrap_err(), Refusal::StepUpRequired);
    let next = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    let access = next.tokens.access.expose();
    let refused = world.run(|env| create_api_key(access, request(), env)).unwrap_err();
    assert_eq!(refused, Refusal::StepUpRequired);
}

#[test]
fn all_that_is_wrong_with_a_new_key_is_told_and_nothing_of_it_is_repeated() {
    let (mut world, signed_in) = with_scopes();
    let access = signed_in.tokens.access.expose();
    let mut errors =
        |request: CreateApiKey| match world.run(|env| create_api_key(access, request, env)) {
            Ok(_) => Vec::new(),
            Err(Refusal::Invalid(errors)) => errors,
            Err(other) => panic!("refused with {other:?}"),
        };
    let scopes = |scopes: &[&str]| CreateApiKey {
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..CreateApiKey::new("a name")
    };
    let lasting = |millis| CreateApiKey {
        expires_in: Some(Duration::from_millis(millis)),
        ..CreateApiKey::new("a name")
    };
    for (request, code) in [
        (CreateApiKey::new(" \n "), "invalid_name"),
        (CreateApiKey::new("two\nlines"), "invalid_name"),
        (CreateApiKey::new("\u{1f422}".repeat(101)), "invalid_name"),
        (scopes(&["canary"]), "unknown_scope"),
        (scopes(&["REPORTS:READ"]), "unknown_scope"),
        (scopes(&[READ, READ]), "repeated_scope"),
        (scopes(&[READ; 33]), "too_many_scopes"),
        (lasting(999), "too_short"),
    ] {
        let told = errors(request);
        assert_eq!(told.iter().map(|error| &*error.code).collect::<Vec<_>>(), [code]);
        assert!(!told[0].message.contains("canary") && told[0].message.starts_with("expected"));
    }
    assert_eq!(errors(CreateApiKey { name: String::new(), ..scopes(&["canary"]) }).len(), 2);
    assert!(errors(CreateApiKey::new("\u{1f422}".repeat(100))).is_empty());
    assert!(errors(lasting(1000)).is_empty());
    world.set_api_key_scopes([]);
    let refused = world.run(|env| create_api_key(access, scopes(&[READ]), env)).unwrap_err();
    assert!(matches!(refused, Refusal::Invalid(_)), "what nobody declared, nobody gets");
}

#[test]
fn a_user_has_so_many_live_keys_and_no_more() {
    let (mut world, signed_in) = with_scopes();
    limit_keys(&mut world, 2);
    world.set_api_key_scopes([READ]);
    let first = create(&mut world, &signed_in).unwrap().0;
    create(&mut world, &signed_in).unwrap();
    let full = Refusal::TooMany { most: 2 };
    assert_eq!(create(&mut world, &signed_in).unwrap_err(), full);
    let access = signed_in.tokens.access.expose();
    world.run(|env| revoke_api_key(access, first.id, env)).unwrap();
    assert!(create(&mut world, &signed_in).is_ok());
    assert_eq!(create(&mut world, &signed_in).unwrap_err(), full);

    // Somebody else's do not count.
    world.register("eve@example.com", PASSWORD);
    let eve = world.login("eve@example.com", PASSWORD);
    assert!(create(&mut world, &eve).is_ok());
}

#[test]
fn keys_that_ended_by_themselves_make_room_and_are_revoked_for_it() {
    let (mut world, signed_in) = with_scopes();
    limit_keys(&mut world, 2);
    let access = signed_in.tokens.access.expose();
    let short = CreateApiKey { expires_in: Some(Duration::from_secs(1)), ..CreateApiKey::new("x") };
    let (expired, _) = world.run(|env| create_api_key(access, short, env)).unwrap();
    let (ended, _) = world.run(|env| create_api_key(access, CreateApiKey::new("y"), env)).unwrap();
    world.run(|env| logout_all(access, env)).unwrap();
    world.advance(Duration::from_secs(1));
    let again = world.login(ADA, PASSWORD);
    let access = again.tokens.access.expose();
    for _ in 0..2 {
        world.run(|env| create_api_key(access, CreateApiKey::new("z"), env)).unwrap();
    }
    let refused = world.run(|env| create_api_key(access, CreateApiKey::new("z"), env)).unwrap_err();
    assert_eq!(refused, Refusal::TooMany { most: 2 });
    for key in [expired, ended] {
        assert_eq!(stored(&world, key.id).revoked_at, Some(world.now()));
    }
    assert_eq!(world.tables().api_keys().filter(|key| key.revoked_at.is_none()).count(), 2);
}

#[test]
fn a_session_that_ended_meanwhile_makes_no_key() {
    let (mut world, SignedIn { user, session, tokens }) = with_scopes();
    let access = tokens.access.expose();
    let step = create_api_key(access, request(), world.env());
    let step = expect!(step, FindSessionWithUser).answer(Some((session.clone(), user.clone())));
    let ask = expect!(expect!(step, ListApiKeys).answer(Vec::new()), Commit);
    world.run(|env| logout(access, env)).unwrap();
    let ended = world.tables().sessions().next().unwrap().clone();
    let ask = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
    assert_eq!(expect!(ask.answer(Some((ended, user))), Done).unwrap_err(), Refusal::RevokedToken);
    let step = create_api_key(access, request(), world.env());
    let refused = expect!(expect!(step, FindSessionWithUser).answer(None), Done).unwrap_err();
    assert_eq!(refused, Refusal::InvalidToken);
}

#[test]
fn a_key_acts_for_its_owner_until_just_before_its_end() {
    let (mut world, signed_in) = with_scopes();
    let access = signed_in.tokens.access.expose();
    let lasting = |span| CreateApiKey { expires_in: Some(span), ..request() };
    let hour = lasting(Duration::from_minutes(60));
    let (key, text) = world.run(|env| create_api_key(access, hour, env)).unwrap();
    assert_eq!(use_key(&mut world, &text).unwrap().user, signed_in.user.id);
    world.set_clock(key.expires_at.unwrap());
    assert_eq!(use_key(&mut world, &text).unwrap_err(), Refusal::ExpiredToken);
    world.set_clock(key.created_at + Duration::from_millis(60 * 60_000 - 1));
    assert!(use_key(&mut world, &text).is_ok());
}

#[test]
fn only_holders_of_a_genuine_key_are_told_what_became_of_it() {
    let (mut world, signed_in) = with_scopes();
    let (key, text) = create(&mut world, &signed_in).unwrap();
    let live = Standing { epoch: key.epoch, is_active: true };
    let later = world.now() + Duration::from_days(1);
    let found = |key: ApiKey, standing| Some(OwnedApiKey { key, standing });
    let revoked = ApiKey { revoked_at: Some(later), ..key.clone() };
    let expired = ApiKey { expires_at: Some(later), ..key.clone() };
    let moved_on = Standing { epoch: key.epoch.next(), ..live };
    let inactive = Standing { is_active: false, ..live };
    let (revoked_failure, expired_failure) = (ApiKeyFailure::Revoked, ApiKeyFailure::Expired);
    let both = ApiKey { revoked_at: Some(later), ..expired.clone() };
    world.set_clock(later);
    for (found, refusal, reason) in [
        (None, Refusal::InvalidToken, None),
        (found(revoked.clone(), live), Refusal::RevokedToken, Some(revoked_failure)),
        (found(key.clone(), moved_on), Refusal::RevokedToken, Some(revoked_failure)),
        (found(key.clone(), inactive), Refusal::RevokedToken, Some(revoked_failure)),
        (found(expired, live), Refusal::ExpiredToken, Some(expired_failure)),
        (found(both, live), Refusal::RevokedToken, Some(revoked_failure)),
    ] {
        let step = authenticate_api_key(text.expose(), None, world.env());
        let ask = expect!(step, FindApiKey);
        assert_eq!(ask.command.id, key.id);
        let answered = ask.answer(found);
        let answered = match (&refusal, reason) {
            (Refusal::InvalidToken, _) | (_, None) => answered,
            (_, Some(reason)) => {
                let ask = expect!(answered, CountAttempt);
                let (window, is_last) = (later, true);
                let ask = expect!(ask.answer(AttemptVerdict::Allowed { window, is_last }), Commit);
                let event = Event::ApiKeyRefused { key: key.id, reason };
                assert_eq!(ask.command.events[0].event, event);
                assert_eq!(ask.command.events[0].user, Some(key.user));
                assert!(ask.command.guards.is_empty() && ask.command.writes.is_empty());
                ask.answer(Ok(()))
            }
        };
        assert_eq!(expect!(answered, Done), Err(refusal));
    }
    let other = Digest::of(b"another secret");
    for key in [key, revoked] {
        let found = found(ApiKey { digest: other, ..key }, live);
        let step = authenticate_api_key(text.expose(), None, world.env());
        let refused = expect!(expect!(step, FindApiKey).answer(found), Done).unwrap_err();
        assert_eq!(refused, Refusal::InvalidToken);
    }
}

#[test]
fn a_key_is_good_for_its_scopes_and_for_no_others() {
    let (mut world, signed_in) = with_scopes();
    let (key, text) = create(&mut world, &signed_in).unwrap();
    let mut asked = |scope| world.run(|env| authenticate_api_key(text.expose(), Some(scope), env));
    for scope in ["reports:write", "reports", "reports:rea", "REPORTS:READ", ""] {
        let refused = asked(scope).unwrap_err();
        assert_eq!(refused, Refusal::Forbidden { scope: scope.into() });
    }
    assert_eq!(stored(&world, key.id).last_used_at, None, "it was not used");
    let mut asked = |scope| world.run(|env| authenticate_api_key(text.expose(), Some(scope), env));
    assert_eq!(asked(READ).unwrap().id, key.id);
}

#[test]
fn a_use_is_written_down_once_a_minute_and_its_answer_depends_on_nothing() {
    let (mut world, signed_in) = with_scopes();
    let (key, text) = create(&mut world, &signed_in).unwrap();
    let step = authenticate_api_key(text.expose(), None, world.env());
    let standing = signed_in.user.standing();
    let found = Some(OwnedApiKey { key: key.clone(), standing });
    let ask = expect!(expect!(step, FindApiKey).answer(found), Commit);
    let [Write::TouchApiKey { id, at }] = ask.command.writes[..] else { panic!("other writes") };
    assert_eq!((id, at), (key.id, world.now()));
    assert!(ask.command.guards.is_empty() && ask.command.events.is_empty());
    assert_eq!(expect!(ask.answer(Err(Conflict)), Done), Ok(key.clone()));

    world.take_trace();
    let mut writes = |advance: u64| {
        world.advance(Duration::from_millis(advance));
        use_key(&mut world, &text).unwrap();
        world.take_trace().contains(&"Commit")
    };
    assert_eq!(
        [0, 0, 59_999, 1, 59_999, 1].map(&mut writes),
        [true, false, false, true, false, true]
    );
    assert_eq!(stored(&world, key.id).version, key.version);
    let past = world.now();
    world.set_clock(signed_in.session.created_at);
    use_key(&mut world, &text).unwrap();
    assert_eq!(stored(&world, key.id).last_used_at, Some(past), "a clock set back takes nothing");
}

/// What ends all sessions.
type Ending = fn(&mut World, &SignedIn);

#[test]
fn whatever_ends_all_sessions_ends_the_keys() {
    let ada = || by_email(ADA);
    let endings: [(&str, Ending); 5] = [
        ("logout everywhere", |world, it| {
            world.run(|env| logout_all(it.tokens.access.expose(), env)).unwrap();
        }),
        ("change of password", |world, it| {
            let new = "a wholly different phrase".into();
            let request = ChangePassword { current: PASSWORD.into(), new };
            world.run(|env| change_password(it.tokens.access.expose(), request, env)).unwrap();
        }),
        ("password set", |world, it| {
            let (user, password) = (UserKey::Id(it.user.id), "a wholly different phrase".into());
            let request = SetPassword { user, password, must_change: false };
            world.run(|env| set_password(request, env)).unwrap();
        }),
        ("deactivation", |world, it| {
            world.run(|env| deactivate(UserKey::Id(it.user.id), env)).unwrap();
        }),
        ("end of all", |world, it| {
            world.run(|env| end_sessions(UserKey::Id(it.user.id), env)).unwrap();
        }),
    ];
    for (what, end) in endings {
        let (mut world, signed_in) = with_scopes();
        let (_, text) = create(&mut world, &signed_in).unwrap();
        end(&mut world, &signed_in);
        assert_eq!(use_key(&mut world, &text).unwrap_err(), Refusal::RevokedToken, "{what}");
        world.run(|env| admin::activate(ada(), env)).unwrap();
        assert_eq!(use_key(&mut world, &text).unwrap_err(), Refusal::RevokedToken, "{what}");
    }
    let (mut world, signed_in) = with_scopes();
    let (_, text) = create(&mut world, &signed_in).unwrap();
    world.run(|env| logout(signed_in.tokens.access.expose(), env)).unwrap();
    assert!(use_key(&mut world, &text).is_ok(), "signing out ends one session, and no key");
}

#[test]
fn a_key_opens_no_door_of_a_session_and_a_token_none_of_a_key() {
    let (mut world, signed_in) = with_scopes();
    let (key, text) = create(&mut world, &signed_in).unwrap();
    let (now, key_text) = (world.now(), text.expose());
    world.take_trace();
    let refused = [
        world.authenticate(key_text).map(drop),
        world.run(|env| refresh(key_text, env)).map(drop),
        world.run(|env| logout(key_text, env)),
        world.run(|env| logout_all(key_text, env)),
        world.run(|env| list_sessions(key_text, Default::default(), env.settings(), now)).map(drop),
        world.run(|env| revoke_session(key_text, signed_in.session.id, env)),
        world.run(|env| create_api_key(key_text, request(), env)).map(drop),
        world
            .run(|env| list_api_keys(key_text, ApiKeyPage::default(), env.settings(), now))
            .map(drop),
        world.run(|env| revoke_api_key(key_text, key.id, env)),
        use_key(&mut world, &signed_in.tokens.access).map(drop),
        use_key(&mut world, &signed_in.tokens.refresh).map(drop),
    ];
    assert!(refused.iter().all(|answer| *answer == Err(Refusal::InvalidToken)), "{refused:?}");
    assert_eq!(world.take_trace(), [""; 0], "nothing was asked");
}

#[test]
fn a_revoked_key_is_good_for_nothing_and_its_record_is_forgotten_some_day() {
    let (mut world, signed_in) = with_scopes();
    let (key, text) = create(&mut world, &signed_in).unwrap();
    let access = signed_in.tokens.access.expose();
    let step = revoke_api_key(access, key.id, world.env());
    let step = expect!(step, FindSession).answer(owned(&signed_in.session, &signed_in.user));
    let found = Some(OwnedApiKey { key: key.clone(), standing: signed_in.user.standing() });
    let ask = expect!(expect!(step, FindApiKey).answer(found), Commit);
    let guards = [
        Guard::UserEpoch { id: signed_in.user.id, epoch: signed_in.session.epoch },
        Guard::SessionVersion { id: signed_in.session.id, version: signed_in.session.version },
    ];
    assert_eq!(ask.command.guards, guards);
    let [Write::ReplaceApiKey { key: revoked, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((revoked.revoked_at, *was), (Some(world.now()), key.version));
    assert_eq!(ask.command.events[0].event, Event::ApiKeyRevoked { key: key.id });
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));

    world.run(|env| revoke_api_key(access, key.id, env)).unwrap();
    assert_eq!(use_key(&mut world, &text).unwrap_err(), Refusal::RevokedToken);
    world.advance(ApiKey::KEPT);
    world.advance(Duration::from_minutes(60));
    let now = world.now();
    assert_eq!(world.run(|env| testudo::flow::sweep(10, env.settings().policy(), now)).api_keys, 1);
    assert_eq!(use_key(&mut world, &text).unwrap_err(), Refusal::InvalidToken);
}

#[test]
fn foreign_unknown_and_revoked_keys_look_alike_to_who_wants_to_revoke_them() {
    let (mut world, signed_in) = with_scopes();
    let (own, _) = create(&mut world, &signed_in).unwrap();
    let standing = signed_in.user.standing();
    let eve = world.register("eve@example.com", PASSWORD).id;
    let revoked = ApiKey { revoked_at: Some(world.now()), ..own.clone() };
    let foreign = ApiKey { user: eve, ..own.clone() };
    let found = |key: ApiKey| Some(OwnedApiKey { key, standing });
    for found in [None, found(foreign), found(revoked)] {
        let step = revoke_api_key(signed_in.tokens.access.expose(), own.id, world.env());
        let step = expect!(step, FindSession).answer(owned(&signed_in.session, &signed_in.user));
        assert_eq!(expect!(expect!(step, FindApiKey).answer(found), Done), Err(Refusal::NotFound));
    }
}

#[test]
fn keys_are_listed_newest_first_with_what_they_are_good_for() {
    let (mut world, signed_in) = with_scopes();
    let (ended, _) = create(&mut world, &signed_in).unwrap();
    world.run(|env| logout_all(signed_in.tokens.access.expose(), env)).unwrap();
    world.advance(Duration::from_secs(1));
    let again = world.login(ADA, PASSWORD);
    let access = again.tokens.access.expose();
    let short =
        CreateApiKey { expires_in: Some(Duration::from_secs(1)), ..CreateApiKey::new("short") };
    let (expired, _) = world.run(|env| create_api_key(access, short, env)).unwrap();
    world.advance(Duration::from_secs(1));
    let (live, _) = create(&mut world, &again).unwrap();
    world.advance(Duration::from_secs(1));
    let (revoked, _) = create(&mut world, &again).unwrap();
    world.run(|env| revoke_api_key(access, revoked.id, env)).unwrap();

    let (now, page) = (world.now(), ApiKeyPage::default());
    let listed = world.run(|env| list_api_keys(access, page, env.settings(), now)).unwrap();
    let states: Vec<_> = listed.iter().map(|listed| (listed.key.id, listed.state)).collect();
    assert_eq!(
        states,
        [
            (live.id, ApiKeyState::Live),
            (expired.id, ApiKeyState::Expired),
            (ended.id, ApiKeyState::Revoked),
        ]
    );
    let next = ApiKeyPage { before: Some(live.id), limit: 1 };
    assert_eq!(
        world.run(|env| list_api_keys(access, next, env.settings(), now)).unwrap(),
        listed[1..2]
    );
    assert_eq!(world.run(|_| admin::user_api_keys(by_email(ADA), page, now)).unwrap(), listed);
    let nobody = by_email("nobody@example.com");
    let refused = world.run(|_| admin::user_api_keys(nobody, page, now)).unwrap_err();
    assert_eq!(refused, Refusal::NotFound);
    for key in [expired, ended] {
        world.run(|env| revoke_api_key(access, key.id, env)).unwrap();
    }
    world.run(|env| admin::revoke_api_key(live.id, env)).unwrap();
    let again = world.run(|env| admin::revoke_api_key(live.id, env));
    assert_eq!(again, Err(Refusal::NotFound));
    assert_eq!(world.run(|env| list_api_keys(access, page, env.settings(), now)).unwrap(), []);
}
