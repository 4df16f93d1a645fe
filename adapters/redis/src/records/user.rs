//! Users.

use testudo::command::Standing;
use testudo::model::{Epoch, LinkSerial, PreviousEmail, User, UserId, Version};
use testudo::password::PasswordHash;
use testudo_driver::Fault;

use super::{email, factors};
use crate::codec::{Reader, Writer};

/// Scripts look at the version (bytes 2 to 9, counted from 1), at the epoch and the standing (10 to 18)
/// and at the canonical address (its length in 19 to 22, and what follows).
pub(crate) fn user_bytes(user: &User) -> Result<Vec<u8>, Fault> {
    let out =
        Writer::new().number(user.version.get()).number(user.epoch.get()).flag(user.may_be_used());
    let out = email::write(out, &user.email)
        .text(user.password.as_stored())
        .flag(user.is_active)
        .flag(user.is_verified)
        .flag(user.must_change_password)
        .number(user.reset_serial.get())
        .optional(user.previous_email.as_ref(), |out, previous| {
            email::write(out, &previous.email).moment(previous.until)
        })
        .optional_moment(user.closes_at)
        .optional_moment(user.last_login)
        .moment(user.joined_at)
        .moment(user.created_at)
        .moment(user.updated_at);
    Ok(factors::write(out, user).json(&user.profile)?.finish())
}

pub(crate) fn user(id: UserId, record: &[u8]) -> Result<User, Fault> {
    let mut input = Reader::new(record, "users.format")?;
    let version = Version::new(input.number("users.version")?);
    let epoch = Epoch::new(input.number("users.epoch")?);
    input.flag("users.standing")?;
    let user = User {
        id,
        email: email::read(&mut input, "users.email")?,
        password: PasswordHash::from_stored(input.text("users.password")?.to_owned()),
        is_active: input.flag("users.is_active")?,
        is_verified: input.flag("users.is_verified")?,
        must_change_password: input.flag("users.must_change_password")?,
        reset_serial: LinkSerial::new(input.number("users.reset_serial")?),
        previous_email: input.optional("users.previous_email", |input| {
            let email = email::read(input, "users.previous_email")?;
            Ok(PreviousEmail { email, until: input.moment("users.previous_email_until")? })
        })?,
        closes_at: input.optional_moment("users.closes_at")?,
        last_login: input.optional_moment("users.last_login")?,
        joined_at: input.moment("users.joined_at")?,
        created_at: input.moment("users.created_at")?,
        updated_at: input.moment("users.updated_at")?,
        totp: factors::totp(&mut input)?,
        recovery_codes: factors::recovery_codes(&mut input)?,
        terms: factors::terms(&mut input)?,
        profile: input.json("users.profile")?,
        epoch,
        version,
    };
    input.finish(user, "users.profile")
}

/// How long the beginning of a user's record is that tells the standing.
pub(crate) const STANDING: usize = 18;

/// What the beginning of a user's record says.
pub(crate) fn standing(record: &[u8]) -> Result<Standing, Fault> {
    let mut input = Reader::new(record, "users.format")?;
    input.number("users.version")?;
    let epoch = Epoch::new(input.number("users.epoch")?);
    Ok(Standing { epoch, is_active: input.flag("users.standing")? })
}
