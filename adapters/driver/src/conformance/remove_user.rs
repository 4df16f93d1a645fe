//! A user goes with all that is theirs, and somebody else has the address.

use testudo::command::{Commit, Conflict, Write};
use testudo::model::{User, Version};

use super::key_records::{api_key, api_key_id, invitation, invitation_id};
use super::observe::{
    Observe, insert_api_key, insert_invitation, insert_session, insert_user, writing,
};
use super::records::{next_user, session, session_id, user};
use crate::Store;

fn remove(user: &User) -> Write {
    Write::RemoveUser { id: user.id, was: user.version }
}

/// Ada with a session, a key and an invitation, and Ben with the same.
async fn two_users<S: Store>(store: &S) -> [User; 2] {
    let users = [user(1), user(2)];
    for (number, user) in (1..).zip(&users) {
        store.write([insert_user(user), insert_session(&session(number, user))]).await;
        store.write([insert_api_key(&api_key(number, user))]).await;
        store.write([insert_invitation(&invitation(number, Some(user)))]).await;
    }
    users
}

async fn what_is_there<S: Store>(store: &S, number: u32, user: &User) -> [bool; 4] {
    [
        store.user(user.id).await.is_some(),
        store.session(session_id(number)).await.is_some(),
        store.api_key(api_key_id(number)).await.is_some(),
        store.invitation(invitation_id(number)).await.is_some(),
    ]
}

pub async fn a_user_is_removed_with_all_that_is_theirs_and_another_takes_the_address<S: Store>(
    store: S,
) {
    let [ada, ben] = two_users(&store).await;
    let other = User { email: ada.email.clone(), ..user(3) };
    let theirs = session(3, &other);
    store.write([remove(&ada), insert_user(&other), insert_session(&theirs)]).await;
    assert_eq!(what_is_there(&store, 1, &ada).await, [false; 4]);
    assert_eq!(what_is_there(&store, 2, &ben).await, [true; 4]);
    assert_eq!(store.user_by_email(ada.email.key()).await.as_ref(), Some(&other));
    assert!(store.session(session_id(3)).await.is_some());
}

pub async fn a_user_is_removed_at_the_version_that_was_read_and_only_with_the_whole_batch<
    S: Store,
>(
    store: S,
) {
    let [ada, ben] = two_users(&store).await;
    let other = User { email: ada.email.clone(), ..user(3) };
    let taken = User { email: ben.email.clone(), ..user(4) };
    let late = Write::RemoveUser { id: ada.id, was: ada.version.next() };
    let nobody = Write::RemoveUser { id: user(9).id, was: Version::FIRST };
    let batches: [Commit; 4] = [
        writing([late, insert_user(&other)]),
        writing([nobody]),
        writing([remove(&ada), insert_user(&taken)]),
        writing([
            remove(&ada),
            insert_user(&other),
            Write::ReplaceUser { user: Box::new(next_user(&ben)), was: ben.version.next() },
        ]),
    ];
    for batch in batches {
        assert_eq!(store.apply(batch.clone()).await, Err(Conflict), "{batch:?}");
        assert_eq!(what_is_there(&store, 1, &ada).await, [true; 4], "{batch:?}");
    }
}
