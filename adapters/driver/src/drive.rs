//! The driver loop: one match, an arm for each command. Nothing is decided here.

use std::pin::Pin;

use testudo::command::Commit;
use testudo::{Command, Step};

use crate::{Application, Fault, Hashing, Legacy, Store, observe};

/// Runs a flow to its end over a store, a hasher, the system that accounts come from, which is
/// [`NoLegacy`](crate::NoLegacy) for most, and the application, which is
/// [`NoApplication`](crate::NoApplication) unless it has onboarding steps of its own.
///
/// # Errors
///
/// The first fault of any. The flow is dropped then, which is always safe, when it has given back what it had
/// reserved; so it is to drop this future.
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
            let answering = on_the_heap(|| $answerer.$method(command));
            match observe::command(name, answering).await {
                Ok(reply) => Ok(pending.answer(reply)),
                Err(fault) => Err((fault, pending.unanswered())),
            }
        }};
    }
    loop {
        let answered = match step {
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
        step = match answered {
            Ok(next) => next,
            Err((fault, owed)) => {
                give_back(owed, store).await;
                return Err(fault);
            }
        };
    }
}

/// Commits what a flow gives back whose question was not answered. Whatever comes of it, that fault is what there
/// is to tell.
async fn give_back<S: Store>(batch: Option<Commit>, store: &S) {
    if let Some(batch) = batch {
        let _ = observe::command(Commit::NAME, on_the_heap(|| store.commit(batch))).await;
    }
}

/// An answer under way takes some KiB, and here would stand one for each command: on the heap, flows are small wherever
/// they are awaited, also where nothing is optimised.
fn on_the_heap<F: Future>(answering: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(answering())
}

fn name_of<C: Command>(_: &C) -> &'static str {
    C::NAME
}
