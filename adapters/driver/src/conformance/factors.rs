//! What an account has besides its password is kept, and is gone when it is taken away.

use testudo::command::ListUsers;
use testudo::model::User;

use super::observe::{Observe, insert_session, insert_user, replace_user};
use super::records::{next_user, recovery_codes, session, terms, totp, user};
use crate::Store;

pub async fn as_many_recovery_codes_are_kept_as_there_are_in_their_order<S: Store>(store: S) {
    let mut stored = user(1);
    store.write([insert_user(&stored)]).await;
    for count in [10, 1, 0, 9, 10] {
        stored = User { recovery_codes: recovery_codes(count), ..next_user(&stored) };
        stored.recovery_codes.reverse();
        store.write([replace_user(&stored)]).await;
        assert_eq!(store.user(stored.id).await.as_ref(), Some(&stored), "{count}");
    }
}

pub async fn factor_codes_and_terms_are_kept_each_without_the_others<S: Store>(store: S) {
    for number in 0..8_u32 {
        let has = |bit: u32| number & bit != 0;
        let expected = User {
            totp: has(1).then(|| totp(7)),
            recovery_codes: if has(2) { recovery_codes(10) } else { Vec::new() },
            terms: has(4).then(|| terms("2026-11")),
            ..user(number)
        };
        store.write([insert_user(&expected)]).await;
        assert_eq!(store.user(expected.id).await, Some(expected));
    }
}

pub async fn a_replacement_takes_factor_codes_and_terms_away<S: Store>(store: S) {
    let bare = user(1);
    let full = equipped(&bare);
    store.write([insert_user(&full)]).await;
    let mut stored = full.clone();
    for next in [bare.clone(), full.clone(), User { totp: None, ..full }, bare] {
        stored = User { version: stored.version.next(), ..next };
        store.write([replace_user(&stored)]).await;
        assert_eq!(store.user(stored.id).await.as_ref(), Some(&stored));
    }
}

pub async fn factor_codes_and_terms_are_read_with_whatever_reads_the_user<S: Store>(store: S) {
    let ada = equipped(&user(1));
    let hers = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    assert_eq!(store.user_by_email(ada.email.key()).await.as_ref(), Some(&ada));
    let both = store.session_with_user(hers.id).await;
    assert_eq!(both, Some((hers.clone(), ada.clone())));
    let both = store.user_with_session(ada.id, hers.id).await;
    assert_eq!(both, Some((ada.clone(), Some(hers))));
    let listed = store.list_users(ListUsers { after: None, limit: 9 }).await;
    assert_eq!(listed.expect("list_users must not fail"), [ada]);
}

fn equipped(user: &User) -> User {
    User {
        totp: Some(totp(7)),
        recovery_codes: recovery_codes(10),
        terms: Some(terms("2026-11")),
        ..user.clone()
    }
}
