//! The law of docs/redis.md on what a failover may lose, where nobody waits for replicas: what was acknowledged in the
//! last moment is undone, and nothing that was closed before it opens.

use std::fmt::Debug;

use testudo::command::{Commit, Conflict, Guard, Write};
use testudo::flow::{ChangePassword, Login, Refreshed, RegisterUser, SignedIn};
use testudo::model::{AttemptVerdict, EndReason, Ended, Session};
use testudo::password::{Argon2id, HasherChain};
use testudo::token::Tokens;
use testudo::{Client, KeyRing, Policy, Refusal, Settings};
use testudo_driver::{Auth, AuthError, FaultKind, InlineHashing, Store};
use testudo_redis::{RedisOptions, RedisStore};
use testudo_test_servers::Redis;
use testudo_test_servers::proxy::Proxy;
use tokio::time::{sleep, timeout};

use super::{BOUND, Duration, address_of, url_of, waiting};
use crate::fixtures::{NOW, attempt, commit};
use crate::support::{raw, run};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const RIGHT: &str = "correct horse";
const NEXT: &str = "battery staple";

#[test]
fn what_was_closed_before_the_lost_moment_stays_closed() {
    run(async {
        let scene = Scene::new().await;
        for email in [ADA, BOB] {
            scene.register(email).await;
        }
        let (left, others) = (scene.sign_in(ADA, RIGHT).await, scene.sign_in(ADA, RIGHT).await);
        let (spent, of_bob) = (scene.sign_in(ADA, RIGHT).await, scene.sign_in(BOB, RIGHT).await);
        scene.logout(&left.tokens).await;
        let current = scene.refresh(&spent.tokens).await.unwrap();
        let keeper = scene.sign_in(BOB, RIGHT).await;
        let change = ChangePassword { current: RIGHT.into(), new: NEXT.into() };
        let access = keeper.tokens.access.expose();
        scene.auth.change_password(access, change, &Client::unknown()).await.unwrap();

        scene.cut_off().await;
        // Whatever is done in that moment, also to what is closed.
        scene.logout(&others.tokens).await;
        let lost = scene.refresh(&current.tokens).await.unwrap();
        scene.sign_in(BOB, NEXT).await;
        scene.fail_over().await;

        scene.is_dead(&left.tokens).await;
        assert_eq!(scene.check(&spent.tokens).await, Err(Refusal::InvalidToken));
        scene.is_dead(&of_bob.tokens).await;
        assert_eq!(scene.try_sign_in(BOB, RIGHT).await.unwrap_err(), Refusal::InvalidCredentials);
        scene.sign_in(BOB, NEXT).await;
        scene.check(&current.tokens).await.unwrap();
        assert_eq!(scene.check(&lost.tokens).await, Err(Refusal::InvalidToken));
    });
}

#[test]
fn what_was_acknowledged_in_the_lost_moment_is_undone_and_can_be_done_again() {
    run(async {
        let scene = Scene::new().await;
        scene.register(ADA).await;
        let (leaver, refresher) =
            (scene.sign_in(ADA, RIGHT).await, scene.sign_in(ADA, RIGHT).await);
        let guess = attempt(&refresher.user);

        scene.cut_off().await;
        scene.logout(&leaver.tokens).await;
        scene.is_dead(&leaver.tokens).await;
        let lost = scene.refresh(&refresher.tokens).await.unwrap();
        scene.check(&lost.tokens).await.unwrap();
        let newcomer = scene.sign_in(ADA, RIGHT).await;
        scene.register(BOB).await;
        for _ in 0..guess.limit.attempts {
            scene.store.count_attempt(guess.clone()).await.unwrap();
        }
        let locked = scene.store.count_attempt(guess.clone()).await.unwrap();
        assert!(!matches!(locked, AttemptVerdict::Allowed { .. }), "{locked:?}");
        scene.fail_over().await;

        // A sign-out is undone, until somebody signs out again.
        scene.check(&leaver.tokens).await.unwrap();
        scene.logout(&leaver.tokens).await;
        scene.is_dead(&leaver.tokens).await;

        // Of a refresh, the new pair is refused, which ends nothing, and the one before works.
        assert_eq!(scene.check(&lost.tokens).await, Err(Refusal::InvalidToken));
        assert_eq!(scene.refresh(&lost.tokens).await.unwrap_err(), Refusal::InvalidToken);
        scene.check(&refresher.tokens).await.unwrap();
        let again = scene.refresh(&refresher.tokens).await.unwrap();
        scene.check(&again.tokens).await.unwrap();

        // A session and an account are gone, and attempts are not counted.
        scene.is_dead(&newcomer.tokens).await;
        scene.sign_in(ADA, RIGHT).await;
        assert_eq!(scene.try_sign_in(BOB, RIGHT).await.unwrap_err(), Refusal::InvalidCredentials);
        scene.register(BOB).await;
        let counted = scene.store.count_attempt(guess).await.unwrap();
        assert!(matches!(counted, AttemptVerdict::Allowed { .. }), "{counted:?}");
    });
}

#[test]
fn what_is_based_on_the_lost_moment_is_a_conflict() {
    run(async {
        let scene = Scene::new().await;
        scene.register(ADA).await;
        let signed_in = scene.sign_in(ADA, RIGHT).await;
        let before = signed_in.session;
        let user = signed_in.user;

        scene.cut_off().await;
        scene.refresh(&signed_in.tokens).await.unwrap();
        let read = scene.store.find_session_record(before.id).await.unwrap().unwrap();
        assert_eq!(read.version, before.version.next());
        let mut raised = user.clone();
        raised.epoch = user.epoch.next();
        raised.version = user.version.next();
        let was = user.version;
        let raising = vec![Write::ReplaceUser { user: Box::new(raised.clone()), was }];
        commit(&scene.store, Commit { writes: raising, ..Commit::default() }).await;
        scene.fail_over().await;

        // Somebody who read it then decides now.
        let stale = [
            Commit { writes: vec![ending(&read)], ..Commit::default() },
            guarded(Guard::SessionVersion { id: read.id, version: read.version }),
            guarded(Guard::UserEpoch { id: user.id, epoch: raised.epoch }),
        ];
        for batch in stale {
            let shown = format!("{batch:?}");
            assert_eq!(scene.store.commit(batch).await.unwrap(), Err(Conflict), "{shown}");
        }
        let found = scene.store.find_session_record(before.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&before), "nothing was written");
        // Who looks again goes on.
        let ending = Commit { writes: vec![ending(&before)], ..Commit::default() };
        commit(&scene.store, ending).await;
        scene.is_dead(&signed_in.tokens).await;
    });
}

/// A fault does not mean that nothing was written: others see it, and act on it, and a failover undoes it after all.
#[test]
fn what_was_a_fault_for_want_of_replicas_is_seen_until_a_failover_undoes_it() {
    run(async {
        let scene = Scene::with(waiting()).await;
        scene.register(ADA).await;
        let signed_in = scene.sign_in(ADA, RIGHT).await;
        scene.cut_off().await;
        let access = signed_in.tokens.access.expose();
        lacks_replicas(scene.auth.logout(access, &Client::unknown())).await;
        assert_eq!(scene.check(&signed_in.tokens).await, Err(Refusal::RevokedToken));
        scene.fail_over().await;
        scene.check(&signed_in.tokens).await.unwrap();
    });
}

/// Who repeats what was a fault is told what came of it when a replica has it, and not before.
#[test]
fn a_refresh_that_no_replica_has_is_not_told_to_who_repeats_it() {
    run(async {
        let scene = Scene::with(waiting()).await;
        scene.register(ADA).await;
        let signed_in = scene.sign_in(ADA, RIGHT).await;
        scene.cut_off().await;
        let token = signed_in.tokens.refresh.expose();
        for _ in 0..3 {
            lacks_replicas(scene.auth.refresh(token, &Client::unknown())).await;
        }
        scene.fail_over().await;
        assert_eq!(scene.check(&signed_in.tokens).await.unwrap(), signed_in.session);
    });
}

/// Nor do guards hold of what no replica has, wherever the records are.
#[test]
fn guards_alone_hold_when_replicas_have_what_they_saw() {
    for buckets in [1, 64] {
        run(async {
            let scene = Scene::with(waiting().buckets(buckets)).await;
            scene.register(ADA).await;
            let mut guards = Vec::new();
            for _ in 0..4 {
                let Session { id, version, .. } = scene.sign_in(ADA, RIGHT).await.session;
                guards.push(Guard::SessionVersion { id, version });
            }
            let batch = Commit { guards, ..Commit::default() };
            commit(&scene.store, batch.clone()).await;
            scene.cut_off().await;
            lacks_replicas(scene.auth.register_user(new_user(BOB), &Client::unknown())).await;
            lacks_replicas(async { Ok(scene.store.commit(batch).await?) }).await;
        });
    }
}

/// A fault that says what is missing, in place of an answer.
async fn lacks_replicas<T: Debug>(answer: impl Future<Output = Result<T, AuthError>>) {
    let error = timeout(BOUND, answer).await.unwrap().expect_err("no replica has it");
    let AuthError::Fault(fault) = &error else { unreachable!("{error:?}") };
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    assert!(fault.to_string().contains("replicas"), "{fault}");
}

fn new_user(email: &str) -> RegisterUser {
    RegisterUser::new(email, RIGHT.into())
}

fn ending(session: &Session) -> Write {
    let (mut session, was) = (session.clone(), session.version);
    session.ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
    session.version = was.next();
    Write::ReplaceSession { session: Box::new(session), was }
}

fn guarded(guard: Guard) -> Commit {
    Commit { guards: vec![guard], ..Commit::default() }
}

/// A server that a proxy leads to, and its replica, which follows it through another proxy.
struct Scene {
    auth: Auth<RedisStore, InlineHashing>,
    store: RedisStore,
    master: Redis,
    replica: Redis,
    clients: Proxy,
    copies: Proxy,
}

impl Scene {
    /// Where nobody waits.
    async fn new() -> Self {
        Self::with(RedisOptions::new().prefix("here")).await
    }

    async fn with(options: RedisOptions) -> Self {
        let (master, replica) = (Redis::start().unwrap(), Redis::start().unwrap());
        let [clients, copies] = [(); 2].map(|()| Proxy::to(address_of(&master)).unwrap());
        replica.follow(copies.address().port()).unwrap();
        let store = options.open(&url_of(&clients)).await.unwrap();
        let keys = KeyRing::parse("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe").unwrap();
        let settings = Settings::new(Policy::default(), keys).unwrap();
        let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
        let auth = Auth::new(store.clone(), hashing, settings);
        Self { auth, store, master, replica, clients, copies }
    }

    /// Lets nothing more through to the replica, which has everything up to here.
    async fn cut_off(&self) {
        let mut master = raw(self.master.url()).await;
        let mut redis = raw(self.replica.url()).await;
        let marker = testudo_test_servers::unique_name();
        let mut set = redis::cmd("SET");
        set.arg("marker").arg(&marker).exec_async(&mut master).await.unwrap();
        let followed = async {
            loop {
                let mut get = redis::cmd("GET");
                let got: Option<String> = get.arg("marker").query_async(&mut redis).await.unwrap();
                if got.as_ref() == Some(&marker) {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(BOUND, followed).await.expect("a replica that follows");
        self.copies.freeze();
    }

    /// The master is gone for good, and the replica takes its place.
    async fn fail_over(&self) {
        self.master.kill_9().unwrap();
        self.replica.promote().unwrap();
        self.clients.lead_to(address_of(&self.replica));
        let back = async {
            while self.store.ping().await.is_err() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(BOUND, back).await.expect("the store goes on by itself");
    }

    async fn register(&self, email: &str) {
        self.auth.register_user(new_user(email), &Client::unknown()).await.unwrap();
    }

    async fn try_sign_in(&self, email: &str, password: &str) -> Result<SignedIn, Refusal> {
        let request = Login::new(email, password.into());
        refusal_of(self.auth.login(request, &Client::unknown()).await)?.signed_in()
    }

    async fn sign_in(&self, email: &str, password: &str) -> SignedIn {
        self.try_sign_in(email, password).await.unwrap()
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Refreshed, Refusal> {
        refusal_of(self.auth.refresh(tokens.refresh.expose(), &Client::unknown()).await)
    }

    async fn check(&self, tokens: &Tokens) -> Result<Session, Refusal> {
        refusal_of(self.auth.authenticate(tokens.access.expose()).await)
    }

    async fn logout(&self, tokens: &Tokens) {
        self.auth.logout(tokens.access.expose(), &Client::unknown()).await.unwrap();
    }

    async fn is_dead(&self, tokens: &Tokens) {
        assert!(self.check(tokens).await.is_err(), "the access token works");
        assert!(self.refresh(tokens).await.is_err(), "the refresh token works");
    }
}

/// The decision of a flow; a fault of the store fails the test.
fn refusal_of<T>(outcome: Result<T, AuthError>) -> Result<T, Refusal> {
    match outcome {
        Err(AuthError::Refused(refusal)) => Err(refusal),
        outcome => Ok(outcome.expect("the store does not fail")),
    }
}
