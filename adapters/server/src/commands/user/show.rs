//! `testudo user show`

use serde::Serialize;
use testudo::Timestamp;
use testudo::model::User;
use testudo::password::{HasherChain, PasswordHash};
use testudo_axum::views::UserView;

use crate::cli::Whose;
use crate::commands::office::{Office, work_at};
use crate::commands::output::{json, print, print_json, yes_or_no};
use crate::failure::Failure;

/// Shows an account as an administrator may see it: all but the hash.
pub(super) async fn show(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let look = async |office: &Office| {
        let user = office.find(&whose).await?;
        let live_sessions = office.count_sessions(&user).await?;
        Ok((user, live_sessions))
    };
    let (user, live_sessions) = work_at(source, look).await?;
    let view = AccountView {
        user: UserView::from(&user),
        must_change_password: user.must_change_password,
        closes_at: user.closes_at,
        password_scheme: scheme(&user.password),
        second_factor: user.has_second_factor(),
        recovery_codes_left: user.recovery_codes.len(),
        live_sessions,
    };
    if output.json { print_json(&view) } else { print(&text(&user, &view)?) }
}

#[derive(Serialize)]
struct AccountView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    must_change_password: bool,
    /// When it is removed, if its owner closed it.
    closes_at: Option<Timestamp>,
    password_scheme: &'static str,
    second_factor: bool,
    recovery_codes_left: usize,
    live_sessions: usize,
}

fn scheme(hash: &PasswordHash) -> &'static str {
    if hash.is_legacy() {
        "legacy"
    } else if !hash.is_usable() {
        "unusable"
    } else {
        HasherChain::standard().identify(hash.as_stored()).unwrap_or("unknown")
    }
}

fn text(user: &User, view: &AccountView<'_>) -> Result<String, Failure> {
    let last_login = user.last_login.map(|moment| moment.to_string());
    let closes_at = user.closes_at.map(|moment| format!("by its owner, to be removed {moment}"));
    let lines = [
        ("email", user.email.to_string()),
        ("id", user.id.to_string()),
        ("active", yes_or_no(user.is_active).to_owned()),
        ("closed", closes_at.unwrap_or_else(|| "no".to_owned())),
        ("verified", yes_or_no(user.is_verified).to_owned()),
        ("created", user.created_at.to_string()),
        ("last login", last_login.unwrap_or_else(|| "never".to_owned())),
        ("password", view.password_scheme.to_owned()),
        ("must change password", yes_or_no(user.must_change_password).to_owned()),
        ("second factor", yes_or_no(view.second_factor).to_owned()),
        ("recovery codes left", view.recovery_codes_left.to_string()),
        ("live sessions", view.live_sessions.to_string()),
        ("profile", json(&user.profile)?),
    ];
    let lines = lines.map(|(name, value)| format!("{name:<20}  {value}"));
    Ok(lines.join("\n"))
}
