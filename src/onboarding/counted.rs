//! What a request counted.

use super::{Turn, Turned};
use crate::env::Env;
use crate::flow::attempts::{self, Reservation};
use crate::model::{AttemptKey, AttemptLimit, AttemptVerdict};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// The attempts that a request counted. After a conflict it is looked at again, and they are the same ones.
#[derive(Debug, Default)]
pub(crate) struct Counted(Vec<Reservation>);

/// What a verdict on an attempt means.
type Admit = fn(AttemptKey, AttemptVerdict, &Env) -> Result<Reservation, Refusal>;

impl Turn {
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
    if let Some(reservation) = turn.counted.0.iter().find(|counted| counted.is_of(&key)) {
        let reservation = reservation.clone();
        return then(turn, reservation);
    }
    let command = attempts::count(&key, limit, &turn.env);
    ask(command, move |verdict| match admit(key, verdict, &turn.env) {
        Ok(reservation) => {
            turn.counted.0.push(reservation.clone());
            then(turn, reservation)
        }
        Err(refusal) => turn.refuse(refusal),
    })
}
