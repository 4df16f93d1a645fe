//! Listing users.

use crate::model::UserId;

/// Lists users in ascending order of the bytes of their ids, which begin with the time they were made.
///
/// The reply holds at most `limit` users whose ids come after `after` (from the first on, when it is
/// `None`). So the last id of one page is the `after` of the next, and whoever is there all the while is
/// listed exactly once, whatever else comes and goes between two pages.
#[derive(Clone, Copy, Debug)]
pub struct ListUsers {
    /// Where the page begins.
    pub after: Option<UserId>,
    /// How many the page may hold.
    pub limit: u32,
}
