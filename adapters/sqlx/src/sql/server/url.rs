//! URLs of databases.

use url::Url;

use super::pool::MOST_CONNECTIONS;
use crate::sql::{NameError, Naming};

/// What the URL of a database says: the rest of it is for sqlx.
#[derive(Debug)]
pub(crate) struct DatabaseUrl {
    url: Url,
    pub(crate) naming: Naming,
    pub(crate) connections: Option<u32>,
}

/// Why a text is not the URL of a database. Nothing of it is repeated but names of parameters: it may hold a
/// password.
#[derive(Debug)]
pub(crate) enum UrlError {
    Malformed(String),
    Name(NameError),
}

impl DatabaseUrl {
    /// Takes `schema`, `prefix` and `connections` out of a URL with one of these schemes.
    pub(crate) fn parse(url: &str, schemes: [&str; 2]) -> Result<Self, UrlError> {
        let malformed = |reason: &str| UrlError::Malformed(reason.to_owned());
        let mut url = Url::parse(url).map_err(|error| malformed(&error.to_string()))?;
        if !schemes.contains(&url.scheme()) {
            return Err(malformed(&format!(
                "it does not begin with {}://",
                schemes.join(":// or ")
            )));
        }
        let (mut naming, mut connections) = (Naming::new(), None);
        let mut others = Vec::new();
        for (name, value) in url.query_pairs() {
            match &*name {
                "schema" => naming = naming.in_schema(&value)?,
                "prefix" => naming = naming.with_prefix(&value)?,
                "connections" => connections = Some(parse_connections(&value)?),
                _ => others.push((name.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        Ok(Self { url, naming, connections })
    }

    /// Whether it names a host, and a database there.
    #[cfg(feature = "mysql")]
    pub(crate) fn names_database(&self) -> bool {
        self.url.has_host() && !self.url.path().trim_start_matches('/').is_empty()
    }

    /// What is left, in sqlx's own words. What is wrong with it is not repeated: it may be the password.
    pub(crate) fn options<O: std::str::FromStr>(&self) -> Result<O, UrlError> {
        let malformed = |_| UrlError::Malformed("a part of it is malformed".to_owned());
        self.url.as_str().parse().map_err(malformed)
    }
}

fn parse_connections(value: &str) -> Result<u32, UrlError> {
    let number = value.parse().ok().filter(|count| (1..=MOST_CONNECTIONS).contains(count));
    number.ok_or_else(|| {
        let expected = format!("connections: expected a number from 1 to {MOST_CONNECTIONS}");
        UrlError::Malformed(expected)
    })
}

impl From<NameError> for UrlError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}
