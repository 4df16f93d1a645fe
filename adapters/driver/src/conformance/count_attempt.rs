//! Attempts are counted as `AttemptCounter` counts them, however many come at once.

use std::collections::BTreeMap;

use testudo::command::Write;
use testudo::model::{AttemptCounter, AttemptKey, AttemptLimit, AttemptVerdict, WindowEnd};
use testudo::{Duration, Timestamp};

use super::observe::Observe;
use super::race::race;
use super::records::{ACCOUNT, NOW, account, lookalikes};
use crate::Store;

pub async fn of_200_parallel_attempts_at_an_account_exactly_5_are_allowed<S: Store>(store: S) {
    assert_counted_as_one_after_the_other(&store, &ACCOUNT).await;
}

pub async fn of_200_parallel_attempts_from_a_network_exactly_100_are_allowed<S: Store>(store: S) {
    let network = AttemptLimit { attempts: 100, lock: Duration::ZERO, hard_stop: None, ..ACCOUNT };
    assert_counted_as_one_after_the_other(&store, &network).await;
}

pub async fn parallel_attempts_end_at_the_hard_stop<S: Store>(store: S) {
    let stopping = AttemptLimit { attempts: 1000, hard_stop: Some(7), ..ACCOUNT };
    assert_counted_as_one_after_the_other(&store, &stopping).await;
}

pub async fn parallel_attempts_under_many_keys_are_counted_apart<S: Store>(store: S) {
    let keys: Vec<_> = (0..20).map(|n| account(&format!("user-{n}@example.com"))).collect();
    let attempts = race(200, |n| store.attempt(&keys[n as usize % 20], &ACCOUNT, NOW));
    assert_eq!(allowed(&attempts.await), 20 * 5);
}

pub async fn parallel_refunds_each_give_one_attempt_back<S: Store>(store: S) {
    let key = account("ada@example.com");
    let limit = AttemptLimit { attempts: 100, lock: Duration::ZERO, hard_stop: None, ..ACCOUNT };
    let window = use_up(&store, &key, &limit).await;
    race(60, |_| store.write([Write::RefundAttempt { key: key.clone(), window }])).await;
    let verdicts = race(100, |_| store.attempt(&key, &limit, NOW)).await;
    assert_eq!(allowed(&verdicts), 60);
}

pub async fn verdicts_are_those_of_the_counter_itself_along_long_scripts<S: Store>(store: S) {
    let mut script = Script::default();
    for scene in 0..SCENES {
        script.play_a_scene(&store, scene).await;
    }
    // Allowed, the last one, locked, stopped: a script that misses one of them shows little.
    let Seen { allowed, last, locked, stopped } = script.seen;
    assert!([allowed, last, locked, stopped].iter().all(|times| *times > 50), "too tame");
}

pub async fn a_locked_account_is_free_again_when_its_lock_ends<S: Store>(store: S) {
    let key = account("ada@example.com");
    use_up(&store, &key, &ACCOUNT).await;
    let until = NOW + ACCOUNT.lock;
    let just_before = NOW + Duration::from_millis(ACCOUNT.lock.as_millis() - 1);
    for now in [NOW, just_before] {
        let verdict = store.attempt(&key, &ACCOUNT, now).await;
        assert_eq!(verdict, AttemptVerdict::Locked { until });
    }
    assert!(is_allowed(store.attempt(&key, &ACCOUNT, until).await));
}

pub async fn a_window_that_is_over_is_forgotten<S: Store>(store: S) {
    let key = account("ada@example.com");
    for now in [NOW, NOW + ACCOUNT.window] {
        for _ in 0..4 {
            let window = now + ACCOUNT.window;
            let verdict = store.attempt(&key, &ACCOUNT, now).await;
            assert_eq!(verdict, AttemptVerdict::Allowed { window, is_last: false });
        }
    }
}

pub async fn the_hard_stop_lasts_until_the_counter_is_cleared<S: Store>(store: S) {
    let key = account("ada@example.com");
    let limit = AttemptLimit { hard_stop: Some(7), ..ACCOUNT };
    let mut now = NOW;
    for _ in 0..7 {
        assert!(is_allowed(store.attempt(&key, &limit, now).await));
        now = now + Duration::from_days(1);
    }
    for now in [NOW, now, Timestamp::MAX] {
        assert_eq!(store.attempt(&key, &limit, now).await, AttemptVerdict::Stopped);
    }
    store.write([Write::ClearAttempts(key.clone())]).await;
    assert!(is_allowed(store.attempt(&key, &limit, now).await));
}

pub async fn a_refused_attempt_changes_nothing<S: Store>(store: S) {
    let key = account("ada@example.com");
    let limit = AttemptLimit { hard_stop: Some(6), ..ACCOUNT };
    use_up(&store, &key, &limit).await;
    let verdicts = race(50, |second| {
        let now = NOW + Duration::from_secs(u64::from(second));
        store.attempt(&key, &limit, now)
    });
    let until = NOW + limit.lock;
    assert!(verdicts.await.iter().all(|verdict| *verdict == AttemptVerdict::Locked { until }));
    // Had the refused ones counted, the lock would last longer or the hard stop be reached.
    assert!(is_allowed(store.attempt(&key, &limit, until).await));
    assert_eq!(store.attempt(&key, &limit, until).await, AttemptVerdict::Stopped);
}

pub async fn keys_of_counters_are_compared_byte_for_byte<S: Store>(store: S) {
    let once = AttemptLimit { attempts: 1, ..ACCOUNT };
    let mut keys: Vec<_> = lookalikes().iter().map(|text| account(text)).collect();
    let longest = "a".repeat(300 - account("").as_str().len());
    keys.push(account(&longest));
    // The same but for the last byte.
    keys.push(account(&format!("{}b", longest.split_at(longest.len() - 1).0)));
    for key in &keys {
        assert!(is_allowed(store.attempt(key, &once, NOW).await), "{key:?} was taken for another");
    }
    let (cleared, others) = keys.split_first().expect("keys");
    store.write([Write::ClearAttempts(cleared.clone())]).await;
    for key in others {
        assert!(!is_allowed(store.attempt(key, &once, NOW).await), "{key:?} was cleared too");
    }
    assert!(is_allowed(store.attempt(cleared, &once, NOW).await));
}

pub async fn a_changed_limit_holds_from_the_next_attempt_on<S: Store>(store: S) {
    let key = account("ada@example.com");
    let window = use_up(&store, &key, &ACCOUNT).await;
    let wider = AttemptLimit { attempts: 7, ..ACCOUNT };
    let verdict = store.attempt(&key, &wider, NOW).await;
    assert_eq!(verdict, AttemptVerdict::Allowed { window, is_last: false });
    let narrower = AttemptLimit { attempts: 3, ..ACCOUNT };
    let verdict = store.attempt(&key, &narrower, NOW).await;
    assert_eq!(verdict, AttemptVerdict::Locked { until: window });
    let stopping = AttemptLimit { hard_stop: Some(6), ..wider };
    assert_eq!(store.attempt(&key, &stopping, NOW).await, AttemptVerdict::Stopped);
    assert!(is_allowed(store.attempt(&key, &wider, NOW).await));
}

/// Runs 200 attempts at once: the verdicts must be those of 200 attempts in a row.
async fn assert_counted_as_one_after_the_other<S: Store>(store: &S, limit: &AttemptLimit) {
    let key = account("ada@example.com");
    let verdicts = race(200, |_| store.attempt(&key, limit, NOW)).await;
    let mut counter = AttemptCounter::new();
    let expected: Vec<_> = (0..200).map(|_| counter.reserve(limit, NOW)).collect();
    assert_eq!(tally(&verdicts), tally(&expected));
}

/// How often each verdict was given.
fn tally(verdicts: &[AttemptVerdict]) -> BTreeMap<String, u32> {
    let mut tally = BTreeMap::new();
    for verdict in verdicts {
        *tally.entry(format!("{verdict:?}")).or_default() += 1;
    }
    tally
}

fn allowed(verdicts: &[AttemptVerdict]) -> usize {
    verdicts.iter().filter(|verdict| is_allowed(**verdict)).count()
}

const fn is_allowed(verdict: AttemptVerdict) -> bool {
    matches!(verdict, AttemptVerdict::Allowed { .. })
}

/// Makes all attempts of a window and returns the window.
async fn use_up<S: Store>(store: &S, key: &AttemptKey, limit: &AttemptLimit) -> WindowEnd {
    for _ in 1..limit.attempts {
        assert!(is_allowed(store.attempt(key, limit, NOW).await));
    }
    match store.attempt(key, limit, NOW).await {
        AttemptVerdict::Allowed { window, is_last: true } => window,
        other => panic!("expected the last attempt of the window to be allowed, got {other:?}"),
    }
}

/// Attempts, refunds and clearings in a fixed order that looks like none, played to a store and to
/// the counters themselves.
#[derive(Default)]
struct Script {
    dice: Dice,
    counters: BTreeMap<AttemptKey, AttemptCounter>,
    windows: Vec<WindowEnd>,
    seen: Seen,
}

const SCENES: u32 = 75;
const STEPS_IN_A_SCENE: u32 = 25;

#[derive(Default)]
struct Seen {
    allowed: u32,
    last: u32,
    locked: u32,
    stopped: u32,
}

/// What the attempts of a scene have in common.
struct Scene {
    keys: [AttemptKey; 2],
    begins: Timestamp,
    /// How far moments and spans reach.
    reach: Duration,
    /// One limit for all, as it is in life; or another one for each.
    limit: Option<AttemptLimit>,
}

impl Script {
    /// Of seconds or of hours, at the beginning of time or today, under one limit or many.
    async fn play_a_scene<S: Store>(&mut self, store: &S, number: u32) {
        let mut scene = Scene {
            keys: ["ada", "ben"].map(|name| account(&format!("{name}-{number}@example.com"))),
            begins: self.dice.one_of(&[Timestamp::from_millis(0), NOW]),
            reach: self.dice.one_of(&[Duration::from_millis(60), Duration::from_secs(3600)]),
            limit: None,
        };
        if self.dice.below(2) == 0 {
            scene.limit = Some(self.limit(&scene));
        }
        for _ in 0..STEPS_IN_A_SCENE {
            self.play_a_step(store, &scene).await;
        }
    }

    async fn play_a_step<S: Store>(&mut self, store: &S, scene: &Scene) {
        let key = if self.dice.below(4) == 0 { &scene.keys[1] } else { &scene.keys[0] };
        match self.dice.below(22) {
            0 => self.clear(store, key).await,
            1 => {
                // Of a window that there may never have been.
                let window = self.moment(scene);
                self.refund(store, key, window).await;
            }
            2..6 => {
                // Of a recent window, which is often still there, and sometimes another key's.
                let recent: Vec<_> = self.windows.iter().rev().take(6).copied().collect();
                if !recent.is_empty() {
                    let window = self.dice.one_of(&recent);
                    self.refund(store, key, window).await;
                }
            }
            _ => self.reserve(store, key, scene).await,
        }
    }

    async fn reserve<S: Store>(&mut self, store: &S, key: &AttemptKey, scene: &Scene) {
        let limit = scene.limit.unwrap_or_else(|| self.limit(scene));
        let now = self.moment(scene);
        let verdict = store.attempt(key, &limit, now).await;
        let counter = self.counters.entry(key.clone()).or_default();
        let before = *counter;
        assert_eq!(verdict, counter.reserve(&limit, now), "{before:?} under {limit:?} at {now}");
        match verdict {
            AttemptVerdict::Allowed { window, is_last } => {
                self.windows.push(window);
                self.seen.allowed += 1;
                self.seen.last += u32::from(is_last);
            }
            AttemptVerdict::Locked { .. } => self.seen.locked += 1,
            AttemptVerdict::Stopped => self.seen.stopped += 1,
        }
    }

    async fn refund<S: Store>(&mut self, store: &S, key: &AttemptKey, window: WindowEnd) {
        store.write([Write::RefundAttempt { key: key.clone(), window }]).await;
        self.counters.entry(key.clone()).or_default().refund(window);
    }

    async fn clear<S: Store>(&mut self, store: &S, key: &AttemptKey) {
        store.write([Write::ClearAttempts(key.clone())]).await;
        self.counters.remove(key);
    }

    fn limit(&mut self, scene: &Scene) -> AttemptLimit {
        AttemptLimit {
            attempts: self.dice.one_of(&[0, 1, 2, 3, 5, u32::MAX]),
            window: self.span(scene),
            lock: self.span(scene),
            hard_stop: self.dice.one_of(&[None, None, Some(0), Some(1), Some(7), Some(u32::MAX)]),
        }
    }

    /// Mostly shorter than the scene, and at times without an end.
    fn span(&mut self, scene: &Scene) -> Duration {
        match self.dice.below(12) {
            0 => Duration::ZERO,
            1 => Duration::from_millis(u64::MAX),
            _ => Duration::from_millis(self.dice.below(scene.reach.as_millis())),
        }
    }

    /// Mostly within the scene, in no order, and at times at either end of time.
    fn moment(&mut self, scene: &Scene) -> Timestamp {
        match self.dice.below(50) {
            0 => Timestamp::from_millis(0),
            1 => Timestamp::MAX,
            _ => scene.begins + Duration::from_millis(self.dice.below(scene.reach.as_millis())),
        }
    }
}

/// Numbers that are the same in every run: xorshift64* (Vigna 2016).
struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self(0x7e57_7d0e)
    }
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let choice = self.below(choices.len() as u64);
        choices[usize::try_from(choice).expect("less than a length")]
    }
}
