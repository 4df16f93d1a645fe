//! `testudo user reset-second-factor`

use testudo_axum::views::UserView;

use crate::cli::Whose;
use crate::commands::office::{HERE, Office, Place, explain, key};
use crate::commands::output::{print, print_json};
use crate::config::PasswordOptions;
use crate::failure::Failure;

/// Takes the second factor from an account whose owner lost it.
pub(super) async fn reset_second_factor(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let place = Place::of(source, PasswordOptions::default())?.with_the_servers_keys()?;
    let reset = async |office: &Office| {
        let before = office.find(&whose).await?;
        let user = office.admin().reset_second_factor(key(&whose)?, &HERE).await;
        user.map(|user| (before.has_second_factor(), user)).map_err(|error| explain(error, &whose))
    };
    let (had_one, user) = place.work(reset).await?;
    if output.json {
        return print_json(&UserView::from(&user));
    }
    let email = &user.email;
    if had_one {
        print(&format!(
            "{email} has no second factor any more, and no sessions; the password alone signs in now"
        ))
    } else {
        print(&format!("{email} has no second factor: nothing was changed"))
    }
}
