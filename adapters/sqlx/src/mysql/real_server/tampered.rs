//! What comes back: what went in, or a fault that names the place.

use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSessionWithUser, ListEvents, UserKey, Write,
};
use testudo::model::{Email, EmailKey, EndReason, Ended, PreviousEmail, Session, User};
use testudo_driver::{FaultKind, Store};

use crate::mysql::fixtures::{
    NOW, api_key, commit, event, inserting, invitation, message, onboarding, raw, scratch, session,
    user,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value() {
    let (database, store) = scratch().await;
    let previous_email =
        Some(PreviousEmail { email: user("ada@old.example.com").email, until: NOW });
    let ada = User { previous_email, ..user("ada@example.com") };
    let ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
    let begun = Session { ended, ..session(&ada) };
    let (invited, key, coming) = (invitation(&ada), api_key(&ada), onboarding());
    let mut batch = inserting(&ada);
    batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
    batch.writes.push(Write::InsertInvitation(Box::new(invited.clone())));
    batch.writes.push(Write::InsertApiKey(Box::new(key.clone())));
    batch.writes.push(Write::InsertOnboarding(Box::new(coming.clone())));
    batch.messages.push(message());
    commit(&store, batch).await;

    let tampered = [
        ("users", "email_key", "x'c37031'"),
        ("users", "last_login", "-7031"),
        ("users", "joined_at", "253402207201000"),
        ("users", "profile", "'[7031]'"),
        ("users", "previous_email_until", "-7031"),
        ("users", "closes_at", "-7031"),
        ("users", "recovery_codes", "'7031'"),
        ("sessions", "methods", "'[\"7031\"]'"),
        ("sessions", "auth_time", "-7031"),
        ("sessions", "client_ip", "'7031'"),
        ("sessions", "generation", "7031703170317031"),
        ("sessions", "claims", "'\"7031\"'"),
        ("sessions", "ended_reason", "'7031'"),
        ("events", "record", "'{\"id\": 7031}'"),
        ("invitations", "email", "NULL"),
        ("invitations", "seats", "-7031"),
        ("invitations", "taken", "7031703170317031"),
        ("invitations", "data", "'[7031]'"),
        ("invitations", "created_at", "-7031"),
        ("invitations", "expires_at", "253402207201000"),
        ("invitations", "revoked_at", "-7031"),
        ("api_keys", "scopes", "'{\"7031\": 1}'"),
        ("api_keys", "expires_at", "-7031"),
        ("api_keys", "last_used_at", "253402207201000"),
        ("api_keys", "revoked_at", "-7031"),
        ("onboarding_sessions", "expires_at", "-7031"),
        ("messages", "created_at", "-7031"),
        ("messages", "attempts", "-7031"),
    ];
    for (table, column, value) in tampered {
        raw(&store, format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        raw(&store, format!("UPDATE {table} SET `{column}` = {value}")).await;
        let fault = match table {
            "events" => store.list_events(ListEvents::newest(9)).await.unwrap_err(),
            "invitations" => {
                store.find_invitation(FindInvitation { id: invited.id }).await.unwrap_err()
            }
            "api_keys" => store.find_api_key(FindApiKey { id: key.id }).await.unwrap_err(),
            "onboarding_sessions" => {
                store.find_onboarding(FindOnboarding { id: coming.id }).await.unwrap_err()
            }
            "messages" => store.take_messages(NOW, NOW, 9).await.unwrap_err(),
            _ => {
                let find = FindSessionWithUser { id: begun.id };
                store.find_session_with_user(find).await.unwrap_err()
            }
        };
        assert_eq!(fault.kind(), FaultKind::Corrupt, "{fault}");
        let shown = format!("{fault} {fault:?}");
        assert!(shown.contains(&format!("{table}.{column}")), "{shown}");
        assert!(!shown.contains("7031"), "{shown}");
        let restore =
            format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
        raw(&store, restore).await;
    }
    store.close().await;
    drop(database);
}

/// The server says them when it refuses a record.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_repeats_what_was_to_be_written() {
    let (_database, store) = scratch().await;
    let long = format!("{}@example.com", "7031".repeat(1000));
    let email = Email::from_stored(long.clone(), EmailKey::from_stored(long));
    let ada = User { email, ..user("ada@example.com") };
    let fault = store.commit(inserting(&ada)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert!(!format!("{fault} {fault:?}").contains("7031"), "{fault:?}");

    // A counter's key that is too long was never one that the library made.
    let kept = UserKey::Id(ada.id);
    assert_eq!(store.find_user(testudo::command::FindUser { key: kept }).await.unwrap(), None);
    let batch = testudo::command::Commit { events: vec![event(&ada)], ..Default::default() };
    commit(&store, batch).await;
    store.close().await;
}
