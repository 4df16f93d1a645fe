//! `testudo user set-password`

use testudo::flow::admin::SetPassword as Request;
use testudo_axum::views::UserView;

use super::password;
use crate::cli::SetPassword;
use crate::commands::office::{HERE, Office, Place, explain, key};
use crate::commands::output::{print, print_json};
use crate::failure::Failure;

/// Gives an account another password.
pub(super) async fn set_password(arguments: SetPassword) -> Result<(), Failure> {
    let SetPassword { whose, password_stdin, must_change, passwords, output, source } = arguments;
    let place = Place::of(source, passwords)?.with_the_servers_keys()?;
    let user = key(&whose)?;
    let password = password::choose(password_stdin)?;
    let request = Request { user, password, must_change };
    let set = async |office: &Office| {
        let user = office.admin().set_password(request, &HERE).await;
        user.map_err(|error| explain(error, &whose))
    };
    let user = place.work(set).await?;
    if output.json {
        print_json(&UserView::from(&user))
    } else {
        print(&format!("{} has a new password, and all sessions from before are over", user.email))
    }
}
