//! The same on servers of databases, which are killed too.

use crate::campaign;
use crate::scene::{Backing, Scene};

#[test]
fn postgres_keeps_its_word() {
    campaign::run(Scene::on("postgres", Some(Backing::postgres()), None));
}

#[test]
fn mysql_keeps_its_word() {
    campaign::run(Scene::on("mysql", Some(Backing::mysql()), None));
}

#[test]
fn redis_keeps_its_word() {
    campaign::run(Scene::on("redis", Some(Backing::redis()), None));
}

#[test]
fn postgres_and_redis_together_keep_their_word() {
    campaign::run(Scene::on("postgres+redis", Some(Backing::postgres()), Some(Backing::redis())));
}

#[test]
fn mysql_and_redis_together_keep_their_word() {
    campaign::run(Scene::on("mysql+redis", Some(Backing::mysql()), Some(Backing::redis())));
}

#[test]
fn sqlite_and_redis_together_keep_their_word() {
    campaign::run(Scene::on("sqlite+redis", None, Some(Backing::redis())));
}
