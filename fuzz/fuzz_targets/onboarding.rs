//! Onboarding and what is owed at sign-in, with any data in any order.
//!
//! Law: nobody is let in who did not show the password in this onboarding or sign-in, a code that went to the
//! address where one has to be verified, and a code of the app where the account is bound to one or must be; of a
//! window no more guesses are looked at than the policy allows; a code of an app that was taken is never taken
//! again, nor one of an earlier step; what is declared is written into profiles, and nothing else; one session
//! begins with each onboarding at most; no answer shows a password. What was shown is noted here, as it is said,
//! and not asked of the library.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use testudo::event::Event;
use testudo::flow::{
    Login, SignedIn, advance_onboarding, login, resume_onboarding, start_onboarding,
};
use testudo::message::MessageKind;
use testudo::model::{JsonObject, Method, OnboardingId};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{
    Advance, Answers, Onboarding, OnboardingResult, OnboardingState, Revealed, SignIn,
    StartOnboarding,
};
use testudo::testing::World;
use testudo::token::OnboardingToken;
use testudo::{Duration, Policy, Refusal, SecondFactor};
use testudo_fuzz::{Choices, code_of};

const ADDRESSES: [&str; 3] = ["ada@example.com", "ADA@Example.com", "eve@example.com"];
const PASSWORDS: [&str; 2] = ["correct horse battery", "a wholly different phrase"];

/// What somebody showed so far in one onboarding or sign-in.
#[derive(Clone, Default)]
struct Shown {
    password: bool,
    mail: bool,
    /// The app, or a recovery code.
    factor: bool,
    terms: bool,
}

struct Trial<'a> {
    choices: Choices<'a>,
    world: World,
    tokens: Vec<String>,
    /// What was shown with each of them.
    shown: BTreeMap<String, Shown>,
    /// The seeds that apps have, and the recovery codes that were told.
    seeds: Vec<String>,
    recovery_codes: Vec<String>,
    let_in: Vec<OnboardingId>,
    /// The last step of each seed that let somebody in.
    taken: BTreeMap<String, u64>,
}

fuzz_target!(|input: &[u8]| {
    let mut trial = Trial::new(input);
    for _ in 0..24 {
        trial.act();
    }
});

impl<'a> Trial<'a> {
    fn new(input: &'a [u8]) -> Self {
        let mut choices = Choices::new(input);
        let mut world = World::new();
        let fields = [
            ProfileField::text("nickname", "Nickname").length(1, 40).optional(),
            ProfileField::checkbox("news", "News").optional(),
        ];
        let steps = Onboarding::standard().with_step(Profile::new(fields));
        world.set_onboarding(steps.at_sign_in(["recovery_codes", "profile"]));
        world.set_policy(any_policy(&mut choices));
        Self {
            choices,
            world,
            tokens: Vec::new(),
            shown: BTreeMap::new(),
            seeds: Vec::new(),
            recovery_codes: Vec::new(),
            let_in: Vec::new(),
            taken: BTreeMap::new(),
        }
    }

    fn act(&mut self) {
        match self.choices.way(16) {
            0 | 1 => self.start(),
            2 | 3 => self.sign_in(),
            4 => self.skip(),
            5 => self.resume(),
            6 => {
                let policy = any_policy(&mut self.choices);
                self.world.set_policy(policy);
            }
            7 => {
                let span = self.choices.pick(31, &[1, 300, 601, 3600]);
                self.world.advance(Duration::from_secs(span));
            }
            8 => {
                let users: Vec<_> = self.world.tables().users().cloned().collect();
                for user in users.iter().take(1) {
                    let email = user.email.as_str();
                    self.world.change_user(email, |user| user.must_change_password = true);
                }
            }
            _ => self.advance(),
        }
        self.check();
    }

    fn start(&mut self) {
        let email = self.choices.pick(ADDRESSES[0], &ADDRESSES[1..]);
        let request = StartOnboarding::new(email);
        let begun = self.world.run(|env| start_onboarding(request, env));
        if let Ok(begun) = begun {
            self.goes_on(&begun, Shown::default());
        }
    }

    fn sign_in(&mut self) {
        let email = self.choices.pick(ADDRESSES[0], &ADDRESSES[1..]);
        let password = self.choices.pick(PASSWORDS[0], &[PASSWORDS[1], "a wrong guess"]);
        let request = Login::new(email, password.into());
        match self.world.run(|env| login(request, env)) {
            Ok(SignIn::Completed(signed_in)) => {
                let shown = Shown { password: true, ..Shown::default() };
                self.assert_paid(&signed_in, &shown);
            }
            Ok(SignIn::Owing(result)) => {
                let shown = Shown { password: true, ..Shown::default() };
                self.goes_on(&result, shown);
            }
            Err(_) => {}
        }
    }

    fn goes_on(&mut self, result: &OnboardingResult, shown: Shown) {
        let token = result.session_token.expose().clone();
        self.shown.insert(token.clone(), shown);
        self.tokens.push(token);
    }

    fn pick_token(&mut self) -> Option<String> {
        let newest = self.tokens.len().checked_sub(1)?;
        let back = usize::from(self.choices.pick(0_u8, &[1, 2, 3]));
        self.tokens.get(newest.saturating_sub(back)).cloned()
    }

    fn resume(&mut self) {
        let Some(token) = self.pick_token() else { return };
        let before = self.world.tables().clone();
        if let Ok(result) = self.world.run(|env| resume_onboarding(&token, env)) {
            assert_eq!(*self.world.tables(), before, "to look changes nothing");
            assert!(result.hint().is_some_and(|hint| hint.revealed.is_none()));
        }
    }

    fn skip(&mut self) {
        let Some(token) = self.pick_token() else { return };
        let result = self.world.run(|env| advance_onboarding(&token, Advance::skip(), env));
        if let Ok(result) = result {
            self.came(&token, None, result);
        }
    }

    fn advance(&mut self) {
        let Some(token) = self.pick_token() else { return };
        let at = self.world.run(|env| resume_onboarding(&token, env));
        let Some(step) = at.ok().and_then(|at| at.current_step().map(str::to_owned)) else {
            return;
        };
        let data = if self.choices.rarely() { self.any_data() } else { self.data_for(&step) };
        let Value::Object(fields) = data.clone() else { return };
        let advance = Advance::with(Answers::new(fields));
        let result = self.world.run(|env| advance_onboarding(&token, advance, env));
        match result {
            Ok(result) => self.came(&token, Some((&step, &data)), result),
            Err(Refusal::RateLimited { .. } | Refusal::SecondFactorStopped) => {}
            Err(refusal) => {
                let text = format!("{refusal} {refusal:?}");
                assert!(PASSWORDS.iter().all(|password| !text.contains(password)), "{text}");
            }
        }
    }

    /// What was said, and what came of it: what was shown is noted.
    fn came(&mut self, token: &str, said: Option<(&str, &Value)>, result: OnboardingResult) {
        let text = format!("{result:?}");
        assert!(PASSWORDS.iter().all(|password| !text.contains(password)), "{text}");
        let failed = !result.errors().is_empty();
        if let (Some((step, data)), false) = (said, failed) {
            self.note(token, step, data, &result);
        }
        match result.hint().and_then(|hint| hint.revealed.clone()) {
            Some(Revealed::Totp(seed)) => self.seeds.push(seed.secret.expose().clone()),
            Some(Revealed::RecoveryCodes(codes)) => {
                self.recovery_codes.extend(codes.iter().map(|code| code.expose().clone()));
            }
            None => {}
        }
        if let OnboardingState::Completed(signed_in) = &result.state {
            assert!(result.remaining_steps.is_empty());
            let id = OnboardingToken::parse(token).expect("a token").id();
            let shown = self.shown.remove(token).expect("it is let in twice");
            self.let_in.push(id);
            self.assert_paid(signed_in, &shown);
        }
    }

    /// Only what moved the onboarding on was right: the step is behind, or it is all over.
    fn note(&mut self, token: &str, step: &str, data: &Value, result: &OnboardingResult) {
        if result.current_step() == Some(step) {
            return;
        }
        let mailed = self.mailed();
        let now = self.world.now().as_millis() / 1000 / 30;
        let code = data.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(shown) = self.shown.get_mut(token) else { return };
        match step {
            "register" => shown.password = true,
            "verify_email" => {
                assert!(mailed.contains(&code), "{code} was never mailed");
                shown.mail = true;
            }
            "accept_terms" => shown.terms = true,
            "second_factor" | "setup_totp" if !code.is_empty() => {
                shown.factor = true;
                if self.recovery_codes.contains(&code) {
                    self.recovery_codes.retain(|left| *left != code);
                    return;
                }
                let moment = |step: u64| testudo::Timestamp::from_millis(step * 30_000);
                let near = now.saturating_sub(1)..=now + 1;
                let taken = self.seeds.iter().rev().find_map(|seed| {
                    let is_it = |step: &u64| code_of(seed, moment(*step)) == code;
                    near.clone().rev().find(is_it).map(|step| (seed.clone(), step))
                });
                let (seed, step) = taken.expect("a code of no app, and no recovery code");
                let last = self.taken.insert(seed, step);
                assert!(last.is_none_or(|last| step > last), "a code counts a second time");
            }
            _ => {}
        }
    }

    fn mailed(&self) -> Vec<String> {
        let messages = self.world.messages().into_iter();
        let codes = messages.filter(|it| it.kind == MessageKind::VerificationCode);
        codes.filter_map(|it| it.code.map(|code| code.expose().clone())).collect()
    }

    /// The law about who is let in.
    fn assert_paid(&self, SignedIn { user, session, .. }: &SignedIn, shown: &Shown) {
        let policy = self.world.settings().policy();
        assert!(shown.password && session.methods.contains(&Method::Password));
        let is_required = policy.second_factor == SecondFactor::Required;
        let is_asked = user.totp.is_some() && policy.second_factor != SecondFactor::Never;
        if is_required || is_asked {
            assert!(shown.factor, "the second factor was never shown");
        }
        assert!(!policy.require_verified_email || user.is_verified);
        let proved = |it: &str| it.eq_ignore_ascii_case(user.email.as_str());
        let is_proved = self
            .world
            .messages()
            .iter()
            .any(|mail| mail.kind == MessageKind::VerificationCode && proved(mail.to.as_str()));
        assert!(!user.is_verified || is_proved, "verified, and never mailed to");
        if let Some(terms) = &policy.terms {
            assert_eq!(user.terms.as_ref().map(|it| &it.version), Some(terms));
        }
        assert!(!user.must_change_password);
    }

    fn data_for(&mut self, step: &str) -> Value {
        match step {
            "register" => {
                let email = self.choices.pick(ADDRESSES[0], &ADDRESSES[1..]);
                let password = self.choices.pick(PASSWORDS[0], &[PASSWORDS[1], "short"]);
                json!({ "email": email, "password": password, "password_confirm": password })
            }
            "verify_email" => match self.choices.way(3) {
                0 => json!({}),
                1 => json!({ "code": self.mailed().pop() }),
                _ => json!({ "code": self.any_code() }),
            },
            "setup_totp" | "second_factor" => match self.choices.way(4) {
                0 => json!({}),
                1 => json!({ "code": self.any_code() }),
                2 => json!({ "code": self.recovery_codes.last() }),
                _ => json!({ "code": self.app_code() }),
            },
            "recovery_codes" => match self.choices.way(2) {
                0 => json!({}),
                _ => json!({ "saved": true }),
            },
            "change_password" => {
                let password = self.choices.pick(PASSWORDS[1], &PASSWORDS[..1]);
                json!({ "new_password": password })
            }
            "profile" => {
                let name: String = self.choices.any();
                json!({ "nickname": name, "role": "admin", "news": self.choices.any::<bool>() })
            }
            "accept_terms" => json!({ "accept": self.choices.any::<bool>() }),
            _ => json!({}),
        }
    }

    fn any_code(&mut self) -> String {
        format!("{:06}", self.choices.any::<u32>() % 1_000_000)
    }

    /// What an app shows, now or a little earlier or later.
    fn app_code(&mut self) -> String {
        let back = usize::from(self.choices.pick(0_u8, &[1, 2]));
        let place = self.seeds.len().checked_sub(1 + back);
        let Some(seed) = place.and_then(|place| self.seeds.get(place)) else {
            return String::new();
        };
        let step = self.world.now().as_millis() / 30_000;
        let step = (step + u64::from(self.choices.pick(2_u8, &[1, 3, 0]))).saturating_sub(2);
        code_of(seed, testudo::Timestamp::from_millis(step * 30_000))
    }

    fn any_data(&mut self) -> Value {
        let mut fields = JsonObject::new();
        for _ in 0..self.choices.way(4) {
            let names = ["email", "password", "saved", "accept", "invitation", "is_verified"];
            let name = self.choices.pick("code", &names);
            let value = match self.choices.way(5) {
                0 => Value::Null,
                1 => self.choices.any::<bool>().into(),
                2 => self.choices.any::<i64>().into(),
                3 => json!([self.choices.any::<String>()]),
                _ => self.choices.any::<String>().into(),
            };
            fields.insert(name.to_owned(), value);
        }
        Value::Object(fields)
    }

    /// What holds at all times.
    fn check(&self) {
        let tables = self.world.tables();
        for (key, counter) in tables.attempts() {
            let limit = if key.as_str().starts_with("email_proof") { 3 } else { 5 };
            let is_of_guesses = ["totp:", "recovery:", "code:", "login:account:"];
            if is_of_guesses.iter().any(|prefix| key.as_str().starts_with(prefix)) {
                assert!(counter.count <= limit, "{key:?}");
            }
        }
        for user in tables.users() {
            let declared = |field: &String| ["nickname", "news"].contains(&field.as_str());
            assert!(user.profile.keys().all(declared), "{:?}", user.profile);
            assert!(user.totp.is_some() || user.recovery_codes.is_empty());
        }
        let events = tables.events();
        let opened = events.iter().filter(|it| matches!(it.event, Event::UserLogin { .. })).count();
        assert_eq!(opened, tables.sessions().count(), "a session that nobody was let in for");
        let mut once = self.let_in.clone();
        once.sort_unstable();
        once.dedup();
        let completed = events
            .iter()
            .filter(|it| matches!(it.event, Event::OnboardingCompleted { .. }))
            .count();
        assert_eq!(completed, self.let_in.len());
        let keys: Vec<_> = tables.users().map(|user| user.email.key()).collect();
        assert!(keys.iter().enumerate().all(|(place, key)| !keys[..place].contains(key)));
    }
}

fn any_policy(choices: &mut Choices<'_>) -> Policy {
    Policy {
        second_factor: choices.pick_clone(
            SecondFactor::IfEnrolled,
            &[SecondFactor::Required, SecondFactor::Never, SecondFactor::Required],
        ),
        require_verified_email: choices.any(),
        terms: choices.any::<bool>().then(|| "2026".to_owned()),
        one_onboarding_per_email: choices.any(),
        totp_skew: choices.way(2),
        ..Policy::default()
    }
}
