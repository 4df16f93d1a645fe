//! What the flows cost by themselves.
//!
//! Each figure is the time from calling a flow to its result: reading the request, every decision,
//! every token and digest, the batch that is committed, and the suspension at each question. The
//! replies are prepared beforehand and moved in, so that no store, hasher, runtime or copy of a record
//! is in the figure; nor is seeding the flow's
//! randomness or dropping the result.
//!
//! ```console
//! cargo bench --bench flows
//! ```

#![allow(clippy::panic, reason = "a bench that measures the wrong thing must not go on")]

use std::fmt::Debug;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use testudo::Step;
use testudo::command::{OwnedSession, PasswordVerdict};
use testudo::flow::{self, Login, SignedIn};
use testudo::model::{AttemptVerdict, Client, Session, User};
use testudo::testing::World;

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// So few that what is made and kept until a batch ends finds memory that was used before, as it does in
/// a server: with thousands, the page faults of fresh memory would be half of the figure.
const BATCH: BatchSize = BatchSize::NumIterations(32);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    sign_in(&mut criterion);
    with_a_session(&mut criterion);
    criterion.final_summary();
}

/// A sign-in asks five questions (two attempts, the user, the password, the batch) and makes the
/// session and its first tokens; a refused one makes an event instead.
fn sign_in(criterion: &mut Criterion) {
    let mut world = world();
    let user = world.register(ADA, PASSWORD);
    for (name, user, verdict) in [
        ("login", Some(user), PasswordVerdict::Valid { outdated: false }),
        ("login, no such account", None, PasswordVerdict::Invalid),
    ] {
        let mut prepare = || {
            let request = Login::new(ADA, PASSWORD.into());
            (request, world.env(), Replies { user: user.clone(), session: None, verdict })
        };
        criterion.bench_function(name, |bencher| {
            let run = |(request, env, replies)| replies_to(flow::login(request, env), replies);
            bencher.iter_batched(&mut prepare, run, BATCH);
        });
    }
}

/// What is asked with a token.
fn with_a_session(criterion: &mut Criterion) {
    let mut world = world();
    world.register(ADA, PASSWORD);
    let signed_in = world.login(ADA, PASSWORD);
    let (settings, now) = (Arc::clone(world.settings()), world.now());
    let (access, refresh) = (signed_in.tokens.access.expose(), signed_in.tokens.refresh.expose());
    let with = &signed_in;
    let authenticate = |()| flow::authenticate(access, &settings, now);
    bench(criterion, "authenticate", with, || (), authenticate);
    let authenticate_user = |()| flow::authenticate_user(access, &settings, now);
    bench(criterion, "authenticate_user", with, || (), authenticate_user);
    bench(criterion, "refresh", with, || world.env(), |env| flow::refresh(refresh, env));
    bench(criterion, "logout", with, || world.env(), |env| flow::logout(access, env));
    bench(criterion, "logout_all", with, || world.env(), |env| flow::logout_all(access, env));
}

fn bench<I, T, E: Debug>(
    criterion: &mut Criterion,
    name: &str,
    signed_in: &SignedIn,
    mut surroundings: impl FnMut() -> I,
    flow: impl Fn(I) -> Step<Result<T, E>>,
) {
    let mut prepare = || {
        let user = Some(signed_in.user.clone());
        let session = Some(signed_in.session.clone());
        (surroundings(), Replies { user, session, verdict: PasswordVerdict::Invalid })
    };
    let run = |(surroundings, replies)| replies_to(flow(surroundings), replies);
    if let (Err(refusal), _) = run(prepare()) {
        panic!("{name}: {refusal:?}");
    }
    criterion.bench_function(name, |bencher| {
        bencher.iter_batched(&mut prepare, run, BATCH);
    });
}

/// A world whose flows have a client such as a server sees.
fn world() -> World {
    let mut world = World::new();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    world.set_client(Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent(agent));
    world
}

/// All that a flow will be told.
struct Replies {
    user: Option<User>,
    session: Option<Session>,
    verdict: PasswordVerdict,
}

/// Runs a flow to its end. What it did not ask for is given back, so that dropping it is not timed.
fn replies_to<T>(mut step: Step<T>, mut replies: Replies) -> (T, Replies) {
    loop {
        step = match step {
            Step::CountAttempt(ask) => {
                let window = ask.command.now + ask.command.limit.window;
                ask.answer(AttemptVerdict::Allowed { window, is_last: false })
            }
            Step::FindUser(ask) => ask.answer(replies.user.take()),
            Step::FindSession(ask) => {
                let standing = replies.user.as_ref().map(User::standing);
                let owned = replies.session.take().zip(standing);
                ask.answer(owned.map(|(session, standing)| OwnedSession { session, standing }))
            }
            Step::FindSessionWithUser(ask) => {
                ask.answer(replies.session.take().zip(replies.user.take()))
            }
            Step::VerifyPassword(ask) => ask.answer(replies.verdict),
            Step::Commit(ask) => ask.answer(Ok(())),
            Step::Done(result) => return (result, replies),
            other => panic!("nothing is prepared for {:?}", other.pending()),
        };
    }
}
