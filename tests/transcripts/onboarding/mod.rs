//! Onboarding: the steps that somebody takes before they are let in.

mod engine;
mod other_steps;
mod second_factor;
mod setup_totp;
mod verify_email;

use serde_json::{Value, json};
use testudo::flow::{Login, SignedIn, advance_onboarding, login, start_onboarding};
use testudo::message::MessageKind;
use testudo::model::JsonObject;
use testudo::onboarding::{Advance, OnboardingResult, Revealed, SignIn, StartOnboarding};
use testudo::testing::World;
use testudo::{Refusal, Secret};

use super::{ADA, PASSWORD};

pub(crate) type Came = Result<OnboardingResult, Refusal>;

/// Begins for Ada, and goes on in her name.
pub(crate) struct Client {
    pub(crate) token: String,
}

pub(crate) fn fields(data: Value) -> JsonObject {
    let Value::Object(fields) = data else { panic!("{data} is no object") };
    fields
}

impl Client {
    pub(crate) fn start(world: &mut World) -> (Self, OnboardingResult) {
        let result = world.run(|env| start_onboarding(StartOnboarding::new(ADA), env)).unwrap();
        (Self { token: result.session_token.expose().clone() }, result)
    }

    pub(crate) fn says(&self, world: &mut World, data: Value) -> Came {
        let advance = Advance::with(fields(data));
        world.run(|env| advance_onboarding(&self.token, advance, env))
    }

    pub(crate) fn skips(&self, world: &mut World) -> Came {
        world.run(|env| advance_onboarding(&self.token, Advance::skip(), env))
    }

    /// Registers, up to the step behind.
    pub(crate) fn registers(&self, world: &mut World) -> OnboardingResult {
        self.says(world, registration()).unwrap()
    }

    /// Has a code sent, and enters it.
    pub(crate) fn verifies(&self, world: &mut World) -> OnboardingResult {
        self.says(world, json!({})).unwrap();
        let code = mailed_code(world);
        self.says(world, json!({ "code": code.expose() })).unwrap()
    }

    /// Enrols an authenticator app, and gives what was shown of it.
    pub(crate) fn enrols(&self, world: &mut World) -> (Secret<String>, OnboardingResult) {
        let shown = self.says(world, json!({})).unwrap();
        let secret = seed(&shown);
        let code = code_of(&secret, world);
        (secret, self.says(world, json!({ "code": code })).unwrap())
    }
}

pub(crate) fn registration() -> Value {
    json!({ "email": ADA, "password": PASSWORD, "password_confirm": PASSWORD })
}

/// The code of the last message that has one.
pub(crate) fn mailed_code(world: &World) -> Secret<String> {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == MessageKind::VerificationCode);
    messages.pop().unwrap().code.unwrap()
}

/// The seed that a result shows.
pub(crate) fn seed(result: &OnboardingResult) -> Secret<String> {
    match result.hint().and_then(|hint| hint.revealed.as_ref()) {
        Some(Revealed::Totp(seed)) => seed.secret.clone(),
        other => panic!("{other:?}"),
    }
}

/// What an authenticator app shows now.
pub(crate) fn code_of(secret: &Secret<String>, world: &World) -> String {
    code_at(secret, world, 0)
}

/// What it shows so many steps of 30 seconds from now.
pub(crate) fn code_at(secret: &Secret<String>, world: &World, steps: i64) -> String {
    let seed = totp_rs::Secret::try_from_base32(secret.expose()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(seed).build_noncompliant();
    let now = world.now().as_millis() / 1000;
    totp.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
}

/// The recovery codes that a result shows.
pub(crate) fn recovery_codes(result: &OnboardingResult) -> Vec<Secret<String>> {
    match result.hint().and_then(|hint| hint.revealed.as_ref()) {
        Some(Revealed::RecoveryCodes(codes)) => codes.clone(),
        other => panic!("{other:?}"),
    }
}

/// What the result lists, as step and lists.
pub(crate) fn at(result: &OnboardingResult) -> Option<&str> {
    result.current_step()
}

pub(crate) fn codes(result: &OnboardingResult) -> Vec<(&str, &str)> {
    result.errors().iter().map(|error| (&*error.field, &*error.code)).collect()
}

/// Signs Ada in with her password.
pub(crate) fn signs_in(world: &mut World) -> SignIn {
    world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap()
}

/// The sign-in of Ada, which owes something.
pub(crate) fn owes(world: &mut World) -> (Client, OnboardingResult) {
    let result = signs_in(world).owing().unwrap();
    (Client { token: result.session_token.expose().clone() }, result)
}

/// Ada goes through all of it, with an authenticator app.
pub(crate) fn ada_with_totp(world: &mut World) -> (Secret<String>, SignedIn) {
    let (client, _) = Client::start(world);
    client.registers(world);
    client.verifies(world);
    let (secret, _) = client.enrols(world);
    let signed_in = client.skips(world).unwrap().completed().unwrap();
    (secret, signed_in)
}
