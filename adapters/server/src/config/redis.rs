//! A Redis as a configuration names it.

use std::path::PathBuf;
use std::str::FromStr;

use testudo::Secret;
use testudo_redis::RedisOptions;
use url::form_urlencoded;

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
    /// The file with the certificates of who signs the server's, in place of the system's authorities.
    pub(crate) authority: Option<PathBuf>,
}

const PARAMETERS: &str =
    "expected ?prefix=NAME, &buckets=1 to 16384, &replicas=N, &ssl-ca=PATH and nothing else";

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
            authority: None,
        };
        for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
            place.set(&name, &value).ok_or(PARAMETERS)?;
        }
        if place.authority.is_some() && !address.starts_with("rediss") {
            return Err("ssl-ca is for rediss:// and rediss-cluster://".to_owned());
        }
        Ok(place)
    }
}

impl RedisPlace {
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        match name {
            "prefix" if (1..=64).contains(&value.len()) && value.chars().all(is_plain) => {
                value.clone_into(&mut self.prefix);
            }
            "buckets" => self.buckets = value.parse().ok().filter(|n| (1..=16384).contains(n))?,
            "replicas" => self.replicas = value.parse().ok()?,
            // As the URLs of SQL databases have it.
            "ssl-ca" if !value.is_empty() => self.authority = Some(PathBuf::from(value)),
            _ => return None,
        }
        Some(())
    }
}
