//! Sweeping: one statement for each kind of record, so that each looks and removes at once.

use sqlx::SqlitePool;
use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::model::AttemptKey;
use testudo_driver::Fault;

use super::fault::fault;
use super::writes::{integer, json};

const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions WHERE expires_at <= ?1 LIMIT ?2)";

/// ?1 since when they are idle, ?2 limit, ?3 what the keys of accounts begin with, as a JSON list.
///
/// The address is cut off as bytes: as a text it would end at a NUL.
const ATTEMPTS: &str = "DELETE FROM attempts WHERE key IN \
    (SELECT key FROM attempts WHERE window_end <= ?1 AND NOT \
        (consecutive > 0 AND EXISTS \
            (SELECT 1 FROM json_each(?3) AS prefix JOIN users ON email_key = \
                CAST(substr(CAST(attempts.key AS BLOB), length(prefix.value) + 1) AS TEXT) \
             WHERE substr(attempts.key, 1, length(prefix.value)) = prefix.value)) \
     LIMIT ?2)";

const ACCOUNTS: &str = "DELETE FROM users WHERE id IN \
    (SELECT id FROM users WHERE closes_at <= ?1 LIMIT ?2)";

const INVITATIONS: &str = "DELETE FROM invitations WHERE id IN \
    (SELECT id FROM invitations WHERE expires_at <= ?1 LIMIT ?2)";

const ONBOARDING: &str = "DELETE FROM onboarding_sessions WHERE id IN \
    (SELECT id FROM onboarding_sessions WHERE expires_at <= ?1 LIMIT ?2)";

const API_KEYS: &str = "DELETE FROM api_keys WHERE id IN \
    (SELECT id FROM api_keys WHERE expires_at <= ?1 LIMIT ?2)";

const EVENTS: &str = "DELETE FROM events WHERE seq IN \
    (SELECT seq FROM events WHERE at <= ?1 LIMIT ?2)";
const DEAD_LETTERS: &str = "DELETE FROM messages WHERE seq IN \
    (SELECT seq FROM messages WHERE buried_at <= ?1 LIMIT ?2)";

/// Accounts come last: what goes with an account is not counted as what it is.
pub(super) async fn sweep(writer: &SqlitePool, command: Sweep) -> Result<Swept, Fault> {
    let of_accounts = json(&AttemptKey::OF_ACCOUNTS)?;
    let remove = async |statement: &'static str, by: Timestamp| {
        let query = sqlx::query(statement).bind(integer(by.as_millis())).bind(command.limit);
        // Only one statement looks at the keys of accounts.
        let query = if statement == ATTEMPTS { query.bind(&of_accounts) } else { query };
        query.execute(writer).await.map(|done| done.rows_affected()).map_err(fault)
    };
    Ok(Swept {
        sessions: remove(SESSIONS, command.sessions_expired_by).await?,
        attempts: remove(ATTEMPTS, command.attempts_idle_since).await?,
        invitations: remove(INVITATIONS, command.links_expired_by).await?,
        onboarding: remove(ONBOARDING, command.links_expired_by).await?,
        api_keys: remove(API_KEYS, command.links_expired_by).await?,
        events: remove(EVENTS, command.events_kept_since).await?,
        dead_letters: remove(DEAD_LETTERS, command.dead_letters_buried_by).await?,
        accounts: remove(ACCOUNTS, command.accounts_closed_by).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{plan, scratch};
    use super::*;

    /// However many rows there are that stay.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_over_is_found_along_an_index() {
        let (_directory, store) = scratch().await;
        for (statement, index) in [
            (SESSIONS, "sessions_by_expiry"),
            (ACCOUNTS, "users_by_closing"),
            (INVITATIONS, "invitations_by_expiry"),
            (ONBOARDING, "onboarding_sessions_by_expiry"),
            (API_KEYS, "api_keys_by_expiry"),
        ] {
            let plan = plan(&store, statement).await;
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        }
    }
}
