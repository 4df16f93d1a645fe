//! Password login: count the attempt, look, verify, settle.

mod attempt;

use self::attempt::{Attempt, next};
use super::entrance::{Way, way};
use super::{attempts, credentials, device};
use crate::command::{
    Against, Commit, Conflict, ConsultLegacy, FindUser, HashPassword, LegacyVerdict,
    PasswordVerdict, UserKey, VerifyPassword,
};
use crate::env::Env;
use crate::event::LoginFailure;
use crate::model::{AttemptKey, JsonObject, Session, User, UserId};
use crate::onboarding::SignIn;
use crate::owed::Cleared;
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::Tokens;

/// A request to sign in with a password.
#[derive(Debug)]
pub struct Login {
    /// The address as typed.
    pub email: String,
    /// The password as typed.
    pub password: Password,
    /// Whether the session should last as long as one of a remembered user.
    pub remember: bool,
    /// What is to travel with the session; every authenticated request gets it back.
    pub claims: JsonObject,
}

impl Login {
    /// A request for an ordinary session without extra claims.
    #[must_use]
    pub fn new(email: impl Into<String>, password: Password) -> Self {
        let (email, claims) = (email.into(), JsonObject::new());
        Self { email, password, remember: false, claims }
    }
}

/// A sign-in that succeeded.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who signed in.
    pub user: User,
    /// The session that began.
    pub session: Session,
    /// Its first tokens.
    pub tokens: Tokens,
}

type Outcome = Result<SignIn, Refusal>;

/// Signs an account in with its password.
///
/// The attempt is counted before the password is looked at, so that no number of parallel attempts
/// gets more guesses than the policy allows; it is taken back when it succeeds. Unknown, inactive and
/// password-less accounts take the same steps, cost the same hash and get the same answer as a wrong
/// password.
///
/// A stored hash that is not up to date is replaced in the commit that opens the session. So is the
/// mark of an account whose password still lives in the system that it comes from, if the policy
/// lets it be asked for there.
///
/// A right password lets nobody in who [owes](crate::owed) something more, such as a second factor: the result
/// is an onboarding session then, and its last step opens the session
/// ([`advance_onboarding`](super::advance_onboarding)).
///
/// The owner is told when none of the newest sign-ins came with the same user agent
/// ([`MessageKind::NewDevice`](crate::message::MessageKind::NewDevice)); not of the first sign-in.
///
/// # Errors
///
/// [`Refusal::InvalidCredentials`], [`Refusal::RateLimited`], [`Refusal::PasswordStopped`],
/// [`Refusal::Invalid`] for an address or password that cannot be one or claims that do not fit into a
/// token, [`Refusal::Busy`].
///
/// # Security
///
/// An account that waits for its old system takes one command more, and as long as that system takes:
/// whoever measures it learns that the account exists and has not moved yet.
pub fn login(request: Login, env: Env) -> Step<Outcome> {
    match credentials::presented(&request.email, &request.password) {
        // Boxed, since it moves on from question to question.
        Ok(email) => count_network(Box::new(Attempt::new(email, request)), env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

/// Counts against the client's network first, so that one that is over its limit locks nobody out.
fn count_network(mut attempt: Box<Attempt>, env: Env) -> Step<Outcome> {
    let Some(ip) = env.client.ip() else { return count_account(attempt, env) };
    let key = AttemptKey::login_network(ip);
    let command = attempts::count(&key, env.policy().login_network, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            attempt.network = Some(reservation);
            count_account(attempt, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn count_account(mut attempt: Box<Attempt>, env: Env) -> Step<Outcome> {
    let key = AttemptKey::login_account(attempt.email.key());
    let command = attempts::count(&key, env.policy().login_account, &env);
    let give_back = attempt.taken_back();
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            attempt.account = Some(reservation);
            look(attempt, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
    .on_fault(give_back)
}

fn look(attempt: Box<Attempt>, env: Env) -> Step<Outcome> {
    let key = UserKey::Email(attempt.email.key().clone());
    let give_back = attempt.taken_back();
    ask(FindUser { key }, move |user| verify(attempt, user, env)).on_fault(give_back)
}

/// Verifies against nobody when there is no usable password: all answers must cost the same.
fn verify(mut attempt: Box<Attempt>, user: Option<User>, env: Env) -> Step<Outcome> {
    let known = |user: &&User| has_password(user, &env);
    let stored = user.as_ref().filter(known).map(|user| user.password.clone());
    // After a conflict the verdict on the same hash still stands, and another hash would be costly.
    if let Some(verdict) = attempt.verdict_on(stored.as_ref()) {
        return judge(attempt, user, verdict, env);
    }
    match (user, stored) {
        (Some(user), Some(stored)) if stored.is_legacy() => consult(attempt, user, env),
        (user, stored) => {
            let against = stored.clone().map_or(Against::Nobody, Against::Stored);
            let (password, give_back) = (attempt.password.clone(), attempt.taken_back());
            ask(VerifyPassword { password, against }, move |verdict| {
                attempt.verified = Some((stored, verdict));
                judge(attempt, user, verdict, env)
            })
            .on_fault(give_back)
        }
    }
}

/// Asks the system that the account comes from. What that refuses costs a hash here, as what it
/// accepts is going to; it was a guess, whether or not that hash can be run.
fn consult(attempt: Box<Attempt>, user: User, env: Env) -> Step<Outcome> {
    let (email, password) = (user.email.clone(), attempt.password.clone());
    let give_back = attempt.taken_back();
    ask(ConsultLegacy { email, password }, move |verdict| match verdict {
        LegacyVerdict::Right => {
            conclude(attempt, user, PasswordVerdict::Valid { outdated: true }, env)
        }
        LegacyVerdict::Wrong => {
            let password = attempt.password.clone();
            ask(VerifyPassword { password, against: Against::Nobody }, move |_| {
                conclude(attempt, user, PasswordVerdict::Invalid, env)
            })
        }
    })
    .on_fault(give_back)
}

fn conclude(
    mut attempt: Box<Attempt>,
    user: User,
    verdict: PasswordVerdict,
    env: Env,
) -> Step<Outcome> {
    attempt.verified = Some((Some(user.password.clone()), verdict));
    judge(attempt, Some(user), verdict, env)
}

/// An outdated hash is replaced before the account is looked at: a right password costs the same
/// whether or not it lets anybody in.
fn judge(
    attempt: Box<Attempt>,
    user: Option<User>,
    verdict: PasswordVerdict,
    env: Env,
) -> Step<Outcome> {
    let Some(user) = user else {
        return reject(&attempt, None, LoginFailure::UnknownUser, env);
    };
    let outdated = verdict == PasswordVerdict::Valid { outdated: true };
    if outdated && attempt.rehashed.is_none() {
        return rehash(attempt, user, verdict, env);
    }
    match decide(&user, has_password(&user, &env), verdict) {
        Ok(()) => {
            let rehashed = attempt.rehashed.clone().flatten().filter(|_| outdated);
            go_on(attempt, user, rehashed, env)
        }
        Err(reason) => reject(&attempt, Some(user.id), reason, env),
    }
}

/// The whole policy of a password login to an account that exists.
fn decide(user: &User, has_password: bool, verdict: PasswordVerdict) -> Result<(), LoginFailure> {
    match verdict {
        _ if !has_password => Err(LoginFailure::UnusablePassword),
        PasswordVerdict::Invalid => Err(LoginFailure::WrongPassword),
        PasswordVerdict::Unreadable => Err(LoginFailure::UnreadableHash),
        PasswordVerdict::Valid { .. } if !user.may_be_used() => Err(LoginFailure::Inactive),
        PasswordVerdict::Valid { .. } => Ok(()),
    }
}

/// Whether there is a password to hold the presented one against, here or in the old system.
fn has_password(user: &User, env: &Env) -> bool {
    user.password.is_usable() || (user.password.is_legacy() && env.policy().consult_legacy)
}

/// Hashes the password anew, once: after a conflict the same new hash will do. A password that the
/// preferred hasher cannot take keeps its old hash.
fn rehash(
    mut attempt: Box<Attempt>,
    user: User,
    verdict: PasswordVerdict,
    mut env: Env,
) -> Step<Outcome> {
    let command = HashPassword { password: attempt.password.clone(), salt: env.new_salt() };
    let give_back = attempt.taken_back();
    ask(command, move |hashed| {
        attempt.rehashed = Some(hashed.ok());
        judge(attempt, Some(user), verdict, env)
    })
    .on_fault(give_back)
}

/// Lets the account in, unless something is owed.
fn go_on(
    attempt: Box<Attempt>,
    user: User,
    rehashed: Option<PasswordHash>,
    mut env: Env,
) -> Step<Outcome> {
    let stored = next(&user, rehashed.clone());
    let arrival = attempt.arrival(&env);
    match way(&stored, &arrival, &mut env) {
        Way::In(cleared) => recognise(attempt, user, rehashed, cleared, env),
        Way::Owing(pending) => {
            let (batch, shown) = attempt.pending(&user, rehashed, *pending, &mut env);
            settle(attempt, batch, shown.map(|shown| SignIn::Owing(Box::new(shown))), env)
        }
    }
}

/// Looks once whether the owner is to be told of a new device.
fn recognise(
    mut attempt: Box<Attempt>,
    user: User,
    rehashed: Option<PasswordHash>,
    cleared: Cleared,
    env: Env,
) -> Step<Outcome> {
    if attempt.is_new_device.is_some() {
        return grant(attempt, &user, rehashed, cleared, env);
    }
    device::recognise(&user.clone(), env, move |is_new_device, env| {
        attempt.is_new_device = Some(is_new_device);
        grant(attempt, &user, rehashed, cleared, env)
    })
}

/// Opens the session.
fn grant(
    attempt: Box<Attempt>,
    user: &User,
    rehashed: Option<PasswordHash>,
    cleared: Cleared,
    mut env: Env,
) -> Step<Outcome> {
    match attempt.granted(user, rehashed, cleared, &mut env) {
        Ok((batch, signed_in)) => {
            settle(attempt, batch, Ok(SignIn::Completed(Box::new(signed_in))), env)
        }
        Err(unprintable) => ask(attempt.taken_back(), move |_| Step::Done(Err(unprintable.into()))),
    }
}

/// Commits the decision. On conflict it is void, and we look again.
fn settle(attempt: Box<Attempt>, batch: Commit, outcome: Outcome, mut env: Env) -> Step<Outcome> {
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(outcome),
        Err(Conflict) if env.retries.spend() => look(attempt, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Records the failure. The attempt stays counted.
fn reject(
    attempt: &Attempt,
    user: Option<UserId>,
    reason: LoginFailure,
    mut env: Env,
) -> Step<Outcome> {
    let batch = attempt.rejected(user, reason, &mut env);
    ask(batch, |_| Step::Done(Err(Refusal::InvalidCredentials)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::PasswordHash;
    use crate::time::Timestamp;

    fn user(is_active: bool) -> User {
        let (id, moment) = (UserId::from_uuid(uuid::Uuid::nil()), Timestamp::from_millis(0));
        let password = PasswordHash::from_stored("$hash".into());
        let new = User::new(id, "ada@example.com".parse().unwrap(), password, moment);
        User { is_active, ..new }
    }

    #[test]
    fn only_a_right_password_of_an_active_account_is_admitted() {
        use LoginFailure::{Inactive, UnreadableHash, UnusablePassword, WrongPassword};
        use PasswordVerdict::{Invalid, Unreadable, Valid};
        let (current, outdated) = (Valid { outdated: false }, Valid { outdated: true });
        let (active, inactive) = (&user(true), &user(false));
        let table = [
            (active, true, current, Ok(())),
            (active, true, outdated, Ok(())),
            (active, true, Invalid, Err(WrongPassword)),
            (active, true, Unreadable, Err(UnreadableHash)),
            (inactive, true, current, Err(Inactive)),
            (inactive, true, outdated, Err(Inactive)),
            (inactive, true, Invalid, Err(WrongPassword)),
            (inactive, true, Unreadable, Err(UnreadableHash)),
            // A hasher that says yes where there is nothing to compare with is not believed.
            (active, false, current, Err(UnusablePassword)),
            (active, false, Invalid, Err(UnusablePassword)),
            (inactive, false, current, Err(UnusablePassword)),
        ];
        for (user, has_password, verdict, decision) in table {
            assert_eq!(decide(user, has_password, verdict), decision, "{user:?} {verdict:?}");
        }
    }
}
