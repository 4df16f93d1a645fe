//! `testudo user activate` and `testudo user deactivate`

use testudo::command::UserKey;
use testudo::model::User;
use testudo_axum::views::UserView;

use crate::cli::{Output, Whose};
use crate::commands::office::{HERE, Office, explain, key, work_at};
use crate::commands::output::{print, print_json};
use crate::failure::Failure;

/// Lets an account be used again, whether an administrator deactivated it or its owner closed it.
pub(super) async fn activate(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let activate = async |office: &Office| {
        let activated = office.admin().activate(key(&whose)?, &HERE).await;
        let user = activated.map_err(|error| explain(error, &whose))?;
        let opened = office.admin().reopen_account(UserKey::Id(user.id), &HERE).await;
        opened.map_err(|error| explain(error, &whose))
    };
    tell(&work_at(source, activate).await?, "active", output)
}

/// Closes an account to its user.
pub(super) async fn deactivate(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let deactivate = async |office: &Office| {
        let user = office.admin().deactivate(key(&whose)?, &HERE).await;
        user.map_err(|error| explain(error, &whose))
    };
    tell(&work_at(source, deactivate).await?, "inactive, and has no sessions", output)
}

fn tell(user: &User, what: &str, output: Output) -> Result<(), Failure> {
    if output.json {
        print_json(&UserView::from(user))
    } else {
        print(&format!("{} is {what}", user.email))
    }
}
