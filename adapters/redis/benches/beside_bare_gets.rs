//! `authenticate` beside a bare `GET` of the session's record through the same client, and `refresh` beside a bare
//! `SET`; and what a session takes of Redis' memory.
//!
//! What is bare is what an application would write without the library, over a connection of the same kind: one
//! command, its bytes not looked at. So the ratio shows all that is ours: the script, the user's record, reading every
//! field; and for `authenticate` and `refresh` the flow and the driver as well.
//!
//! ```console
//! cargo bench -p testudo-redis
//! ```
//!
//! It starts a Redis of its own, without a file. There is no hashing and no contention in these figures.

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

#[path = "../../../benches/support/beside.rs"]
mod beside;

use beside::{Sample, report};
use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use testudo::command::{Commit, FindSession, FindSessionWithUser, Write};
use testudo::flow::{Login, RegisterUser, SignedIn};
use testudo::model::{Session, SessionId};
use testudo::testing::InsecureHasher;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, Store};
use testudo_redis::RedisStore;
use testudo_test_servers::Redis;

const READS: usize = 20_000;
const WRITES: usize = 5_000;
const SESSIONS: u128 = 100_000;

/// How many commits are under way at once while sessions are made.
const AT_ONCE: usize = 100;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // As on a server, the work is a task and not the main thread's.
    runtime.block_on(async { tokio::spawn(all()).await.unwrap() });
}

async fn all() {
    let server = Redis::start().unwrap();
    let auth = auth(RedisStore::open(server.url()).await.unwrap());
    let mut bare = redis::Client::open(format!("{}?protocol=resp3", server.url()))
        .unwrap()
        .get_connection_manager()
        .await
        .unwrap();
    let signed_in = sign_in(&auth).await;
    reads(&auth, &mut bare, &signed_in).await;
    refreshes(&auth, &mut bare, signed_in).await;
    memory(&auth, &mut bare).await;
    let signed_in = sign_in(&auth).await;
    println!("with {SESSIONS} sessions:\n");
    reads(&auth, &mut bare, &signed_in).await;
}

async fn reads(
    auth: &Auth<RedisStore, InlineHashing>,
    bare: &mut ConnectionManager,
    signed_in: &SignedIn,
) {
    let id = signed_in.session.id;
    let name = format!("{{testudo:0}}:session:{}", id.as_uuid().simple());
    let [mut with_user, mut with_standing, mut ours, mut theirs] = [const { Sample::new() }; 4];
    for _ in 0..READS {
        let found = theirs.time(bare.get::<_, Option<Vec<u8>>>(&name)).await.unwrap();
        assert!(found.is_some());
        let find = FindSessionWithUser { id };
        assert!(with_user.time(auth.store().find_session_with_user(find)).await.unwrap().is_some());
        let find = FindSession { id };
        assert!(with_standing.time(auth.store().find_session(find)).await.unwrap().is_some());
        ours.time(auth.authenticate(signed_in.tokens.access.expose())).await.unwrap();
    }
    report("find_session_with_user", &with_user, "GET", &theirs);
    report("find_session", &with_standing, "GET", &theirs);
    report("authenticate", &ours, "GET", &theirs);
}

async fn refreshes(
    auth: &Auth<RedisStore, InlineHashing>,
    bare: &mut ConnectionManager,
    signed_in: SignedIn,
) {
    let mut tokens = signed_in.tokens;
    let (mut ours, mut theirs) = (Sample::new(), Sample::new());
    for _ in 0..WRITES {
        let set = bare.set::<_, _, ()>("bare", vec![7_u8; 400]);
        theirs.time(set).await.unwrap();
        let refreshed = ours.time(auth.refresh(tokens.refresh.expose(), &Client::unknown())).await;
        tokens = refreshed.unwrap().tokens;
    }
    report("refresh", &ours, "SET of 400 bytes", &theirs);
}

/// What sessions of one user take, with the indices and everything else of theirs.
async fn memory(auth: &Auth<RedisStore, InlineHashing>, bare: &mut ConnectionManager) {
    let template = sign_in(auth).await.session;
    let before = used(bare).await;
    let begun = std::time::Instant::now();
    let numbers: Vec<u128> = (0..SESSIONS).collect();
    for some in numbers.chunks(AT_ONCE) {
        let commits = some.iter().map(|number| {
            // As many users as there are sessions for ten each, though only one is there: an index for each.
            let user = testudo::model::UserId::from_uuid(uuid::Uuid::from_u128(number / 10));
            let id = SessionId::from_uuid(uuid::Uuid::from_u128((1 << 100) + number));
            let session = Session { id, user, ..template.clone() };
            let writes = vec![Write::InsertSession(Box::new(session))];
            auth.store().commit(Commit { writes, ..Commit::default() })
        });
        for applied in futures::future::join_all(commits).await {
            applied.unwrap().unwrap();
        }
    }
    let each = (used(bare).await - before) / u64::try_from(SESSIONS).unwrap();
    let took = begun.elapsed();
    let one: u64 = redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(format!("{{testudo:0}}:session:{}", template.id.as_uuid().simple()))
        .query_async(bare)
        .await
        .unwrap();
    println!("a session takes {each} bytes with all indices, its record alone {one}");
    println!("{SESSIONS} sessions were made in {took:.1?}, {AT_ONCE} at once\n");
}

async fn used(bare: &mut ConnectionManager) -> u64 {
    let info: String = redis::cmd("INFO").arg("memory").query_async(bare).await.unwrap();
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    used.parse().unwrap()
}

fn auth(store: RedisStore) -> Auth<RedisStore, InlineHashing> {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    Auth::new(store, InlineHashing::new(InsecureHasher::current().chain()), settings)
}

/// A new session of the one user there is.
async fn sign_in(auth: &Auth<RedisStore, InlineHashing>) -> SignedIn {
    let (email, password) = ("ada@example.com", "correct horse");
    let here = Client::unknown()
        .with_ip([192, 0, 2, 1].into())
        .with_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    // Refused, except for the first time.
    let _ = auth.register_user(RegisterUser::new(email, password.into()), &here).await;
    auth.login(Login::new(email, password.into()), &here).await.unwrap().signed_in().unwrap()
}
