//! A user is found with one session, if it is theirs.

use testudo::model::User;

use super::observe::{Observe, insert_session, insert_user, replace_session, replace_user};
use super::records::{next_session, next_user, session, session_id, user, user_id};
use crate::Store;

pub async fn a_user_is_found_with_a_session_of_theirs<S: Store>(store: S) {
    let ada = user(1);
    let (hers, other) = (session(1, &ada), session(2, &ada));
    store.write([insert_user(&ada), insert_session(&hers), insert_session(&other)]).await;
    let found = store.user_with_session(ada.id, hers.id).await;
    assert_eq!(found, Some((ada.clone(), Some(hers.clone()))));
    let raised = User { epoch: ada.epoch.next(), is_active: false, ..next_user(&ada) };
    let ended = next_session(&hers);
    store.write([replace_user(&raised), replace_session(&ended)]).await;
    assert_eq!(store.user_with_session(ada.id, hers.id).await, Some((raised, Some(ended))));
}

pub async fn a_user_is_found_without_a_session_that_is_none_of_theirs<S: Store>(store: S) {
    let (ada, ben) = (user(1), user(2));
    let his = session(1, &ben);
    store.write([insert_user(&ada)]).await;
    assert_eq!(store.user_with_session(ada.id, his.id).await, Some((ada.clone(), None)));
    store.write([insert_user(&ben), insert_session(&his)]).await;
    assert_eq!(store.user_with_session(ada.id, his.id).await, Some((ada, None)));
    assert_eq!(store.user_with_session(ben.id, his.id).await, Some((ben, Some(his))));
}

pub async fn nobody_is_found_with_the_session_of_somebody<S: Store>(store: S) {
    assert_eq!(store.user_with_session(user_id(1), session_id(1)).await, None);
    let ada = user(1);
    store.write([insert_user(&ada), insert_session(&session(1, &ada))]).await;
    assert_eq!(store.user_with_session(user_id(2), session_id(1)).await, None);
}
