//! Reserving attempts: what flows that look at a secret do first.

use std::fmt::Display;

use crate::command::{Commit, CountAttempt, Write};
use crate::env::Env;
use crate::event::{Event, EventKind, LimitName};
use crate::model::{AttemptKey, AttemptLimit, AttemptVerdict, Email, SessionId, UserId, WindowEnd};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Duration;

/// An attempt that was counted and may be made.
#[derive(Clone, Debug)]
pub(crate) struct Reservation {
    key: AttemptKey,
    window: WindowEnd,
    /// Whether the next attempt will be refused.
    pub(crate) is_last: bool,
}

/// The command that counts an attempt under `key`, now.
pub(crate) fn count(key: &AttemptKey, limit: AttemptLimit, env: &Env) -> CountAttempt {
    CountAttempt { key: key.clone(), limit, now: env.now }
}

/// What the verdict on an attempt means for its flow.
pub(crate) fn admit(
    key: AttemptKey,
    verdict: AttemptVerdict,
    env: &Env,
) -> Result<Reservation, Refusal> {
    match verdict {
        AttemptVerdict::Allowed { window, is_last } => Ok(Reservation { key, window, is_last }),
        AttemptVerdict::Locked { until } => {
            Err(Refusal::RateLimited { retry_after: until - env.now })
        }
        AttemptVerdict::Stopped => Err(Refusal::PasswordStopped),
    }
}

/// The same for a code of a second factor.
pub(crate) fn admit_factor(
    key: AttemptKey,
    verdict: AttemptVerdict,
    env: &Env,
) -> Result<Reservation, Refusal> {
    match admit(key, verdict, env) {
        Err(Refusal::PasswordStopped) => Err(Refusal::SecondFactorStopped),
        admitted => admitted,
    }
}

/// Counts a mail that a user has sent to an address of their choice, and goes on if both limits allow it.
///
/// It is counted under the user first, so that one who is over the limit uses up no address's.
pub(crate) fn count_mail<T: 'static>(
    user: UserId,
    to: &Email,
    env: Env,
    then: impl FnOnce(Reached, Env) -> Step<Result<T, Refusal>> + Send + 'static,
) -> Step<Result<T, Refusal>> {
    let (user, address) = (AttemptKey::mail_user(user), AttemptKey::email_proof(to.key()));
    let command = count(&user, env.policy().mail_user, &env);
    ask(command, move |verdict| match admit(user, verdict, &env) {
        Ok(reservation) => {
            let mut reached = Reached::default();
            reached.note(reservation, LimitName::MailUser);
            count_mail_to(address, reached, env, then)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn count_mail_to<T: 'static>(
    address: AttemptKey,
    mut reached: Reached,
    env: Env,
    then: impl FnOnce(Reached, Env) -> Step<Result<T, Refusal>> + Send + 'static,
) -> Step<Result<T, Refusal>> {
    let command = count(&address, env.policy().email_proof, &env);
    let give_back = reached.give_back();
    ask(command, move |verdict| match admit(address, verdict, &env) {
        Ok(reservation) => {
            reached.note(reservation, LimitName::EmailProof);
            then(reached, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
    .on_fault(give_back)
}

/// Refuses what was genuine, with an event about it: once a minute for each `subject`, so that who holds it
/// fills no table.
pub(crate) fn refuse<T: 'static>(
    refused: Refused,
    subject: &impl Display,
    refusal: Refusal,
    env: Env,
) -> Step<Result<T, Refusal>> {
    rarely(refused.event.kind(), subject, env, move |is_rare, mut env| {
        if !is_rare {
            return Step::Done(Err(refusal));
        }
        let Refused { user, session, event } = refused;
        let event = env.event(user, session, event);
        ask(Commit::new().event(event), |_| Step::Done(Err(refusal)))
    })
}

/// Goes on, and says whether this is the first in a minute of its kind about `subject`: of what anybody may do
/// as often as they like, so much is recorded.
pub(crate) fn rarely<T: 'static>(
    kind: EventKind,
    subject: &impl Display,
    env: Env,
    then: impl FnOnce(bool, Env) -> Step<T> + Send + 'static,
) -> Step<T> {
    let key = AttemptKey::refused(kind.as_str(), subject);
    ask(count(&key, Refused::EVERY_MINUTE, &env), move |verdict| {
        then(matches!(verdict, AttemptVerdict::Allowed { .. }), env)
    })
}

/// What is to be recorded of a refusal.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) user: Option<UserId>,
    pub(crate) session: Option<SessionId>,
    pub(crate) event: Event,
}

impl Refused {
    const EVERY_MINUTE: AttemptLimit = AttemptLimit {
        attempts: 1,
        window: Duration::from_minutes(1),
        lock: Duration::ZERO,
        hard_stop: None,
    };
}

/// The attempts that a flow counted which are no guesses: they stay counted, and the limits of which they were the
/// last go into the audit trail.
#[derive(Debug, Default)]
pub(crate) struct Reached(Vec<(Reservation, LimitName)>);

impl Reached {
    /// Remembers an attempt, and the limit under which it was counted.
    pub(crate) fn note(&mut self, reservation: Reservation, limit: LimitName) {
        self.0.push((reservation, limit));
    }

    /// The batch with an event for each limit of which the last attempt was made.
    pub(crate) fn report(&self, batch: Commit, user: Option<UserId>, env: &mut Env) -> Commit {
        let last = self.0.iter().filter(|(reservation, _)| reservation.is_last);
        last.fold(batch, |batch, (_, limit)| {
            batch.event(env.event(user, None, Event::RateLimitExceeded { limit: *limit }))
        })
    }

    /// What is to be committed if a question finds no answer before the flow has done anything.
    pub(crate) fn give_back(&self) -> Commit {
        give_back(self.0.iter().map(|(reservation, _)| reservation))
    }
}

/// The batch that takes attempts back: for a question that finds no answer while no secret was looked at yet.
pub(crate) fn give_back<'a>(reservations: impl IntoIterator<Item = &'a Reservation>) -> Commit {
    Commit::new().write_all(reservations.into_iter().map(Reservation::refund))
}

impl Reservation {
    /// Whether it was counted under this key.
    pub(crate) fn is_of(&self, key: &AttemptKey) -> bool {
        self.key == *key
    }

    /// Takes the attempt back, because it succeeded or was none.
    pub(crate) fn refund(&self) -> Write {
        Write::RefundAttempt { key: self.key.clone(), window: self.window }
    }

    /// Forgets everything counted under the key, because its owner has come.
    pub(crate) fn clear(&self) -> Write {
        Write::ClearAttempts(self.key.clone())
    }
}
