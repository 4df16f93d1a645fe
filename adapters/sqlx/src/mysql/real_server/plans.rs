//! How statements are carried out where there are many rows: along an index, and without sorting.

use testudo::command::{Commit, Write};
use testudo::model::{AttemptKey, Session};
use testudo_driver::Store;

use crate::mysql::MySqlStore;
use crate::mysql::fixtures::{
    NOW, api_key, commit, event, invitation, message, onboarding, plan, raw, scratch, session, user,
};
use crate::sql::{Sql, Value};

/// A store with so many records that looking at all of them would be noticed.
async fn filled(store: &MySqlStore) -> (testudo::model::User, Session) {
    let mut last = None;
    for number in 0..300 {
        let ada = user(&format!("ada-{number}@example.com"));
        let begun = session(&ada);
        let mut batch = Commit::default();
        batch.writes.push(Write::InsertUser(Box::new(ada.clone())));
        batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
        batch.writes.push(Write::InsertInvitation(Box::new(invitation(&ada))));
        batch.writes.push(Write::InsertApiKey(Box::new(api_key(&ada))));
        batch.writes.push(Write::InsertOnboarding(Box::new(onboarding())));
        batch.events = vec![event(&ada)];
        batch.messages = vec![message()];
        commit(store, batch).await;
        last = Some((ada, begun));
    }
    // What is due is few.
    raw(
        store,
        "UPDATE messages SET next_try = next_try + seq * 1000; \
         INSERT INTO attempts SELECT CONCAT('login:network:', seq), 1, seq * 1000, 0 FROM seq_1_to_300; \
         ANALYZE TABLE users, sessions, invitations, api_keys, onboarding_sessions, events, messages, attempts",
    )
    .await;
    last.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_looked_for_in_whole_tables() {
    let (_database, store) = scratch().await;
    let (ada, begun) = filled(&store).await;
    store.begin_events("log".to_owned()).await.unwrap();
    let statements = &store.statements;
    let (reads, sweeps) = (&statements.reads, &statements.sweeps);
    let (user_id, session_id) = (Value::uuid(ada.id.as_uuid()), Value::uuid(begun.id.as_uuid()));
    let email = Value::text(ada.email.key().as_str());
    let key = AttemptKey::from_stored("login:network:5".into());
    let key = Value::bytes(key.as_str().as_bytes());
    let early = testudo::Timestamp::from_millis(1);
    let (by, limit) = (Value::from(early), Value::from(10));
    let text = Value::text("");
    let until = Value::int(NOW.as_millis());
    let cases: Vec<(&str, &Sql, Vec<Value<'_>>)> = vec![
        ("PRIMARY", &reads.user_by_id, vec![user_id.clone()]),
        ("users_by_email", &reads.user_by_email, vec![email]),
        ("PRIMARY", &reads.session, vec![session_id.clone()]),
        ("PRIMARY", &reads.session_record, vec![session_id.clone()]),
        ("PRIMARY", &reads.session_with_user, vec![session_id.clone()]),
        ("PRIMARY", &reads.user_with_session, vec![user_id.clone(), session_id.clone()]),
        ("PRIMARY", &reads.users.next, vec![limit.clone(), user_id.clone()]),
        (
            "sessions_of_user",
            &reads.live_sessions.first,
            vec![user_id.clone(), Value::int(0), NOW.into(), limit.clone()],
        ),
        (
            "invitations_of_user",
            &reads.invitations_of_user.first,
            vec![user_id.clone(), limit.clone()],
        ),
        ("api_keys_of_user", &reads.api_keys_of_user.first, vec![user_id.clone(), limit.clone()]),
        (
            "events_of_user",
            &reads.events_of_user.first,
            vec![user_id.clone(), Value::int(0), until.clone(), text.clone(), limit.clone()],
        ),
        ("PRIMARY", &statements.attempts.lock, vec![key.clone()]),
        (
            "attempts_by_window_end",
            &sweeps.attempts,
            vec![by.clone(), limit.clone(), Value::int(0)],
        ),
        ("attempts_by_window_end", &sweeps.attempts_end, vec![Value::int(0), by.clone()]),
        ("sessions_by_expiry", &sweeps.sessions, vec![by.clone(), limit.clone()]),
        ("invitations_by_expiry", &sweeps.invitations, vec![by.clone(), limit.clone()]),
        ("onboarding_sessions_by_expiry", &sweeps.onboarding, vec![by.clone(), limit.clone()]),
        ("api_keys_by_expiry", &sweeps.api_keys, vec![by.clone(), limit.clone()]),
        ("events_by_time", &sweeps.events, vec![by.clone(), limit.clone()]),
        ("messages_in_order", &statements.messages.due, vec![NOW.into(), limit.clone()]),
        ("events_by_seq", &statements.events.without_place, vec![]),
        ("events_by_seq", &statements.events.next, vec![Value::int(290), limit.clone()]),
        ("users_by_closing", &sweeps.closed, vec![by, limit, Value::int(0)]),
    ];
    for (index, sql, values) in cases {
        let plan = plan(&store, sql, &values).await;
        let [_, key, _] = &plan[0];
        // What an index on the same columns' beginning serves as well is chosen by the numbers of rows.
        let is_expected =
            key == index || (key == "messages_by_next_try" && index == "messages_in_order");
        assert!(is_expected, "{index}: {}: {plan:?}", sql.as_str());
        for [table, key, extra] in &plan {
            assert!(!extra.contains("filesort"), "it sorts {table}: {}", sql.as_str());
            assert!(!key.is_empty(), "{table} is scanned: {}: {plan:?}", sql.as_str());
        }
    }
    store.close().await;
}
