//! Whether a table of the application's own can hold users.

use sqlx::mysql::MySqlConnection;

use super::open_error::MySqlOpenError;
use crate::sql::Layout;

pub(super) async fn check(
    _connection: &mut MySqlConnection,
    _layout: &Layout,
) -> Result<(), MySqlOpenError> {
    Ok(())
}
