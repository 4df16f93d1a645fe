//! Users are listed in the order of their ids, page by page.

use testudo::command::ListUsers;
use testudo::model::{User, UserId};

use super::observe::{Observe, insert_user};
use super::records::user;
use crate::Store;

pub async fn users_are_listed_in_ascending_order_of_their_ids<S: Store>(store: S) {
    let mut users = insert(&store, 1..=7).await;
    users.sort_by_key(|user| user.id);
    assert_eq!(listed(&store, None, 100).await, users);
}

pub async fn pages_hold_every_user_once_also_while_others_come<S: Store>(store: S) {
    let users = insert(&store, 1..=7).await;
    let mut expected: Vec<_> = users.iter().map(|user| user.id).collect();
    expected.sort();
    let (mut found, mut after, mut newcomer) = (Vec::<UserId>::new(), None, 100);
    loop {
        let page = listed(&store, after, 3).await;
        assert!(page.len() <= 3);
        found.extend(page.iter().map(|user| user.id));
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        if newcomer < 103 {
            insert(&store, newcomer..=newcomer).await;
            newcomer += 1;
        }
    }
    assert!(found.is_sorted() && found.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(expected.iter().all(|id| found.contains(id)));
}

pub async fn nothing_is_listed_where_nobody_is<S: Store>(store: S) {
    assert!(listed(&store, None, 100).await.is_empty());
    let users = insert(&store, 1..=1).await;
    assert!(listed(&store, Some(users[0].id), 100).await.is_empty());
    assert!(listed(&store, None, 0).await.is_empty());
}

async fn insert<S: Store>(store: &S, numbers: impl Iterator<Item = u32>) -> Vec<User> {
    let users: Vec<_> = numbers.map(user).collect();
    store.write(users.iter().map(insert_user)).await;
    users
}

async fn listed<S: Store>(store: &S, after: Option<UserId>, limit: u32) -> Vec<User> {
    store.list_users(ListUsers { after, limit }).await.expect("list_users must not fail")
}
