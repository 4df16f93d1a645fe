//! What is over is removed, a batch at a time, and nothing else.

use testudo::command::{Sweep, Swept};
use testudo::model::{
    ApiKey, AttemptKey, AttemptLimit, AttemptVerdict, Invitation, OnboardingSession, Session, User,
};
use testudo::{Duration, Timestamp};

use super::key_records::{
    api_key, api_key_id, invitation, invitation_id, next_onboarding, onboarding,
};
use super::observe::{
    Observe, insert_api_key, insert_invitation, insert_onboarding, insert_session, insert_user,
    replace_onboarding,
};
use super::race::race;
use super::records::{ACCOUNT, NOW, account, email, lookalikes, session, session_id, user};
use crate::Store;

pub async fn sessions_that_are_over_are_removed_and_no_others<S: Store>(store: S) {
    let ada = user(1);
    let at = |number, expires_at| Session { expires_at, ..session(number, &ada) };
    let sessions = [at(1, NOW), at(2, NOW + MILLISECOND), at(3, Timestamp::from_millis(0))];
    store.write([insert_user(&ada)]).await;
    store.write(sessions.iter().map(insert_session)).await;
    assert_eq!(sweep(&store, NOW, 100).await, Swept { sessions: 2, ..Swept::default() });
    for (session, stays) in sessions.iter().zip([false, true, false]) {
        assert_eq!(store.session(session.id).await.is_some(), stays, "{:?}", session.expires_at);
    }
    assert_eq!(sweep(&store, NOW, 100).await, Swept::default());
}

pub async fn counters_that_are_idle_are_removed_and_count_from_nothing<S: Store>(store: S) {
    let idle = AttemptKey::login_network([192, 0, 2, 1].into());
    let busy = AttemptKey::login_network([192, 0, 2, 2].into());
    use_up(&store, &idle, NOW).await;
    use_up(&store, &busy, NOW + MILLISECOND).await;
    let over = NOW + ACCOUNT.lock;
    assert_eq!(sweep(&store, over, 100).await, Swept { attempts: 1, ..Swept::default() });
    // Asked at the same moment, the one that is gone would still be locked.
    assert!(is_allowed(store.attempt(&idle, &ACCOUNT, NOW).await));
    assert!(!is_allowed(store.attempt(&busy, &ACCOUNT, NOW).await));
}

pub async fn failures_at_an_account_are_remembered_and_those_at_nobody_are_not<S: Store>(store: S) {
    let addresses = lookalikes();
    for (number, address) in (1..).zip(addresses.iter().step_by(2)) {
        let user = testudo::model::User { email: email(address), ..user(number) };
        store.write([insert_user(&user)]).await;
    }
    for address in &addresses {
        use_up(&store, &account(address), NOW).await;
    }
    let strangers = addresses.iter().skip(1).step_by(2).count() as u64;
    let long_after = NOW + Duration::from_days(400);
    let swept = sweep(&store, long_after, 1000).await;
    assert_eq!(swept, Swept { attempts: strangers, ..Swept::default() });
    let almost = AttemptLimit { hard_stop: Some(5), ..ACCOUNT };
    for (place, address) in addresses.iter().enumerate() {
        let verdict = store.attempt(&account(address), &almost, long_after).await;
        let remembered = verdict == AttemptVerdict::Stopped;
        assert_eq!(remembered, place % 2 == 0, "{address:?}");
    }
}

pub async fn a_counter_without_failures_goes_whosever_it_is<S: Store>(store: S) {
    let ada = user(1);
    let key = AttemptKey::login_account(ada.email.key());
    store.write([insert_user(&ada)]).await;
    let AttemptVerdict::Allowed { window, .. } = store.attempt(&key, &ACCOUNT, NOW).await else {
        panic!("refused")
    };
    store.write([testudo::command::Write::RefundAttempt { key, window }]).await;
    let long_after = NOW + Duration::from_days(1);
    assert_eq!(sweep(&store, long_after, 100).await, Swept { attempts: 1, ..Swept::default() });
}

pub async fn no_more_is_removed_than_the_limit_and_batches_remove_all<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let over = |number| Session { expires_at: NOW, ..session(number, &ada) };
    store.write((1..=7).map(|number| insert_session(&over(number)))).await;
    for number in 1..=5 {
        use_up(&store, &account(&format!("stranger-{number}@example.com")), NOW).await;
    }
    let later = NOW + ACCOUNT.lock;
    assert_eq!(sweep(&store, later, 0).await, Swept::default());
    assert_eq!(
        sweep(&store, later, 3).await,
        Swept { sessions: 3, attempts: 3, ..Swept::default() }
    );
    assert_eq!(
        sweep(&store, later, 3).await,
        Swept { sessions: 3, attempts: 2, ..Swept::default() }
    );
    assert_eq!(
        sweep(&store, later, 3).await,
        Swept { sessions: 1, attempts: 0, ..Swept::default() }
    );
}

pub async fn invitations_and_api_keys_that_expired_are_removed_and_no_others<S: Store>(store: S) {
    let ada = user(1);
    let key = |number, expires_at| ApiKey { expires_at, ..api_key(number, &ada) };
    let keys = [
        key(1, Some(NOW)),
        key(2, Some(NOW + MILLISECOND)),
        key(3, None),
        ApiKey { revoked_at: Some(NOW), ..key(4, None) },
        ApiKey { revoked_at: Some(NOW), ..key(5, Some(Timestamp::from_millis(0))) },
    ];
    let ends = |number, expires_at| Invitation { expires_at, ..invitation(number, None) };
    let invitations = [
        ends(1, NOW),
        ends(2, NOW + MILLISECOND),
        Invitation { revoked_at: Some(NOW), ..ends(3, NOW + MILLISECOND) },
        Invitation { invited_by: Some(ada.id), taken: 3, ..ends(4, NOW) },
    ];
    store.write([insert_user(&ada)]).await;
    store.write(keys.iter().map(insert_api_key)).await;
    store.write(invitations.iter().map(insert_invitation)).await;
    let swept = Swept { api_keys: 2, invitations: 2, ..Swept::default() };
    assert_eq!(sweep(&store, NOW, 100).await, swept);
    for (key, stays) in keys.iter().zip([false, true, true, true, false]) {
        assert_eq!(store.api_key(key.id).await.is_some(), stays, "{key:?}");
    }
    for (invitation, stays) in invitations.iter().zip([false, true, true, false]) {
        assert_eq!(store.invitation(invitation.id).await.is_some(), stays, "{invitation:?}");
    }
    assert_eq!(sweep(&store, NOW, 100).await, Swept::default());
}

pub async fn onboarding_sessions_that_expired_are_removed_and_no_others<S: Store>(store: S) {
    let ends = |number, expires_at| OnboardingSession { expires_at, ..onboarding(number) };
    let tick = NOW + MILLISECOND;
    let all = [ends(1, NOW), ends(2, tick), ends(3, Timestamp::from_millis(0)), ends(4, NOW)];
    store.write(all.iter().map(insert_onboarding)).await;
    // What ends later since it was replaced is looked at as it is now.
    let prolonged = OnboardingSession { expires_at: tick, ..next_onboarding(&all[3]) };
    store.write([replace_onboarding(&prolonged)]).await;
    assert_eq!(sweep(&store, NOW, 100).await, Swept { onboarding: 2, ..Swept::default() });
    for (session, stays) in all.iter().zip([false, true, false, true]) {
        assert_eq!(store.onboarding(session.id).await.is_some(), stays, "{:?}", session.expires_at);
    }
    assert_eq!(sweep(&store, NOW, 100).await, Swept::default());
    // What is removed is gone: its id is free, and no earlier version comes back.
    store.write([insert_onboarding(&all[0])]).await;
    assert_eq!(sweep(&store, tick, 100).await, Swept { onboarding: 3, ..Swept::default() });
}

/// An account that its owner closed goes with all that is theirs, and with nothing else.
pub async fn closed_accounts_are_removed_with_all_that_is_theirs<S: Store>(store: S) {
    let closing = |number, closes_at| User { closes_at, ..user(number) };
    let (gone, soon) = (closing(1, Some(NOW)), closing(2, Some(NOW + MILLISECOND)));
    let users = [gone, soon, closing(3, None)];
    for (number, user) in (1..).zip(&users) {
        store.write([insert_user(user), insert_session(&session(number, user))]).await;
        store.write([insert_api_key(&api_key(number, user))]).await;
        store.write([insert_invitation(&invitation(number, Some(user)))]).await;
    }
    store.write([insert_invitation(&invitation(4, None))]).await;
    assert_eq!(sweep(&store, NOW, 100).await, Swept { accounts: 1, ..Swept::default() });
    for (number, user) in (1..).zip(&users) {
        let there = [
            store.user(user.id).await.is_some(),
            store.user_by_email(user.email.key()).await.is_some(),
            store.session(session_id(number)).await.is_some(),
            store.api_key(api_key_id(number)).await.is_some(),
            store.invitation(invitation_id(number)).await.is_some(),
        ];
        assert_eq!(there, [number != 1; 5], "account {number}");
    }
    assert!(store.invitation(invitation_id(4)).await.is_some(), "nobody's");
    // What is removed is gone, not hidden: ids and address are free.
    store.write([insert_user(&users[0]), insert_session(&session(1, &users[0]))]).await;
    store.write([insert_api_key(&api_key(1, &users[0]))]).await;
    store.write([insert_invitation(&invitation(1, Some(&users[0])))]).await;
}

pub async fn each_kind_is_swept_up_to_the_limit<S: Store>(store: S) {
    let ada = user(100);
    store.write([insert_user(&ada)]).await;
    for number in 1..=5 {
        let closed = User { closes_at: Some(NOW), ..user(number) };
        let key = ApiKey { expires_at: Some(NOW), ..api_key(number, &ada) };
        let expired = Invitation { expires_at: NOW, ..invitation(number, None) };
        store.write([insert_user(&closed), insert_api_key(&key)]).await;
        let begun = OnboardingSession { expires_at: NOW, ..onboarding(number) };
        store.write([insert_invitation(&expired), insert_onboarding(&begun)]).await;
    }
    for removed in [3, 2, 0] {
        let all = Swept {
            accounts: removed,
            invitations: removed,
            onboarding: removed,
            api_keys: removed,
            ..Swept::default()
        };
        assert_eq!(sweep(&store, NOW, 3).await, all);
    }
    assert!(store.user(ada.id).await.is_some());
}

pub async fn parallel_sweeps_remove_everything_once<S: Store>(store: S) {
    let ada = user(1);
    store.write([insert_user(&ada)]).await;
    let over = |number| Session { expires_at: NOW, ..session(number, &ada) };
    store.write((1..=100).map(|number| insert_session(&over(number)))).await;
    let begun = |number| OnboardingSession { expires_at: NOW, ..onboarding(number) };
    store.write((1..=100).map(|number| insert_onboarding(&begun(number)))).await;
    let swept = race(20, |_| sweep(&store, NOW, 10)).await;
    assert!(swept.iter().all(|swept| swept.sessions.max(swept.onboarding) <= 10));
    let rest = sweep(&store, NOW, 1000).await;
    let total = swept.into_iter().fold(rest, Swept::and);
    assert_eq!(total, Swept { sessions: 100, onboarding: 100, ..Swept::default() });
}

pub async fn a_sweep_beside_the_attempts_allows_no_more_of_them<S: Store>(store: S) {
    let key = account("nobody@example.com");
    // What was counted before is over, and what is counted now is not.
    use_up(&store, &key, Timestamp::from_millis(0)).await;
    let past = NOW;
    let now = NOW + Duration::from_minutes(60);
    let verdicts = race(120, |number| {
        let (store, key) = (&store, &key);
        async move {
            if number % 4 == 0 {
                sweep(store, past, 10).await;
                return false;
            }
            is_allowed(store.attempt(key, &ACCOUNT, now).await)
        }
    });
    assert_eq!(verdicts.await.iter().filter(|allowed| **allowed).count(), 5);
}

const MILLISECOND: Duration = Duration::from_millis(1);

async fn sweep<S: Store>(store: &S, by: Timestamp, limit: u32) -> Swept {
    let command = Sweep {
        sessions_expired_by: by,
        attempts_idle_since: by,
        accounts_closed_by: by,
        links_expired_by: by,
        events_kept_since: by,
        dead_letters_buried_by: by,
        limit,
    };
    store.sweep(command).await.expect("sweep must not fail")
}

/// Makes as many attempts as are allowed.
async fn use_up<S: Store>(store: &S, key: &AttemptKey, now: Timestamp) {
    while is_allowed(store.attempt(key, &ACCOUNT, now).await) {}
}

const fn is_allowed(verdict: AttemptVerdict) -> bool {
    matches!(verdict, AttemptVerdict::Allowed { .. })
}
