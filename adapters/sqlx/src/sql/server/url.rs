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

/// What may stand in the URLs of a database. sqlx passes over what it does not know, also over `ssl_mode` for
/// `ssl-mode`, and connects without TLS then.
pub(crate) struct Known {
    pub(crate) schemes: [&'static str; 2],
    /// Parameters that are for sqlx, beside [`COMMON`].
    pub(crate) parameters: &'static [&'static str],
    /// What parameters with a name of their own in brackets begin with.
    pub(crate) bracketed: Option<&'static str>,
}

/// Parameters that sqlx knows for every database.
const COMMON: [&str; 8] = [
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "sslcert",
    "sslkey",
    "sslmode",
    "statement-cache-capacity",
];

impl Known {
    fn has(&self, name: &str) -> bool {
        let in_brackets = || {
            let name = self.bracketed.and_then(|start| name.strip_prefix(start));
            name.is_some_and(|name| name.starts_with('[') && name.ends_with(']'))
        };
        COMMON.contains(&name) || self.parameters.contains(&name) || in_brackets()
    }
}

/// Why a text is not the URL of a database. Nothing of it is repeated but names of parameters: it may hold a
/// password.
#[derive(Debug)]
pub(crate) enum UrlError {
    Malformed(String),
    Name(NameError),
}

impl DatabaseUrl {
    /// Takes `schema`, `prefix` and `connections` out of a URL.
    pub(crate) fn parse(url: &str, known: &Known) -> Result<Self, UrlError> {
        let malformed = |reason: &str| UrlError::Malformed(reason.to_owned());
        let mut url = Url::parse(url).map_err(|error| malformed(&error.to_string()))?;
        if !known.schemes.contains(&url.scheme()) {
            return Err(malformed(&format!(
                "it does not begin with {}://",
                known.schemes.join(":// or ")
            )));
        }
        let (mut naming, mut connections) = (Naming::new(), None);
        let mut others = Vec::new();
        for (name, value) in url.query_pairs() {
            match &*name {
                "schema" => naming = naming.in_schema(&value)?,
                "prefix" => naming = naming.with_prefix(&value)?,
                "connections" => connections = Some(parse_connections(&value)?),
                other if known.has(other) => others.push((name.into_owned(), value.into_owned())),
                _ => return Err(unknown(&name, &value, known)),
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

/// A part of a password may pass for a name: what does not look like that of a parameter is not repeated.
fn unknown(name: &str, value: &str, known: &Known) -> UrlError {
    let is_name = !value.is_empty()
        && name.len() <= 30
        && name.chars().all(|letter| letter.is_ascii_lowercase() || "_-".contains(letter));
    let what = if is_name { format!("{name}: ") } else { String::new() };
    let known = [&COMMON, known.parameters].concat().join(", ");
    UrlError::Malformed(format!(
        "{what}there is no such parameter, but schema, prefix, connections, {known}"
    ))
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
