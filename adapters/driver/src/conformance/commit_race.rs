//! However many batches come at once, they are applied as if one came after the other.

use futures::future::{join, select};
use testudo::command::{Commit, Guard, Write};
use testudo::event::Event;
use testudo::model::{ApiKey, Epoch, Session, User, UserId};

use super::key_records::{api_key, next_api_key};
use super::observe::{
    Observe, insert_api_key, insert_session, insert_user, replace_api_key, replace_session,
    replace_user, writing,
};
use super::race::{change_user, let_others_go_on, only_winner, race};
use super::records::{
    event, event_id, next_session, next_user, session, session_id, user, user_id,
};
use crate::Store;

pub async fn of_100_parallel_replacements_of_a_user_one_is_applied<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let contestant = |n| User { epoch: Epoch::new(u64::from(n)), ..next_user(&ada) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([replace_user(&contestant(n))]))).await);
    assert_eq!(store.user(ada.id).await, Some(contestant(winner)));
}

pub async fn of_100_parallel_replacements_of_a_session_one_is_applied<S: Store>(store: S) {
    let ada = user(1);
    let hers = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    let contestant = |n| Session { generation: n, ..next_session(&hers) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([replace_session(&contestant(n))]))).await);
    let found = store.session(hers.id).await.expect("the session is there");
    assert_eq!(found.session, contestant(winner));
}

pub async fn of_100_parallel_users_one_gets_the_address<S: Store>(store: S) {
    let address = user(1000).email;
    let contestant = |n| User { email: address.clone(), ..user(n) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([insert_user(&contestant(n))]))).await);
    assert_eq!(store.user_by_email(address.key()).await, Some(contestant(winner)));
    for loser in (0..100).filter(|n| *n != winner) {
        assert_eq!(store.user(user_id(loser)).await, None);
    }
}

pub async fn of_50_users_that_move_to_one_address_one_gets_it<S: Store>(store: S) {
    let address = user(1000).email;
    store.write((0..50).map(|n| insert_user(&user(n)))).await;
    let contestant = |n| User { email: address.clone(), ..next_user(&user(n)) };
    let winner =
        only_winner(race(50, |n| store.apply(writing([replace_user(&contestant(n))]))).await);
    assert_eq!(store.user_by_email(address.key()).await, Some(contestant(winner)));
    for loser in (0..50).filter(|n| *n != winner) {
        assert_eq!(store.user_by_email(user(loser).email.key()).await, Some(user(loser)));
    }
}

pub async fn of_100_parallel_users_or_sessions_of_one_id_one_is_inserted<S: Store>(store: S) {
    let contestant = |n| User { email: user(n).email, ..user(1000) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([insert_user(&contestant(n))]))).await);
    let ada = contestant(winner);
    assert_eq!(store.user(ada.id).await.as_ref(), Some(&ada));
    let contestant = |n| Session { generation: n, ..session(1, &ada) };
    let winner =
        only_winner(race(100, |n| store.apply(writing([insert_session(&contestant(n))]))).await);
    let found = store.session(contestant(0).id).await.expect("the session is there");
    assert_eq!(found.session, contestant(winner));
}

pub async fn no_change_is_lost_among_parallel_writers<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    race(8, |writer| add_to_profile(&store, ada.id, writer)).await;
    let changed = store.user(ada.id).await.expect("the user is there");
    assert_eq!((changed.version.get(), changed.profile.len()), (40, 40));
}

/// A refresh is guarded on the epoch that "sign out everywhere" raises: it comes before, or not at
/// all.
pub async fn no_guarded_write_comes_after_what_its_guard_excludes<S: Store>(store: S) {
    for round in 0..40 {
        let ada = user(round);
        let hers = session(round, &ada);
        store.write([insert_user(&ada), insert_session(&hers)]).await;
        let raised = User { epoch: ada.epoch.next(), ..next_user(&ada) };
        let (signed_out, refreshed) = (2 * round, 2 * round + 1);
        let sign_out = Commit {
            guards: Vec::new(),
            writes: vec![replace_user(&raised)],
            events: vec![event(signed_out, Event::UserLogoutAll)],
            messages: Vec::new(),
        };
        let refresh = Commit {
            guards: vec![Guard::UserEpoch { id: ada.id, epoch: ada.epoch }],
            writes: vec![replace_session(&next_session(&hers))],
            events: vec![event(refreshed, Event::UserLogout)],
            messages: Vec::new(),
        };
        // Each gets a head start in its turn.
        let (first, second) =
            if round % 2 == 0 { (sign_out, refresh) } else { (refresh, sign_out) };
        let _ = join(store.apply(first), store.apply(second)).await;
        let stored = store.session(hers.id).await.expect("the session is there");
        assert_eq!(stored.standing.epoch, raised.epoch, "nothing keeps a user from signing out");
        let events: Vec<_> = store.new_events().await.iter().map(|record| record.id).collect();
        if stored.session.version == hers.version {
            assert_eq!(events, [event_id(signed_out)]);
        } else {
            assert_eq!(events, [event_id(refreshed), event_id(signed_out)]);
        }
    }
}

/// Each of two batches is guarded on what the other changes. Applied one after the other, the second
/// finds its guard broken; what reads a snapshot and locks only what it writes would apply both.
pub async fn of_two_batches_that_exclude_each_other_one_is_applied<S: Store>(store: S) {
    for round in 0..40 {
        let ada = user(round);
        let (one, two) = (session(2 * round, &ada), session(2 * round + 1, &ada));
        store.write([insert_user(&ada), insert_session(&one), insert_session(&two)]).await;
        let batch = |guarded: &Session, changed: &Session| Commit {
            guards: vec![Guard::SessionVersion { id: guarded.id, version: guarded.version }],
            writes: vec![replace_session(&next_session(changed))],
            events: Vec::new(),
            messages: Vec::new(),
        };
        let (a, b) = (store.apply(batch(&one, &two)), store.apply(batch(&two, &one)));
        let outcomes = join(a, b).await;
        assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "round {round}: {outcomes:?}");
    }
}

/// Locks that are taken in the order of the writes would wait for each other here for ever.
pub async fn batches_over_the_same_records_in_opposite_orders_do_not_fail<S: Store>(store: S) {
    for round in 0..20 {
        let users = [user(3 * round), user(3 * round + 1), user(3 * round + 2)];
        store.write(users.iter().map(insert_user)).await;
        let outcomes = race(10, |n| {
            let mut writes: Vec<Write> =
                users.iter().map(|user| replace_user(&next_user(user))).collect();
            if n % 2 == 0 {
                writes.reverse();
            }
            store.apply(writing(writes))
        });
        only_winner(outcomes.await);
    }
}

pub async fn no_reader_sees_half_a_batch<S: Store>(store: S) {
    let (ada, hers) = (user(1), session(1, &user(1)));
    let key = api_key(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers), insert_api_key(&key)]).await;
    let writer = async {
        let (mut user, mut session, mut key) = (ada.clone(), hers.clone(), key.clone());
        for _ in 0..100 {
            user = User { epoch: user.epoch.next(), ..next_user(&user) };
            session = Session { epoch: user.epoch, ..next_session(&session) };
            key = ApiKey { epoch: user.epoch, ..next_api_key(&key) };
            let writes = [replace_user(&user), replace_session(&session), replace_api_key(&key)];
            store.write(writes).await;
            let_others_go_on().await;
        }
    };
    let readers = race(4, |_| async {
        for _ in 0..100 {
            let (session, user) =
                store.session_with_user(hers.id).await.expect("the session is there");
            assert_eq!((session.version, session.epoch), (user.version, user.epoch));
            let owned = store.session(hers.id).await.expect("the session is there");
            assert_eq!(owned.session.epoch, owned.standing.epoch);
            let (user, session) =
                store.user_with_session(ada.id, hers.id).await.expect("the user is there");
            assert_eq!(session.map(|session| session.epoch), Some(user.epoch));
            let owned = store.api_key(key.id).await.expect("the key is there");
            assert_eq!(owned.key.epoch, owned.standing.epoch);
            let_others_go_on().await;
        }
    });
    join(writer, readers).await;
}

/// As when a client hangs up: the future of its request is dropped wherever it stands.
pub async fn a_commit_that_is_dropped_on_its_way_is_whole_or_nothing<S: Store>(store: S) {
    for round in 0..60 {
        let ada = user(round);
        let batch = Commit {
            guards: Vec::new(),
            writes: vec![insert_user(&ada), insert_session(&session(round, &ada))],
            events: vec![event(round, Event::UserCreated)],
            messages: Vec::new(),
        };
        let patience = async {
            for _ in 0..round {
                let_others_go_on().await;
            }
        };
        // Whichever is not ready first is dropped here.
        let _ = select(Box::pin(store.apply(batch)), Box::pin(patience)).await;
    }
    // The store goes on working, and what one read sees of a batch, every later one sees too. The
    // end of a dropped commit may still be under way, hence both directions.
    store.write([insert_user(&user(1000))]).await;
    for number in 0..60 {
        let (user, session) = (user_id(number), session_id(number));
        let forward = [
            store.user(user).await.is_some(),
            store.session(session).await.is_some(),
            is_recorded(&store, number).await,
        ];
        let backward = [
            is_recorded(&store, number).await,
            store.session(session).await.is_some(),
            store.user(user).await.is_some(),
        ];
        assert!(forward.is_sorted() && backward.is_sorted(), "{number}: {forward:?} {backward:?}");
    }
}

async fn is_recorded<S: Store>(store: &S, number: u32) -> bool {
    store.events().await.iter().any(|record| record.id == event_id(number))
}

/// Adds five members to a user's profile, one at a time.
async fn add_to_profile<S: Store>(store: &S, id: UserId, writer: u32) {
    for member in 0..5 {
        change_user(store, id, 35, |user| {
            user.profile.insert(format!("{writer}.{member}"), true.into());
            None
        })
        .await;
    }
}
