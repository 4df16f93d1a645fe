//! The same on servers of databases, which are killed too.

use crate::campaign;
use crate::scene::{Backing, Scene};

#[test]
fn postgres_keeps_its_word() {
    campaign::run(Scene::on("postgres", Backing::postgres(), None));
}

#[test]
fn mysql_keeps_its_word() {
    campaign::run(Scene::on("mysql", Backing::mysql(), None));
}

#[test]
fn redis_keeps_its_word() {
    campaign::run(Scene::on("redis", Backing::redis(), None));
}

#[test]
fn postgres_and_redis_together_keep_their_word() {
    campaign::run(Scene::on("postgres+redis", Backing::postgres(), Some(Backing::redis())));
}

#[test]
fn mysql_and_redis_together_keep_their_word() {
    campaign::run(Scene::on("mysql+redis", Backing::mysql(), Some(Backing::redis())));
}
