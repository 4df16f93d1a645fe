//! Users.

use testudo::command::Standing;
use testudo::model::{Email, EmailKey, Epoch, LinkSerial, PreviousEmail, User, UserId, Version};
use testudo::password::PasswordHash;
use testudo_driver::Fault;

use super::{factors, flag, id, moment, number, optional_moment, profile, text};
use crate::sql::layout::Layout;
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn user<R: Columns>(row: &R, layout: &Layout) -> Result<User, Fault> {
    let email_key = EmailKey::from_stored(text(row, "users.email_key")?);
    Ok(User {
        id: UserId::from_uuid(id(row, "users.id")?),
        email: Email::from_stored(text(row, "users.email")?, email_key),
        password: PasswordHash::from_stored(text(row, "users.password")?),
        is_active: flag(row, "users.is_active")?,
        is_verified: flag(row, "users.is_verified")?,
        must_change_password: flag(row, "users.must_change_password")?,
        totp: factors::totp(row)?,
        recovery_codes: factors::recovery_codes(row)?,
        terms: factors::terms(row)?,
        reset_serial: LinkSerial::new(number(row, "users.reset_serial")?),
        previous_email: previous_email(row)?,
        closes_at: optional_moment(row, "users.closes_at")?,
        last_login: optional_moment(row, "users.last_login")?,
        joined_at: moment(row, "users.joined_at")?,
        created_at: moment(row, "users.created_at")?,
        updated_at: moment(row, "users.updated_at")?,
        profile: profile::profile(row, layout.fields())?,
        epoch: Epoch::new(number(row, "users.epoch")?),
        version: Version::new(number(row, "users.version")?),
    })
}

fn previous_email<R: Columns>(row: &R) -> Result<Option<PreviousEmail>, Fault> {
    let Some(until) = optional_moment(row, "users.previous_email_until")? else { return Ok(None) };
    let key = EmailKey::from_stored(text(row, "users.previous_email_key")?);
    let email = Email::from_stored(text(row, "users.previous_email")?, key);
    Ok(Some(PreviousEmail { email, until }))
}

pub(crate) fn standing<R: Columns>(row: &R) -> Result<Standing, Fault> {
    Ok(Standing {
        epoch: Epoch::new(number(row, "users.epoch")?),
        is_active: flag(row, "users.is_active")?
            && optional_moment(row, "users.closes_at")?.is_none(),
    })
}

pub(crate) fn user_values<'a>(user: &'a User, layout: &Layout) -> Result<Vec<Value<'a>>, Fault> {
    let previous = user.previous_email.as_ref();
    let (rest, fields) = profile::values(&user.profile, layout.fields())?;
    let [totp_sealed, totp_last_step, totp_enrolled_at] = factors::totp_values(user);
    let [terms_version, terms_accepted_at] = factors::terms_values(user);
    let mut values = vec![
        Value::uuid(user.id.as_uuid()),
        Value::text(user.email.as_str()),
        Value::text(user.email.key().as_str()),
        Value::text(user.password.as_stored()),
        user.is_active.into(),
        user.is_verified.into(),
        user.last_login.into(),
        user.joined_at.into(),
        user.created_at.into(),
        user.updated_at.into(),
        rest,
        Value::int(user.epoch.get()),
        user.must_change_password.into(),
        Value::int(user.reset_serial.get()),
        Value::Text(previous.map(|previous| previous.email.as_str().into())),
        Value::Text(previous.map(|previous| previous.email.key().as_str().into())),
        previous.map(|previous| previous.until).into(),
        user.closes_at.into(),
        totp_sealed,
        totp_last_step,
        totp_enrolled_at,
        factors::recovery_values(user),
        terms_version,
        terms_accepted_at,
        Value::int(user.version.get()),
    ];
    values.extend(fields);
    Ok(values)
}
