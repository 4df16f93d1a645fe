//! Onboarding sessions are found as they were stored, and each version is replaced once.

use testudo::Timestamp;
use testudo::command::Conflict;
use testudo::model::OnboardingSession;

use super::key_records::{next_onboarding, onboarding, onboarding_id, onboardings};
use super::observe::{Observe, insert_onboarding, replace_onboarding, writing};
use super::race::{only_winner, race};
use crate::Store;

pub async fn an_onboarding_session_is_found_also_when_it_is_over<S: Store>(store: S) {
    let over = OnboardingSession { expires_at: Timestamp::from_millis(1), ..onboarding(1) };
    for expected in [over, onboarding(2)] {
        store.write([insert_onboarding(&expected)]).await;
        assert_eq!(store.onboarding(expected.id).await, Some(expected));
    }
}

pub async fn no_onboarding_session_is_found_where_none_is<S: Store>(store: S) {
    assert_eq!(store.onboarding(onboarding_id(1)).await, None);
    store.write([insert_onboarding(&onboarding(1))]).await;
    assert_eq!(store.onboarding(onboarding_id(2)).await, None);
}

/// Up to the most bytes that a state may have.
pub async fn every_field_of_an_onboarding_session_survives_an_insert<S: Store>(store: S) {
    for expected in onboardings() {
        store.write([insert_onboarding(&expected)]).await;
        assert_eq!(store.onboarding(expected.id).await, Some(expected));
    }
}

pub async fn every_field_of_an_onboarding_session_survives_a_replacement<S: Store>(store: S) {
    let mut stored = onboarding(9);
    store.write([insert_onboarding(&stored)]).await;
    for fields in onboardings() {
        let version = stored.version.next();
        stored = OnboardingSession { id: stored.id, version, ..fields };
        store.write([replace_onboarding(&stored)]).await;
        assert_eq!(store.onboarding(stored.id).await.as_ref(), Some(&stored));
    }
}

pub async fn an_onboarding_session_has_one_id_and_is_not_brought_to_life<S: Store>(store: S) {
    let begun = onboarding(1);
    let absent = writing([replace_onboarding(&next_onboarding(&begun))]);
    assert_eq!(store.apply(absent).await, Err(Conflict));
    assert_eq!(store.onboarding(begun.id).await, None);
    store.write([insert_onboarding(&begun)]).await;
    let another = OnboardingSession { sealed: vec![9], ..begun.clone() };
    assert_eq!(store.apply(writing([insert_onboarding(&another)])).await, Err(Conflict));
    assert_eq!(store.onboarding(begun.id).await, Some(begun));
}

pub async fn a_version_of_an_onboarding_session_is_replaced_once<S: Store>(store: S) {
    let begun = onboarding(1);
    let (second, third) = (next_onboarding(&begun), next_onboarding(&next_onboarding(&begun)));
    store.write([insert_onboarding(&begun)]).await;
    let skipping = writing([replace_onboarding(&third)]);
    assert_eq!(store.apply(skipping).await, Err(Conflict), "it is not at that version yet");
    store.write([replace_onboarding(&second)]).await;
    let again = OnboardingSession { sealed: vec![9], ..second.clone() };
    assert_eq!(store.apply(writing([replace_onboarding(&again)])).await, Err(Conflict));
    assert_eq!(store.onboarding(begun.id).await, Some(second));
}

/// Whichever handle it was acknowledged by, and whichever is asked.
pub async fn the_last_version_of_an_onboarding_session_is_read_at_once<S: Store>(store: S) {
    let mut stored = onboarding(1);
    store.write([insert_onboarding(&stored)]).await;
    for round in 0..30_u8 {
        stored = OnboardingSession { sealed: vec![round], ..next_onboarding(&stored) };
        store.write([replace_onboarding(&stored)]).await;
        for _ in 0..2 {
            assert_eq!(store.onboarding(stored.id).await.as_ref(), Some(&stored));
        }
    }
}

pub async fn of_100_parallel_replacements_of_an_onboarding_session_one_is_applied<S: Store>(
    store: S,
) {
    let begun = onboarding(1);
    store.write([insert_onboarding(&begun)]).await;
    let next = |n: u32| {
        let sealed = n.to_be_bytes().to_vec();
        OnboardingSession { sealed, ..next_onboarding(&begun) }
    };
    let replacing = async |n| store.apply(writing([replace_onboarding(&next(n))])).await;
    let winner = only_winner(race(100, replacing).await);
    assert_eq!(store.onboarding(begun.id).await, Some(next(winner)));
}

pub async fn of_100_parallel_onboarding_sessions_of_one_id_one_is_inserted<S: Store>(store: S) {
    let begun = |n: u32| OnboardingSession { sealed: n.to_be_bytes().to_vec(), ..onboarding(1) };
    let inserting = async |n| store.apply(writing([insert_onboarding(&begun(n))])).await;
    let winner = only_winner(race(100, inserting).await);
    assert_eq!(store.onboarding(onboarding_id(1)).await, Some(begun(winner)));
}
