//! What a request counted.

use super::{Turn, Turned};
use crate::command::{Commit, Write};
use crate::env::Env;
use crate::flow::attempts::{self, Reservation};
use crate::model::{AttemptKey, AttemptLimit, AttemptVerdict};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// The attempts that a request counted. After a conflict it is looked at again, and they are the same ones.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    attempts: Vec<Reservation>,
    /// How many of them were made before a conflict: what they are about was looked at.
    made: usize,
}

impl Counted {
    /// The same, for a request that is looked at again.
    pub(crate) fn made(mut self) -> Self {
        self.made = self.attempts.len();
        self
    }

    fn of(&self, key: &AttemptKey) -> Option<&Reservation> {
        self.attempts.iter().find(|counted| counted.is_of(key))
    }
}

/// What a verdict on an attempt means.
type Admit = fn(AttemptKey, AttemptVerdict, &Env) -> Result<Reservation, Refusal>;

impl Turn {
    /// Counts a guess at a secret of an application's own step, before the step looks at it; beyond `limit` the
    /// request is refused ([`Refusal::RateLimited`](crate::Refusal::RateLimited)). It is counted by the address and
    /// this step, in whatever onboarding session. When the step is [done](Turn::done), the count begins anew.
    ///
    /// ```
    /// # use testudo::{Duration, FieldError, Step, model::AttemptLimit, onboarding::{Turn, Turned}};
    /// fn advance(turn: Turn) -> Step<Turned> {
    ///     let ten_minutes = Duration::from_minutes(10);
    ///     let limit =
    ///         AttemptLimit { attempts: 5, window: ten_minutes, lock: ten_minutes, hard_stop: None };
    ///     turn.count_attempt(limit, |turn| match turn.answers().required_text("word") {
    ///         Ok("mellon") => turn.done(),
    ///         Ok(_) => turn.fail([FieldError::new("word", "wrong", "expected the word")]),
    ///         Err(error) => turn.fail([error]),
    ///     })
    /// }
    /// ```
    ///
    /// # Security
    ///
    /// What can be guessed is counted first: parallel requests get no guess more (ASVS 5.0 2.4.1).
    pub fn count_attempt(
        self,
        limit: AttemptLimit,
        then: impl FnOnce(Self) -> Step<Turned> + Send + 'static,
    ) -> Step<Turned> {
        let key = self.own_key();
        self.count(key, limit, |mut turn, _| {
            turn.was_counted = true;
            then(turn)
        })
    }

    /// What is to be committed if a question finds no answer, while no secret was looked at yet: what this request
    /// counted is given back.
    pub(super) fn give_back(&self) -> Commit {
        let Counted { attempts, made } = &self.counted;
        // A guess may have been looked at by whatever asks now.
        let none_is_a_guess = !self.was_counted;
        attempts::give_back(attempts.iter().skip(*made).filter(|_| none_is_a_guess))
    }

    /// Guesses at the current step's own secret, if some were counted, are forgotten with what is committed.
    pub(super) fn forget_attempts(&mut self) {
        let key = self.own_key();
        if self.counted.of(&key).is_some() {
            self.commit(|batch| batch.write(Write::ClearAttempts(key)));
        }
    }

    fn own_key(&self) -> AttemptKey {
        AttemptKey::step(self.state.current().unwrap_or_default(), self.user().email.key())
    }

    /// Counts an attempt, once for each request, and goes on if it may be made; if not, the request is refused.
    pub(super) fn count(
        self,
        key: AttemptKey,
        limit: AttemptLimit,
        then: impl FnOnce(Self, Reservation) -> Step<Turned> + Send + 'static,
    ) -> Step<Turned> {
        count(self, attempts::admit, key, limit, then)
    }

    /// The same for a code of a second factor.
    pub(super) fn count_factor(
        self,
        key: AttemptKey,
        limit: AttemptLimit,
        then: impl FnOnce(Self, Reservation) -> Step<Turned> + Send + 'static,
    ) -> Step<Turned> {
        count(self, attempts::admit_factor, key, limit, then)
    }
}

fn count(
    mut turn: Turn,
    admit: Admit,
    key: AttemptKey,
    limit: AttemptLimit,
    then: impl FnOnce(Turn, Reservation) -> Step<Turned> + Send + 'static,
) -> Step<Turned> {
    if let Some(reservation) = turn.counted.of(&key).cloned() {
        return then(turn, reservation);
    }
    let command = attempts::count(&key, limit, &turn.env);
    let give_back = turn.give_back();
    ask(command, move |verdict| match admit(key, verdict, &turn.env) {
        Ok(reservation) => {
            turn.counted.attempts.push(reservation.clone());
            then(turn, reservation)
        }
        Err(refusal) => turn.refuse(refusal),
    })
    .on_fault(give_back)
}
