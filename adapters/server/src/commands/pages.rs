//! All accounts, a page at a time.

use testudo::flow::admin::UserPage;
use testudo::model::User;

use super::office::Office;
use crate::failure::{Failure, while_doing};

/// The pages of the list of users, in the order in which the users were made.
pub(super) struct Pages<'a> {
    office: &'a Office,
    /// `None` after the last page.
    next: Option<UserPage>,
}

impl<'a> Pages<'a> {
    pub(super) fn of(office: &'a Office) -> Self {
        Self { office, next: Some(UserPage::default()) }
    }

    /// The next page, which may be empty if it is the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<User>>, Failure> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let users = self.office.admin().list_users(page).await;
        let users = users.map_err(while_doing("the accounts cannot be read"))?;
        let is_full = usize::try_from(page.limit).is_ok_and(|limit| users.len() >= limit);
        let after = users.last().filter(|_| is_full).map(|user| user.id);
        self.next = after.map(|after| UserPage { after: Some(after), ..page });
        Ok(Some(users))
    }
}
