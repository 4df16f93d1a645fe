//! Looking accounts up.

use crate::command::{FindUser, ListUsers, UserKey};
use crate::model::{User, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Which part of the list of users is wanted.
///
/// ```
/// use testudo::flow::admin::UserPage;
///
/// let first = UserPage::default();
/// assert_eq!((first.after, first.limit), (None, 500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The last user of the page before; `None` for the first page.
    pub after: Option<UserId>,
    /// How many users at most. Default 500.
    pub limit: u32,
}

impl Default for UserPage {
    fn default() -> Self {
        Self { after: None, limit: 500 }
    }
}

/// Lists users in the order in which they were made. A page that is not full is the last.
pub fn list_users(page: UserPage) -> Step<Vec<User>> {
    let UserPage { after, limit } = page;
    ask(ListUsers { after, limit }, Step::Done)
}

/// Looks one user up.
///
/// # Errors
///
/// [`Refusal::NotFound`].
pub fn find_user(key: UserKey) -> Step<Result<User, Refusal>> {
    ask(FindUser { key }, |found| Step::Done(found.ok_or(Refusal::NotFound)))
}
