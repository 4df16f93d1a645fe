//! Password login: count the attempt, look, verify, settle.

use super::attempts::{self, Reservation};
use super::credentials;
use crate::command::{
    Against, Commit, Conflict, FindUser, HashPassword, PasswordVerdict, UserKey, VerifyPassword,
    Write,
};
use crate::env::Env;
use crate::event::{Event, LimitName, LoginFailure};
use crate::model::{AttemptKey, Email, JsonObject, Method, Session, User, UserId};
use crate::password::{Password, PasswordHash};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::Tokens;
use crate::token::issue::{self, Grant};

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
        Self { email: email.into(), password, remember: false, claims: JsonObject::new() }
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

type Outcome = Result<SignedIn, Refusal>;

/// Signs an account in with its password.
///
/// The attempt is counted before the password is looked at, so that no number of parallel attempts
/// gets more guesses than the policy allows; it is taken back when it succeeds. Unknown, inactive and
/// password-less accounts take the same steps, cost the same hash and get the same answer as a wrong
/// password.
///
/// A stored hash that is not up to date is replaced in the commit that opens the session.
///
/// # Errors
///
/// [`Refusal::InvalidCredentials`], [`Refusal::RateLimited`], [`Refusal::PasswordStopped`],
/// [`Refusal::Invalid`] for an address or password that cannot be one, [`Refusal::Busy`].
pub fn login(request: Login, env: Env) -> Step<Outcome> {
    match credentials::presented(&request.email, &request.password) {
        Ok(email) => count_network(Attempt::new(email, request), env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

/// Counts against the client's network first, so that one that is over its limit locks nobody out.
fn count_network(mut attempt: Attempt, env: Env) -> Step<Outcome> {
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

fn count_account(mut attempt: Attempt, env: Env) -> Step<Outcome> {
    let key = AttemptKey::login_account(attempt.email.key());
    let command = attempts::count(&key, env.policy().login_account, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            attempt.account = Some(reservation);
            look(attempt, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn look(attempt: Attempt, env: Env) -> Step<Outcome> {
    let key = UserKey::Email(attempt.email.key().clone());
    ask(FindUser { key }, move |user| verify(attempt, user, env))
}

/// Verifies against nobody when there is no usable password: all answers must cost the same.
fn verify(mut attempt: Attempt, user: Option<User>, env: Env) -> Step<Outcome> {
    let stored = user.as_ref().map(|user| &user.password).filter(|hash| hash.is_usable()).cloned();
    // After a conflict the verdict on the same hash still stands, and another hash would be costly.
    if let Some(verdict) = attempt.verdict_on(stored.as_ref()) {
        return judge(attempt, user, verdict, env);
    }
    let against = stored.clone().map_or(Against::Nobody, Against::Stored);
    let password = attempt.password.clone();
    ask(VerifyPassword { password, against }, move |verdict| {
        attempt.verified = Some((stored, verdict));
        judge(attempt, user, verdict, env)
    })
}

fn judge(
    attempt: Attempt,
    user: Option<User>,
    verdict: PasswordVerdict,
    env: Env,
) -> Step<Outcome> {
    let Some(user) = user else {
        return reject(&attempt, None, LoginFailure::UnknownUser, env);
    };
    match decide(&user, verdict) {
        Ok(Admission::AsIs) => grant(attempt, user, None, env),
        Ok(Admission::WithNewHash) => rehash(attempt, user, env),
        Err(reason) => reject(&attempt, Some(user.id), reason, env),
    }
}

/// How a right password is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    AsIs,
    WithNewHash,
}

/// The whole policy of a password login to an account that exists.
fn decide(user: &User, verdict: PasswordVerdict) -> Result<Admission, LoginFailure> {
    match verdict {
        _ if !user.password.is_usable() => Err(LoginFailure::UnusablePassword),
        PasswordVerdict::Invalid => Err(LoginFailure::WrongPassword),
        PasswordVerdict::Unreadable => Err(LoginFailure::UnreadableHash),
        PasswordVerdict::Valid { .. } if !user.is_active => Err(LoginFailure::Inactive),
        PasswordVerdict::Valid { outdated: false } => Ok(Admission::AsIs),
        PasswordVerdict::Valid { outdated: true } => Ok(Admission::WithNewHash),
    }
}

/// Hashes the password anew, once: after a conflict the same new hash will do.
fn rehash(mut attempt: Attempt, user: User, mut env: Env) -> Step<Outcome> {
    if let Some(hash) = attempt.new_hash.clone() {
        return grant(attempt, user, Some(hash), env);
    }
    let command = HashPassword { password: attempt.password.clone(), salt: env.new_salt() };
    ask(command, move |hash| {
        attempt.new_hash = Some(hash.clone());
        grant(attempt, user, Some(hash), env)
    })
}

/// Opens the session. On conflict the decision is void, and we look again.
fn grant(
    mut attempt: Attempt,
    user: User,
    new_hash: Option<PasswordHash>,
    mut env: Env,
) -> Step<Outcome> {
    let (batch, signed_in) = attempt.granted(user, new_hash, &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(signed_in)),
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

/// A request on its way, with what was found out so far.
#[derive(Debug)]
struct Attempt {
    email: Email,
    password: Password,
    remember: bool,
    claims: JsonObject,
    network: Option<Reservation>,
    account: Option<Reservation>,
    /// What the password was held against, and how it compared.
    verified: Option<(Option<PasswordHash>, PasswordVerdict)>,
    /// The hash that is to replace an outdated one.
    new_hash: Option<PasswordHash>,
}

impl Attempt {
    fn new(email: Email, request: Login) -> Self {
        let Login { email: _, password, remember, claims } = request;
        Self {
            email,
            password,
            remember,
            claims,
            network: None,
            account: None,
            verified: None,
            new_hash: None,
        }
    }

    fn verdict_on(&self, stored: Option<&PasswordHash>) -> Option<PasswordVerdict> {
        let (against, verdict) = self.verified.as_ref()?;
        (against.as_ref() == stored).then_some(*verdict)
    }

    /// The batch of a sign-in. The user is written first: where users and sessions are kept apart, a
    /// crash in between must not leave a session whose password check was not confirmed.
    fn granted(
        &mut self,
        user: User,
        new_hash: Option<PasswordHash>,
        env: &mut Env,
    ) -> (Commit, SignedIn) {
        let policy = env.policy();
        let lifetime = if self.remember { policy.remembered_session } else { policy.session };
        let methods = vec![Method::Password];
        let was = user.version;
        let event =
            Event::UserLogin { methods: methods.clone(), password_rehashed: new_hash.is_some() };
        let user = User {
            last_login: Some(env.now),
            password: new_hash.unwrap_or(user.password),
            version: was.next(),
            ..user
        };
        let grant = Grant { methods, lifetime, claims: self.claims.clone() };
        let (session, tokens) = issue::open(&user, grant, env);
        let mut batch = Commit::new()
            .write(Write::ReplaceUser { user: Box::new(user.clone()), was })
            .write(Write::InsertSession(Box::new(session.clone())))
            .event(env.event(Some(user.id), Some(session.id), event));
        batch.writes.extend(self.account.as_ref().map(Reservation::clear));
        batch.writes.extend(self.network.as_ref().map(Reservation::refund));
        (batch, SignedIn { user, session, tokens })
    }

    fn rejected(&self, user: Option<UserId>, reason: LoginFailure, env: &mut Env) -> Commit {
        let email = self.email.key().masked();
        let failed = Event::UserLoginFailed { email, reason };
        let mut batch = Commit::new().event(env.event(user, None, failed));
        let limits =
            [(&self.network, LimitName::LoginNetwork), (&self.account, LimitName::LoginAccount)];
        for (reservation, limit) in limits {
            if reservation.as_ref().is_some_and(|reservation| reservation.is_last) {
                batch = batch.event(env.event(user, None, Event::RateLimitExceeded { limit }));
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Epoch, Version};
    use crate::time::Timestamp;

    fn user(is_active: bool, password: &str) -> User {
        let moment = Timestamp::from_millis(0);
        User {
            id: UserId::from_uuid(uuid::Uuid::nil()),
            email: "ada@example.com".parse().unwrap(),
            password: PasswordHash::from_stored(password.into()),
            is_active,
            is_verified: true,
            last_login: None,
            joined_at: moment,
            created_at: moment,
            updated_at: moment,
            profile: JsonObject::new(),
            epoch: Epoch::FIRST,
            version: Version::FIRST,
        }
    }

    #[test]
    fn only_a_right_password_of_an_active_account_is_admitted() {
        use LoginFailure::{Inactive, UnreadableHash, UnusablePassword, WrongPassword};
        use PasswordVerdict::{Invalid, Unreadable, Valid};
        let (current, outdated) = (Valid { outdated: false }, Valid { outdated: true });
        let (active, inactive) = (user(true, "$hash"), user(false, "$hash"));
        let (unusable, unusable_inactive) = (user(true, "!"), user(false, "!"));
        let table = [
            (&active, current, Ok(Admission::AsIs)),
            (&active, outdated, Ok(Admission::WithNewHash)),
            (&active, Invalid, Err(WrongPassword)),
            (&active, Unreadable, Err(UnreadableHash)),
            (&inactive, current, Err(Inactive)),
            (&inactive, outdated, Err(Inactive)),
            (&inactive, Invalid, Err(WrongPassword)),
            (&inactive, Unreadable, Err(UnreadableHash)),
            // A hasher that says yes where there is nothing to compare with is not believed.
            (&unusable, current, Err(UnusablePassword)),
            (&unusable, Invalid, Err(UnusablePassword)),
            (&unusable_inactive, current, Err(UnusablePassword)),
        ];
        for (user, verdict, decision) in table {
            assert_eq!(decide(user, verdict), decision, "{user:?} {verdict:?}");
        }
    }
}
