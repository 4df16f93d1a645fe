//! Accounts in the library's own form, which `user export` writes.

use serde_json::{Map, Value};
use testudo::flow::admin::ImportUser;
use testudo::password::{HasherChain, PasswordHash};

use super::account::{Found, usable};
use super::fields::Fields;

pub(super) fn read(object: Map<String, Value>, hashers: &HasherChain) -> Result<Found, String> {
    let mut fields = Fields::of(object);
    let email = fields.text("email")?.ok_or_else(|| no_email(&fields))?;
    let password = match fields.text("password_hash")? {
        Some(stored) => password(stored, hashers).map_err(wrong_hash)?,
        None => None,
    };
    let account = ImportUser {
        is_active: fields.flag("is_active")?.unwrap_or(true),
        is_verified: fields.flag("is_verified")?.unwrap_or(false),
        must_change_password: fields.flag("must_change_password")?.unwrap_or(false),
        created_at: fields.moment("created_at", str::parse)?,
        last_login: fields.moment("last_login", str::parse)?,
        profile: fields.object("profile")?.unwrap_or_default(),
        ..ImportUser::new(email, password)
    };
    Ok(Found::Account { account: Box::new(account), ignored: fields.rest() })
}

/// What begins with `!` is kept as it is: the mark of [`PasswordHash::legacy`], or of no password.
fn password(stored: String, hashers: &HasherChain) -> Result<Option<PasswordHash>, String> {
    if stored.is_empty() {
        Ok(None)
    } else if stored.starts_with('!') {
        Ok(Some(PasswordHash::from_stored(stored)))
    } else {
        usable(stored, hashers).map(Some)
    }
}

fn wrong_hash(reason: String) -> String {
    format!("`password_hash`: {reason}")
}

fn no_email(fields: &Fields) -> String {
    if fields.has("model") && fields.has("fields") {
        "`email`: expected an address; for what Django wrote pass --format django-fixture"
            .to_owned()
    } else {
        "`email`: expected an address".to_owned()
    }
}
