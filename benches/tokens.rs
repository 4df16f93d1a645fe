//! What tokens cost: reading one, the digest that is stored in a secret's place, what another service or an
//! API key presents, and the walk down the ratchet that tells a spent refresh token from a made-up one.
//!
//! No flow is in the first figures. The walk is the flow's own, from the token's text to the verdict
//! that it was used twice, since the ratchet is not for sale by the link.
//!
//! ```console
//! cargo bench --features jwt-signatures --bench tokens
//! ```

#![allow(clippy::panic, reason = "a bench that measures the wrong thing must not go on")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use testudo::command::{Commit, OwnedSession};
use testudo::flow::{self, SignedIn};
use testudo::model::Digest;
use testudo::service::ServiceTokens;
use testudo::testing::World;
use testudo::token::{AccessToken, RefreshToken};
use testudo::{Duration, Env, Step};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (mut world, signed_in) = world_with_session();
    parse(&mut criterion, &signed_in);
    digest(&mut criterion);
    services(&mut criterion);
    #[cfg(feature = "jwt")]
    signed::authenticate(&mut criterion);
    walk(&mut criterion, &mut world, &signed_in);
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion, signed_in: &SignedIn) {
    let (access, refresh) = (signed_in.tokens.access.expose(), signed_in.tokens.refresh.expose());
    criterion.bench_function("parse an access token", |bencher| {
        bencher.iter(|| AccessToken::parse(black_box(access)));
    });
    criterion.bench_function("parse a refresh token", |bencher| {
        bencher.iter(|| RefreshToken::parse(black_box(refresh)));
    });
    let token = AccessToken::parse(access);
    criterion.bench_function("print a token", |bencher| {
        bencher.iter(|| token.as_ref().map(AccessToken::reveal));
    });
}

/// Of a secret of 256 bits, and compared in constant time.
fn digest(criterion: &mut Criterion) {
    let secret = [7; 32];
    let stored = Digest::of(&secret);
    criterion.bench_function("digest a secret", |bencher| {
        bencher.iter(|| Digest::of(black_box(&secret)));
    });
    criterion.bench_function("compare a digest", |bencher| {
        let presented = stored;
        bencher.iter(|| black_box(&presented) == black_box(&stored));
    });
}

/// Each presented token is held against all that there are, wherever it stands.
fn services(criterion: &mut Criterion) {
    let token = |number: u8| format!("service-token-{number}-2Wq5u0cTb1yX8zGf4Jm7Kp");
    let all: Vec<_> = (0..4).map(token).collect();
    let Ok(services) = all.join(",").parse::<ServiceTokens>() else { panic!("tokens") };
    let (known, unknown) = (token(2), token(9));
    criterion.bench_function("a service's token, of four", |bencher| {
        bencher.iter(|| services.accept(black_box(&known)));
    });
    criterion.bench_function("a wrong service's token, of four", |bencher| {
        bencher.iter(|| services.accept(black_box(&unknown)));
    });
}

/// The most that a stranger with one genuine old token can make us compute: the whole horizon. Each
/// link is a successor, one HMAC.
fn walk(criterion: &mut Criterion, world: &mut World, signed_in: &SignedIn) {
    let mut group = criterion.benchmark_group("recognise a spent token");
    let (spent, mut session) = (signed_in.tokens.refresh.expose(), signed_in.session.clone());
    let mut newest = signed_in.tokens.refresh.clone();
    let standing = signed_in.user.standing();
    for generations in [64, 4096] {
        while session.generation < generations {
            let next = world.run(|env| flow::refresh(newest.expose(), env));
            let Ok(next) = next else { panic!("no refresh: {next:?}") };
            (session, newest) = (next.session, next.tokens.refresh);
        }
        world.advance(Duration::from_minutes(1));
        let mut prepare = || (world.env(), session.clone());
        group.throughput(Throughput::Elements(generations.into()));
        group.bench_function(format!("{generations} generations back"), |bencher| {
            let run = |(env, session)| reused(spent, env, OwnedSession { session, standing });
            bencher.iter_batched(&mut prepare, run, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// Runs a refresh up to the batch that ends the session.
fn reused(token: &str, env: Env, owned: OwnedSession) -> Commit {
    let Step::FindSession(ask) = flow::refresh(token, env) else {
        panic!("no session is asked for")
    };
    let Step::Commit(ask) = ask.answer(Some(owned)) else { panic!("it was not recognised") };
    ask.command
}

/// What a request costs that is authenticated by the signature of its token, with no store.
#[cfg(feature = "jwt")]
mod signed {
    use std::hint::black_box;
    use std::sync::Arc;

    use criterion::Criterion;
    use testudo::Step;
    use testudo::flow;
    use testudo::testing::Backend;
    use testudo::token::backend::HybridBackend;

    #[allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
    const FORMS: &[(&str, Backend)] = &[
        ("authenticate, hybrid with HS256", |keys| Arc::new(HybridBackend::hs256(keys).unwrap())),
        #[cfg(feature = "jwt-signatures")]
        ("authenticate, hybrid with EdDSA", |keys| Arc::new(HybridBackend::ed25519(keys).unwrap())),
    ];

    pub(super) fn authenticate(criterion: &mut Criterion) {
        for (name, tokens) in FORMS {
            let mut world = super::World::new();
            world.set_tokens(*tokens);
            world.register("ada@example.com", "correct horse battery");
            let signed_in = world.login("ada@example.com", "correct horse battery");
            let (settings, now) = (Arc::clone(world.settings()), world.now());
            criterion.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let access = black_box(signed_in.tokens.access.expose());
                    let step = flow::authenticate(access, &settings, now);
                    assert!(matches!(&step, Step::Done(Ok(_))));
                    step
                });
            });
        }
    }
}

fn world_with_session() -> (World, SignedIn) {
    let mut world = World::new();
    world.register("ada@example.com", "correct horse battery");
    let signed_in = world.login("ada@example.com", "correct horse battery");
    (world, signed_in)
}
