//! What comes back: what went in, or a fault that names the place.

use serde_json::json;
use testudo::command::{
    FindApiKey, FindInvitation, FindSession, FindSessionWithUser, ListEvents, OwnedSession, Write,
};
use testudo::model::{EndReason, Ended, Epoch, Method, PreviousEmail, Session, User, Version};
use testudo::{Client, Duration, Timestamp};
use testudo_driver::{FaultKind, Store};

use super::fixtures::{NOW, api_key, commit, inserting, invitation, message, session, user};

/// Table, column, and a value that no version of the library writes there; bytes as `x'…'`.
pub(crate) const TAMPERED: [(&str, &str, &str); 29] = [
    ("users", "last_login", "-7031"),
    ("users", "joined_at", "253402207201000"),
    ("users", "profile", "'[7031]'"),
    ("users", "previous_email_until", "-7031"),
    ("users", "closes_at", "-7031"),
    ("sessions", "methods", "'[\"7031\"]'"),
    ("sessions", "auth_time", "-7031"),
    ("sessions", "client_ip", "'7031'"),
    ("sessions", "generation", "7031703170317031"),
    ("sessions", "chain_key", "x'7031'"),
    ("sessions", "refresh_digest", "x'7031'"),
    ("sessions", "claims", "'\"7031\"'"),
    ("sessions", "ended_reason", "'7031'"),
    ("events", "record", "'{\"id\": 7031}'"),
    ("invitations", "invited_by", "x'7031'"),
    ("invitations", "email", "NULL"),
    ("invitations", "seats", "-7031"),
    ("invitations", "taken", "7031703170317031"),
    ("invitations", "data", "'[7031]'"),
    ("invitations", "created_at", "-7031"),
    ("invitations", "expires_at", "253402207201000"),
    ("invitations", "revoked_at", "-7031"),
    ("api_keys", "scopes", "'{\"7031\": 1}'"),
    ("api_keys", "digest", "x'7031'"),
    ("api_keys", "expires_at", "-7031"),
    ("api_keys", "last_used_at", "253402207201000"),
    ("api_keys", "revoked_at", "-7031"),
    ("messages", "created_at", "-7031"),
    ("messages", "attempts", "-7031"),
];

/// A fault names the column and not the value. Every record is there that [`TAMPERED`] is about, and has the one
/// value in every row.
pub(crate) async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value<
    S: Store,
>(
    store: &S,
    (table, column, value): (&str, &str, &str),
    run: impl AsyncFn(String),
) {
    let previous_email =
        Some(PreviousEmail { email: user("ada@old.example.com").email, until: NOW });
    let ada = User { previous_email, ..user("ada@example.com") };
    let ended = Some(Ended { at: NOW, reason: EndReason::SignedOut });
    let begun = Session { ended, ..session(&ada) };
    let mut batch = inserting(&ada);
    batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
    let (invited, key) = (invitation(&ada), api_key(&ada));
    batch.writes.push(Write::InsertInvitation(Box::new(invited.clone())));
    batch.writes.push(Write::InsertApiKey(Box::new(key.clone())));
    batch.messages.push(message());
    commit(store, batch).await;

    run(format!("UPDATE {table} SET {column} = {value}")).await;
    let fault = match table {
        "events" => store.list_events(ListEvents::newest(9)).await.unwrap_err(),
        "invitations" => {
            store.find_invitation(FindInvitation { id: invited.id }).await.unwrap_err()
        }
        "api_keys" => store.find_api_key(FindApiKey { id: key.id }).await.unwrap_err(),
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
}

/// Also numbers of 64 bits, which SQL has no unsigned type for.
pub(crate) async fn records_come_back_as_they_went_in<S: Store>(store: &S) {
    let numbers = json!({ "n": [1.1754943508222875e-38, 0.1, 5e-324, u64::MAX, i64::MIN] });
    let object = numbers.as_object().unwrap().clone();
    let ada = User {
        last_login: Some(Timestamp::MAX),
        is_verified: true,
        must_change_password: true,
        profile: object.clone(),
        epoch: Epoch::new(u64::MAX),
        version: Version::new(u64::MAX - 1),
        ..user("ada@example.com")
    };
    let begun = Session {
        methods: vec![Method::Password, Method::Password],
        client: Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent("curl"),
        idle_timeout: Duration::from_millis(u64::MAX),
        generation: u32::MAX,
        claims: object,
        ended: Some(Ended { at: NOW, reason: EndReason::RefreshReused }),
        ..session(&ada)
    };
    let mut batch = inserting(&ada);
    batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
    commit(store, batch).await;

    let found = store.find_session(FindSession { id: begun.id }).await.unwrap();
    let Some(OwnedSession { session, standing }) = found else { panic!("not found") };
    assert_eq!((session, standing), (begun.clone(), ada.standing()));
    let found = store.find_session_with_user(FindSessionWithUser { id: begun.id }).await;
    assert_eq!(found.unwrap(), Some((begun, ada)));
}
