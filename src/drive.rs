//! The blocking driver loop: the shortest way to run a flow, with no runtime.

use crate::command::{
    Commit, Conflict, Consult, ConsultLegacy, CountAttempt, FindApiKey, FindInvitation,
    FindOnboarding, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, HashPassword,
    LegacyVerdict, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers, OwnedApiKey,
    OwnedSession, PasswordVerdict, Step, Sweep, Swept, Unhashable, VerifyPassword,
};
use crate::event::EventRecord;
use crate::model::{ApiKey, AttemptVerdict, Invitation, OnboardingSession, Session, User};
use crate::password::PasswordHash;

/// Something that carries commands out, one at a time.
///
/// A method for every command, none with a default: what an implementation must uphold stands on the
/// page of the command. An error is a fault of the world (a store that does not answer), never a
/// decision.
pub trait Respond {
    /// What can go wrong in this world.
    type Fault;

    /// Carries out [`CountAttempt`].
    ///
    /// # Errors
    ///
    /// When the attempt could not be counted.
    fn count_attempt(&mut self, command: CountAttempt) -> Result<AttemptVerdict, Self::Fault>;

    /// Carries out [`FindUser`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_user(&mut self, command: FindUser) -> Result<Option<User>, Self::Fault>;

    /// Carries out [`FindSession`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_session(&mut self, command: FindSession) -> Result<Option<OwnedSession>, Self::Fault>;

    /// Carries out [`FindSessionWithUser`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_session_with_user(
        &mut self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Self::Fault>;

    /// Carries out [`FindUserWithSession`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_user_with_session(
        &mut self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Self::Fault>;

    /// Carries out [`FindInvitation`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_invitation(
        &mut self,
        command: FindInvitation,
    ) -> Result<Option<Invitation>, Self::Fault>;

    /// Carries out [`FindApiKey`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_api_key(&mut self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Self::Fault>;

    /// Carries out [`FindOnboarding`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn find_onboarding(
        &mut self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Self::Fault>;

    /// Carries out [`ListSessions`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list_sessions(&mut self, command: ListSessions) -> Result<Vec<Session>, Self::Fault>;

    /// Carries out [`ListUsers`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list_users(&mut self, command: ListUsers) -> Result<Vec<User>, Self::Fault>;

    /// Carries out [`ListInvitations`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list_invitations(
        &mut self,
        command: ListInvitations,
    ) -> Result<Vec<Invitation>, Self::Fault>;

    /// Carries out [`ListApiKeys`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list_api_keys(&mut self, command: ListApiKeys) -> Result<Vec<ApiKey>, Self::Fault>;

    /// Carries out [`ListEvents`].
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn list_events(&mut self, command: ListEvents) -> Result<Vec<EventRecord>, Self::Fault>;

    /// Carries out [`VerifyPassword`].
    ///
    /// # Errors
    ///
    /// When the hasher could not run.
    fn verify_password(&mut self, command: VerifyPassword) -> Result<PasswordVerdict, Self::Fault>;

    /// Carries out [`ConsultLegacy`].
    ///
    /// # Errors
    ///
    /// When the old system does not answer, or there is none.
    fn consult_legacy(&mut self, command: ConsultLegacy) -> Result<LegacyVerdict, Self::Fault>;

    /// Carries out [`Consult`].
    ///
    /// # Errors
    ///
    /// When the application does not answer, or does not know the question.
    fn consult(&mut self, command: Consult) -> Result<serde_json::Value, Self::Fault>;

    /// Carries out [`HashPassword`].
    ///
    /// # Errors
    ///
    /// When the hasher could not run.
    fn hash_password(
        &mut self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Self::Fault>;

    /// Carries out [`Commit`].
    ///
    /// # Errors
    ///
    /// When the batch could not be applied, or it is not known whether it was.
    fn commit(&mut self, command: Commit) -> Result<Result<(), Conflict>, Self::Fault>;

    /// Carries out [`Sweep`].
    ///
    /// # Errors
    ///
    /// When the store cannot be written. What was removed before stays so.
    fn sweep(&mut self, command: Sweep) -> Result<Swept, Self::Fault>;
}

/// Runs a flow to its end.
///
/// # Errors
///
/// The first fault of the world. The flow is dropped then, which is always safe, when it has given back what it
/// had reserved.
pub fn drive<T, W: Respond>(mut step: Step<T>, world: &mut W) -> Result<T, W::Fault> {
    loop {
        step = match respond(step, world)? {
            Step::Done(result) => return Ok(result),
            next => next,
        };
    }
}

/// Carries out the one command that a flow waits for. A flow that is done stays as it is.
///
/// # Errors
///
/// The fault of the world that kept the command from being carried out. What the flow had reserved for its
/// question ([`Pending::unanswered`](crate::Pending::unanswered)) was given back by then, if that could be done.
pub fn respond<T, W: Respond>(step: Step<T>, world: &mut W) -> Result<Step<T>, W::Fault> {
    macro_rules! reply {
        ($ask:ident, $method:ident) => {{
            let (command, pending) = $ask.into_parts();
            match world.$method(command) {
                Ok(reply) => pending.answer(reply),
                Err(fault) => {
                    if let Some(batch) = pending.unanswered() {
                        // Whatever comes of it, the fault is what there is to tell.
                        let _ = world.commit(batch);
                    }
                    return Err(fault);
                }
            }
        }};
    }
    Ok(match step {
        Step::CountAttempt(ask) => reply!(ask, count_attempt),
        Step::FindUser(ask) => reply!(ask, find_user),
        Step::FindSession(ask) => reply!(ask, find_session),
        Step::FindSessionWithUser(ask) => reply!(ask, find_session_with_user),
        Step::FindUserWithSession(ask) => reply!(ask, find_user_with_session),
        Step::FindInvitation(ask) => reply!(ask, find_invitation),
        Step::FindApiKey(ask) => reply!(ask, find_api_key),
        Step::FindOnboarding(ask) => reply!(ask, find_onboarding),
        Step::ListSessions(ask) => reply!(ask, list_sessions),
        Step::ListUsers(ask) => reply!(ask, list_users),
        Step::ListInvitations(ask) => reply!(ask, list_invitations),
        Step::ListApiKeys(ask) => reply!(ask, list_api_keys),
        Step::ListEvents(ask) => reply!(ask, list_events),
        Step::VerifyPassword(ask) => reply!(ask, verify_password),
        Step::ConsultLegacy(ask) => reply!(ask, consult_legacy),
        Step::Consult(ask) => reply!(ask, consult),
        Step::HashPassword(ask) => reply!(ask, hash_password),
        Step::Commit(ask) => reply!(ask, commit),
        Step::Sweep(ask) => reply!(ask, sweep),
        Step::Done(result) => Step::Done(result),
    })
}
