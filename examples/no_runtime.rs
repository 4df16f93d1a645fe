//! Drives the flows with no runtime: a loop, a few maps and a hasher.
//!
//! ```console
//! cargo run --release --example no_runtime
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;
use testudo::command::{
    Commit, Conflict, Consult, ConsultLegacy, CountAttempt, FindApiKey, FindInvitation,
    FindOnboarding, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, HashPassword,
    LegacyVerdict, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers, OwnedApiKey,
    OwnedSession, PasswordVerdict, Sweep, Swept, Unhashable, VerifyPassword,
};
use testudo::event::EventRecord;
use testudo::flow::{Login, RegisterUser, authenticate_user, login, register_user};
use testudo::model::{ApiKey, AttemptVerdict, Invitation, OnboardingSession, Session, User};
use testudo::password::{HashError, HasherChain, PasswordHash, WorkBuffer};
use testudo::reference::Tables;
use testudo::{Client, Entropy, Env, KeyRing, Policy, Respond, Settings, Timestamp, drive};

/// All that the flows can ask for: records and a hasher. Yours may be a file, a socket, a queue.
struct World {
    tables: Tables,
    chain: HasherChain,
    work: WorkBuffer,
}

impl Respond for World {
    type Fault = HashError;

    fn count_attempt(&mut self, command: CountAttempt) -> Result<AttemptVerdict, HashError> {
        println!("  count an attempt of {}", command.key.as_str());
        Ok(self.tables.count_attempt(&command))
    }

    fn find_user(&mut self, command: FindUser) -> Result<Option<User>, HashError> {
        println!("  find the user by {:?}", command.key);
        Ok(self.tables.find_user(&command))
    }

    fn find_session(&mut self, command: FindSession) -> Result<Option<OwnedSession>, HashError> {
        println!("  find the session {}", command.id);
        Ok(self.tables.find_session(&command))
    }

    fn find_session_with_user(
        &mut self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, HashError> {
        println!("  find the session {} and its user", command.id);
        Ok(self.tables.find_session_with_user(&command))
    }

    fn find_user_with_session(
        &mut self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, HashError> {
        println!("  find the user {} and the session {}", command.user, command.session);
        Ok(self.tables.find_user_with_session(&command))
    }

    fn find_invitation(
        &mut self,
        command: FindInvitation,
    ) -> Result<Option<Invitation>, HashError> {
        println!("  find the invitation {}", command.id);
        Ok(self.tables.find_invitation(&command))
    }

    fn find_api_key(&mut self, command: FindApiKey) -> Result<Option<OwnedApiKey>, HashError> {
        println!("  find the API key {}", command.id);
        Ok(self.tables.find_api_key(&command))
    }

    fn find_onboarding(
        &mut self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, HashError> {
        println!("  find the onboarding session {}", command.id);
        Ok(self.tables.find_onboarding(&command))
    }

    fn list_sessions(&mut self, command: ListSessions) -> Result<Vec<Session>, HashError> {
        println!("  list the sessions of {}", command.user);
        Ok(self.tables.list_sessions(&command))
    }

    fn list_users(&mut self, command: ListUsers) -> Result<Vec<User>, HashError> {
        println!("  list {} users", command.limit);
        Ok(self.tables.list_users(&command))
    }

    fn list_invitations(&mut self, command: ListInvitations) -> Result<Vec<Invitation>, HashError> {
        println!("  list {} invitations", command.limit);
        Ok(self.tables.list_invitations(&command))
    }

    fn list_api_keys(&mut self, command: ListApiKeys) -> Result<Vec<ApiKey>, HashError> {
        println!("  list the API keys of {}", command.user);
        Ok(self.tables.list_api_keys(&command))
    }

    fn list_events(&mut self, command: ListEvents) -> Result<Vec<EventRecord>, HashError> {
        println!("  list {} events", command.limit);
        Ok(self.tables.list_events(&command))
    }

    fn verify_password(&mut self, command: VerifyPassword) -> Result<PasswordVerdict, HashError> {
        println!("  verify a password");
        self.chain.verify(&command, &mut self.work)
    }

    fn consult_legacy(&mut self, command: ConsultLegacy) -> Result<LegacyVerdict, HashError> {
        println!("  ask the old system about {}, which there is none of", command.email);
        Ok(LegacyVerdict::Wrong)
    }

    fn consult(&mut self, command: Consult) -> Result<Value, HashError> {
        println!("  ask the application {}, which has no steps of its own", command.name);
        Ok(Value::Null)
    }

    fn hash_password(
        &mut self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, HashError> {
        println!("  hash a password");
        self.chain.hash(&command, &mut self.work)
    }

    fn commit(&mut self, command: Commit) -> Result<Result<(), Conflict>, HashError> {
        println!(
            "  commit {} writes, {} events and {} messages, if {} guards hold",
            command.writes.len(),
            command.events.len(),
            command.messages.len(),
            command.guards.len()
        );
        Ok(self.tables.commit(command))
    }

    fn sweep(&mut self, command: Sweep) -> Result<Swept, HashError> {
        println!("  sweep away what is over");
        Ok(self.tables.sweep(&command))
    }
}

#[allow(clippy::disallowed_methods, reason = "an example is a driver: time enters here")]
fn now() -> Timestamp {
    SystemTime::now().into()
}

/// What one run of a flow may know.
fn env(settings: &Arc<Settings>) -> Result<Env, Box<dyn Error>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Env::new(now(), Entropy::from_seed(seed), Client::unknown(), Arc::clone(settings)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse("an-example-only-3f9Qk2xVb7Lw8Zr5Tn1Y")?;
    let settings = Arc::new(Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?);
    let (chain, work) = (HasherChain::standard(), WorkBuffer::new());
    let mut world = World { tables: Tables::new(), chain, work };

    println!("register_user");
    let request = RegisterUser::new("ada@example.com", "correct horse".into());
    let user = drive(register_user(request, env(&settings)?), &mut world)??;
    println!("made the account {}\n", user.id);

    println!("login");
    let request = Login::new("Ada@Example.com", "correct horse".into());
    let signed_in = drive(login(request, env(&settings)?), &mut world)??.signed_in()?;
    println!("opened the session {}\n", signed_in.session.id);

    println!("authenticate_user");
    let access_token = signed_in.tokens.access.expose();
    let (_, user) = drive(authenticate_user(access_token, &settings, now()), &mut world)??;
    println!("it is {}\n", user.email);

    println!("login with a wrong password");
    let request = Login::new("ada@example.com", "incorrect mule".into());
    let refusal = drive(login(request, env(&settings)?), &mut world)?.err();
    println!("refused: {refusal:?}");
    Ok(())
}
