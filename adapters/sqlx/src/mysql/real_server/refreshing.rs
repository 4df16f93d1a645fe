//! A refresh is one statement, and does what a transaction does.

use sqlx::{Connection, Executor};
use testudo::Timestamp;
use testudo::command::{Commit, FindSessionWithUser, Guard, Write};
use testudo::model::{Epoch, Session, User, UserId, Version};
use testudo_driver::Store;
use uuid::Uuid;

use crate::mysql::MySqlStore;
use crate::mysql::fixtures::{commit, inserting, number, raw, scratch, session, user};
use crate::sql::refresh::Refresh;

/// As a refresh would be, of this session by this owner, at a version and an epoch.
fn refreshing(session: &Session, owner: UserId, was: Version, epoch: Epoch) -> Commit {
    let next = Session {
        generation: session.generation + 1,
        refreshed_at: Timestamp::from_millis(session.refreshed_at.as_millis() + 7),
        version: was.next(),
        ..session.clone()
    };
    Commit {
        guards: vec![Guard::UserEpoch { id: owner, epoch }],
        writes: vec![Write::ReplaceSession { session: Box::new(next), was }],
        ..Commit::default()
    }
}

async fn stored(store: &MySqlStore, session: &Session) -> Option<(Session, User)> {
    let find = FindSessionWithUser { id: session.id };
    store.find_session_with_user(find).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_applied_exactly_if_a_transaction_would_be() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let begun = session(&ada);
    let (nobody, nothing) = (UserId::from_uuid(Uuid::from_u128(7)), session(&ada));
    let (version, epoch) = (begun.version, ada.epoch);
    let cases = [
        ("as it is", refreshing(&begun, ada.id, version, epoch)),
        ("another version", refreshing(&begun, ada.id, version.next(), epoch)),
        ("another epoch", refreshing(&begun, ada.id, version, epoch.next())),
        ("nobody's", refreshing(&begun, nobody, version, epoch)),
        ("no session", refreshing(&nothing, ada.id, version, epoch)),
    ];
    for (case, batch) in cases {
        let mut outcomes = Vec::new();
        for at_once in [true, false] {
            raw(&store, "DELETE FROM users; DELETE FROM sessions").await;
            let mut first = inserting(&ada);
            first.writes.push(Write::InsertSession(Box::new(begun.clone())));
            commit(&store, first).await;
            let is_applied = if at_once {
                assert!(Refresh::of(&batch).is_some(), "{case}");
                store.commit(batch.clone()).await.unwrap().is_ok()
            } else {
                let steps = store.statements.writes.steps(&batch).unwrap();
                store.database.all_or_nothing(&steps).await.unwrap()
            };
            outcomes.push((is_applied, stored(&store, &begun).await));
        }
        assert_eq!(outcomes[0], outcomes[1], "{case}");
        assert_eq!(outcomes[0].0, case == "as it is", "{case}");
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_who_signs_out_everywhere_and_is_refused_then() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let begun = session(&ada);
    let mut first = inserting(&ada);
    first.writes.push(Write::InsertSession(Box::new(begun.clone())));
    commit(&store, first).await;

    let mut connection = store.database.apart().await;
    let mut signing_out = connection.begin().await.unwrap();
    signing_out.execute("UPDATE users SET epoch = epoch + 1").await.unwrap();
    let refresh = tokio::spawn({
        let (store, batch) = (store.clone(), refreshing(&begun, ada.id, begun.version, ada.epoch));
        async move { store.commit(batch).await }
    });
    let waits = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    while number(&store, waits).await == 0 {
        assert!(!refresh.is_finished(), "it waits for nobody");
        // The server looks only if nobody has asked for a tenth of a second.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    signing_out.commit().await.unwrap();
    assert!(refresh.await.unwrap().unwrap().is_err(), "nobody is told of new tokens");
    assert_eq!(stored(&store, &begun).await.unwrap().0, begun);
    store.close().await;
}
