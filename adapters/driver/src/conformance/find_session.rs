//! Sessions are found as they were stored, with their owner as of now.

use testudo::command::{OwnedSession, Standing};
use testudo::model::{EndReason, Ended, Session, User};
use testudo::{Duration, Timestamp};

use super::observe::{
    Observe, insert_session, insert_user, replace_session, replace_user, writing,
};
use super::records::{NOW, next_user, session, session_id, sessions, user};
use crate::Store;

pub async fn a_session_is_found_with_its_owner<S: Store>(store: S) {
    let (ada, ben) = (user(1), User { is_active: false, ..user(2) });
    let (hers, his) = (session(1, &ada), session(2, &ben));
    store.write([insert_user(&ada), insert_user(&ben)]).await;
    store.write([insert_session(&hers), insert_session(&his)]).await;
    assert_found(&store, &hers, &ada).await;
    assert_found(&store, &his, &ben).await;
}

pub async fn no_session_is_found_where_none_is<S: Store>(store: S) {
    assert_not_found(&store, &session(1, &user(1))).await;
    let ada = user(1);
    store.write([insert_user(&ada), insert_session(&session(1, &ada))]).await;
    assert_not_found(&store, &session(2, &ada)).await;
}

pub async fn a_session_without_an_owner_is_not_found<S: Store>(store: S) {
    let orphan = session(1, &user(1));
    // Whether it is kept is the store's to say.
    let is_kept = store.apply(writing([insert_session(&orphan)])).await.is_ok();
    assert!(store.session(orphan.id).await.is_none());
    assert!(store.session_with_user(orphan.id).await.is_none());
    assert_eq!(store.session_record(orphan.id).await, is_kept.then_some(orphan));
}

pub async fn every_field_of_a_session_survives_an_insert<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    for session in sessions(&ada) {
        store.write([insert_session(&session)]).await;
        assert_found(&store, &session, &ada).await;
    }
}

pub async fn every_field_of_a_session_survives_a_replacement<S: Store>(store: S) {
    let (ada, ben) = (user(1), user(2));
    let mut stored = session(9, &ada);
    store.write([insert_user(&ada), insert_user(&ben), insert_session(&stored)]).await;
    for fields in sessions(&ben) {
        stored = Session { id: stored.id, version: stored.version.next(), ..fields };
        store.write([replace_session(&stored)]).await;
        assert_found(&store, &stored, &ben).await;
    }
}

pub async fn standing_follows_the_owner_at_once<S: Store>(store: S) {
    let ada = user(1);
    let session = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&session)]).await;
    let raised = User { epoch: ada.epoch.next(), ..next_user(&ada) };
    let inactive = User { is_active: false, ..next_user(&raised) };
    let renamed = User { email: user(2).email, ..next_user(&inactive) };
    for owner in [raised, inactive, renamed] {
        store.write([replace_user(&owner)]).await;
        assert_found(&store, &session, &owner).await;
    }
}

pub async fn ended_and_expired_sessions_are_found<S: Store>(store: S) {
    let ada = user(1);
    let long_ago = Timestamp::from_millis(1);
    let expired = Session {
        created_at: long_ago,
        refreshed_at: long_ago,
        idle_timeout: Duration::from_secs(1),
        expires_at: long_ago + Duration::from_secs(2),
        access_expires_at: long_ago + Duration::from_secs(1),
        ..session(1, &ada)
    };
    let ended = Ended { at: NOW, reason: EndReason::RefreshReused };
    let ended = Session { ended: Some(ended), ..session(2, &ada) };
    store.write([insert_user(&ada), insert_session(&expired), insert_session(&ended)]).await;
    assert_found(&store, &expired, &ada).await;
    assert_found(&store, &ended, &ada).await;
}

pub async fn a_user_and_a_session_of_one_id_are_two_records<S: Store>(store: S) {
    let id = *session_id(1).as_uuid();
    let ada = User { id: testudo::model::UserId::from_uuid(id), ..user(1) };
    let session = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&session)]).await;
    assert_found(&store, &session, &ada).await;
}

async fn assert_found<S: Store>(store: &S, session: &Session, owner: &User) {
    let OwnedSession { session: found, standing } =
        store.session(session.id).await.expect("the session is there");
    assert_eq!(&found, session);
    assert_eq!(standing, Standing { epoch: owner.epoch, is_active: owner.is_active });
    let found = store.session_with_user(session.id).await;
    assert_eq!(found, Some((session.clone(), owner.clone())));
    assert_eq!(store.session_record(session.id).await.as_ref(), Some(session));
}

async fn assert_not_found<S: Store>(store: &S, session: &Session) {
    assert!(store.session(session.id).await.is_none());
    assert!(store.session_with_user(session.id).await.is_none());
    assert!(store.session_record(session.id).await.is_none());
}
