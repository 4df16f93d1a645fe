//! API keys are found and listed as they were stored, with their owner as of now.

use testudo::command::{Conflict, ListApiKeys, OwnedApiKey, Write};
use testudo::model::{ApiKey, ApiKeyId, Epoch, User};
use testudo::{Duration, Timestamp};

use super::key_records::{api_key, api_key_id, api_keys, next_api_key};
use super::observe::{
    Observe, insert_api_key, insert_user, replace_api_key, replace_user, writing,
};
use super::race::{only_winner, race};
use super::records::{NOW, next_user, user, user_id};
use crate::Store;

pub async fn an_api_key_is_found_with_the_standing_of_its_owner<S: Store>(store: S) {
    let (ada, ben) = (user(1), User { is_active: false, epoch: Epoch::new(7), ..user(2) });
    let (hers, his) = (api_key(1, &ada), api_key(2, &ben));
    store.write([insert_user(&ada), insert_user(&ben)]).await;
    store.write([insert_api_key(&hers), insert_api_key(&his)]).await;
    assert_found(&store, &hers, &ada).await;
    assert_found(&store, &his, &ben).await;
    let raised = User { epoch: ada.epoch.next(), ..next_user(&ada) };
    let closed = User { closes_at: Some(NOW), ..next_user(&raised) };
    for owner in [raised, closed] {
        store.write([replace_user(&owner)]).await;
        assert_found(&store, &hers, &owner).await;
    }
}

pub async fn no_api_key_is_found_where_none_is<S: Store>(store: S) {
    let ada = user(1);
    assert_eq!(store.api_key(api_key_id(1)).await, None);
    // Whether a key of nobody is kept is the store's to say.
    let _ = store.apply(writing([insert_api_key(&api_key(1, &ada))])).await;
    assert_eq!(store.api_key(api_key_id(1)).await, None);
    store.write([insert_user(&ada), insert_api_key(&api_key(2, &ada))]).await;
    assert_eq!(store.api_key(api_key_id(3)).await, None);
}

pub async fn every_field_of_an_api_key_survives_an_insert<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    for key in api_keys(&ada) {
        store.write([insert_api_key(&key)]).await;
        assert_found(&store, &key, &ada).await;
    }
}

pub async fn every_field_of_an_api_key_survives_a_replacement<S: Store>(store: S) {
    let (ada, ben) = (user(1), user(2));
    let mut stored = api_key(9, &ada);
    store.write([insert_user(&ada), insert_user(&ben), insert_api_key(&stored)]).await;
    for fields in api_keys(&ben) {
        stored = ApiKey { id: stored.id, version: stored.version.next(), ..fields };
        store.write([replace_api_key(&stored)]).await;
        assert_found(&store, &stored, &ben).await;
    }
}

pub async fn revoked_and_expired_api_keys_are_found<S: Store>(store: S) {
    let ada = user(1);
    let long_ago = Some(Timestamp::from_millis(1));
    let revoked = ApiKey { revoked_at: long_ago, ..api_key(1, &ada) };
    let expired = ApiKey { expires_at: long_ago, ..api_key(2, &ada) };
    store.write([insert_user(&ada), insert_api_key(&revoked), insert_api_key(&expired)]).await;
    assert_found(&store, &revoked, &ada).await;
    assert_found(&store, &expired, &ada).await;
}

pub async fn api_keys_are_listed_in_descending_order_of_their_ids_page_by_page<S: Store>(store: S) {
    let ada = user(1);
    let mut keys: Vec<_> = (1..=7).map(|number| api_key(number, &ada)).collect();
    store.write([insert_user(&ada)]).await;
    store.write(keys.iter().map(insert_api_key)).await;
    keys.sort_by_key(|key| std::cmp::Reverse(key.id));
    assert_eq!(listed(&store, all(&ada)).await, keys);
    assert_eq!(listed(&store, ListApiKeys { limit: 0, ..all(&ada) }).await, []);
    let mut page = ListApiKeys { limit: 3, ..all(&ada) };
    for expected in keys.chunks(3) {
        let found = listed(&store, page).await;
        assert_eq!(found, expected);
        page.before = found.last().map(|key| key.id);
    }
    assert_eq!(listed(&store, page).await, []);
}

pub async fn api_keys_that_were_not_revoked_are_listed_whatever_else_became_of_them<S: Store>(
    store: S,
) {
    let (ada, eve) = (User { epoch: Epoch::new(5), ..user(1) }, user(2));
    let foreign = api_key(1, &eve);
    let revoked = ApiKey { revoked_at: Some(NOW), ..api_key(2, &ada) };
    let expired = ApiKey { expires_at: Some(Timestamp::from_millis(0)), ..api_key(3, &ada) };
    let of_another_epoch = ApiKey { epoch: Epoch::new(4), ..api_key(4, &ada) };
    let endless = ApiKey { expires_at: None, ..api_key(5, &ada) };
    store.write([&ada, &eve].map(insert_user)).await;
    store
        .write([&foreign, &revoked, &expired, &of_another_epoch, &endless].map(insert_api_key))
        .await;
    let mut expected: Vec<ApiKeyId> = [3, 4, 5].map(api_key_id).to_vec();
    expected.sort_by(|one, other| other.cmp(one));
    let found: Vec<_> = listed(&store, all(&ada)).await.iter().map(|key| key.id).collect();
    assert_eq!(found, expected);
    let nobody = ListApiKeys { user: user_id(7), ..all(&ada) };
    assert_eq!(listed(&store, nobody).await, []);
}

pub async fn a_use_is_remembered_and_never_goes_back<S: Store>(store: S) {
    let ada = user(1);
    let (key, other) = (api_key(1, &ada), api_key(2, &ada));
    store.write([insert_user(&ada), insert_api_key(&key), insert_api_key(&other)]).await;
    let at = |secs| NOW + Duration::from_secs(secs);
    for (touched, remembered) in [(0, 0), (5, 5), (4, 5), (5, 5), (6, 6)] {
        store.write([Write::TouchApiKey { id: key.id, at: at(touched) }]).await;
        let expected = ApiKey { last_used_at: Some(at(remembered)), ..key.clone() };
        assert_found(&store, &expected, &ada).await;
    }
    assert_found(&store, &other, &ada).await;
}

/// A use takes nothing from who replaces the record, and nothing stands in its way.
pub async fn a_use_conflicts_with_nothing<S: Store>(store: S) {
    let ada = user(1);
    let key = api_key(1, &ada);
    let touch = |number| Write::TouchApiKey { id: api_key_id(number), at: NOW };
    store.write([touch(1)]).await;
    store.write([insert_user(&ada), touch(1)]).await;
    assert_eq!(store.api_key(key.id).await, None, "nothing is brought to life");
    store.write([insert_api_key(&key), touch(7)]).await;
    store.write([touch(1)]).await;
    let revoked = ApiKey { revoked_at: Some(NOW), ..next_api_key(&key) };
    store.write([replace_api_key(&revoked)]).await;
    store.write([touch(1)]).await;
    let found = store.api_key(key.id).await.expect("the key is there").key;
    assert_eq!(found.revoked_at, Some(NOW), "a use brings no key back");
}

pub async fn of_parallel_uses_the_last_is_remembered<S: Store>(store: S) {
    let ada = user(1);
    let key = api_key(1, &ada);
    store.write([insert_user(&ada), insert_api_key(&key)]).await;
    let at = |number: u32| NOW + Duration::from_millis(u64::from(number.wrapping_mul(37) % 101));
    let outcomes =
        race(101, |n| store.apply(writing([Write::TouchApiKey { id: key.id, at: at(n) }]))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let last_used_at = Some(NOW + Duration::from_millis(100));
    assert_found(&store, &ApiKey { last_used_at, ..key }, &ada).await;
}

pub async fn of_100_parallel_replacements_of_an_api_key_one_is_applied<S: Store>(store: S) {
    let ada = user(1);
    let key = api_key(1, &ada);
    store.write([insert_user(&ada), insert_api_key(&key)]).await;
    let contestant = |n: u32| ApiKey { name: format!("of {n}"), ..next_api_key(&key) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([replace_api_key(&contestant(n))]))).await);
    assert_found(&store, &contestant(winner), &ada).await;
    let absent = writing([replace_api_key(&next_api_key(&api_key(2, &ada)))]);
    assert_eq!(store.apply(absent).await, Err(Conflict));
    let again = writing([insert_api_key(&key)]);
    assert_eq!(store.apply(again).await, Err(Conflict), "the id is taken");
}

const fn all(user: &User) -> ListApiKeys {
    ListApiKeys { user: user.id, before: None, limit: 100 }
}

async fn listed<S: Store>(store: &S, command: ListApiKeys) -> Vec<ApiKey> {
    store.list_api_keys(command).await.expect("list_api_keys must not fail")
}

async fn assert_found<S: Store>(store: &S, key: &ApiKey, owner: &User) {
    let expected = OwnedApiKey { key: key.clone(), standing: owner.standing() };
    assert_eq!(store.api_key(key.id).await, Some(expected));
}
