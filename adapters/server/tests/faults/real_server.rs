//! The same on servers of databases, which are killed too.

use crate::backing::Backing;
use crate::campaign;
use crate::scene::Scene;

/// How often each of them is killed unless it is said.
const KILLS: u64 = 2;

#[test]
fn postgres_keeps_its_word() {
    campaign::run(Scene::on("postgres", Some(Backing::postgres()), None), KILLS);
}

#[test]
fn postgres_keeps_its_word_however_long_commits_take() {
    let scene = Scene::on("postgres", Some(Backing::postgres()), None);
    campaign::run(scene.with_slow_commits(), KILLS);
}

#[test]
fn mysql_keeps_its_word() {
    campaign::run(Scene::on("mysql", Some(Backing::mysql()), None), KILLS);
}

#[test]
fn redis_keeps_its_word() {
    campaign::run(Scene::on("redis", Some(Backing::redis()), None), KILLS);
}

#[test]
fn a_redis_cluster_keeps_its_word() {
    campaign::run(Scene::on("redis-cluster", Some(Backing::redis_cluster()), None), KILLS);
}

#[test]
fn postgres_and_redis_together_keep_their_word() {
    let (database, others) = (Backing::postgres(), Backing::redis());
    campaign::run(Scene::on("postgres+redis", Some(database), Some(others)), KILLS);
}

#[test]
fn mysql_and_a_redis_cluster_together_keep_their_word() {
    let (database, others) = (Backing::mysql(), Backing::redis_cluster().in_buckets(64));
    campaign::run(Scene::on("mysql+redis-cluster", Some(database), Some(others)), KILLS);
}

#[test]
fn sqlite_and_redis_together_keep_their_word_about_hybrid_tokens() {
    let scene = Scene::on("sqlite+redis", None, Some(Backing::redis()));
    campaign::run(scene.issuing("hybrid"), KILLS);
}
