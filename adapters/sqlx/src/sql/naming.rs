//! What an application says about the names of tables.

use super::user_table::UserTable;

/// The names of the tables: in which schema, with which prefix, and whether users have a table of the
/// application's own.
///
/// ```
/// use testudo_sqlx::Naming;
///
/// let naming = Naming::new().in_schema("auth")?.with_prefix("shop_")?; // "auth"."shop_sessions"
/// # Ok::<(), testudo_sqlx::NameError>(())
/// ```
///
/// Names stay the same for the lifetime of a database: under others there are other records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    pub(super) schema: Option<String>,
    pub(super) prefix: String,
    pub(super) users: Option<UserTable>,
}

/// Why a name cannot be one of a table, a column or a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is not a plain word.
    #[error("{0:?} is no name: expected letters a to z, digits and _, not beginning with a digit")]
    NotAWord(String),
    /// It is longer than databases take.
    #[error("{name:?} is too long: expected at most {most} characters")]
    TooLong {
        /// The name.
        name: String,
        /// How long it may be.
        most: usize,
    },
    /// A user's record has no column of this name.
    #[error("{0:?} is no column of a user's record")]
    UnknownColumn(String),
}

impl Naming {
    /// The most characters of a prefix: tables and indexes have names of up to 33 characters behind it, and
    /// databases take 63.
    pub const MAX_PREFIX: usize = 30;

    /// The most characters of any other name.
    pub const MAX_NAME: usize = 63;

    /// No schema is named, no prefix, and users have the library's own table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a prefix before the name of every table and index.
    ///
    /// # Errors
    ///
    /// [`NameError`] unless it is a plain word of at most [`Naming::MAX_PREFIX`] characters, or empty.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, NameError> {
        if !prefix.is_empty() {
            word(prefix, Self::MAX_PREFIX)?;
        }
        self.prefix = prefix.to_owned();
        Ok(self)
    }

    /// Has the tables in a schema, which must be there already. SQLite has none.
    ///
    /// # Errors
    ///
    /// [`NameError`] unless it is a plain word of at most [`Naming::MAX_NAME`] characters.
    pub fn in_schema(mut self, schema: &str) -> Result<Self, NameError> {
        self.schema = Some(word(schema, Self::MAX_NAME)?);
        Ok(self)
    }

    /// Has users in a table that the application made itself.
    #[must_use]
    pub fn with_user_table(mut self, users: UserTable) -> Self {
        self.users = Some(users);
        self
    }

    /// Whether a schema is named.
    #[must_use]
    pub const fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// The table of the application's own in which users are, if there is one.
    #[must_use]
    pub const fn user_table(&self) -> Option<&UserTable> {
        self.users.as_ref()
    }

    /// Whether the library makes the table of users.
    pub(crate) const fn makes_users(&self) -> bool {
        self.users.is_none()
    }
}

/// A name that can stand in a statement whatever database it is for.
pub(super) fn word(name: &str, most: usize) -> Result<String, NameError> {
    let is_letter = |char: char| char.is_ascii_alphabetic() || char == '_';
    let mut chars = name.chars();
    if !chars.next().is_some_and(is_letter)
        || !chars.all(|char| is_letter(char) || char.is_ascii_digit())
    {
        return Err(NameError::NotAWord(name.to_owned()));
    }
    if name.len() > most {
        return Err(NameError::TooLong { name: name.to_owned(), most });
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_word_is_no_name() {
        for name in
            ["", "a b", "a\"b", "a`b", "a;b", "a.b", "1a", "a-b", "\u{e0}", "a\0b", "a?1", "a'"]
        {
            assert_eq!(word(name, 63), Err(NameError::NotAWord(name.to_owned())));
            assert!(Naming::new().in_schema(name).is_err(), "{name:?}");
            assert!(UserTable::new(name).is_err(), "{name:?}");
            assert!(name.is_empty() || Naming::new().with_prefix(name).is_err(), "{name:?}");
        }
        for name in ["a", "_", "a1", "Auth_2_"] {
            assert_eq!(word(name, 63).as_deref(), Ok(name));
        }
    }

    #[test]
    fn a_name_is_no_longer_than_databases_take() {
        let most = "a".repeat(Naming::MAX_PREFIX);
        assert!(Naming::new().with_prefix(&most).is_ok());
        assert!(Naming::new().with_prefix(&format!("{most}a")).is_err());
        assert!(Naming::new().in_schema(&"a".repeat(63)).is_ok());
        assert!(Naming::new().in_schema(&"a".repeat(64)).is_err());
    }
}
