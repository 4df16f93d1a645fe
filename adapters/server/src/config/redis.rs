//! A Redis as a configuration names it.

use std::str::FromStr;

use testudo::Secret;
use testudo_redis::RedisOptions;

use super::DatabaseUrl;

/// A Redis, or a cluster of it, and how records lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedisPlace {
    /// Its address, without the parameters.
    pub(crate) url: DatabaseUrl,
    /// What the names of all keys begin with.
    pub(crate) prefix: String,
    /// Over how many buckets sessions, counters and onboarding sessions are spread.
    pub(crate) buckets: u32,
    /// How many replicas must have a commit before it counts.
    pub(crate) replicas: u32,
}

const PARAMETERS: &str = "expected ?prefix=NAME, &buckets=1 to 16384, &replicas=N and nothing else";

impl FromStr for RedisPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, parameters) = text.split_once('?').unwrap_or((text, ""));
        let host = address.split_once("://").map(|(_, rest)| rest);
        if host.is_none_or(str::is_empty) || address.contains('#') {
            return Err("expected a host, such as redis://localhost:6379".to_owned());
        }
        RedisOptions::check_address(address).map_err(|error| error.to_string())?;
        let mut place = Self {
            url: DatabaseUrl(Secret::new(address.to_owned())),
            prefix: "testudo".to_owned(),
            buckets: 1,
            replicas: 0,
        };
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            place.set(parameter.split_once('=').unwrap_or_default()).ok_or(PARAMETERS)?;
        }
        Ok(place)
    }
}

impl RedisPlace {
    fn set(&mut self, (name, value): (&str, &str)) -> Option<()> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        match name {
            "prefix" if (1..=64).contains(&value.len()) && value.chars().all(is_plain) => {
                value.clone_into(&mut self.prefix);
            }
            "buckets" => self.buckets = value.parse().ok().filter(|n| (1..=16384).contains(n))?,
            "replicas" => self.replicas = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}
