//! The driver loop: one match, an arm for each command. Nothing is decided here.

use testudo::{Command, Step};

use crate::{Application, Fault, Hashing, Legacy, Store, observe};

/// Runs a flow to its end over a store, a hasher, the system that accounts come from, which is
/// [`NoLegacy`](crate::NoLegacy) for most, and the application, which is
/// [`NoApplication`](crate::NoApplication) unless it has onboarding steps of its own.
///
/// # Errors
///
/// The first fault of any. The flow is dropped then, which is always safe, as it is to drop this
/// future.
pub async fn drive<T, S: Store, H: Hashing, L: Legacy, A: Application>(
    mut step: Step<T>,
    store: &S,
    hashing: &H,
    legacy: &L,
    application: &A,
) -> Result<T, Fault> {
    macro_rules! reply {
        ($ask:ident, $answerer:ident.$method:ident) => {{
            let (command, pending) = $ask.into_parts();
            let name = name_of(&command);
            let reply = observe::command(name, $answerer.$method(command)).await?;
            pending.answer(reply)
        }};
    }
    loop {
        step = match step {
            Step::CountAttempt(ask) => reply!(ask, store.count_attempt),
            Step::FindUser(ask) => reply!(ask, store.find_user),
            Step::FindSession(ask) => reply!(ask, store.find_session),
            Step::FindSessionWithUser(ask) => reply!(ask, store.find_session_with_user),
            Step::FindUserWithSession(ask) => reply!(ask, store.find_user_with_session),
            Step::FindInvitation(ask) => reply!(ask, store.find_invitation),
            Step::FindApiKey(ask) => reply!(ask, store.find_api_key),
            Step::FindOnboarding(ask) => reply!(ask, store.find_onboarding),
            Step::ListSessions(ask) => reply!(ask, store.list_sessions),
            Step::ListUsers(ask) => reply!(ask, store.list_users),
            Step::ListInvitations(ask) => reply!(ask, store.list_invitations),
            Step::ListApiKeys(ask) => reply!(ask, store.list_api_keys),
            Step::ListEvents(ask) => reply!(ask, store.list_events),
            Step::VerifyPassword(ask) => reply!(ask, hashing.verify_password),
            Step::ConsultLegacy(ask) => reply!(ask, legacy.consult),
            Step::Consult(ask) => reply!(ask, application.consult),
            Step::HashPassword(ask) => reply!(ask, hashing.hash_password),
            Step::Commit(ask) => reply!(ask, store.commit),
            Step::Sweep(ask) => reply!(ask, store.sweep),
            Step::Done(result) => return Ok(result),
        };
    }
}

fn name_of<C: Command>(_: &C) -> &'static str {
    C::NAME
}
