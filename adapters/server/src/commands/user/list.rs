//! `testudo user list`

use testudo::model::User;
use testudo_axum::views::UserView;

use crate::cli::ListUsers;
use crate::commands::office::{Office, work_at};
use crate::commands::output::{JsonArray, Table, buffered, yes_or_no};
use crate::commands::pages::Pages;
use crate::failure::Failure;

/// Lists all accounts, of which a page at a time is in memory.
pub(super) async fn list(arguments: ListUsers) -> Result<(), Failure> {
    let as_json = arguments.output.json;
    let list =
        async |office: &Office| if as_json { json(office).await } else { table(office).await };
    work_at(arguments.source, list).await
}

async fn json(office: &Office) -> Result<(), Failure> {
    let mut array = JsonArray::new(buffered());
    let mut pages = Pages::of(office);
    while let Some(users) = pages.next().await? {
        users.iter().try_for_each(|user| array.push(&UserView::from(user)))?;
    }
    array.end()
}

async fn table(office: &Office) -> Result<(), Failure> {
    let names = ["EMAIL", "ID", "ACTIVE", "VERIFIED", "FACTOR", "LAST LOGIN"];
    let mut table = Table::new(buffered(), names);
    let mut pages = Pages::of(office);
    while let Some(users) = pages.next().await? {
        table.push(&users.iter().map(row).collect::<Vec<_>>())?;
    }
    table.end()
}

fn row(user: &User) -> [String; 6] {
    [
        user.email.to_string(),
        user.id.to_string(),
        yes_or_no(user.is_active).to_owned(),
        yes_or_no(user.is_verified).to_owned(),
        yes_or_no(user.has_second_factor()).to_owned(),
        user.last_login.map_or_else(|| "never".to_owned(), |moment| moment.to_string()),
    ]
}
