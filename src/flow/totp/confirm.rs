//! Binding one's account to an authenticator app, by the first code of it.

use super::{Change, may_enrol, waiting};
use crate::command::{Commit, Conflict, FindOnboarding};
use crate::env::Env;
use crate::event::{Event, LimitName, TotpFailure};
use crate::flow::attempts::{self, Reservation};
use crate::flow::fresh;
use crate::flow::own_account::Asker;
use crate::flow::presented::FoundWithUser;
use crate::model::{AttemptKey, AttemptLimit, Method, OnboardingSession, TotpFactor};
use crate::recovery_codes;
use crate::refusal::{FieldError, Refusal};
use crate::secret::Secret;
use crate::step::{Step, ask};
use crate::totp::{self, Seed};

type Outcome = Result<Vec<Secret<String>>, Refusal>;

/// Binds the account of an access token's user to the authenticator app whose seed
/// [`begin_totp`](super::begin_totp) showed, by a code of it. The recovery codes that come of it are told this
/// once: only digests of them are kept.
///
/// An app that the account was bound to before counts no more, nor do recovery codes from before. All other
/// sessions and all API keys end; this session goes on and has shown its second factor. The code is spent. The
/// account's address is told.
///
/// Wrong codes are counted as those at signing in are, and apart from them: they are guesses at another seed, and
/// bring no hard stop closer.
///
/// A client that got no answer finds the app to be the account's, and asks for
/// [other recovery codes](super::replace_recovery_codes).
///
/// # Errors
///
/// As [`authenticate_user`](crate::flow::authenticate_user), and [`Refusal::StepUpRequired`],
/// [`Refusal::EmailUnverified`], [`Refusal::NotFound`] where no seed waits, [`Refusal::Invalid`] with
/// `invalid_code`, [`Refusal::RateLimited`], [`Refusal::Busy`].
pub fn confirm_totp(access_token: &str, code: &str, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => {
            let attempt = Attempt { code: Secret::new(code.to_owned()), reservation: None };
            look(asker, attempt, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, attempt: Attempt, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| {
        match may_enrol(&found, &env).and_then(|()| fit(&attempt)) {
            Ok(()) => count(asker, attempt, found, env),
            Err(refusal) => fresh::refuse(&found.session, refusal, env),
        }
    })
}

/// What can be said of the request before any secret is looked at.
fn fit(attempt: &Attempt) -> Result<(), Refusal> {
    if totp::is_code(attempt.code.expose()) { Ok(()) } else { Err(wrong_code()) }
}

/// Counts the attempt, once: after a conflict it is the same one.
fn count(asker: Asker, mut attempt: Attempt, found: FoundWithUser, env: Env) -> Step<Outcome> {
    if let Some(reservation) = attempt.reservation.take() {
        return find(asker, attempt.code, reservation, found, env);
    }
    let key = AttemptKey::totp_enrolment(found.user.id);
    let limit = AttemptLimit { hard_stop: None, ..env.policy().totp };
    ask(attempts::count(&key, limit, &env), move |verdict| {
        match attempts::admit(key, verdict, &env) {
            Ok(reservation) => find(asker, attempt.code, reservation, found, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn find(
    asker: Asker,
    code: Secret<String>,
    reservation: Reservation,
    found: FoundWithUser,
    env: Env,
) -> Step<Outcome> {
    let give_back = attempts::give_back([&reservation]);
    ask(FindOnboarding { id: waiting::id(found.user.id) }, move |row| {
        let seed = row.and_then(|row| Some((waiting::seed(&row, found.user.id, &env)?, row)));
        let Some((seed, row)) = seed else {
            let batch = Commit::new().write(reservation.refund());
            return ask(batch, |_| Step::Done(Err(Refusal::NotFound)));
        };
        match seed.step_of(code.expose(), env.now, env.policy().totp_skew) {
            Some(step) => {
                let attempt = Attempt { code, reservation: Some(reservation) };
                enrol(asker, attempt, Proved { seed, step, row }, found, env)
            }
            None => reject(&reservation, &found, env),
        }
    })
    .on_fault(give_back)
}

/// Writes user, session and the row that the seed waited in. The step of the code is the last that was used: the
/// code does not sign anybody in any more.
fn enrol(
    asker: Asker,
    attempt: Attempt,
    Proved { seed, step, row }: Proved,
    mut found: FoundWithUser,
    mut env: Env,
) -> Step<Outcome> {
    let user = found.user.id;
    let sealed_seed = seed.seal(user, &mut env);
    let factor = TotpFactor { sealed_seed, last_step: step, enrolled_at: env.now };
    let (codes, digests) = recovery_codes::generate(user, &mut env);
    if !found.session.methods.contains(&Method::Otp) {
        found.session.methods.push(Method::Otp);
    }
    let change = Change::Enrolled { factor, recovery_codes: digests };
    let batch = change.within_session(found, &mut env).write(waiting::spend(row, env.now));
    let batch = match &attempt.reservation {
        Some(counted) => batch.write(counted.clear()),
        None => batch,
    };
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(codes)),
        Err(Conflict) if env.retries.spend() => look(asker, attempt, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Records the failure. The attempt stays counted.
fn reject(reservation: &Reservation, found: &FoundWithUser, mut env: Env) -> Step<Outcome> {
    let (user, session) = (Some(found.user.id), Some(found.session.id));
    let reason = TotpFailure::WrongCode;
    let mut batch = Commit::new().event(env.event(user, session, Event::TotpFailed { reason }));
    if reservation.is_last {
        let limit = LimitName::Totp;
        batch = batch.event(env.event(user, session, Event::RateLimitExceeded { limit }));
    }
    ask(batch, |_| Step::Done(Err(wrong_code())))
}

fn wrong_code() -> Refusal {
    let message = "expected the six digits that the authenticator app shows now";
    Refusal::Invalid(vec![FieldError::new("code", "invalid_code", message)])
}

/// An attempt on its way.
#[derive(Debug)]
struct Attempt {
    code: Secret<String>,
    /// `None` before it was counted.
    reservation: Option<Reservation>,
}

/// A seed whose code was right, and where it waited.
struct Proved {
    seed: Seed,
    step: u64,
    row: OnboardingSession,
}
