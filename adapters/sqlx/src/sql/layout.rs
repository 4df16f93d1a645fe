//! The names of tables and columns in one database, and the statements that follow from them.

use super::naming::Naming;
use super::statement::{Dialect, Sql};
use super::user_table::Field;

/// The tables. Each is known under its [`alias`](Table::alias) within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Users,
    Sessions,
    Invitations,
    ApiKeys,
    Onboarding,
    Attempts,
    Events,
    EventConsumers,
    /// One row: the last place that was given to an event. SQLite has none.
    #[allow(dead_code, reason = "not every database needs one")]
    EventSequencer,
    Messages,
}

impl Table {
    /// All of them.
    #[cfg(feature = "mysql")]
    pub(crate) const ALL: [Self; 10] = [
        Self::Users,
        Self::Sessions,
        Self::Invitations,
        Self::ApiKeys,
        Self::Onboarding,
        Self::Attempts,
        Self::Events,
        Self::EventConsumers,
        Self::EventSequencer,
        Self::Messages,
    ];

    /// What the table is called without a prefix, and within statements.
    pub(crate) const fn alias(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::Invitations => "invitations",
            Self::ApiKeys => "api_keys",
            Self::Onboarding => "onboarding_sessions",
            Self::Attempts => "attempts",
            Self::Events => "events",
            Self::EventConsumers => "event_consumers",
            Self::EventSequencer => "event_sequencer",
            Self::Messages => "messages",
        }
    }

    /// The columns of a record, in the order of its values. The first is the key, the last the version.
    pub(crate) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[
                "id",
                "email",
                "email_key",
                "password",
                "is_active",
                "is_verified",
                "last_login",
                "joined_at",
                "created_at",
                "updated_at",
                "profile",
                "epoch",
                "must_change_password",
                "reset_serial",
                "previous_email",
                "previous_email_key",
                "previous_email_until",
                "closes_at",
                "totp_sealed",
                "totp_last_step",
                "totp_enrolled_at",
                "recovery_codes",
                "terms_version",
                "terms_accepted_at",
                "version",
            ],
            Self::Sessions => &[
                "id",
                "user_id",
                "epoch",
                "methods",
                "auth_time",
                "client_ip",
                "client_user_agent",
                "created_at",
                "refreshed_at",
                "idle_timeout",
                "expires_at",
                "access_expires_at",
                "generation",
                "chain_key",
                "refresh_digest",
                "access_digest",
                "claims",
                "ended_at",
                "ended_reason",
                "version",
            ],
            Self::Invitations => &[
                "id",
                "invited_by",
                "email",
                "email_key",
                "seats",
                "taken",
                "data",
                "created_at",
                "expires_at",
                "revoked_at",
                "version",
            ],
            Self::ApiKeys => &[
                "id",
                "user_id",
                "epoch",
                "name",
                "scopes",
                "digest",
                "created_at",
                "expires_at",
                "last_used_at",
                "revoked_at",
                "version",
            ],
            Self::Onboarding => &["id", "digest", "sealed", "created_at", "expires_at", "version"],
            Self::Attempts => &["key", "count", "window_end", "consecutive"],
            Self::Events => &["id", "user_id", "at", "kind", "record"],
            Self::EventConsumers => &["name", "seq", "attempts", "next_try"],
            Self::EventSequencer => &["id", "seq"],
            Self::Messages => &["id", "created_at", "sealed", "next_try"],
        }
    }
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    pub(crate) naming: Naming,
}

impl Layout {
    pub(crate) const fn new(dialect: Dialect, naming: Naming) -> Self {
        Self { dialect, naming }
    }

    /// The name of a table, in quotes and with its schema.
    pub(crate) fn table(&self, table: Table) -> String {
        match (&self.naming.users, table) {
            (Some(own), Table::Users) => {
                self.qualified(own.schema.as_deref().or(self.schema()), &own.name)
            }
            _ => self.own(table.alias()),
        }
    }

    /// The schema, if one is named, and the name of the application's own table of users.
    #[cfg(feature = "mysql")]
    pub(crate) fn own_users(&self) -> Option<(Option<&str>, &str)> {
        let own = self.naming.users.as_ref()?;
        Some((own.schema.as_deref().or(self.schema()), &own.name))
    }

    /// The name of a table or index of the library's own, in quotes, with prefix and schema.
    pub(crate) fn own(&self, name: &str) -> String {
        self.qualified(self.schema(), &self.prefixed(name))
    }

    /// The name of a table or index of the library's own with its prefix.
    pub(crate) fn prefixed(&self, name: &str) -> String {
        format!("{}{name}", self.naming.prefix)
    }

    pub(crate) fn schema(&self) -> Option<&str> {
        self.naming.schema.as_deref()
    }

    fn qualified(&self, schema: Option<&str>, name: &str) -> String {
        let name = self.dialect.quote(name);
        match schema {
            Some(schema) => format!("{}.{name}", self.dialect.quote(schema)),
            None => name,
        }
    }

    /// A table under its alias, as it stands behind FROM, JOIN or UPDATE.
    pub(crate) fn from(&self, table: Table) -> String {
        format!("{} AS {}", self.table(table), table.alias())
    }

    /// The name of a column, in quotes.
    pub(crate) fn column(&self, table: Table, column: &str) -> String {
        let name = match (&self.naming.users, table) {
            (Some(own), Table::Users) => own.column_of(column),
            _ => column,
        };
        self.dialect.quote(name)
    }

    /// A column with its table's alias before it.
    pub(crate) fn of(&self, table: Table, column: &str) -> String {
        format!("{}.{}", table.alias(), self.column(table, column))
    }

    /// Fields of the profile with columns of their own, and the names under which they are selected.
    pub(crate) fn fields(&self) -> &[Field] {
        self.naming.users.as_ref().map_or(&[], |own| &own.fields)
    }

    /// A select list of some columns, each as `table.column`.
    pub(crate) fn some(&self, table: Table, columns: &[&str]) -> String {
        let listed = columns.iter().map(|column| {
            let name = self.dialect.quote(&format!("{}.{column}", table.alias()));
            format!("{} AS {name}", self.of(table, column))
        });
        listed.collect::<Vec<_>>().join(", ")
    }

    /// The same behind INSERT … RETURNING, where no alias can stand before a column.
    pub(crate) fn returning(&self, table: Table, columns: &[&str]) -> String {
        let listed = columns.iter().map(|column| {
            let name = self.dialect.quote(&format!("{}.{column}", table.alias()));
            format!("{} AS {name}", self.column(table, column))
        });
        listed.collect::<Vec<_>>().join(", ")
    }

    /// The select list of a whole record.
    pub(crate) fn all(&self, table: Table) -> String {
        let mut list = self.some(table, table.columns());
        if table == Table::Users {
            for field in self.fields() {
                let name = self.dialect.quote(&field_alias(field));
                let column = self.dialect.quote(&field.column);
                list.push_str(&format!(", users.{column} AS {name}"));
            }
        }
        list
    }

    /// The columns of a record, in quotes: key first, then in the order of the values, version and last the
    /// fields of the profile.
    pub(crate) fn columns(&self, table: Table) -> Vec<String> {
        let mut columns: Vec<_> =
            table.columns().iter().map(|column| self.column(table, column)).collect();
        if table == Table::Users {
            columns.extend(self.fields().iter().map(|field| self.dialect.quote(&field.column)));
        }
        columns
    }

    /// `INSERT INTO table (…) VALUES (?1, …)`, of all values of a record.
    pub(crate) fn insert(&self, table: Table) -> String {
        let columns = self.columns(table);
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let (table, columns, places) = (self.table(table), columns.join(", "), places.join(", "));
        format!("INSERT INTO {table} ({columns}) VALUES ({places})")
    }

    /// `column = ?n, …` of all values of a record but the key, without those that `but` names.
    pub(crate) fn assignments(&self, table: Table, but: &[&str]) -> String {
        let but: Vec<_> = but.iter().map(|column| self.column(table, column)).collect();
        let columns = self.columns(table).into_iter().enumerate().skip(1);
        let assigned = columns.filter(|(_, column)| !but.contains(column));
        let assigned = assigned.map(|(at, column)| format!("{column} = ?{}", at + 1));
        assigned.collect::<Vec<_>>().join(", ")
    }

    /// The number of the parameter that comes behind all values of a record.
    pub(crate) fn next_place(&self, table: Table) -> usize {
        self.columns(table).len() + 1
    }

    /// `UPDATE table SET … WHERE id = ?1 AND version = ?n`, where the version comes behind all values.
    pub(crate) fn replace(&self, table: Table) -> String {
        let (id, version) = (self.column(table, "id"), self.column(table, "version"));
        let (assigned, was) = (self.assignments(table, &[]), self.next_place(table));
        let table = self.table(table);
        format!("UPDATE {table} SET {assigned} WHERE {id} = ?1 AND {version} = ?{was}")
    }

    pub(crate) fn sql(&self, text: &str) -> Sql {
        self.dialect.statement(text)
    }
}

/// The name under which a field of the profile is selected. Two fields may differ in what no identifier can
/// hold, so it is the column's.
pub(crate) fn field_alias(field: &Field) -> String {
    format!("users+{}", field.column)
}
