//! A world that writes down what it was asked, and can answer one question otherwise.

use serde_json::Value;
use testudo::command::{
    Commit, Conflict, Consult, ConsultLegacy, CountAttempt, FindApiKey, FindInvitation,
    FindOnboarding, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, HashPassword,
    LegacyVerdict, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers, OwnedApiKey,
    OwnedSession, PasswordVerdict, Sweep, Swept, Unhashable, VerifyPassword,
};
use testudo::event::EventRecord;
use testudo::model::{ApiKey, AttemptVerdict, Invitation, OnboardingSession, Session, User};
use testudo::password::PasswordHash;
use testudo::testing::{World, WorldFault};
use testudo::{Duration, Respond, Step, respond};

/// What a flow asked, one after the other, and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Path {
    /// The state that asked, the question, and what was answered.
    pub(crate) asked: Vec<(String, &'static str, &'static str)>,
    pub(crate) end: String,
}

/// Runs a flow to its end. The question at `otherwise`, counted from 0, gets the answer that is bad news.
pub(crate) fn run<T>(
    mut step: Step<T>,
    world: &mut World,
    otherwise: Option<usize>,
    end: impl FnOnce(T) -> String,
) -> Path {
    let mut path = Path::default();
    loop {
        let state = format!("{step:?}");
        let Some(question) = step.pending() else { break };
        let is_otherwise = otherwise == Some(path.asked.len());
        let mut recorder = Recorder { world, is_otherwise, answer: "" };
        step = respond(step, &mut recorder).expect("a world without faults");
        let state = state.split(" asks ").next().unwrap_or_default();
        path.asked.push((state.to_owned(), question, recorder.answer));
    }
    let Step::Done(result) = step else { unreachable!("a question stands open") };
    path.end = end(result);
    path
}

struct Recorder<'w> {
    world: &'w mut World,
    is_otherwise: bool,
    answer: &'static str,
}

/// Answers as the world does, or as it says here, and notes which of the two it was.
macro_rules! answers {
    ($($method:ident($command:ty) -> $reply:ty, $label:expr $(, else $otherwise:expr)?;)+) => {
        $(fn $method(&mut self, command: $command) -> Result<$reply, WorldFault> {
            let reply = match self.is_otherwise {
                $(true => said($otherwise, self.world),)?
                _ => self.world.$method(command)?,
            };
            self.answer = said($label, &reply);
            Ok(reply)
        })+
    };
}

impl Respond for Recorder<'_> {
    type Fault = WorldFault;

    answers! {
        count_attempt(CountAttempt) -> AttemptVerdict, |verdict| match verdict {
            AttemptVerdict::Allowed { .. } => "allowed",
            AttemptVerdict::Locked { .. } | AttemptVerdict::Stopped => "too many",
        }, else |world| AttemptVerdict::Locked { until: world.now() + Duration::from_secs(60) };
        find_user(FindUser) -> Option<User>, found, else |_| None;
        find_session(FindSession) -> Option<OwnedSession>, found, else |_| None;
        find_session_with_user(FindSessionWithUser) -> Option<(Session, User)>, found, else |_| None;
        find_user_with_session(FindUserWithSession) -> Option<(User, Option<Session>)>, found,
            else |_| None;
        find_invitation(FindInvitation) -> Option<Invitation>, found, else |_| None;
        find_api_key(FindApiKey) -> Option<OwnedApiKey>, found, else |_| None;
        find_onboarding(FindOnboarding) -> Option<OnboardingSession>, found, else |_| None;
        list_sessions(ListSessions) -> Vec<Session>, |_| "listed";
        list_users(ListUsers) -> Vec<User>, |_| "listed";
        list_invitations(ListInvitations) -> Vec<Invitation>, |_| "listed";
        list_api_keys(ListApiKeys) -> Vec<ApiKey>, |_| "listed";
        list_events(ListEvents) -> Vec<EventRecord>, |_| "listed";
        verify_password(VerifyPassword) -> PasswordVerdict, |verdict| match verdict {
            PasswordVerdict::Valid { outdated: false } => "right",
            PasswordVerdict::Valid { outdated: true } => "right, outdated hash",
            PasswordVerdict::Invalid | PasswordVerdict::Unreadable => "wrong",
        }, else |_| PasswordVerdict::Invalid;
        consult_legacy(ConsultLegacy) -> LegacyVerdict, |verdict| match verdict {
            LegacyVerdict::Right => "right",
            LegacyVerdict::Wrong => "wrong",
        }, else |_| LegacyVerdict::Wrong;
        consult(Consult) -> Value, |_| "answered", else |_| Value::from(7);
        hash_password(HashPassword) -> Result<PasswordHash, Unhashable>, |hashed| match hashed {
            Ok(_) => "hashed",
            Err(_) => "too long for the hasher",
        }, else |_| Err(Unhashable::TooLong { most: 72 });
        commit(Commit) -> Result<(), Conflict>, |committed| match committed {
            Ok(()) => "committed",
            Err(Conflict) => "conflict",
        }, else |_| Err(Conflict);
        sweep(Sweep) -> Swept, |_| "swept";
    }
}

/// Calls a closure, whose types are known from here.
fn said<T, R>(say: fn(&T) -> R, of: &T) -> R {
    say(of)
}

fn found<T>(reply: &Option<T>) -> &'static str {
    if reply.is_some() { "found" } else { "none" }
}
