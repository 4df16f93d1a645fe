//! The flows under tokens that are JWTs.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testudo::command::{Conflict, Guard, Write};
use testudo::flow::admin::deactivate;
use testudo::flow::{
    ChangePassword, Login, Refreshed, SessionPage, SignedIn, authenticate, authenticate_user,
    change_password, list_sessions, login, logout, logout_all, refresh, revoke_session, sweep,
};
use testudo::model::{EndReason, Session, User};
use testudo::testing::{Backend, World, expect};
use testudo::token::Tokens;
use testudo::token::backend::{HybridBackend, JwtBackend, Pair, Presented, TokenBackend};
use testudo::{Duration, KeyRing, Refusal, Step, Timestamp};

use super::{ADA, PASSWORD, by_email};

const STATELESS: Backend = |keys| Arc::new(JwtBackend::hs256(keys).unwrap());
const DENYLIST: Backend = |keys| Arc::new(JwtBackend::hs256(keys).unwrap().with_denylist());
const RECORDED: Backend = |keys| Arc::new(JwtBackend::hs256(keys).unwrap().recorded());
const HYBRID: Backend = |keys| Arc::new(HybridBackend::hs256(keys).unwrap());

fn signed_in(tokens: Backend) -> (World, SignedIn) {
    let mut world = World::new();
    world.set_tokens(tokens);
    world.register(ADA, PASSWORD);
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

fn ask_access(world: &World, tokens: &Tokens) -> Step<Result<Session, Refusal>> {
    authenticate(tokens.access.expose(), world.settings(), world.now())
}

fn check_user(world: &mut World, tokens: &Tokens) -> Result<(Session, User), Refusal> {
    let now = world.now();
    world.run(|env| authenticate_user(tokens.access.expose(), env.settings(), now))
}

fn exchange(world: &mut World, tokens: &Tokens) -> Result<Refreshed, Refusal> {
    world.run(|env| refresh(tokens.refresh.expose(), env))
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_stateless_session_leaves_no_record_and_asks_for_the_user_alone() {
    let (mut world, start) = signed_in(STATELESS);
    let session = expect!(ask_access(&world, &start.tokens), Done).unwrap();
    assert_eq!((session.id, session.user), (start.session.id, start.user.id));
    world.take_trace();
    let next = exchange(&mut world, &start.tokens).unwrap();
    assert_eq!(world.take_trace(), ["FindUser"]);
    assert_eq!((next.session.id, next.session.generation), (start.session.id, 1));
    assert_eq!(next.session.expires_at, start.session.expires_at);
    assert!(exchange(&mut world, &start.tokens).is_ok(), "spent tokens are not known");
    assert_eq!(world.run(|env| logout(start.tokens.access.expose(), env)), Ok(()));
    assert_eq!(world.tables().sessions().count(), 0);
}

#[test]
fn without_a_row_the_claims_count_and_with_one_the_row_does() {
    let (world, SignedIn { user, session, tokens }) = signed_in(DENYLIST);
    let see = |found| {
        let ask = expect!(ask_access(&world, &tokens), FindUserWithSession);
        assert_eq!((ask.command.user, ask.command.session), (user.id, session.id));
        expect!(ask.answer(found), Done).map(|session| session.epoch)
    };
    assert_eq!(see(Some((user.clone(), None))), Ok(user.epoch));
    assert_eq!(see(None), Err(Refusal::InvalidToken));
    let moved_on = User { epoch: user.epoch.next(), ..user.clone() };
    let inactive = User { is_active: false, ..user.clone() };
    assert_eq!(see(Some((moved_on.clone(), None))), Err(Refusal::RevokedToken));
    assert_eq!(see(Some((inactive, None))), Err(Refusal::RevokedToken));

    let row = |change: fn(&mut Session)| {
        let mut row = session.clone();
        change(&mut row);
        Some(row)
    };
    let carried = row(|row| row.epoch = row.epoch.next());
    assert_eq!(see(Some((moved_on, carried))), Ok(user.epoch.next()), "its epoch counts");
    let refreshed = row(|row| row.generation = 1);
    assert_eq!(see(Some((user.clone(), refreshed))), Err(Refusal::InvalidToken));
    let ended = row(|row| {
        let at = row.created_at;
        row.ended = Some(testudo::model::Ended { at, reason: EndReason::SignedOut });
    });
    assert_eq!(see(Some((user.clone(), ended))), Err(Refusal::RevokedToken));
}

#[test]
fn a_denylist_gets_a_row_at_the_first_refresh_and_keeps_it() {
    let (mut world, SignedIn { user, session, tokens }) = signed_in(DENYLIST);
    assert_eq!(world.tables().sessions().count(), 0);
    let step = refresh(tokens.refresh.expose(), world.env());
    let ask = expect!(step, FindUserWithSession);
    let ask = expect!(ask.answer(Some((user.clone(), None))), Commit);
    assert_eq!(ask.command.guards, [Guard::UserEpoch { id: user.id, epoch: user.epoch }]);
    let [Write::InsertSession(row)] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((row.id, row.generation, row.user), (session.id, 1, user.id));
    assert_eq!((row.expires_at, row.auth_time), (session.expires_at, session.auth_time));

    // Another refresh came first: the loser finds its row and answers with the same pair.
    let winner = exchange(&mut world, &tokens).unwrap();
    let ask = expect!(ask.answer(Err(Conflict)), FindUserWithSession);
    let step = ask.answer(Some((user.clone(), Some(winner.session.clone()))));
    let loser = expect!(expect!(step, Commit).answer(Ok(())), Done).unwrap();
    assert_eq!(loser.tokens.refresh.expose(), winner.tokens.refresh.expose());
    assert_eq!(loser.tokens.access.expose(), winner.tokens.access.expose());

    let step = refresh(winner.tokens.refresh.expose(), world.env());
    let ask = expect!(step, FindUserWithSession);
    let ask = expect!(ask.answer(Some((user, Some(winner.session.clone())))), Commit);
    let [Write::ReplaceSession { was, .. }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, winner.session.version);
}

#[test]
fn a_signed_refresh_token_is_good_once_where_sessions_have_records() {
    for tokens in [DENYLIST, RECORDED, HYBRID] {
        let (mut world, start) = signed_in(tokens);
        let first = exchange(&mut world, &start.tokens).unwrap();
        world.advance(Duration::from_millis(9_999));
        let again = exchange(&mut world, &start.tokens).unwrap();
        assert_eq!(again.tokens.refresh.expose(), first.tokens.refresh.expose());
        assert_eq!(again.tokens.access.expose(), first.tokens.access.expose());
        // Days later too, as long as the session lasts.
        let mut last = first;
        for _ in 0..5 {
            world.advance(Duration::from_minutes(23 * 60));
            last = exchange(&mut world, &last.tokens).unwrap();
        }
        assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::RevokedToken);
        assert_eq!(exchange(&mut world, &last.tokens).unwrap_err(), Refusal::RevokedToken);
        assert_eq!(check_user(&mut world, &last.tokens).unwrap_err(), Refusal::RevokedToken);
    }
}

#[test]
fn signing_out_puts_the_session_on_the_denylist() {
    let (mut world, SignedIn { user, session, tokens }) = signed_in(DENYLIST);
    let ask = expect!(logout(tokens.access.expose(), world.env()), FindUserWithSession);
    let ask = expect!(ask.answer(Some((user, None))), Commit);
    let [Write::InsertSession(row)] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(row.id, session.id);
    assert_eq!(row.ended.unwrap().reason, EndReason::SignedOut);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

///
#[test]
fn a_denylist_goes_by_the_session_and_never_by_the_text_of_a_token() {
    let (mut world, start) = signed_in(DENYLIST);
    let one = exchange(&mut world, &start.tokens).unwrap().tokens;
    world.set_keys(&format!("the-next-secret-of-tests-and-nothing-else-9Wd4,{}", World::SECRET));
    let other = exchange(&mut world, &start.tokens).unwrap().tokens;
    assert_ne!(one.access.expose(), other.access.expose(), "two texts of one token");
    assert!(world.authenticate(one.access.expose()).is_ok());
    world.run(|env| logout(other.access.expose(), env)).unwrap();
    for pair in [&start.tokens, &one, &other] {
        assert!(world.authenticate(pair.access.expose()).is_err());
        assert_eq!(exchange(&mut world, pair).unwrap_err(), Refusal::RevokedToken);
    }
}

#[test]
fn signing_out_everywhere_is_one_write_under_the_guard_that_no_row_stands() {
    let (mut world, SignedIn { user, session, tokens }) = signed_in(DENYLIST);
    let ask = expect!(logout_all(tokens.access.expose(), world.env()), FindUserWithSession);
    let ask = expect!(ask.answer(Some((user.clone(), None))), Commit);
    assert_eq!(ask.command.guards, [Guard::NoSession { id: session.id }]);
    let [Write::ReplaceUser { user: after, .. }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(after.epoch, user.epoch.beginning_at(world.now()));
}

#[test]
fn the_session_in_which_the_password_was_changed_goes_on_with_the_tokens_that_it_has() {
    for tokens in [DENYLIST, RECORDED, HYBRID] {
        let (mut world, start) = signed_in(tokens);
        let request = ChangePassword { current: PASSWORD.into(), new: "another phrase".into() };
        let access = start.tokens.access.expose();
        world.run(|env| change_password(access, request, env)).unwrap();
        assert!(check_user(&mut world, &start.tokens).is_ok());
        let next = exchange(&mut world, &start.tokens).unwrap();
        assert!(check_user(&mut world, &next.tokens).is_ok());
    }
}

#[test]
fn hybrid_access_asks_nothing_and_outlives_its_session_by_its_own_lifetime_at_most() {
    let (mut world, start) = signed_in(HYBRID);
    let access = start.tokens.access.expose();
    assert!(start.tokens.refresh.expose().starts_with("tdr_"));
    world.run(|env| logout(access, env)).unwrap();
    assert!(expect!(ask_access(&world, &start.tokens), Done).is_ok());
    assert_eq!(check_user(&mut world, &start.tokens).unwrap_err(), Refusal::RevokedToken);
    assert_eq!(world.run(|env| logout(access, env)), Err(Refusal::RevokedToken));
    assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::RevokedToken);
    world.advance(Duration::from_millis(15 * 60_000 - 1));
    assert!(world.authenticate(access).is_ok());
    world.advance(Duration::from_millis(1));
    assert_eq!(world.authenticate(access).unwrap_err(), Refusal::ExpiredToken);
}

#[test]
fn a_recorded_jwt_without_its_record_is_refused() {
    for tokens in [RECORDED, HYBRID] {
        let (mut world, SignedIn { tokens, .. }) = signed_in(tokens);
        let step = authenticate_user(tokens.access.expose(), world.settings(), world.now());
        let step = expect!(step, FindSessionWithUser).answer(None);
        assert_eq!(expect!(step, Done).unwrap_err(), Refusal::InvalidToken);
        let step = expect!(refresh(tokens.refresh.expose(), world.env()), FindSession).answer(None);
        assert_eq!(expect!(step, Done).unwrap_err(), Refusal::InvalidToken);
    }
}

#[test]
fn sessions_that_are_not_recorded_can_neither_be_listed_nor_be_ended_from_another() {
    for tokens in [STATELESS, DENYLIST] {
        let (mut world, start) = signed_in(tokens);
        let (phone, now) = (world.login(ADA, PASSWORD).session.id, world.now());
        let access = start.tokens.access.expose();
        let page = SessionPage::default();
        let listed = world.run(|env| list_sessions(access, page, env.settings(), now));
        assert_eq!(listed.unwrap_err(), Refusal::NotRecorded);
        let ended = world.run(|env| revoke_session(access, phone, env));
        assert_eq!(ended, Err(Refusal::NotRecorded));
        assert_eq!(world.run(|env| revoke_session(access, start.session.id, env)), Ok(()));
    }
}

///
#[test]
fn a_deactivated_user_is_refused_at_the_next_refresh_and_where_records_are_read_at_once() {
    for tokens in [STATELESS, DENYLIST, RECORDED, HYBRID] {
        let (mut world, start) = signed_in(tokens);
        world.run(|env| deactivate(by_email(ADA), env)).unwrap();
        assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::RevokedToken);
        assert_eq!(check_user(&mut world, &start.tokens).unwrap_err(), Refusal::RevokedToken);
    }
}

///
#[test]
fn a_clock_that_jumps_revives_no_signed_token_that_was_refused() {
    for tokens in [DENYLIST, RECORDED, HYBRID] {
        let (mut world, start) = signed_in(tokens);
        let next = exchange(&mut world, &start.tokens).unwrap().tokens;
        let now = world.now();
        world.run(|env| logout(next.access.expose(), env)).unwrap();
        let moments = [0, now.as_millis() - 3_600_000, now.as_millis() + 30_000, u64::MAX];
        for at in moments.map(Timestamp::from_millis) {
            world.set_clock(at);
            for pair in [&start.tokens, &next] {
                assert!(check_user(&mut world, pair).is_err(), "{at}");
                assert!(exchange(&mut world, pair).is_err(), "{at}");
            }
        }
        world.set_clock(now);
        assert_eq!(check_user(&mut world, &next).unwrap_err(), Refusal::RevokedToken);
        assert_eq!(exchange(&mut world, &next).unwrap_err(), Refusal::RevokedToken);
    }
}

#[test]
fn a_node_whose_clock_is_behind_takes_what_another_has_made() {
    for tokens in [STATELESS, DENYLIST, RECORDED, HYBRID] {
        let (mut world, start) = signed_in(tokens);
        world.set_clock(Timestamp::from_millis(world.now().as_millis() - 30_000));
        assert!(world.authenticate(start.tokens.access.expose()).is_ok());
        assert!(exchange(&mut world, &start.tokens).is_ok());
    }
}

#[test]
fn a_sweep_takes_from_a_denylist_only_what_has_expired() {
    let (mut world, start) = signed_in(DENYLIST);
    world.run(|env| logout(start.tokens.access.expose(), env)).unwrap();
    let end = start.session.expires_at;
    for (at, left) in [(end, 1), (end + Duration::from_minutes(61), 0)] {
        world.set_clock(at);
        world.run(|env| sweep(100, env.settings().policy(), at));
        assert_eq!(world.tables().sessions().count(), left);
        assert_eq!(check_user(&mut world, &start.tokens).unwrap_err(), Refusal::ExpiredToken);
        assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::ExpiredToken);
    }
}

#[test]
fn what_a_session_is_stands_in_its_tokens_for_whoever_reads_them() {
    let (mut world, start) = signed_in(|keys| {
        let tokens = JwtBackend::hs256(keys).unwrap();
        Arc::new(tokens.issuer("https://id.example.com").audience("api"))
    });
    let mut request = Login::new(ADA, PASSWORD.into());
    request.claims.insert("tenant".into(), json!("acme"));
    let signed_in = world.run(|env| login(request, env)).unwrap();
    let SignedIn { session, tokens, .. } = signed_in.signed_in().unwrap();
    let (access, refresh) = (tokens.access.expose(), tokens.refresh.expose());
    assert_eq!(
        (&part(access, 0)["alg"], &part(access, 0)["typ"]),
        (&json!("HS256"), &json!("at+jwt"))
    );
    assert_ne!(part(access, 0)["kid"], part(refresh, 0)["kid"], "keys of their own");
    let (now, ms) = (world.now().as_millis() / 1000, world.now().as_millis());
    let claims = part(access, 1);
    let expected = json!({
        "iss": "https://id.example.com",
        "aud": "api",
        "sub": start.user.id,
        "sid": session.id,
        "jti": format!("{}.0.{ms}.a", session.id),
        "iat": now,
        "exp": now + 900,
        "token_type": "access",
        "auth_time": now,
        "amr": ["pwd"],
        "extra": {"tenant": "acme"},
        "session": {
            "epoch": 0, "generation": 0, "auth_time": ms, "created_at": ms, "refreshed_at": ms,
            "idle_timeout": 86_400_000, "expires_at": ms + 604_800_000,
            "access_expires_at": ms + 900_000,
        },
    });
    assert_eq!(claims, expected);
    let claims = part(refresh, 1);
    assert_eq!(claims["exp"], now + 604_800, "so that a spent one is known until the end");
    let authenticated = world.authenticate(access).unwrap();
    assert_eq!(authenticated.claims, session.claims);
}

#[test]
fn a_token_for_another_issuer_or_audience_or_use_is_refused() {
    let (mut world, start) = signed_in(DENYLIST);
    let (access, refresh_text) = (start.tokens.access.expose(), start.tokens.refresh.expose());
    assert_eq!(world.authenticate(refresh_text).unwrap_err(), Refusal::InvalidToken);
    let refused = world.run(|env| refresh(access, env)).unwrap_err();
    assert_eq!(refused, Refusal::InvalidToken);
    let others: [Backend; 2] = [
        |keys| Arc::new(JwtBackend::hs256(keys).unwrap().issuer("https://id.example.com")),
        |keys| Arc::new(JwtBackend::hs256(keys).unwrap().audience("api")),
    ];
    for other in others {
        world.set_tokens(other);
        assert_eq!(world.authenticate(access).unwrap_err(), Refusal::InvalidToken);
        assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::InvalidToken);
    }
}

#[test]
fn keys_of_an_older_secret_verify_until_it_is_taken_out() {
    const NEW: &str = "the-next-secret-of-tests-and-nothing-else-9Wd4";
    for tokens in [STATELESS, DENYLIST, RECORDED] {
        let (mut world, start) = signed_in(tokens);
        world.set_keys(&format!("{NEW},{}", World::SECRET));
        assert!(world.authenticate(start.tokens.access.expose()).is_ok());
        let next = exchange(&mut world, &start.tokens).unwrap();
        world.set_keys(NEW);
        assert!(world.authenticate(next.tokens.access.expose()).is_ok(), "the newest signs");
        assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::InvalidToken);
    }
}

#[test]
fn claims_that_fit_into_no_token_open_no_session_and_cost_no_attempt() {
    let (mut world, _) = signed_in(DENYLIST);
    let before = world.tables().clone();
    let mut request = Login::new(ADA, PASSWORD.into());
    request.claims.insert("much".into(), "x".repeat(8_000).into());
    let refused = world.run(|env| login(request, env)).unwrap_err();
    let Refusal::Invalid(errors) = refused else { panic!("{refused:?}") };
    assert_eq!((&*errors[0].field, &*errors[0].code), ("claims", "claims_too_large"));
    assert_eq!(world.tables().users().collect::<Vec<_>>(), before.users().collect::<Vec<_>>());
    assert_eq!(world.tables().sessions().count(), 0);
    assert!(world.tables().attempts().all(|(_, counter)| counter.count == 0));
}

/// What a signed session says is what it was printed from, whatever that was.
#[test]
fn a_session_is_read_from_its_tokens_as_it_was_printed() {
    let (world, start) = signed_in(STATELESS);
    let backend = JwtBackend::hs256(&KeyRing::parse(World::SECRET).unwrap()).unwrap();
    let session = Session {
        refreshed_at: world.now() + Duration::from_millis(1_234),
        access_expires_at: world.now() + Duration::from_millis(901_777),
        idle_timeout: Duration::from_millis(77_777),
        generation: 41,
        epoch: start.user.epoch.next(),
        ..start.session
    };
    let pair = Pair { session: &session, access: None, refresh: None, now: world.now() };
    let printed = backend.print(&pair).unwrap();
    assert_eq!(printed.expires_in, Duration::from_millis(901_777));
    let exp = part(printed.access.expose(), 1)["exp"].as_u64().unwrap();
    assert_eq!(exp, world.now().as_millis() / 1000 + 901, "whole seconds, for others");
    let at = |millis| {
        let at = world.now() + Duration::from_millis(millis);
        backend.read_access(printed.access.expose(), at).map(drop)
    };
    assert_eq!((at(901_776), at(901_777)), (Ok(()), Err(Refusal::ExpiredToken)));
    let Ok(Presented::Signed(access)) = backend.read_access(printed.access.expose(), world.now())
    else {
        panic!("ours is taken")
    };
    let Ok(Presented::Signed(refresh)) =
        backend.read_refresh(printed.refresh.expose(), world.now())
    else {
        panic!("ours is taken")
    };
    assert_eq!(access, refresh);
    let unknown = Session {
        client: access.client.clone(),
        chain_key: access.chain_key,
        refresh_digest: access.refresh_digest,
        access_digest: access.access_digest,
        version: access.version,
        ..session.clone()
    };
    assert_eq!(*access, unknown);
    let again = backend.print(&Pair { now: Timestamp::MAX, ..pair }).unwrap();
    assert_eq!(again.access.expose(), printed.access.expose());
}

#[cfg(feature = "jwt-signatures")]
#[test]
fn every_node_derives_the_same_published_keys_and_signs_alike() {
    const ED25519: Backend = |keys| Arc::new(JwtBackend::ed25519(keys).unwrap().recorded());
    let (_, one) = signed_in(ED25519);
    let (_, other) = signed_in(ED25519);
    assert_eq!(one.tokens.access.expose(), other.tokens.access.expose());
    let ring = KeyRing::parse(&format!(
        "the-next-secret-of-tests-and-nothing-else-9Wd4,{}",
        World::SECRET
    ));
    let backend = JwtBackend::ed25519(&ring.unwrap()).unwrap();
    let published = serde_json::to_value(backend.published_keys()).unwrap();
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    assert_eq!(published["keys"][1]["kid"], part(one.tokens.access.expose(), 0)["kid"]);
    assert_eq!(published["keys"][0]["alg"], "EdDSA");
    let ring = KeyRing::parse(World::SECRET).unwrap();
    let hmac = JwtBackend::hs256(&ring).unwrap().published_keys();
    assert!(hmac.keys.is_empty(), "a secret is never published");
}
