//! Users as Django's `manage.py dumpdata` writes them.

use serde_json::{Map, Value};
use testudo::Timestamp;
use testudo::flow::admin::ImportUser;
use testudo::model::JsonObject;
use testudo::password::HasherChain;

use super::account::{Found, usable};
use super::fields::Fields;

/// What the profile keeps, where it says something.
const PROFILE: [&str; 3] = ["username", "first_name", "last_name"];

/// Reads an object `{"model": …, "pk": …, "fields": {…}}`.
pub(super) fn read(object: Map<String, Value>, hashers: &HasherChain) -> Result<Found, String> {
    let mut object = Fields::of(object);
    let model = object.text("model")?.ok_or("expected a `model`, as Django writes it")?;
    let fields = object.object("fields")?.ok_or("expected `fields`, as Django writes them")?;
    let mut fields = Fields::of(fields);
    let is_user = model.to_ascii_lowercase().ends_with(".user")
        || (fields.has("email") && fields.has("password"));
    if !is_user {
        return Ok(Found::SomethingElse);
    }
    let email = fields.text("email")?.filter(|email| !email.is_empty());
    let email = email.ok_or("`email`: expected an address, which is what users sign in with")?;
    // Django marks an account without a password by `!` and something random.
    let password = fields.text("password")?;
    let password = password.filter(|stored| !stored.is_empty() && !stored.starts_with('!'));
    let password = password.map(|stored| usable(stored, hashers)).transpose();
    let account = ImportUser {
        is_active: fields.flag("is_active")?.unwrap_or(true),
        is_verified: fields.flag("is_verified")?.unwrap_or(false),
        created_at: fields.moment("date_joined", moment)?,
        last_login: fields.moment("last_login", moment)?,
        profile: profile(&mut fields)?,
        ..ImportUser::new(email, password.map_err(|reason| format!("`password`: {reason}"))?)
    };
    Ok(Found::Account { account: Box::new(account), ignored: fields.rest() })
}

fn profile(fields: &mut Fields) -> Result<JsonObject, String> {
    let mut profile = JsonObject::new();
    for name in PROFILE {
        if let Some(text) = fields.text(name)?.filter(|text| !text.is_empty()) {
            profile.insert(name.to_owned(), text.into());
        }
    }
    Ok(profile)
}

/// Where Django runs without time zones (`USE_TZ = False`) its moments have none; they count as UTC.
fn moment(text: &str) -> Result<Timestamp, &'static str> {
    let as_utc = || format!("{text}Z").parse();
    let at_midnight = || format!("{text}T00:00:00Z").parse();
    let moment = text.parse().or_else(|_| as_utc()).or_else(|_| at_midnight());
    moment.map_err(|_| "expected a moment after 1970, such as 2026-01-31T12:00:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_all_forms_that_django_writes() {
        let moments = [
            ("2012-05-04T12:00:00Z", "2012-05-04T12:00:00Z"),
            ("2012-05-04T12:00:00.123Z", "2012-05-04T12:00:00.123Z"),
            ("2012-05-04T12:00:00.123456+02:00", "2012-05-04T10:00:00.123Z"),
            ("2012-05-04T12:00:00", "2012-05-04T12:00:00Z"),
            ("2012-05-04T12:00:00.5", "2012-05-04T12:00:00.5Z"),
            ("2012-05-04 12:00:00", "2012-05-04T12:00:00Z"),
            ("2012-05-04", "2012-05-04T00:00:00Z"),
        ];
        for (text, expected) in moments {
            assert_eq!(moment(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "1969-12-31T23:59:59Z", "2012-13-01", "1336132800"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
