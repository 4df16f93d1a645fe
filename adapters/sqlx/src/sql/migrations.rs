//! Which migrations there are, which were applied, and their text under other names.
//!
//! Migrations are files of plain SQL with the names that tables have without a prefix, and are known by a
//! checksum of that text. Under another [`Naming`](super::Naming) the names in them are replaced: those that
//! stand where only a table's or an index's name can stand.

mod by_hand;

#[cfg(feature = "mysql")]
pub(crate) use by_hand::create_table;

use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::migrate::{AppliedMigration, MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::layout::Layout;

/// A migration that is still to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its number: migrations are applied in the order of their numbers.
    pub version: i64,
    /// What it is about.
    pub description: String,
    /// The statements that it consists of, and those that record it: carried out by hand, one after the other and
    /// over one connection, they do what opening the store does.
    pub sql: String,
}

/// Why migrations cannot be applied to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// One was applied that this version does not know.
    Unknown(i64),
    /// One was applied with another text than it has here.
    Changed(i64),
}

impl From<Mismatch> for MigrateError {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Unknown(version) => Self::VersionMissing(version),
            Mismatch::Changed(version) => Self::VersionMismatch(version),
        }
    }
}

/// The number of a row in the table of migrations that is none: whoever applies migrations locks it.
pub(crate) const LOCK_ROW: i64 = 0;

/// The name of the table of migrations without prefix. Not the one that sqlx has by default: an application may
/// use sqlx's migrations too.
pub(crate) const TABLE: &str = "_testudo_migrations";

/// The name of the table of migrations, as it stands in statements.
pub(crate) fn table(layout: &Layout) -> String {
    layout.own(TABLE)
}

/// Its name without the schema.
#[cfg(feature = "mysql")]
pub(crate) fn name(layout: &Layout) -> String {
    layout.prefixed(TABLE)
}

/// The migrations that are missing, under the names of a layout and in their order.
pub(crate) fn missing(
    migrator: &Migrator,
    applied: &[AppliedMigration],
    layout: &Layout,
) -> Result<Vec<Migration>, Mismatch> {
    let applied: Vec<_> = applied.iter().filter(|it| it.version != LOCK_ROW).collect();
    if let Some(unknown) = applied.iter().find(|it| !migrator.version_exists(it.version)) {
        return Err(Mismatch::Unknown(unknown.version));
    }
    let mut missing = Vec::new();
    for migration in migrator.iter() {
        match applied.iter().find(|it| it.version == migration.version) {
            Some(it) if it.checksum == migration.checksum => {}
            Some(it) => return Err(Mismatch::Changed(it.version)),
            None => missing.push(renamed(migrator, migration, layout)),
        }
    }
    Ok(missing)
}

/// A migration under the names of a layout. Its checksum stays that of the file.
fn renamed(migrator: &Migrator, migration: &Migration, layout: &Layout) -> Migration {
    let text = migration.sql.as_str();
    let text = match rename(migrator, text, layout) {
        Cow::Borrowed(_) => return migration.clone(),
        Cow::Owned(text) => text,
    };
    Migration { sql: AssertSqlSafe(text).into_sql_str(), ..migration.clone() }
}

fn rename<'a>(migrator: &Migrator, text: &'a str, layout: &Layout) -> Cow<'a, str> {
    let naming = &layout.naming;
    if naming.prefix.is_empty() && naming.schema.is_none() && naming.makes_users() {
        return Cow::Borrowed(text);
    }
    let tables = tables(migrator);
    let mut renamed = String::with_capacity(text.len() + 256);
    for statement in statements(text) {
        if !naming.makes_users() && subject(statement, &tables) == Some("users") {
            continue;
        }
        let mut before = ["", ""];
        for (part, is_word) in parts(statement) {
            match place(before) {
                Some(Place::Index { is_made }) if is_word && !is_keyword(part) => {
                    // What makes an index makes it in the schema of its table.
                    renamed.push_str(&if is_made {
                        layout.dialect.quote(&layout.prefixed(part))
                    } else {
                        layout.own(part)
                    });
                }
                Some(Place::Table) if is_word && tables.contains(part) => {
                    renamed.push_str(&table_name(part, before, layout));
                }
                _ => renamed.push_str(part),
            }
            if is_word {
                before = [before[1], part];
            }
        }
    }
    Cow::Owned(renamed)
}

fn table_name(name: &str, before: [&str; 2], layout: &Layout) -> String {
    if name == "users" {
        return layout.table(super::Table::Users);
    }
    // ALTER TABLE … RENAME TO keeps the schema, and takes none.
    if before[0].eq_ignore_ascii_case("rename") {
        return layout.dialect.quote(&layout.prefixed(name));
    }
    layout.own(name)
}

enum Place {
    Table,
    Index { is_made: bool },
}

/// What stands behind two words.
fn place([first, second]: [&str; 2]) -> Option<Place> {
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    if is(second, "INDEX") {
        return Some(Place::Index { is_made: !is(first, "DROP") });
    }
    let before_tables =
        ["TABLE", "INTO", "FROM", "REFERENCES", "ON", "UPDATE", "TO", "EXISTS", "JOIN"];
    before_tables.iter().any(|keyword| is(second, keyword)).then_some(Place::Table)
}

fn is_keyword(word: &str) -> bool {
    ["IF", "NOT", "EXISTS", "ON", "CONCURRENTLY"].iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// Every name that a table has or had in the course of the migrations.
fn tables(migrator: &Migrator) -> BTreeSet<&str> {
    let mut tables = BTreeSet::new();
    for migration in migrator.iter() {
        let mut before = ["", "", ""];
        for (word, _) in parts(migration.sql.as_str()).filter(|(_, is_word)| *is_word) {
            let before_it = before.map(str::to_ascii_uppercase);
            let [_, first, second] = before_it.each_ref().map(String::as_str);
            let is_named = matches!(
                (first, second),
                ("CREATE", "TABLE") | ("NOT", "EXISTS") | ("RENAME", "TO")
            );
            if is_named && !is_keyword(word) {
                tables.insert(word);
            }
            before = [before[1], before[2], word];
        }
    }
    tables
}

/// The table that a statement makes, changes, fills or has an index on.
fn subject<'a>(statement: &'a str, tables: &BTreeSet<&str>) -> Option<&'a str> {
    let mut before = ["", ""];
    for (word, _) in parts(statement).filter(|(_, is_word)| *is_word) {
        if matches!(place(before), Some(Place::Table)) && tables.contains(word) {
            return Some(word);
        }
        before = [before[1], word];
    }
    None
}

/// A text cut behind each semicolon that ends a statement.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut ends = Vec::new();
    let mut at = 0;
    for (part, is_word) in parts(text) {
        at += part.len();
        if !is_word && part == ";" {
            ends.push(at);
        }
    }
    ends.push(text.len());
    let mut start = 0;
    ends.into_iter().filter_map(move |end| {
        let statement = text.get(start..end);
        start = end;
        statement.filter(|statement| !statement.is_empty())
    })
}

/// A text as words and what is between them: comments and quoted texts whole, every other character by itself.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if matches!(first, '\'' | '"' | '`') {
            let inside = rest.get(1..).unwrap_or_default();
            inside.find(first).map_or(rest.len(), |end| end + 2)
        } else if is_letter(first) {
            rest.find(|char| !is_letter(char)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some((part, is_letter(first)))
    })
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::sql::{Dialect, Naming, UserTable};

    static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

    /// All migrations under these names.
    fn text(naming: Naming) -> String {
        let layout = Layout::new(Dialect::Sqlite, naming);
        let missing = missing(&MIGRATIONS, &[], &layout).unwrap();
        missing.iter().map(|it| it.sql.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Without what is in comments and quotes.
    fn words(text: &str) -> Vec<&str> {
        parts(text).filter(|(_, is_word)| *is_word).map(|(word, _)| word).collect()
    }

    #[test]
    fn without_a_name_of_the_applications_migrations_are_the_files() {
        let files: Vec<_> = MIGRATIONS.iter().map(|it| it.sql.as_str()).collect();
        assert_eq!(text(Naming::new()), files.join("\n"));
    }

    #[test]
    fn under_a_prefix_no_table_and_no_index_keeps_its_name() {
        let text = text(Naming::new().with_prefix("shop_").unwrap());
        for kept in ["TABLE users", "TABLE outbox", "INTO events", "FROM outbox", "ON sessions"] {
            assert!(!text.contains(kept), "{kept}");
        }
        for named in [
            "CREATE TABLE \"shop_users\"",
            "FROM \"shop_outbox\"",
            "CREATE INDEX \"shop_sessions_of_user\" ON \"shop_sessions\"",
            "DROP INDEX \"shop_messages_by_next_try\"",
            "RENAME TO \"shop_sessions\"",
        ] {
            assert!(text.contains(named), "{named}");
        }
        // Columns stay, also one that is called as a table is.
        assert!(text.contains("    attempts   INTEGER NOT NULL DEFAULT 0"));
        assert!(!words(&text).contains(&"outbox"));
    }

    #[test]
    fn a_table_of_the_applications_is_neither_made_nor_changed() {
        let own = UserTable::new("people").unwrap();
        let text = text(Naming::new().with_user_table(own));
        for made in ["CREATE TABLE users", "ALTER TABLE", "users_by_closing"] {
            let changes = text.match_indices(made).count();
            // Three tables are made anew under another name, and one has columns added.
            let others = if made == "ALTER TABLE" { 5 } else { 0 };
            assert_eq!(changes, others, "{made}");
        }
    }

    #[test]
    fn an_edited_or_unknown_migration_is_told() {
        let layout = Layout::new(Dialect::Sqlite, Naming::new());
        let applied = |version, checksum: &[u8]| AppliedMigration {
            version,
            checksum: checksum.to_vec().into(),
        };
        let first = MIGRATIONS.iter().next().unwrap();
        let rest = missing(&MIGRATIONS, &[applied(first.version, &first.checksum)], &layout);
        assert_eq!(rest.unwrap().len() + 1, MIGRATIONS.iter().count());
        let edited = missing(&MIGRATIONS, &[applied(first.version, b"x")], &layout);
        assert_eq!(edited.unwrap_err(), Mismatch::Changed(first.version));
        let newer = missing(&MIGRATIONS, &[applied(9999, b"x")], &layout);
        assert_eq!(newer.unwrap_err(), Mismatch::Unknown(9999));
    }
}
