//! Names of the application's own for everything that can have one: a prefix of the tables, and a table of users whose
//! columns all have other names, some of which are words of SQL, and where fields of the profile have columns too.
//!
//! Whatever statement uses a plain name finds no such table, or no such column.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use testudo_sqlx::{FieldType, Naming, UserTable};

/// Part of a user's record, column, type, and whether it may be missing.
const COLUMNS: [(&str, &str, Type, bool); 25] = [
    ("id", "order", Type::Uuid, false),
    ("email", "E_mail", Type::Text, false),
    ("email_key", "select", Type::Key, false),
    ("password", "pass_word", Type::Text, false),
    ("is_active", "active", Type::Bool, false),
    ("is_verified", "verified", Type::Bool, false),
    ("last_login", "lastSeen", Type::Int, true),
    ("joined_at", "joined", Type::Int, false),
    ("created_at", "created", Type::Int, false),
    ("updated_at", "updated", Type::Int, false),
    ("profile", "from", Type::LongText, false),
    ("epoch", "where", Type::Int, false),
    ("must_change_password", "must_change", Type::Bool, false),
    ("reset_serial", "resets", Type::Int, false),
    ("previous_email", "old_mail", Type::Text, true),
    ("previous_email_key", "old_key", Type::Text, true),
    ("previous_email_until", "old_until", Type::Int, true),
    ("closes_at", "closing", Type::Int, true),
    ("totp_sealed", "totp", Type::Bytes, true),
    ("totp_last_step", "step", Type::Int, true),
    ("totp_enrolled_at", "enrolled", Type::Int, true),
    ("recovery_codes", "codes", Type::Bytes, true),
    ("terms_version", "terms", Type::Text, true),
    ("terms_accepted_at", "accepted", Type::Int, true),
    ("version", "table", Type::Int, false),
];

/// Field of the profile, column, what it is there, type.
const FIELDS: [(&str, &str, FieldType, Type); 4] = [
    ("name", "group", FieldType::Text, Type::Text),
    ("age", "Age", FieldType::Integer, Type::Int),
    ("nested", "column", FieldType::Json, Type::LongText),
    ("long", "long", FieldType::Text, Type::LongText),
];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    Uuid,
    /// A text that is unique, byte for byte.
    Key,
    Text,
    LongText,
    Bool,
    Int,
    Bytes,
}

/// Prefix and users, without a schema.
pub(crate) fn naming(users: UserTable) -> Naming {
    Naming::new().with_prefix("Shop_").expect("a prefix").with_user_table(users)
}

pub(crate) fn members() -> UserTable {
    let table = UserTable::new("Members").expect("a name");
    let table = COLUMNS.iter().fold(table, |table, (part, column, ..)| {
        table.column(part, column).expect("a part and a name")
    });
    FIELDS.iter().fold(table, |table, (field, column, kind, _)| {
        table.field(field, column, *kind).expect("a name")
    })
}

/// The statement that makes the table, given how names are quoted and what types are called.
pub(crate) fn create(table: &str, quote: char, named: impl Fn(Type) -> &'static str) -> String {
    let quoted = |name: &str| format!("{quote}{name}{quote}");
    let of_record = COLUMNS.iter().map(|(part, column, kind, may_be_missing)| {
        let unique = match *part {
            "id" => " PRIMARY KEY",
            "email_key" => " UNIQUE",
            _ => "",
        };
        let null = if *may_be_missing { "" } else { " NOT NULL" };
        format!("{} {}{null}{unique}", quoted(column), named(*kind))
    });
    let of_profile =
        FIELDS.iter().map(|(_, column, _, kind)| format!("{} {}", quoted(column), named(*kind)));
    let of_application = ["visits BIGINT NOT NULL DEFAULT 0".to_owned(), "notes TEXT".to_owned()];
    let columns: Vec<_> = of_application.into_iter().chain(of_record).chain(of_profile).collect();
    format!("CREATE TABLE {table} ({})", columns.join(", "))
}
