//! Users in a table of the application's own.

use serde_json::json;
use testudo::command::{
    FindSession, FindSessionWithUser, FindUser, ListUsers, Sweep, UserKey, Write,
};
use testudo::message::SealedMessage;
use testudo::model::{AttemptKey, AttemptLimit, JsonObject, MessageId, User};
use testudo::{Duration, Timestamp};
use testudo_driver::{FaultKind, Store};

use super::fixtures::{NOW, commit, inserting, session, user};
use crate::{FieldType, Naming, UserTable};

/// A table `people` in the words of SQL that all databases share, but for `{uuid}`, `{bool}`, `{bytes}` and
/// `{key}`, which is a text that a unique key can stand on.
pub(crate) const PEOPLE: &str = "CREATE TABLE people ( \
    person {uuid} NOT NULL PRIMARY KEY, mail {key} NOT NULL, mail_key {key} NOT NULL UNIQUE, \
    password TEXT NOT NULL, is_active {bool} NOT NULL, is_verified {bool} NOT NULL, \
    must_change_password {bool} NOT NULL, last_login BIGINT, joined_at BIGINT NOT NULL, \
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, profile TEXT NOT NULL, epoch BIGINT NOT NULL, \
    reset_serial BIGINT NOT NULL, previous_email TEXT, previous_email_key TEXT, \
    previous_email_until BIGINT, closes_at BIGINT, totp_sealed {bytes}, totp_last_step BIGINT, \
    totp_enrolled_at BIGINT, recovery_codes {bytes}, terms_version TEXT, terms_accepted_at BIGINT, \
    version BIGINT NOT NULL, \
    nick TEXT, age BIGINT, score DOUBLE PRECISION, is_member {bool}, tags TEXT, \
    notes TEXT, visits BIGINT NOT NULL DEFAULT 0)";

/// What [`PEOPLE`] is called.
pub(crate) fn naming() -> Naming {
    let people = UserTable::new("people")
        .and_then(|table| table.column("id", "person"))
        .and_then(|table| table.column("email", "mail"))
        .and_then(|table| table.column("email_key", "mail_key"))
        .and_then(|table| table.field("nickname", "nick", FieldType::Text))
        .and_then(|table| table.field("age", "age", FieldType::Integer))
        .and_then(|table| table.field("score", "score", FieldType::Real))
        .and_then(|table| table.field("is a member", "is_member", FieldType::Bool))
        .and_then(|table| table.field("tags", "tags", FieldType::Json));
    Naming::new().with_user_table(people.unwrap())
}

fn with_profile(user: User, profile: serde_json::Value) -> User {
    let profile: JsonObject = serde_json::from_value(profile).unwrap();
    User { profile, ..user }
}

/// Fields are in their columns, everything else of the profile is not, and all of it comes back with whatever reads
/// a user.
pub(crate) async fn fields_of_the_profile_are_columns<S: Store>(store: &S) {
    let ada = with_profile(
        user("ada@example.com"),
        json!({ "nickname": "Ada", "age": -36, "score": 0.1, "is a member": false,
            "tags": ["a", { "b": null }], "street": "Main \u{0}" }),
    );
    let bob = with_profile(user("bob@example.com"), json!({ "tags": "one" }));
    let hers = session(&ada);
    commit(store, inserting(&ada)).await;
    let mut batch = inserting(&bob);
    batch.writes.push(Write::InsertSession(Box::new(hers.clone())));
    commit(store, batch).await;

    let key = UserKey::Email(ada.email.key().clone());
    assert_eq!(store.find_user(FindUser { key }).await.unwrap().as_ref(), Some(&ada));
    let found = store.find_session_with_user(FindSessionWithUser { id: hers.id }).await.unwrap();
    assert_eq!(found, Some((hers.clone(), ada.clone())));
    let owned = store.find_session(FindSession { id: hers.id }).await.unwrap();
    assert_eq!(owned.map(|owned| owned.standing), Some(ada.standing()));
    let all = store.list_users(ListUsers { after: None, limit: 9 }).await.unwrap();
    assert_eq!(all.len(), 2);

    // What is left out goes from its column.
    let next = with_profile(
        User { version: ada.version.next(), ..ada.clone() },
        json!({ "nickname": "Countess" }),
    );
    let write = Write::ReplaceUser { user: Box::new(next.clone()), was: ada.version };
    commit(store, testudo::command::Commit { writes: vec![write], ..Default::default() }).await;
    let key = UserKey::Id(ada.id);
    assert_eq!(store.find_user(FindUser { key }).await.unwrap(), Some(next.clone()));

    // What fits no column is a fault that names the field and not the value.
    let wrong = with_profile(
        User { version: next.version.next(), ..next.clone() },
        json!({ "age": "7031" }),
    );
    let write = Write::ReplaceUser { user: Box::new(wrong), was: next.version };
    let batch = testudo::command::Commit { writes: vec![write], ..Default::default() };
    let fault = store.commit(batch).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Internal);
    let shown = format!("{fault} {fault:?}");
    assert!(shown.contains("age") && !shown.contains("7031"), "{shown}");
}

/// Everything that names a user's columns does so here too: guards, addresses, closing, sweeping.
pub(crate) async fn accounts_are_swept_and_addresses_are_unique<S: Store>(store: &S) {
    let ada = User { closes_at: Some(NOW), ..user("ada@example.com") };
    commit(store, inserting(&ada)).await;
    assert!(store.commit(inserting(&user("ada@example.com"))).await.unwrap().is_err());
    let limit = AttemptLimit {
        attempts: 9,
        window: Duration::from_secs(1),
        lock: Duration::ZERO,
        hard_stop: None,
    };
    for address in ["ada@example.com", "eve@example.com"] {
        let email = testudo::model::EmailKey::from_stored(address.to_owned());
        let key = AttemptKey::login_account(&email);
        let command = testudo::command::CountAttempt { key, limit, now: NOW };
        store.count_attempt(command).await.unwrap();
    }
    let message = SealedMessage {
        id: MessageId::from_uuid(uuid::Uuid::nil()),
        created_at: NOW,
        sealed: vec![1],
    };
    let batch = testudo::command::Commit {
        guards: vec![testudo::command::Guard::UserEpoch { id: ada.id, epoch: ada.epoch }],
        writes: vec![Write::InsertSession(Box::new(session(&ada)))],
        messages: vec![message],
        ..Default::default()
    };
    commit(store, batch).await;
    let since = NOW + Duration::from_days(1);
    let swept = store
        .sweep(Sweep {
            sessions_expired_by: Timestamp::from_millis(0),
            attempts_idle_since: since,
            accounts_closed_by: NOW,
            links_expired_by: Timestamp::from_millis(0),
            events_kept_since: Timestamp::from_millis(0),
            dead_letters_buried_by: Timestamp::from_millis(0),
            limit: 9,
        })
        .await
        .unwrap();
    assert_eq!((swept.attempts, swept.accounts, swept.sessions), (1, 1, 0));
    let key = UserKey::Id(ada.id);
    assert_eq!(store.find_user(FindUser { key }).await.unwrap(), None);
}
