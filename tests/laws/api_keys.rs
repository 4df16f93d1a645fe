//! Laws of API keys: in every order of events, and after every sequence of requests.

use proptest::prelude::*;
use testudo::event::EventKind;
use testudo::flow::{
    CreateApiKey, authenticate_api_key, create_api_key, logout, logout_all, refresh,
    revoke_api_key, sweep,
};
use testudo::model::{ApiKey, ApiKeyState};
use testudo::testing::{Ending, Explorer, World};
use testudo::token::Tokens;
use testudo::{Duration, Policy, Refusal, Secret};

use super::{ADA, PASSWORD, world_with_session};

/// What a flow is remembered for: the key that it gave, or that it said yes, or no.
type Answer = Result<Option<Secret<String>>, Refusal>;

/// How many keys a user may have in these worlds.
const MOST: u32 = 2;

fn limited() -> (World, Tokens) {
    let (mut world, start) = world_with_session();
    world.set_policy(Policy { api_keys: MOST, ..Policy::default() });
    (world, start.tokens)
}

fn create(world: &mut World, tokens: &Tokens) -> Result<(ApiKey, Secret<String>), Refusal> {
    let request = CreateApiKey::new("any");
    world.run(|env| create_api_key(tokens.access.expose(), request, env))
}

/// What a key would be answered now.
fn probe(world: &World, key: &Secret<String>) -> Result<(), Refusal> {
    world.clone().run(|env| authenticate_api_key(key.expose(), None, env)).map(drop)
}

fn creating<'a>(
    explorer: Explorer<'a, Answer>,
    name: &'static str,
    tokens: &'a Tokens,
) -> Explorer<'a, Answer> {
    let begin = |env| create_api_key(tokens.access.expose(), CreateApiKey::new("any"), env);
    explorer.flow(name, begin, |result| result.map(|(_, text)| Some(text)))
}

fn live_keys(world: &World) -> usize {
    let user = world.tables().users().next().unwrap().standing();
    let is_live = |key: &&ApiKey| key.state(&user, world.now()) == ApiKeyState::Live;
    world.tables().api_keys().filter(is_live).count()
}

fn said_yes(ending: &Ending<Answer>) -> bool {
    matches!(ending, Ending::Done(Ok(_)))
}

/// The keys that were given.
fn given(endings: &[Ending<Answer>]) -> impl Iterator<Item = &Secret<String>> {
    endings.iter().filter_map(|ending| ending.done()?.as_ref().ok()?.as_ref())
}

#[test]
fn parallel_creations_never_pass_the_limit() {
    let (mut world, tokens) = limited();
    create(&mut world, &tokens).unwrap();
    let mut explorer = Explorer::new(&world).with_crashes();
    for name in ["one", "two", "three"] {
        explorer = creating(explorer, name, &tokens);
    }
    let mut crashes = 0;
    explorer.check(|world, endings| {
        assert!(live_keys(world) <= 2);
        let granted = given(endings).inspect(|key| assert_eq!(probe(world, key), Ok(()))).count();
        let is_full = |ending: &&Ending<Answer>| {
            matches!(ending, Ending::Done(Err(Refusal::TooMany { most: MOST })))
        };
        let refused = endings.iter().filter(is_full).count();
        let crashed = endings.iter().filter(|ending| ending.done().is_none()).count();
        crashes += crashed;
        assert_eq!(granted + refused + crashed, 3, "nobody is told anything else");
        if crashed == 0 {
            assert_eq!((granted, live_keys(world)), (1, 2));
        }
    });
    assert!(crashes > 0);
}

#[test]
fn no_key_outlives_a_logout_everywhere_that_came_after_it() {
    let (world, tokens) = limited();
    let explorer = creating(Explorer::new(&world), "create", &tokens)
        .flow("everywhere", |env| logout_all(tokens.access.expose(), env), |it| it.map(|()| None))
        .with_crashes();
    let mut both = 0;
    explorer.check(|world, endings| {
        if said_yes(&endings[1]) {
            both += given(endings).count();
            given(endings)
                .for_each(|key| assert_eq!(probe(world, key), Err(Refusal::RevokedToken)));
            assert_eq!(live_keys(world), 0);
        }
    });
    assert!(both > 0);
}

#[test]
fn a_session_that_was_signed_out_makes_no_key_and_a_refresh_hinders_none() {
    let (world, tokens) = limited();
    let explorer = creating(Explorer::new(&world), "create", &tokens)
        .flow("logout", |env| logout(tokens.access.expose(), env), |it| it.map(|()| None))
        .flow("refresh", |env| refresh(tokens.refresh.expose(), env), |it| it.map(|_| None));
    let (mut made, mut refused) = (0, 0);
    explorer.check(|world, endings| {
        let events = world.tables().events();
        let place = |name: &str| {
            let is = |it: &testudo::event::EventRecord| {
                serde_json::to_value(it).unwrap()["type"] == name
            };
            events.iter().position(is)
        };
        match &endings[0] {
            Ending::Done(Ok(_)) => {
                made += 1;
                let logout = place("user_logout").unwrap_or(usize::MAX);
                assert!(place("api_key_created").unwrap() < logout);
            }
            Ending::Done(Err(refusal)) => {
                refused += 1;
                assert!(matches!(refusal, Refusal::InvalidToken | Refusal::RevokedToken));
                assert_eq!(live_keys(world), 0);
            }
            Ending::Crashed => unreachable!("nothing crashes here"),
        }
    });
    assert!(made > 0 && refused > 0);
}

#[test]
fn a_key_whose_revocation_was_acknowledged_is_dead_whatever_uses_it_meanwhile() {
    let (mut world, tokens) = limited();
    let (key, text) = create(&mut world, &tokens).unwrap();
    let using = |env| authenticate_api_key(text.expose(), None, env);
    let revoking = |env| revoke_api_key(tokens.access.expose(), key.id, env);
    let explorer = Explorer::new(&world)
        .flow("use", using, |result| result.map(|_| None))
        .flow("revoke", revoking, |result| result.map(|()| None))
        .flow("revoke again", revoking, |result| result.map(|()| None))
        .with_crashes();
    let mut used = 0;
    explorer.check(|world, endings: &[Ending<Answer>]| {
        used += usize::from(said_yes(&endings[0]));
        if endings[1..].iter().any(said_yes) {
            assert_eq!(probe(world, &text), Err(Refusal::RevokedToken));
        }
        if let Ending::Done(Err(refusal)) = &endings[0] {
            assert_eq!(*refusal, Refusal::RevokedToken);
        }
        assert!(endings[1..].iter().filter(|ending| said_yes(ending)).count() <= 1);
        let events = world.tables().events();
        let events = events.iter().filter(|it| it.event.kind() == EventKind::ApiKeyRevoked);
        let revoked = world.tables().api_keys().filter(|key| key.revoked_at.is_some()).count();
        assert_eq!(events.count(), revoked, "one event for what happened once");
    });
    assert!(used > 0);
}

/// A request, or time that passes. Numbers pick one of the keys made so far.
#[derive(Clone, Debug)]
enum Action {
    Login,
    Create { seconds: Option<u64> },
    Use(usize),
    Revoke(usize),
    LogoutAll,
    Sweep,
    Advance(Duration),
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => Just(Action::Login),
        4 => proptest::option::of(1u64..600).prop_map(|seconds| Action::Create { seconds }),
        3 => any::<usize>().prop_map(Action::Use),
        2 => any::<usize>().prop_map(Action::Revoke),
        1 => Just(Action::LogoutAll),
        1 => Just(Action::Sweep),
        3 => (0u64..400).prop_map(|secs| Action::Advance(Duration::from_secs(secs))),
        1 => (1u64..200).prop_map(|days| Action::Advance(Duration::from_days(days))),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_requests_revives_a_key_or_makes_too_many(
        actions in prop::collection::vec(any_action(), 1..40),
    ) {
        let (mut world, mut tokens) = limited();
        // Each with whether it was refused before.
        let mut keys: Vec<(ApiKey, Secret<String>, bool)> = Vec::new();
        for action in &actions {
            let access = tokens.access.clone();
            let now = world.now();
            let pick = |number: usize| keys.get(number.checked_rem(keys.len())?).cloned();
            match *action {
                Action::Login => tokens = world.login(ADA, PASSWORD).tokens,
                Action::Create { seconds } => {
                    let expires_in = seconds.map(Duration::from_secs);
                    let request = CreateApiKey { expires_in, ..CreateApiKey::new("any") };
                    let live = live_keys(&world);
                    match world.run(|env| create_api_key(access.expose(), request, env)) {
                        Ok((key, text)) => keys.push((key, text, false)),
                        Err(Refusal::TooMany { .. }) => prop_assert_eq!(live, 2),
                        Err(_) => {}
                    }
                }
                Action::Use(number) => {
                    let Some((_, text, _)) = pick(number) else { continue };
                    let _ = world.run(|env| authenticate_api_key(text.expose(), None, env));
                }
                Action::Revoke(number) => {
                    let Some((key, text, _)) = pick(number) else { continue };
                    if world.run(|env| revoke_api_key(access.expose(), key.id, env)).is_ok() {
                        prop_assert_eq!(probe(&world, &text), Err(Refusal::RevokedToken));
                    }
                }
                Action::LogoutAll => {
                    if world.run(|env| logout_all(access.expose(), env)).is_ok() {
                        prop_assert_eq!(live_keys(&world), 0);
                    }
                }
                Action::Sweep => drop(world.run(|env| sweep(100, env.settings().policy(), now))),
                Action::Advance(span) => world.advance(span),
            }
            for (_, text, is_dead) in &mut keys {
                let refused = probe(&world, text).is_err();
                prop_assert!(refused || !*is_dead, "a key that was refused is taken again");
                *is_dead = refused;
            }
            let kept = world.tables().api_keys().filter(|key| key.revoked_at.is_none()).count();
            prop_assert!(kept <= 2, "no more are kept than may be live");
        }
    }
}
