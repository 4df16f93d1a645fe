//! Every statement goes along an index, however many rows there are.

use sqlx::{AssertSqlSafe, Row};

use super::{run, scratch};
use crate::PostgresStore;
use crate::sql::Sql;

/// How Postgres would carry a statement out for any parameters, if reading a whole table were dear.
async fn plan(store: &PostgresStore, sql: &Sql) -> String {
    let mut connection = store.database.apart().await;
    let prepare = format!(
        "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; \
         DEALLOCATE ALL; PREPARE statement AS {}",
        sql.as_str()
    );
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await.unwrap();
    let count =
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'statement'";
    let count = sqlx::raw_sql(count).fetch_one(&mut connection).await.unwrap();
    let count: i32 = count.get(0);
    let nulls = vec!["NULL"; usize::try_from(count).unwrap()].join(", ");
    let arguments = if count == 0 { String::new() } else { format!("({nulls})") };
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE statement{arguments}"));
    let rows = sqlx::raw_sql(explain).fetch_all(&mut connection).await.unwrap();
    drop(connection);
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_a_whole_table() {
    let (_database, store) = scratch().await;
    // Enough rows that the planner has something to choose.
    run(
        &store,
        "INSERT INTO users (id, email, email_key, password, is_active, is_verified, \
            must_change_password, joined_at, created_at, updated_at, profile, epoch, reset_serial, version) \
            SELECT md5(random()::text)::uuid, n, n, '', TRUE, TRUE, TRUE, n, n, n, '', n, n, n \
            FROM generate_series(1, 5000) AS n; \
         INSERT INTO sessions SELECT md5(random()::text)::uuid, users.id, n, '', n, '', '', n, n, n, n, n, n, \
            '', '', '', '', NULL, NULL, n FROM users, generate_series(1, 2) AS n; \
         INSERT INTO invitations SELECT md5(random()::text)::uuid, id, '', '', 1, 1, '', 1, created_at, 1, 1 \
            FROM users; \
         INSERT INTO api_keys SELECT md5(random()::text)::uuid, id, 1, '', '', '', 1, created_at, NULL, NULL, 1 \
            FROM users; \
         INSERT INTO onboarding_sessions SELECT id, '', '', 1, created_at, 1 FROM users; \
         INSERT INTO events (id, at, kind, record) \
            SELECT md5(random()::text)::uuid, n, 'kind', '{}' FROM generate_series(1, 5000) AS n; \
         INSERT INTO attempts SELECT n::text::bytea, 1, n, 1 FROM generate_series(1, 5000) AS n; \
         INSERT INTO messages (id, created_at, sealed, next_try) \
            SELECT md5(random()::text)::uuid, n, '', n FROM generate_series(1, 5000) AS n; \
         ANALYZE",
    )
    .await;
    let super::super::Statements { reads, events, messages, sweep, .. } = &*store.statements;
    let mut bad = Vec::new();
    for (sql, index) in [
        (&reads.user_by_id, "users_pkey"),
        (&reads.user_by_email, "users_email_key_key"),
        (&reads.session, "sessions_pkey"),
        (&reads.session_record, "sessions_pkey"),
        (&reads.session_with_user, "users_pkey"),
        (&reads.user_with_session, "Index Scan using sessions_"),
        (&reads.invitation, "invitations_pkey"),
        (&reads.api_key, "api_keys_pkey"),
        (&reads.onboarding, "onboarding_sessions_pkey"),
        (&reads.counter, "attempts_pkey"),
        (&reads.live_sessions.first, "sessions_of_user"),
        (&reads.live_sessions.next, "sessions_of_user"),
        (&reads.users.first, "users_pkey"),
        (&reads.users.next, "users_pkey"),
        (&reads.invitations_of_user.first, "invitations_of_user"),
        (&reads.invitations_of_user.next, "invitations_of_user"),
        (&reads.invitations_of_nobody.next, "invitations_of_user"),
        (&reads.api_keys_of_user.next, "api_keys_of_user"),
        (&reads.events_of_user.first, "events_of_user"),
        (&reads.events_of_user.next, "events_of_user"),
        (&reads.events.first, "events_pkey"),
        (&reads.events.next, "events_pkey"),
        (&reads.messages.next, "messages_pkey"),
        (&reads.idle_attempts.next, "attempts_pkey"),
        (&reads.anything, "attempts_pkey"),
        (&store.statements.refresh, "sessions_pkey"),
        (&store.statements.sign_in, "users_pkey"),
        (&events.is_any, "events_without_place"),
        (&events.place, "events_without_place"),
        (&events.next, "events_by_place"),
        (&events.taken, "event_consumers_pkey"),
        (&messages.take, "messages_in_order"),
        (&messages.sent, "messages_pkey"),
        (&messages.revive_all, "messages_by_burial"),
        (&sweep.sessions, "sessions_by_expiry"),
        (&sweep.attempts, "attempts_by_window_end"),
        (&sweep.invitations, "invitations_by_expiry"),
        (&sweep.onboarding, "onboarding_sessions_by_expiry"),
        (&sweep.api_keys, "api_keys_by_expiry"),
        (&sweep.events, "events_by_time"),
        (&sweep.dead_letters, "messages_by_burial"),
        (&sweep.closed, "users_by_closing"),
    ] {
        let plan = plan(&store, sql).await;
        // One row, and what common table expressions have found.
        let is_whole = |line: &&str| line.contains("Seq Scan") && !line.contains("event_sequencer");
        if !plan.contains(index) || plan.lines().any(|line| is_whole(&line)) {
            bad.push(format!("no {index}: {}\n{plan}", sql.as_str()));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    let taken = plan(&store, &messages.take).await;
    assert!(!taken.contains("Sort") && taken.contains("Index Cond: (next_try"), "{taken}");
    for listing in [&reads.events, &reads.events_of_user, &reads.users] {
        for sql in [&listing.first, &listing.next] {
            let plan = plan(&store, sql).await;
            assert!(!plan.contains("Sort"), "it sorts: {plan}");
        }
    }
}
