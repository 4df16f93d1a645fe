//! A batch is applied wholly, or, if something in it does not hold, not at all.

use testudo::Duration;
use testudo::command::{Commit, Conflict, Guard, Write};
use testudo::event::Event;
use testudo::model::{AttemptLimit, AttemptVerdict, Email, Epoch, Session, User, Version};

use super::commit_scene::{Scene, at_epoch, at_version, attempts_left};
use super::observe::{
    Observe, guarding, insert_session, insert_user, replace_session, replace_user, writing,
};
use super::records::{
    ACCOUNT, NOW, account, event, next_session, next_user, session, session_id, user, user_id,
};
use crate::Store;

pub async fn a_batch_conflicts_as_a_whole_whatever_in_it_does_not_hold<S: Store>(store: S) {
    let scene = Scene::set(&store).await;
    for (what, spoil) in scene.spoilers() {
        assert_eq!(store.apply(spoil(scene.batch())).await, Err(Conflict), "{what}");
        scene.assert_unchanged(&store, what).await;
    }
    // Each of those failed for what spoilt it: the same batch without it is applied.
    assert_eq!(store.apply(scene.batch()).await, Ok(()));
    scene.assert_applied(&store).await;
}

pub async fn an_empty_batch_is_applied<S: Store>(store: S) {
    assert_eq!(store.apply(Commit::default()).await, Ok(()));
}

pub async fn guards_alone_are_checked<S: Store>(store: S) {
    let ada = User { epoch: Epoch::new(3), version: Version::new(8), ..user(1) };
    let hers = Session { version: Version::new(5), ..session(1, &ada) };
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    let (user, session) = (at_epoch(&ada), at_version(&hers));
    assert_eq!(store.apply(guarding([user.clone(), session.clone()])).await, Ok(()));
    for epoch in [0, 2, 4, 8].map(Epoch::new) {
        let wrong = Guard::UserEpoch { id: ada.id, epoch };
        assert_eq!(store.apply(guarding([session.clone(), wrong])).await, Err(Conflict));
    }
    for version in [0, 4, 6, 8].map(Version::new) {
        let wrong = Guard::SessionVersion { id: hers.id, version };
        assert_eq!(store.apply(guarding([user.clone(), wrong])).await, Err(Conflict));
    }
    let none = |id| Guard::NoSession { id };
    assert_eq!(store.apply(guarding([user.clone(), none(session_id(2))])).await, Ok(()));
    assert_eq!(store.apply(guarding([user, none(hers.id)])).await, Err(Conflict));
}

pub async fn a_guard_looks_at_the_record_as_it_was_before_the_batch<S: Store>(store: S) {
    let ada = user(1);
    let hers = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    let raised = User { epoch: ada.epoch.next(), ..next_user(&ada) };
    let batch = Commit {
        guards: vec![at_epoch(&ada), at_version(&hers)],
        writes: vec![replace_user(&raised), replace_session(&next_session(&hers))],
        events: Vec::new(),
        messages: Vec::new(),
    };
    assert_eq!(store.apply(batch).await, Ok(()));
    assert_eq!(store.apply(guarding([at_epoch(&ada)])).await, Err(Conflict));
    assert_eq!(store.apply(guarding([at_epoch(&raised)])).await, Ok(()));
}

/// Without an event or a message: stores have ways of their own for what is so frequent.
pub async fn a_refresh_conflicts_once_its_owner_has_another_epoch<S: Store>(store: S) {
    let ada = user(1);
    let hers = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    let refresh = |user: &User| Commit {
        guards: vec![at_epoch(user)],
        writes: vec![replace_session(&next_session(&hers))],
        ..Commit::default()
    };
    let raised = User { epoch: ada.epoch.next(), ..next_user(&ada) };
    store.write([replace_user(&raised)]).await;
    // The session still has the epoch that it began under.
    assert_eq!(store.apply(refresh(&ada)).await, Err(Conflict));
    assert_eq!(store.apply(refresh(&user(2))).await, Err(Conflict));
    assert_eq!(store.session_record(hers.id).await, Some(hers.clone()));
    assert_eq!(store.apply(refresh(&raised)).await, Ok(()));
    assert_eq!(store.apply(refresh(&raised)).await, Err(Conflict));
    assert_eq!(store.session_record(hers.id).await, Some(next_session(&hers)));
}

/// The same.
pub async fn a_sign_in_conflicts_once_its_user_has_another_version<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let sign_in = |user: &User, number: u32| {
        writing([
            replace_user(&next_user(user)),
            insert_session(&session(number, user)),
            Write::ClearAttempts(account("user-1@example.com")),
        ])
    };
    assert_eq!(store.apply(sign_in(&ada, 1)).await, Ok(()));
    assert_eq!(store.apply(sign_in(&ada, 2)).await, Err(Conflict));
    assert_eq!(store.session_record(session_id(2)).await, None);
    assert_eq!(store.apply(sign_in(&next_user(&ada), 2)).await, Ok(()));
    assert_eq!(store.session_record(session_id(2)).await, Some(session(2, &next_user(&ada))));
}

pub async fn a_version_is_replaced_once<S: Store>(store: S) {
    let ada = user(1);
    let hers = session(1, &ada);
    store.write([insert_user(&ada), insert_session(&hers)]).await;
    let (user, session) = (next_user(&ada), next_session(&hers));
    store.write([replace_user(&user), replace_session(&session)]).await;
    for again in [replace_user(&user), replace_session(&session)] {
        assert_eq!(store.apply(writing([again])).await, Err(Conflict));
    }
}

pub async fn nothing_that_is_absent_is_brought_to_life<S: Store>(store: S) {
    let ada = user(1);
    let hers = session(1, &ada);
    store.write([insert_user(&ada)]).await;
    let absent = [replace_user(&next_user(&user(2))), replace_session(&next_session(&hers))];
    for absent in absent {
        assert_eq!(store.apply(writing([absent])).await, Err(Conflict));
    }
    assert_eq!(store.user(user_id(2)).await, None);
    assert_eq!(store.user_by_email(user(2).email.key()).await, None);
    assert!(store.session(hers.id).await.is_none());
    // Nor does the attempt stand in the way of an insert.
    store.write([insert_user(&user(2)), insert_session(&hers)]).await;
}

pub async fn a_user_keeps_the_address_and_may_spell_it_anew<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let key = ada.email.key().clone();
    let respelt =
        User { email: Email::from_stored("User-1@EXAMPLE".into(), key), ..next_user(&ada) };
    store.write([replace_user(&respelt)]).await;
    assert_eq!(store.user_by_email(ada.email.key()).await, Some(respelt));
}

pub async fn an_address_that_was_given_up_can_be_taken<S: Store>(store: S) {
    let ada = user(1);
    let old = ada.email.key().clone();
    let moved = User { email: user(2).email, ..next_user(&ada) };
    store.write([insert_user(&ada)]).await;
    store.write([replace_user(&moved)]).await;
    assert_eq!(store.user_by_email(&old).await, None);
    assert_eq!(store.user_by_email(moved.email.key()).await.as_ref(), Some(&moved));
    let ben = User { email: ada.email, ..user(3) };
    store.write([insert_user(&ben)]).await;
    assert_eq!(store.user_by_email(&old).await.as_ref(), Some(&ben));
    let back = User { email: ben.email, ..next_user(&moved) };
    assert_eq!(store.apply(writing([replace_user(&back)])).await, Err(Conflict));
    assert_eq!(store.user_by_email(moved.email.key()).await, Some(moved));
}

pub async fn sessions_of_one_user_are_replaced_one_by_one<S: Store>(store: S) {
    let ada = user(1);
    let sessions = [1, 2, 3].map(|number| session(number, &ada));
    store.write([insert_user(&ada)]).await;
    store.write(sessions.iter().map(insert_session)).await;
    let second = Session { generation: 7, ..next_session(&sessions[1]) };
    store.write([replace_session(&second)]).await;
    for expected in [&sessions[0], &second, &sessions[2]] {
        let found = store.session(expected.id).await.expect("the session is there").session;
        assert_eq!(found, *expected);
    }
}

pub async fn clearing_and_refunding_what_was_never_counted_is_no_conflict<S: Store>(store: S) {
    let key = account("ada@example.com");
    let refund = Write::RefundAttempt { key: key.clone(), window: NOW };
    store.write([Write::ClearAttempts(key.clone()), refund]).await;
    assert_eq!(attempts_left(&store, &key, &ACCOUNT, NOW).await, 5);
}

pub async fn an_attempt_is_refunded_in_its_own_window_only<S: Store>(store: S) {
    let key = account("ada@example.com");
    let limit = AttemptLimit { lock: Duration::ZERO, ..ACCOUNT };
    let AttemptVerdict::Allowed { window: first, .. } = store.attempt(&key, &limit, NOW).await
    else {
        panic!("the first attempt is allowed")
    };
    let refund = |window| Write::RefundAttempt { key: key.clone(), window };
    store.write([refund(first), refund(first), refund(first)]).await;
    assert_eq!(attempts_left(&store, &key, &limit, NOW).await, 5, "never below zero");
    store.write([refund(first), refund(first)]).await;
    assert_eq!(attempts_left(&store, &key, &limit, NOW).await, 2, "each write counts");
    let later = NOW + Duration::from_days(1);
    assert!(matches!(store.attempt(&key, &limit, later).await, AttemptVerdict::Allowed { .. }));
    store.write([refund(first)]).await;
    assert_eq!(attempts_left(&store, &key, &limit, later).await, 4, "that window was over");
}

pub async fn a_batch_may_be_large<S: Store>(store: S) {
    let users: Vec<_> = (0..100).map(user).collect();
    let sessions: Vec<_> = (0..100).map(|n| session(n, &users[n as usize])).collect();
    let batch = Commit {
        guards: Vec::new(),
        writes: users.iter().map(insert_user).chain(sessions.iter().map(insert_session)).collect(),
        events: (0..100).map(|n| event(n, Event::UserCreated)).collect(),
        messages: Vec::new(),
    };
    assert_eq!(store.apply(batch).await, Ok(()));
    for (user, session) in users.iter().zip(&sessions) {
        let found = store.session_with_user(session.id).await;
        assert_eq!(found, Some((session.clone(), user.clone())));
    }
    let batch = Commit {
        guards: users.iter().map(at_epoch).chain(sessions.iter().map(at_version)).collect(),
        writes: users.iter().map(|user| replace_user(&next_user(user))).collect(),
        events: Vec::new(),
        messages: Vec::new(),
    };
    assert_eq!(store.apply(batch).await, Ok(()));
    assert_eq!(store.user(user_id(99)).await, Some(next_user(&users[99])));
}
