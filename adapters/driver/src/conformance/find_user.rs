//! Users are found by what they are, to the byte, and as they were stored.

use testudo::model::{Email, EmailKey, User, Version};

use super::observe::{Observe, insert_user, replace_user};
use super::records::{email, lookalikes, next_user, user, user_id, users};
use crate::Store;

pub async fn a_user_is_found_by_id_and_by_address<S: Store>(store: S) {
    let (ada, ben) = (user(1), user(2));
    store.write([insert_user(&ada), insert_user(&ben)]).await;
    for user in [ada, ben] {
        assert_eq!(store.user(user.id).await.as_ref(), Some(&user));
        assert_eq!(store.user_by_email(user.email.key()).await.as_ref(), Some(&user));
    }
}

pub async fn nobody_is_found_where_nobody_is<S: Store>(store: S) {
    assert_eq!(store.user(user_id(1)).await, None);
    assert_eq!(store.user_by_email(user(1).email.key()).await, None);
    store.write([insert_user(&user(1))]).await;
    assert_eq!(store.user(user_id(2)).await, None);
    assert_eq!(store.user_by_email(user(2).email.key()).await, None);
}

pub async fn users_are_found_by_the_key_and_not_by_what_was_typed<S: Store>(store: S) {
    let key = EmailKey::from_stored("key@example.com".into());
    let ada = User { email: Email::from_stored("Typed@example.com".into(), key), ..user(1) };
    store.write([insert_user(&ada)]).await;
    let typed = EmailKey::from_stored("Typed@example.com".into());
    assert_eq!(store.user_by_email(&typed).await, None);
}

pub async fn addresses_are_compared_byte_for_byte<S: Store>(store: S) {
    let users: Vec<User> = (1..)
        .zip(lookalikes())
        .map(|(number, address)| User { email: email(&address), ..user(number) })
        .collect();
    for user in &users {
        let found = store.user_by_email(user.email.key()).await;
        assert_eq!(found, None, "{:?} was taken for another", user.email.key());
        store.write([insert_user(user)]).await;
    }
    for user in &users {
        assert_eq!(store.user_by_email(user.email.key()).await.as_ref(), Some(user));
    }
}

pub async fn every_field_of_a_user_survives_an_insert<S: Store>(store: S) {
    for user in users() {
        store.write([insert_user(&user)]).await;
        assert_eq!(store.user(user.id).await.as_ref(), Some(&user));
        assert_eq!(store.user_by_email(user.email.key()).await.as_ref(), Some(&user));
    }
}

pub async fn every_field_of_a_user_survives_a_replacement<S: Store>(store: S) {
    let mut stored = user(9);
    store.write([insert_user(&stored)]).await;
    for fields in users() {
        stored = User { id: stored.id, version: stored.version.next(), ..fields };
        store.write([replace_user(&stored)]).await;
        assert_eq!(store.user(stored.id).await.as_ref(), Some(&stored));
        assert_eq!(store.user_by_email(stored.email.key()).await.as_ref(), Some(&stored));
    }
}

pub async fn a_user_reaches_the_last_version_that_a_store_must_hold<S: Store>(store: S) {
    let before = User { version: Version::new(i64::MAX.unsigned_abs() - 1), ..user(1) };
    let last = next_user(&before);
    store.write([insert_user(&before)]).await;
    store.write([replace_user(&last)]).await;
    assert_eq!(store.user(last.id).await, Some(last));
}
