//! `testudo user create`

use testudo::flow::RegisterUser;
use testudo_axum::views::UserView;

use super::password;
use crate::cli::CreateUser;
use crate::commands::office::{HERE, Office, Place, explain};
use crate::commands::output::{print, print_json};
use crate::failure::Failure;

/// Makes an account.
pub(super) async fn create(arguments: CreateUser) -> Result<(), Failure> {
    let CreateUser { email, password_stdin, verified, passwords, output, source } = arguments;
    let place = Place::there_or_made(source, passwords)?;
    let password = password::choose(password_stdin)?;
    let request =
        RegisterUser { is_verified: verified, ..RegisterUser::new(email.as_str(), password) };
    let create = async |office: &Office| {
        let made = office.auth().register_user(request, &HERE).await;
        made.map_err(|error| explain(error, &email))
    };
    let user = place.work(create).await?;
    if output.json {
        print_json(&UserView::from(&user))
    } else {
        print(&format!("created {} (id {})", user.email, user.id))
    }
}
