//! The text of statements, and what differs between databases in it.

use std::sync::Arc;

use sqlx::query::Query;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use testudo::model::AttemptKey;

use super::value::{Bound, Value};

/// How a database spells identifiers and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    #[allow(dead_code, reason = "its store is on its way")]
    MySql,
}

/// One statement. A clone shares its text.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    text: SqlStr,
    /// Where parameters have no numbers: which value stands at each place.
    places: Option<Arc<[usize]>>,
}

impl Dialect {
    /// An identifier in quotes. [`Naming`](super::Naming) has none that hold a quote.
    pub(crate) fn quote(self, identifier: &str) -> String {
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql => format!("`{identifier}`"),
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => format!("\"{identifier}\""),
        }
    }

    /// Whether keys of counters are texts. Elsewhere they are bytes, since a text may not hold every character.
    pub(crate) fn keys_are_texts(self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => true,
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => false,
        }
    }

    /// The key of a counter as a parameter.
    pub(crate) fn attempt_key(self, key: &AttemptKey) -> Value<'_> {
        if self.keys_are_texts() {
            Value::text(key.as_str())
        } else {
            Value::bytes(key.as_str().as_bytes())
        }
    }

    /// Whether a column of the database's type for texts can hold a text.
    pub(crate) fn holds(self, text: &str) -> bool {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => !text.contains('\0'),
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => {
                let _ = text;
                true
            }
        }
    }

    /// The greater of two numbers.
    pub(crate) fn greatest(self, one: &str, other: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("max({one}, {other})"),
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => format!("greatest({one}, {other})"),
        }
    }

    /// The less of two numbers.
    pub(crate) fn least(self, one: &str, other: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("min({one}, {other})"),
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => format!("least({one}, {other})"),
        }
    }

    /// Whether truth values and UUIDs have types of their own.
    pub(crate) const fn has_types_for_all(self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => false,
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
            #[cfg(feature = "mysql")]
            Self::MySql => false,
        }
    }

    /// A column that a condition is on, such that a listing goes on along the index of its order.
    pub(crate) fn without_index(self, column: &str) -> String {
        match self {
            // It has no figures from which to tell which index is the better one.
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("+{column}"),
            // It plans for any parameters, and so does not know that most listings have no bounds.
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("+{column}"),
            #[cfg(feature = "mysql")]
            Self::MySql => column.to_owned(),
        }
    }

    /// Whether a text is another, byte for byte. In MySQL a column may compare as it likes: the first condition is the
    /// index's.
    pub(crate) fn is(self, one: &str, other: &str) -> String {
        match self {
            #[cfg(feature = "mysql")]
            Self::MySql => {
                format!("{one} = {other} AND CAST({one} AS BINARY) = CAST({other} AS BINARY)")
            }
            #[allow(unreachable_patterns, reason = "there may be one dialect only")]
            _ => format!("{one} = {other}"),
        }
    }

    /// Whether a name stands in a list such as `,one,two,`.
    pub(crate) fn is_listed(self, name: &str, list: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => format!("instr({list}, ',' || {name} || ',') > 0"),
            #[cfg(feature = "postgres")]
            Self::Postgres => format!("strpos({list}, ',' || {name} || ',') > 0"),
            #[cfg(feature = "mysql")]
            Self::MySql => format!("locate(concat(',', {name}, ','), {list}) > 0"),
        }
    }

    /// What is added to a SELECT so that the rows found stay as they are until the transaction ends: beside
    /// others who ask the same, or, if this transaction writes them, beside nobody.
    ///
    /// On Postgres, never beside others: there, who asks for a share gets it past a writer that waits, so that whoever
    /// refreshes all the time would keep the owner from signing out everywhere.
    pub(crate) fn lock(self, writes: bool) -> &'static str {
        match (self, writes) {
            // It admits one writer at a time.
            #[cfg(feature = "sqlite")]
            (Self::Sqlite, _) => "",
            #[cfg(feature = "postgres")]
            (Self::Postgres, true) => " FOR UPDATE",
            #[cfg(feature = "postgres")]
            (Self::Postgres, false) => " FOR NO KEY UPDATE",
            #[cfg(feature = "mysql")]
            (Self::MySql, true) => " FOR UPDATE",
            // MariaDB knows no FOR SHARE, MySQL knows both.
            #[cfg(feature = "mysql")]
            (Self::MySql, false) => " LOCK IN SHARE MODE",
        }
    }

    /// A statement from its text with parameters `?1`, `?2` and so on, which holds no other question mark.
    ///
    /// # Security
    ///
    /// What `text` holds besides literals of this crate are identifiers of a [`Layout`](super::Layout).
    pub(crate) fn statement(self, text: &str) -> Sql {
        let (text, places) = match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => (text.to_owned(), None),
            #[cfg(feature = "postgres")]
            Self::Postgres => (text.replace('?', "$"), None),
            #[cfg(feature = "mysql")]
            Self::MySql => without_numbers(text),
        };
        let text: Arc<str> = text.into();
        Sql { text: AssertSqlSafe(text).into_sql_str(), places }
    }
}

/// Takes the numbers off the parameters and gives them in their order, counted from 0.
#[cfg(feature = "mysql")]
fn without_numbers(text: &str) -> (String, Option<Arc<[usize]>>) {
    let mut parts = text.split('?');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    let mut places = Vec::new();
    for part in parts {
        let rest = part.trim_start_matches(|char: char| char.is_ascii_digit());
        let number = part.strip_suffix(rest).and_then(|digits| digits.parse::<usize>().ok());
        places.push(number.unwrap_or_default().saturating_sub(1));
        plain.push('?');
        plain.push_str(rest);
    }
    (plain, Some(places.into()))
}

impl Sql {
    /// The statement with its parameters, of which `?1` is the first.
    pub(crate) fn query<DB: Bound>(
        &self,
        values: &[Value<'_>],
    ) -> Query<'static, DB, <DB as sqlx::Database>::Arguments> {
        let query = sqlx::query(self.text.clone());
        match &self.places {
            None => values.iter().fold(query, DB::bind),
            // A place without a value is left unbound, which the database refuses.
            Some(places) => {
                places.iter().filter_map(|place| values.get(*place)).fold(query, DB::bind)
            }
        }
    }

    /// The question how the database would carry the statement out, with the same parameters.
    #[cfg(all(test, feature = "mysql"))]
    pub(crate) fn explained(&self) -> Self {
        let text = AssertSqlSafe(format!("EXPLAIN {}", self.as_str())).into_sql_str();
        Self { text, places: self.places.clone() }
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

#[cfg(all(test, feature = "mysql"))]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_is_used_twice_is_bound_at_both_places() {
        let (text, places) = without_numbers("SELECT ?2, ?1, ?12 WHERE ?2 > 0");
        assert_eq!(text, "SELECT ?, ?, ? WHERE ? > 0");
        assert_eq!(places.as_deref(), Some(&[1, 0, 11, 1][..]));
    }
}
