//! Onboarding sessions: how their rows are read and written.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use testudo::command::FindOnboarding;
use testudo::model::{Digest, OnboardingId, OnboardingSession, Version};
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, column, columns};
use super::writes::{Statement, blob, integer};

const BY_ID: &str = concat!(
    "SELECT ",
    columns!(
        "onboarding_sessions": "id", "digest", "sealed", "created_at", "expires_at", "version"
    ),
    " FROM onboarding_sessions WHERE id = ?1"
);

const INSERT: &str = "INSERT INTO onboarding_sessions \
    (id, digest, sealed, created_at, expires_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const REPLACE: &str = "UPDATE onboarding_sessions SET \
    digest = ?2, sealed = ?3, created_at = ?4, expires_at = ?5, version = ?6 \
    WHERE id = ?1 AND version = ?7";

pub(super) async fn find(
    readers: &SqlitePool,
    command: FindOnboarding,
) -> Result<Option<OnboardingSession>, Fault> {
    let query = sqlx::query(BY_ID).bind(&command.id.as_uuid().as_bytes()[..]);
    query.fetch_optional(readers).await.map_err(fault)?.as_ref().map(session).transpose()
}

pub(super) fn insert(session: &OnboardingSession) -> Statement {
    bind(sqlx::query(INSERT), session)
}

pub(super) fn replace(session: &OnboardingSession, was: Version) -> Statement {
    bind(sqlx::query(REPLACE), session).bind(integer(was.get()))
}

/// Parameters 1 to 6, in the order of the statements above.
fn bind(statement: Statement, session: &OnboardingSession) -> Statement {
    statement
        .bind(blob(session.id.as_uuid()))
        .bind(session.digest.as_bytes().to_vec())
        .bind(session.sealed.clone())
        .bind(integer(session.created_at.as_millis()))
        .bind(integer(session.expires_at.as_millis()))
        .bind(integer(session.version.get()))
}

fn session(row: &SqliteRow) -> Result<OnboardingSession, Fault> {
    Ok(OnboardingSession {
        id: OnboardingId::from_uuid(rows::uuid(row, "onboarding_sessions.id")?),
        digest: Digest::from_bytes(rows::bytes(row, "onboarding_sessions.digest")?),
        sealed: column(row, "onboarding_sessions.sealed")?,
        created_at: rows::moment(row, "onboarding_sessions.created_at")?,
        expires_at: rows::moment(row, "onboarding_sessions.expires_at")?,
        version: Version::new(rows::number(row, "onboarding_sessions.version")?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{plan, scratch};
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn onboarding_sessions_are_found_and_replaced_by_their_key() {
        let (_directory, store) = scratch().await;
        for statement in [BY_ID, REPLACE] {
            let plan = plan(&store, statement).await;
            let key =
                "SEARCH onboarding_sessions USING INDEX sqlite_autoindex_onboarding_sessions_1";
            assert!(plan.starts_with(key), "{plan}");
            assert!(plan.contains("(id=?)") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
