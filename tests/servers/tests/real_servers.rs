//! The servers themselves: they start, keep what they acknowledged, and go.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testudo_test_servers::{
    Database, MariaDb, Options, Postgres, Redis, RedisCluster, Server, variables,
};

#[test]
fn postgres_keeps_what_it_acknowledged_when_it_is_killed() {
    let postgres = Postgres::start_with(&Options::durable()).unwrap();
    keeps_what_it_acknowledged(&postgres, psql);
}

#[test]
fn mariadb_keeps_what_it_acknowledged_when_it_is_killed() {
    let mariadb = MariaDb::start_with(&Options::durable()).unwrap();
    keeps_what_it_acknowledged(&mariadb, mysql);
}

#[test]
fn a_database_is_busy_as_long_as_somebody_keeps_a_transaction() {
    let postgres = Postgres::start().unwrap();
    let sleep = "BEGIN; SELECT pg_sleep(1)";
    is_busy_while(&mut psql_command(postgres.url(), sleep), || postgres.is_busy().unwrap());
    let mariadb = MariaDb::start().unwrap();
    let sleep = "CREATE TABLE a (a INT); BEGIN; INSERT INTO a VALUES (1); SELECT SLEEP(1)";
    is_busy_while(&mut mysql_command(mariadb.url(), sleep), || mariadb.is_busy().unwrap());
}

fn is_busy_while(work: &mut Command, is_busy: impl Fn() -> bool) {
    assert!(!is_busy());
    let mut work = work.stdout(Stdio::null()).spawn().unwrap();
    while !is_busy() {
        assert!(work.try_wait().unwrap().is_none(), "it was never busy");
    }
    assert!(work.wait().unwrap().success());
    let begun = Instant::now();
    while is_busy() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it stays busy");
    }
}

#[test]
fn redis_keeps_what_it_acknowledged_when_it_is_killed() {
    let redis = Redis::start_with(&Options::durable()).unwrap();
    assert_eq!(ask(&redis, "SET a 1"), "+OK");
    kill_and_restart(&redis);
    assert_eq!(ask(&redis, "INCR a"), ":2");
}

#[test]
fn a_cluster_serves_all_slots_and_gets_a_killed_node_back() {
    let cluster = RedisCluster::start_with(&Options::durable()).unwrap();
    let [first, second, third] = cluster.nodes() else { panic!("three nodes") };
    // The slot of "b" is 3300, that of "foo" 12182.
    assert_eq!(ask(first, "SET b 1"), "+OK");
    assert_eq!(ask(third, "SET foo 1"), "+OK");
    assert!(ask(second, "SET foo 1").starts_with("-MOVED 12182"));
    kill_and_restart(third);
    cluster.wait_until_ready().unwrap();
    assert_eq!(ask(third, "INCR foo"), ":2");
    assert_eq!(cluster.url().split(',').count(), 3);
}

#[test]
fn a_replica_of_a_cluster_takes_over_when_its_master_is_killed() {
    let cluster = RedisCluster::start_with_replicas(&Options::durable()).unwrap();
    let (masters, replicas) = cluster.nodes().split_at(3);
    let [first, ..] = masters else { panic!("three masters") };
    let [replica, _, _] = replicas else { panic!("three replicas") };
    assert_eq!(ask(first, "SET b 1"), "+OK");
    assert!(ask(replica, "INCR b").starts_with("-MOVED 3300"));
    let mut master = connect(first);
    master.write_all(b"INCR b\r\nWAIT 1 5000\r\n").unwrap();
    let answers: Vec<String> = BufReader::new(master).lines().take(2).flatten().collect();
    assert_eq!(answers, [":2", ":1"]);
    first.kill_9().unwrap();
    wait_for(|| (ask(replica, "INCR b") == ":3").then_some(()));
    let added = cluster.add_replica(&Options::durable(), replica).unwrap();
    let mut master = connect(replica);
    master.write_all(b"INCR b\r\nWAIT 1 5000\r\n").unwrap();
    let answers: Vec<String> = BufReader::new(master).lines().take(2).flatten().collect();
    assert_eq!(answers, [":4", ":1"]);
    assert!(ask(&added, "INCR b").starts_with("-MOVED 3300"));
    // Who comes back is a replica of who took over.
    first.restart().unwrap();
    wait_for(|| ask(first, "INCR b").starts_with("-MOVED 3300").then_some(()));
}

#[test]
fn a_redis_follows_another_one_until_it_is_promoted() {
    let (master, replica) = (Redis::start().unwrap(), Redis::start().unwrap());
    assert_eq!(ask(&master, "SET a 1"), "+OK");
    replica.follow(master.port()).unwrap();
    assert!(ask(&replica, "INCR a").starts_with("-READONLY"));
    master.kill_9().unwrap();
    replica.promote().unwrap();
    assert_eq!(ask(&replica, "INCR a"), ":2");
}

#[test]
fn a_commit_waits_for_the_standby_which_has_all_of_them_when_it_is_promoted() {
    let primary = Postgres::start_with(&Options::durable()).unwrap();
    psql(primary.url(), "CREATE TABLE kept (a INT)");
    let standby = primary.standby(&Options::durable()).unwrap();
    primary.wait_for_standby().unwrap();
    psql(primary.url(), "INSERT INTO kept VALUES (1)");

    standby.pause();
    let url = primary.url().to_owned();
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(psql(&url, "INSERT INTO kept VALUES (2)")));
    assert!(is_done.recv_timeout(Duration::from_millis(300)).is_err(), "it waits");
    standby.resume();
    is_done.recv_timeout(Duration::from_secs(20)).unwrap();

    primary.kill_9().unwrap();
    standby.promote().unwrap();
    psql(standby.url(), "INSERT INTO kept VALUES (3)");
    assert_eq!(psql(standby.url(), "SELECT sum(a) FROM kept"), "6");
}

#[test]
fn a_paused_server_accepts_and_says_nothing_until_it_goes_on() {
    let redis = Redis::start().unwrap();
    redis.pause();
    let mut client = connect(&redis);
    client.write_all(b"PING\r\n").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(client.read_exact(&mut [0; 7]).is_err());
    redis.resume();
    client.set_read_timeout(None).unwrap();
    let mut answer = [0; 7];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn a_paused_postgres_is_paused_in_all_its_processes() {
    let postgres = Postgres::start().unwrap();
    postgres.pause();
    let url = postgres.url().to_owned();
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(psql(&url, "SELECT 1")));
    assert!(is_done.recv_timeout(Duration::from_millis(300)).is_err());
    postgres.resume();
    assert_eq!(is_done.recv_timeout(Duration::from_secs(20)).unwrap(), "1");
}

#[test]
fn a_database_is_empty_and_nobody_elses_and_goes() {
    for (create, run) in [
        (Database::postgres as fn() -> _, psql as fn(&str, &str) -> String),
        (Database::mysql, mysql),
    ] {
        let (one, other) = (create().unwrap(), create().unwrap());
        for database in [&one, &other] {
            run(database.url(), "CREATE TABLE t (a INT)");
        }
        let url = one.url().to_owned();
        drop(one);
        assert!(thread::spawn(move || run(&url, "SELECT 1")).join().is_err(), "it is gone");
        assert_eq!(run(other.url(), "SELECT count(*) FROM t"), "0");
    }
}

/// Also of a Postgres that is paused, whose children would not see that it was killed.
#[test]
fn nothing_is_left_of_a_server_that_was_dropped() {
    let (postgres, mariadb) = (Postgres::start().unwrap(), MariaDb::start().unwrap());
    let directories = [postgres.directory().to_owned(), mariadb.directory().to_owned()];
    postgres.pause();
    drop((postgres, mariadb));
    for directory in directories {
        assert!(!directory.exists());
        assert_eq!(running_in(&directory), 0);
    }
}

/// Of the binary, the four servers, and the command's variables.
#[test]
fn nothing_is_left_when_the_process_was_killed() {
    let scene = Scene::new();
    let mut parent = scene.run(&format!("{TELL} && exec sleep 60"));
    let [command, urls @ ..] = scene.variables();
    assert_eq!(psql(&urls[0], "SELECT 1"), "1");
    assert_eq!(mysql(&urls[1], "SELECT 1"), "1");
    assert!(urls[2].starts_with("redis://") && urls[3].matches("redis://").count() == 3);
    assert!(running_in(scene.0.path()) > 6, "it would be found");

    parent.kill().unwrap();
    parent.wait().unwrap();
    scene.wait_until_empty();
    kill("-KILL", &command);
}

#[test]
fn a_terminated_run_takes_the_command_and_the_servers_along() {
    let scene = Scene::new();
    let command = format!("trap 'exit 7' TERM; {TELL}; while :; do sleep 0.05; done");
    let mut parent = scene.run(&command);
    scene.variables();
    kill("-TERM", &parent.id().to_string());
    assert_eq!(
        parent.wait().unwrap().code(),
        Some(7),
        "the command was asked, and its answer is the run's"
    );
    scene.wait_until_empty();
}

#[test]
fn a_run_ends_as_its_command_did() {
    let scene = Scene::new();
    for (command, code) in [("exit 0", 0), ("exit 42", 42), ("kill -KILL $$", 137)] {
        assert_eq!(scene.run(command).wait().unwrap().code(), Some(code));
    }
    scene.wait_until_empty();
}

#[test]
fn what_is_missing_is_said_with_what_to_install() {
    let output = Command::new(env!("CARGO_BIN_EXE_testudo-test-servers"))
        .args(["--", "true"])
        .env("PATH", "/nowhere")
        .envs(VARIABLES.map(|variable| (variable, "named")))
        .env_remove(variables::REDIS)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("redis-server is not installed"), "{said}");
    assert!(
        said.contains("apt-get install --no-install-recommends redis-server redis-tools"),
        "{said}"
    );
}

fn keeps_what_it_acknowledged(server: &Server, run: fn(&str, &str) -> String) {
    run(server.url(), "CREATE TABLE kept (a INT)");
    run(server.url(), "INSERT INTO kept VALUES (42)");
    kill_and_restart(server);
    assert_eq!(run(server.url(), "SELECT a FROM kept"), "42");
}

fn kill_and_restart(server: &Server) {
    assert!(server.restart().is_err(), "it is running");
    server.kill_9().unwrap();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).is_err(), "it is down");
    assert!(server.kill_9().is_err(), "it is dead");
    server.restart().unwrap();
}

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap()
}

fn ask(server: &Server, command: &str) -> String {
    let mut client = connect(server);
    client.write_all(format!("{command}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(client).read_line(&mut answer).unwrap();
    answer.trim_end().to_owned()
}

fn psql(url: &str, statement: &str) -> String {
    printed(&mut psql_command(url, statement))
}

fn psql_command(url: &str, statement: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["-XqAt", "-c", statement, "-d", url]);
    command
}

fn mysql(url: &str, statement: &str) -> String {
    printed(&mut mysql_command(url, statement))
}

fn mysql_command(url: &str, statement: &str) -> Command {
    let url = url::Url::parse(url).unwrap();
    let port = url.port().unwrap().to_string();
    let name = url.path().trim_start_matches('/');
    let mut command = Command::new("mariadb");
    command.args(["-h127.0.0.1", "-uroot", "-N", "-B", "-P", &port, "-D", name, "-e", statement]);
    command
}

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Runs of the binary whose servers have their directories where nobody else has any.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // For the user that Postgres runs as.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    /// Runs a command of the shell, whose `$0` is the file of [`Scene::variables`], among all servers.
    fn run(&self, command: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_testudo-test-servers"))
            .args(["--", "sh", "-c", command])
            .arg(self.file())
            .env("TMPDIR", self.0.path())
            .envs(VARIABLES.map(|variable| (variable, "")))
            .spawn()
            .unwrap()
    }

    /// The command's process id and the servers' URLs, once the command has told.
    fn variables(&self) -> [String; 5] {
        let environment = wait_for(|| fs::read_to_string(self.file()).ok());
        let [postgres, mysql, redis, cluster] = VARIABLES;
        ["COMMAND", postgres, mysql, redis, cluster].map(|name| {
            let of = |line: &str| line.strip_prefix(name)?.strip_prefix('=').map(String::from);
            environment.lines().find_map(of).unwrap()
        })
    }

    fn wait_until_empty(&self) {
        wait_for(|| {
            let entries = fs::read_dir(self.0.path()).unwrap().flatten();
            let mut names = entries.map(|entry| entry.file_name().into_string().unwrap());
            let empty = names.all(|name| !name.starts_with("tt"));
            (empty && running_in(self.0.path()) == 0).then_some(())
        });
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("environment")
    }
}

/// How a command tells its environment, all at once.
const TELL: &str = r#"{ echo COMMAND=$$; env; } > "$0.part" && mv "$0.part" "$0""#;

const VARIABLES: [&str; 4] =
    [variables::POSTGRES, variables::MYSQL, variables::REDIS, variables::REDIS_CLUSTER];

fn kill(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

/// How many processes have their working directory there, or had it there before it was removed.
fn running_in(directory: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let directories = processes.filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok());
    directories.filter(|cwd| cwd.starts_with(directory)).count()
}

/// Long enough for any machine; it fails instead of hanging.
fn wait_for<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < limit, "it does not happen");
        thread::sleep(Duration::from_millis(10));
    }
}
