//! Users in a table of the application's own.

use super::layout::Table;
use super::naming::{NameError, Naming, word};
use super::statement::Dialect;

/// A table of the application's own in which users are, and where in it the parts of a record stand.
///
/// The application makes the table and keeps it up to date; it must have a column for each part of a user's
/// record, of the type that the library's own table has there (`migrations/` of this crate shows it), unique
/// keys on `id` and `email_key`, and a default or NULL for every column that is not named here. When the store
/// is opened that is checked as far as a database tells ([`UserTableError`]).
///
/// A column may have another name ([`UserTable::column`]), and further columns may appear as fields of
/// the [profile](testudo::model::User::profile) ([`UserTable::field`]). A field that has a column is in that
/// column alone: NULL is a profile without it, and so a JSON `null` does not come back.
///
/// ```
/// use testudo_sqlx::{FieldType, Naming, UserTable};
///
/// let people = UserTable::new("people")?
///     .column("email", "mail")?
///     .column("email_key", "mail_key")?
///     .field("nickname", "nick", FieldType::Text)?;
/// let naming = Naming::new().with_user_table(people);
/// # Ok::<(), testudo_sqlx::NameError>(())
/// ```
///
/// # Security
///
/// Whatever writes to the table beside the library must raise `version` with every change, and `epoch` with
/// every change after which tokens from before must be dead. What deletes a row leaves sessions, API keys and
/// invitations of nobody, which are found by nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserTable {
    pub(super) schema: Option<String>,
    pub(super) name: String,
    /// Record column and own column, where they differ.
    columns: Vec<(String, String)>,
    pub(super) fields: Vec<Field>,
}

/// A field of the profile with a column of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) kind: FieldType,
}

/// What a column that is a field of the profile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A text.
    Text,
    /// An integer of 64 bits with a sign.
    Integer,
    /// A number as an IEEE 754 double.
    Real,
    /// True or false.
    Bool,
    /// Any JSON, as a text.
    Json,
}

/// Why a table of the application's own cannot hold users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table {table} cannot hold users: {}; change it, or say where the columns are", .problems.join(", "))]
pub struct UserTableError {
    /// The table.
    pub table: String,
    /// Everything that is wrong with it: columns that are missing, of another type, or not unique.
    pub problems: Vec<String>,
}

impl UserTable {
    /// A table of this name, with columns named as in the library's own.
    ///
    /// # Errors
    ///
    /// [`NameError`] unless it is a plain word.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let name = word(name, Naming::MAX_NAME)?;
        Ok(Self { schema: None, name, columns: Vec::new(), fields: Vec::new() })
    }

    /// Says in which schema the table is, where it is not that of the other tables.
    ///
    /// # Errors
    ///
    /// [`NameError`] unless it is a plain word.
    pub fn in_schema(mut self, schema: &str) -> Result<Self, NameError> {
        self.schema = Some(word(schema, Naming::MAX_NAME)?);
        Ok(self)
    }

    /// Says where one part of the record stands.
    ///
    /// # Errors
    ///
    /// [`NameError`] when a record has no such part, or `column` is no plain word.
    pub fn column(mut self, part: &str, column: &str) -> Result<Self, NameError> {
        if !Table::Users.columns().contains(&part) {
            return Err(NameError::UnknownColumn(part.to_owned()));
        }
        let column = word(column, Naming::MAX_NAME)?;
        self.columns.retain(|(other, _)| other != part);
        self.columns.push((part.to_owned(), column));
        Ok(self)
    }

    /// Has a further column appear as a field of the profile.
    ///
    /// # Errors
    ///
    /// [`NameError`] unless `column` is a plain word. The field may have any name.
    pub fn field(mut self, field: &str, column: &str, kind: FieldType) -> Result<Self, NameError> {
        let column = word(column, Naming::MAX_NAME)?;
        self.fields.retain(|other| other.name != field);
        self.fields.push(Field { name: field.to_owned(), column, kind });
        Ok(self)
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a part of the record is called here.
    pub(super) fn column_of<'a>(&'a self, part: &'a str) -> &'a str {
        let renamed = self.columns.iter().find(|(other, _)| other == part);
        renamed.map_or(part, |(_, column)| column)
    }
}

/// What a column must be able to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Text,
    Bool,
    Int,
    Real,
    Bytes,
}

/// A column as a database describes it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// What it holds, as far as that is one of these.
    pub(crate) kind: Option<Kind>,
    /// Its type in the database's words.
    pub(crate) named: String,
    pub(crate) is_nullable: bool,
    pub(crate) has_default: bool,
    /// Whether a unique key consists of it alone.
    pub(crate) is_unique: bool,
}

impl UserTable {
    /// Whether the table that a database describes can hold users.
    pub(crate) fn check(
        &self,
        described: &[Described],
        dialect: Dialect,
    ) -> Result<(), UserTableError> {
        let mut problems = Vec::new();
        let mut known = Vec::new();
        let parts = Table::Users.columns().iter().map(|part| {
            let (kind, may_be_null) = kind_of(part);
            (*part, self.column_of(part), kind, may_be_null)
        });
        let fields = self
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.column.as_str(), field.kind.kind(), true));
        for (part, column, kind, must_take_null) in parts.chain(fields) {
            if known.contains(&column) {
                problems.push(format!("{column} cannot stand for {part}, too"));
                continue;
            }
            known.push(column);
            let of = if part == column { String::new() } else { format!(" (for {part})") };
            let Some(found) = described.iter().find(|it| it.name == column) else {
                problems.push(format!("{column}{of} is missing"));
                continue;
            };
            if !found.kind.is_some_and(|found| found.holds(kind, dialect)) {
                problems.push(format!("{column}{of} holds {}, not {}", found.named, kind.as_str()));
            }
            if must_take_null && !found.is_nullable {
                problems.push(format!("{column}{of} must take NULL"));
            }
            if matches!(part, "id" | "email_key") && !found.is_unique {
                problems.push(format!("{column}{of} must be unique"));
            }
        }
        let left_out = described.iter().filter(|it| !known.contains(&it.name.as_str()));
        for column in left_out.filter(|it| !it.is_nullable && !it.has_default) {
            problems.push(format!("{} must have a default or take NULL", column.name));
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(UserTableError { table: self.name.clone(), problems })
    }
}

impl FieldType {
    const fn kind(self) -> Kind {
        match self {
            Self::Text | Self::Json => Kind::Text,
            Self::Integer => Kind::Int,
            Self::Real => Kind::Real,
            Self::Bool => Kind::Bool,
        }
    }
}

impl Kind {
    /// Where a database has no type for truth values or UUIDs, integers and bytes take their place.
    fn holds(self, wanted: Self, dialect: Dialect) -> bool {
        let takes_its_place =
            matches!((self, wanted), (Self::Int, Self::Bool) | (Self::Bytes, Self::Uuid));
        self == wanted || (takes_its_place && !dialect.has_types_for_all())
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID",
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Int => "an integer of 64 bits",
            Self::Real => "a double",
            Self::Bytes => "bytes",
        }
    }
}

/// What a part of a user's record is, and whether it may be missing.
fn kind_of(part: &str) -> (Kind, bool) {
    match part {
        "id" => (Kind::Uuid, false),
        "email" | "email_key" | "password" | "profile" => (Kind::Text, false),
        "previous_email" | "previous_email_key" | "terms_version" => (Kind::Text, true),
        "is_active" | "is_verified" | "must_change_password" => (Kind::Bool, false),
        "totp_sealed" | "recovery_codes" => (Kind::Bytes, true),
        "joined_at" | "created_at" | "updated_at" | "epoch" | "reset_serial" | "version" => {
            (Kind::Int, false)
        }
        _ => (Kind::Int, true),
    }
}
