//! Records that a batch has something to do with, and all that can keep it from holding.

use testudo::Timestamp;
use testudo::command::{Commit, Guard, Write};
use testudo::event::Event;
use testudo::model::{
    ApiKey, AttemptKey, AttemptLimit, AttemptVerdict, Epoch, Invitation, OnboardingSession,
    Session, User, Version, WindowEnd,
};

use super::key_records::{
    api_key, api_key_id, invitation, invitation_id, message, next_api_key, next_invitation,
    next_onboarding, onboarding, onboarding_id,
};
use super::observe::{
    Observe, insert_api_key, insert_invitation, insert_onboarding, insert_session, insert_user,
    replace_api_key, replace_invitation, replace_onboarding, replace_session, replace_user,
};
use super::records::{
    ACCOUNT, NOW, account, event, next_session, next_user, session, session_id, user, user_id,
};
use crate::Store;

/// A few records of every kind, and a batch that has something to do with all of them.
pub(super) struct Scene {
    ada: User,
    ben: User,
    eve: User,
    hers: Session,
    his: Session,
    open: Invitation,
    his_open: Invitation,
    key: ApiKey,
    his_key: ApiKey,
    begun: OnboardingSession,
    other_begun: OnboardingSession,
    /// Its attempts are used up.
    cleared: AttemptKey,
    /// So are its, and the last was made in this window.
    refunded: AttemptKey,
    window: WindowEnd,
}

pub(super) type Spoiler = Box<dyn Fn(Commit) -> Commit>;

impl Scene {
    pub(super) async fn set<S: Store>(store: &S) -> Self {
        let at = |number: u32, user: User| User {
            epoch: Epoch::new(3),
            version: Version::new(u64::from(number) * 10),
            ..user
        };
        let (ada, ben, eve) = (at(1, user(1)), at(2, user(2)), at(3, user(3)));
        let hers = Session { version: Version::new(40), ..session(1, &ada) };
        let his = Session { version: Version::new(50), ..session(2, &ben) };
        store.write([&ada, &ben, &eve].map(insert_user)).await;
        store.write([&hers, &his].map(insert_session)).await;
        let (open, his_open) = (invitation(1, None), invitation(2, Some(&ben)));
        let open = Invitation { version: Version::new(60), ..open };
        let his_open = Invitation { version: Version::new(70), ..his_open };
        let key = ApiKey { version: Version::new(80), ..api_key(1, &ada) };
        let his_key = ApiKey { version: Version::new(90), ..api_key(2, &ben) };
        store.write([&open, &his_open].map(insert_invitation)).await;
        store.write([&key, &his_key].map(insert_api_key)).await;
        let begun = OnboardingSession { version: Version::new(100), ..onboarding(1) };
        let other_begun = OnboardingSession { version: Version::new(110), ..onboarding(2) };
        store.write([&begun, &other_begun].map(insert_onboarding)).await;
        let (cleared, refunded) = (account("ada@example.com"), account("ben@example.com"));
        attempts_left(store, &cleared, &ACCOUNT, NOW).await;
        attempts_left(store, &refunded, &ACCOUNT, NOW).await;
        let window = NOW + ACCOUNT.lock;
        Self {
            ada,
            ben,
            eve,
            hers,
            his,
            open,
            his_open,
            key,
            his_key,
            begun,
            other_begun,
            cleared,
            refunded,
            window,
        }
    }

    /// A batch that holds, with a write of every kind. It touches Ada and her session.
    pub(super) fn batch(&self) -> Commit {
        Commit {
            guards: vec![
                at_epoch(&self.ada),
                at_epoch(&self.ben),
                at_version(&self.hers),
                Guard::NoSession { id: session_id(7) },
            ],
            writes: vec![
                replace_user(&self.changed_ada()),
                insert_user(&user(9)),
                replace_session(&self.changed_session()),
                insert_session(&session(9, &self.ada)),
                replace_invitation(&self.changed_invitation()),
                insert_invitation(&invitation(9, None)),
                replace_api_key(&self.changed_key()),
                insert_api_key(&api_key(9, &self.ada)),
                replace_onboarding(&self.changed_onboarding()),
                insert_onboarding(&onboarding(9)),
                Write::TouchApiKey { id: self.his_key.id, at: NOW },
                Write::ClearAttempts(self.cleared.clone()),
                Write::RefundAttempt { key: self.refunded.clone(), window: self.window },
            ],
            events: vec![event(1, Event::UserLogout)],
            messages: vec![message(1)],
        }
    }

    fn changed_invitation(&self) -> Invitation {
        Invitation { taken: 1, ..next_invitation(&self.open) }
    }

    fn changed_key(&self) -> ApiKey {
        ApiKey { revoked_at: Some(NOW), ..next_api_key(&self.key) }
    }

    fn changed_onboarding(&self) -> OnboardingSession {
        OnboardingSession { sealed: vec![9; 9], ..next_onboarding(&self.begun) }
    }

    fn touched_key(&self) -> ApiKey {
        ApiKey { last_used_at: Some(NOW), ..self.his_key.clone() }
    }

    fn changed_ada(&self) -> User {
        User { email: user(8).email, epoch: self.ada.epoch.next(), ..next_user(&self.ada) }
    }

    fn changed_session(&self) -> Session {
        Session { generation: 1, ..next_session(&self.hers) }
    }

    /// All that can keep a batch from holding. None of it is about what the batch itself changes.
    pub(super) fn spoilers(&self) -> Vec<(&'static str, Spoiler)> {
        let (ben, his) = (&self.ben, &self.his);
        let taken_id = User { email: user(7).email, ..user(2) };
        let taken_address = User { email: ben.email.clone(), ..user(7) };
        let to_taken_address = User { email: ben.email.clone(), ..next_user(&self.eve) };
        let old_user = Version::new(ben.version.get() - 1);
        let new_user = ben.version.next();
        let old_session = Version::new(his.version.get() - 1);
        let new_session = his.version.next();
        let user_was = |was| Write::ReplaceUser { user: Box::new(next_user(ben)), was };
        let session_was = |was| Write::ReplaceSession { session: Box::new(next_session(his)), was };
        let (open, key) = (&self.his_open, &self.his_key);
        let invitation_was =
            |was| Write::ReplaceInvitation { invitation: Box::new(next_invitation(open)), was };
        let key_was = |was| Write::ReplaceApiKey { key: Box::new(next_api_key(key)), was };
        let begun = &self.other_begun;
        let onboarding_was =
            |was| Write::ReplaceOnboarding { session: Box::new(next_onboarding(begun)), was };
        let before = |version: Version| Version::new(version.get() - 1);
        let absent_key = next_api_key(&api_key(7, ben));
        let epoch = |id, epoch| Guard::UserEpoch { id, epoch: Epoch::new(epoch) };
        let version = |id, version| Guard::SessionVersion { id, version };
        let guards = [
            ("a guard on an epoch that is over", epoch(ben.id, 2)),
            ("a guard on an epoch to come", epoch(ben.id, 4)),
            ("a guard on the epoch of nobody", epoch(user_id(7), 0)),
            ("a guard on a version that is over", version(his.id, old_session)),
            ("a guard on a version to come", version(his.id, new_session)),
            ("a guard on the version of no session", version(session_id(7), Version::FIRST)),
            ("a guard on the absence of a session", Guard::NoSession { id: his.id }),
        ];
        let writes = [
            ("a new user of a taken id", insert_user(&taken_id)),
            ("a new user of a taken address", insert_user(&taken_address)),
            ("a user replaced at a version that is over", user_was(old_user)),
            ("a user replaced at a version to come", user_was(new_user)),
            ("an absent user replaced", replace_user(&next_user(&user(7)))),
            ("a user moved to a taken address", replace_user(&to_taken_address)),
            ("a new session of a taken id", insert_session(&session(2, ben))),
            ("a session replaced at a version that is over", session_was(old_session)),
            ("a session replaced at a version to come", session_was(new_session)),
            ("an absent session replaced", replace_session(&next_session(&session(7, ben)))),
            ("a new invitation of a taken id", insert_invitation(&invitation(2, None))),
            (
                "an invitation replaced at a version that is over",
                invitation_was(before(open.version)),
            ),
            ("an invitation replaced at a version to come", invitation_was(open.version.next())),
            (
                "an absent invitation replaced",
                replace_invitation(&next_invitation(&invitation(7, None))),
            ),
            ("a new API key of a taken id", insert_api_key(&api_key(2, ben))),
            ("an API key replaced at a version that is over", key_was(before(key.version))),
            ("an API key replaced at a version to come", key_was(key.version.next())),
            ("an absent API key replaced", replace_api_key(&absent_key)),
            ("a new onboarding session of a taken id", insert_onboarding(&onboarding(2))),
            (
                "an onboarding session replaced at a version that is over",
                onboarding_was(before(begun.version)),
            ),
            (
                "an onboarding session replaced at a version to come",
                onboarding_was(begun.version.next()),
            ),
            (
                "an absent onboarding session replaced",
                replace_onboarding(&next_onboarding(&onboarding(7))),
            ),
        ];
        let mut spoilers: Vec<(&'static str, Spoiler)> = Vec::new();
        for (what, guard) in guards {
            spoilers.push((what, Box::new(move |batch| with_last_guard(batch, &guard))));
        }
        for (what, write) in writes {
            let first = write.clone();
            spoilers.push((what, Box::new(move |batch| with_write(batch, 0, &first))));
            spoilers.push((what, Box::new(move |batch| with_write(batch, usize::MAX, &write))));
        }
        spoilers
    }

    pub(super) async fn assert_unchanged<S: Store>(&self, store: &S, what: &str) {
        for user in [&self.ada, &self.ben, &self.eve] {
            assert_eq!(store.user(user.id).await.as_ref(), Some(user), "{what}");
            assert_eq!(store.user_by_email(user.email.key()).await.as_ref(), Some(user), "{what}");
        }
        for (session, owner) in [(&self.hers, &self.ada), (&self.his, &self.ben)] {
            let found = store.session_with_user(session.id).await;
            assert_eq!(found, Some((session.clone(), owner.clone())), "{what}");
        }
        for number in [7, 8, 9] {
            assert_eq!(store.user(user_id(number)).await, None, "{what}");
            assert_eq!(store.user_by_email(user(number).email.key()).await, None, "{what}");
            assert!(store.session(session_id(number)).await.is_none(), "{what}");
            assert_eq!(store.invitation(invitation_id(number)).await, None, "{what}");
            assert_eq!(store.api_key(api_key_id(number)).await, None, "{what}");
            assert_eq!(store.onboarding(onboarding_id(number)).await, None, "{what}");
        }
        for invitation in [&self.open, &self.his_open] {
            let found = store.invitation(invitation.id).await;
            assert_eq!(found.as_ref(), Some(invitation), "{what}");
        }
        for key in [&self.key, &self.his_key] {
            let found = store.api_key(key.id).await.map(|owned| owned.key);
            assert_eq!(found.as_ref(), Some(key), "{what}");
        }
        for begun in [&self.begun, &self.other_begun] {
            let found = store.onboarding(begun.id).await;
            assert_eq!(found.as_ref(), Some(begun), "{what}");
        }
        let messages = store.take_messages(Timestamp::MAX, NOW, 9).await;
        assert_eq!(messages.expect("take_messages must not fail"), [], "{what}");
        for key in [&self.cleared, &self.refunded] {
            let verdict = store.attempt(key, &ACCOUNT, NOW).await;
            assert_eq!(verdict, AttemptVerdict::Locked { until: self.window }, "{what}");
        }
        assert_eq!(store.events().await, [], "{what}");
    }

    pub(super) async fn assert_applied<S: Store>(&self, store: &S) {
        let (ada, hers) = (self.changed_ada(), self.changed_session());
        for user in [&ada, &self.ben, &self.eve, &user(9)] {
            assert_eq!(store.user(user.id).await.as_ref(), Some(user));
            assert_eq!(store.user_by_email(user.email.key()).await.as_ref(), Some(user));
        }
        assert_eq!(store.user_by_email(self.ada.email.key()).await, None);
        for (session, owner) in
            [(&hers, &ada), (&session(9, &self.ada), &ada), (&self.his, &self.ben)]
        {
            let found = store.session_with_user(session.id).await;
            assert_eq!(found, Some((session.clone(), owner.clone())));
        }
        for expected in [self.changed_invitation(), invitation(9, None), self.his_open.clone()] {
            assert_eq!(store.invitation(expected.id).await, Some(expected));
        }
        for expected in [self.changed_key(), api_key(9, &self.ada), self.touched_key()] {
            let found = store.api_key(expected.id).await.map(|owned| owned.key);
            assert_eq!(found, Some(expected));
        }
        for expected in [self.changed_onboarding(), onboarding(9), self.other_begun.clone()] {
            assert_eq!(store.onboarding(expected.id).await, Some(expected));
        }
        let messages = store.take_messages(NOW, NOW, 9).await;
        let messages = messages.expect("take_messages must not fail");
        assert!(messages.iter().map(|taken| &taken.message).eq([&message(1)]));
        assert_eq!(attempts_left(store, &self.cleared, &ACCOUNT, NOW).await, 5);
        assert_eq!(attempts_left(store, &self.refunded, &ACCOUNT, NOW).await, 1);
        assert_eq!(store.events().await, self.batch().events);
    }
}

fn with_last_guard(mut batch: Commit, guard: &Guard) -> Commit {
    batch.guards.push(guard.clone());
    batch
}

/// With one more write at `position`, or at the end where there is no such position.
fn with_write(mut batch: Commit, position: usize, write: &Write) -> Commit {
    let position = position.min(batch.writes.len());
    batch.writes.insert(position, write.clone());
    batch
}

pub(super) fn at_epoch(user: &User) -> Guard {
    Guard::UserEpoch { id: user.id, epoch: user.epoch }
}

pub(super) fn at_version(session: &Session) -> Guard {
    Guard::SessionVersion { id: session.id, version: session.version }
}

/// Uses up what is left of the attempts `now`, and says how much it was.
pub(super) async fn attempts_left<S: Store>(
    store: &S,
    key: &AttemptKey,
    limit: &AttemptLimit,
    now: Timestamp,
) -> u32 {
    let mut left = 0;
    for _ in 0..=limit.attempts {
        let verdict = store.attempt(key, limit, now).await;
        left += u32::from(matches!(verdict, AttemptVerdict::Allowed { .. }));
    }
    left
}
