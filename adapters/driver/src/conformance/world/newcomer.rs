//! Somebody who signs up, or in, step by step.

use serde_json::{Value, json};
use testudo::flow::Login;
use testudo::onboarding::{Advance, OnboardingResult, Revealed, SignIn, StartOnboarding};
use testudo::{Client, Refusal, Secret, Timestamp};

use super::{RIGHT, World, refusal_of};
use crate::{Clock as _, Store};

pub(in crate::conformance) struct Newcomer<'a, S> {
    world: &'a World<S>,
    pub(in crate::conformance) email: String,
    pub(in crate::conformance) token: String,
}

impl<'a, S: Store> Newcomer<'a, S> {
    pub(in crate::conformance) async fn start(
        world: &'a World<S>,
        email: &str,
    ) -> Result<Self, Refusal> {
        let request = StartOnboarding::new(email);
        let started = world.auth.start_onboarding(request, &Client::unknown()).await;
        let token = refusal_of(started)?.session_token.expose().clone();
        Ok(Self { world, email: email.to_owned(), token })
    }

    pub(in crate::conformance) async fn starts(world: &'a World<S>, email: &str) -> Self {
        Self::start(world, email).await.expect("it may begin")
    }

    /// Somebody whose password is right and who owes something.
    pub(in crate::conformance) async fn owes(world: &'a World<S>, email: &str) -> Self {
        let request = Login::new(email, RIGHT.into());
        let signed_in = world.auth.login(request, &Client::unknown()).await;
        match refusal_of(signed_in).expect("the password is right") {
            SignIn::Owing(result) => {
                let token = result.session_token.expose().clone();
                Self { world, email: email.to_owned(), token }
            }
            SignIn::Completed(_) => panic!("nothing is owed"),
        }
    }

    pub(in crate::conformance) async fn says(
        &self,
        data: Value,
    ) -> Result<OnboardingResult, Refusal> {
        let Value::Object(data) = data else { panic!("{data} is no object") };
        let advance = Advance::with(data);
        let here = Client::unknown();
        refusal_of(self.world.auth.advance_onboarding(&self.token, advance, &here).await)
    }

    pub(in crate::conformance) async fn is_alive(&self) -> bool {
        let here = Client::unknown();
        refusal_of(self.world.auth.resume_onboarding(&self.token, &here).await).is_ok()
    }

    pub(in crate::conformance) async fn registers(&self) -> OnboardingResult {
        says(self, registration(&self.email, RIGHT)).await
    }

    /// Has a code sent, wherever it goes.
    pub(in crate::conformance) async fn sends(&self) -> OnboardingResult {
        says(self, json!({})).await
    }

    /// Has a code sent, and reads it.
    pub(in crate::conformance) async fn has_a_code_sent(&self) -> String {
        self.sends().await;
        self.world.codes().await.pop().expect("a code was sent")
    }

    pub(in crate::conformance) async fn verifies(&self) -> OnboardingResult {
        let code = self.has_a_code_sent().await;
        says(self, json!({ "code": code })).await
    }

    /// Enrols an authenticator app, and gives what was shown of it.
    pub(in crate::conformance) async fn enrols(&self) -> (Secret<String>, OnboardingResult) {
        let seed = match revealed(&says(self, json!({})).await) {
            Revealed::Totp(seed) => seed.secret,
            other => panic!("{other:?}"),
        };
        let code = code_of(&seed, self.world.clock.now());
        let enrolled = says(self, json!({ "code": code })).await;
        (seed, enrolled)
    }

    pub(in crate::conformance) async fn keeps_recovery_codes(
        &self,
    ) -> (Vec<Secret<String>>, OnboardingResult) {
        let codes = match revealed(&says(self, json!({})).await) {
            Revealed::RecoveryCodes(codes) => codes,
            other => panic!("{other:?}"),
        };
        (codes, says(self, json!({"saved": true})).await)
    }
}

/// Says what must be accepted.
pub(in crate::conformance) async fn says<S: Store>(
    who: &Newcomer<'_, S>,
    data: Value,
) -> OnboardingResult {
    let result = who.says(data).await.expect("it goes on");
    assert_eq!(result.errors(), [], "{result:?}");
    result
}

pub(in crate::conformance) fn registration(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "password_confirm": password})
}

/// Whether a step failed with this code.
pub(in crate::conformance) fn came(
    outcome: &Result<OnboardingResult, Refusal>,
    code: &str,
) -> bool {
    outcome.as_ref().is_ok_and(|result| result.errors().iter().any(|error| error.code == code))
}

/// What an authenticator app with this seed shows.
pub(in crate::conformance) fn code_of(seed: &Secret<String>, now: Timestamp) -> String {
    let seed = totp_rs::Secret::try_from_base32(seed.expose()).expect("a seed in base32");
    let app = totp_rs::Builder::new().with_secret(seed).build_noncompliant();
    app.generate(now.as_millis() / 1000).to_string()
}

/// A code that is right at no moment near this one.
pub(in crate::conformance) fn wrong_code(seed: &Secret<String>, now: Timestamp) -> String {
    let second = testudo::Duration::from_secs(1);
    let near: Vec<_> = (0..300_u32)
        .map(|seconds| {
            Timestamp::from_millis(now.as_millis() - 150_000 + u64::from(seconds) * 1000)
        })
        .map(|moment| code_of(seed, moment + second))
        .collect();
    let mut codes = (0..).map(|number: u32| format!("{number:06}"));
    codes.find(|code| !near.contains(code)).expect("there are a million")
}

fn revealed(result: &OnboardingResult) -> Revealed {
    let hint = result.hint().expect("a step is left");
    hint.revealed.clone().expect("something is shown")
}
