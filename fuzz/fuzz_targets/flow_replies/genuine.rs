//! Records and tokens as the library makes them, for replies and requests that are plausible.

use std::rc::Rc;

use serde_json::{Value, json};
use testudo::Duration;
use testudo::flow::{
    Login, advance_onboarding, begin_totp, confirm_totp, login, refresh, start_onboarding,
};
use testudo::model::{JsonObject, OnboardingSession, Session, User};
use testudo::onboarding::{Advance, OnboardingResult, Revealed, StartOnboarding};
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::{Policy, SecondFactor, Secret};
use testudo_fuzz::code_of;

/// The address of the one account.
pub(crate) const ADA: &str = "ada@example.com";

/// A user, and a session of hers after each of a few refreshes.
pub(crate) struct Genuine {
    pub(crate) user: User,
    pub(crate) generations: Vec<(Session, Tokens)>,
    /// Her seed that waits for a code, with the address verified.
    pub(crate) waiting: (OnboardingSession, Secret<String>),
    /// Somebody at each step of onboarding.
    pub(crate) stages: Vec<Stage>,
}

/// Somebody at a step of onboarding.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) token: String,
    pub(crate) record: OnboardingSession,
    /// Their account, if it is there already.
    pub(crate) user: Option<User>,
    /// What leads on, but for a code that an app shows.
    pub(crate) right: Value,
    pub(crate) seed: Option<Secret<String>>,
}

thread_local! {
    static GENUINE: Rc<Genuine> = Rc::new(Genuine::make());
}

impl Genuine {
    /// The same for every input: it is made once.
    pub(crate) fn shared() -> Rc<Self> {
        GENUINE.with(Rc::clone)
    }

    fn make() -> Self {
        let mut world = World::new();
        world.register(ADA, "correct horse battery");
        let signed_in = world.login(ADA, "correct horse battery");
        let mut generations = vec![(signed_in.session, signed_in.tokens)];
        for _ in 0..4 {
            world.advance(Duration::from_minutes(1));
            let token = generations.last().map(|(_, tokens)| tokens.refresh.clone());
            let token = token.expect("a pair of tokens");
            let next = world.run(|env| refresh(token.expose(), env)).expect("a refresh");
            generations.push((next.session, next.tokens));
        }
        let mut world = World::new();
        world.register(ADA, "correct horse battery");
        world.change_user(ADA, |user| user.is_verified = true);
        let access = world.login(ADA, "correct horse battery").tokens.access;
        let seed = world.run(|env| begin_totp(access.expose(), env)).expect("a seed").secret;
        let row = world.tables().onboarding().next().expect("a row").clone();
        let stages = sign_up().into_iter().chain(second_factor()).chain(all_that_can_be_owed());
        Self { user: signed_in.user, generations, waiting: (row, seed), stages: stages.collect() }
    }
}

/// Goes through all steps, and remembers how it was at each of them.
struct Walk {
    world: World,
    token: String,
    stages: Vec<Stage>,
}

impl Walk {
    fn step(&mut self, right: Value, seed: Option<&Secret<String>>) -> OnboardingResult {
        let id = testudo::token::OnboardingToken::parse(&self.token).expect("a token").id();
        let record = self.world.tables().onboarding().find(|it| it.id == id).expect("a row");
        self.stages.push(Stage {
            token: self.token.clone(),
            record: record.clone(),
            user: self.world.tables().users().next().cloned(),
            right: right.clone(),
            seed: seed.cloned(),
        });
        let data = match seed {
            Some(seed) => json!({ "code": code_of(seed.expose(), self.world.now()) }),
            None => right,
        };
        let advance = Advance::with(object(data));
        let result = self.world.run(|env| advance_onboarding(&self.token, advance, env));
        let result = result.expect("a step");
        assert!(result.errors().is_empty(), "{result:?}");
        result
    }

    fn verify(&mut self) {
        self.step(json!({}), None);
        let code = self.world.messages().pop().and_then(|mail| mail.code).expect("a code");
        self.step(json!({ "code": code.expose() }), None);
    }

    fn enrol(&mut self) {
        let shown = self.step(json!({}), None);
        let Some(Revealed::Totp(shown)) = shown.hint().and_then(|hint| hint.revealed.clone())
        else {
            panic!("no seed is shown");
        };
        self.step(json!({}), Some(&shown.secret));
        self.step(json!({}), None);
    }
}

fn object(data: Value) -> JsonObject {
    match data {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

fn sign_up() -> Vec<Stage> {
    let mut world = World::new();
    let begun = world.run(|env| start_onboarding(StartOnboarding::new(ADA), env)).expect("a start");
    let mut walk = Walk { world, token: begun.session_token.expose().clone(), stages: Vec::new() };
    let password = "correct horse battery";
    walk.step(json!({ "email": ADA, "password": password, "password_confirm": password }), None);
    walk.verify();
    walk.enrol();
    walk.step(json!({ "saved": true }), None);
    walk.stages
}

fn owing(mut world: World) -> Walk {
    let request = Login::new(ADA, "correct horse battery".into());
    let owed = world.run(|env| login(request, env)).expect("a sign-in").owing();
    let token = owed.expect("something owed").session_token.expose().clone();
    Walk { world, token, stages: Vec::new() }
}

fn second_factor() -> Vec<Stage> {
    let mut world = World::new();
    world.register(ADA, "correct horse battery");
    world.change_user(ADA, |user| user.is_verified = true);
    let access = world.login(ADA, "correct horse battery").tokens.access;
    let seed = world.run(|env| begin_totp(access.expose(), env)).expect("a seed").secret;
    let code = code_of(seed.expose(), world.now());
    let codes = world.run(|env| confirm_totp(access.expose(), &code, env)).expect("codes");
    world.advance(Duration::from_minutes(1));
    let mut by_recovery = owing(world.clone());
    by_recovery.step(json!({ "code": codes[0].expose() }), None);
    let mut by_app = owing(world);
    by_app.step(json!({}), Some(&seed));
    by_app.stages.into_iter().chain(by_recovery.stages).collect()
}

fn all_that_can_be_owed() -> Vec<Stage> {
    let mut world = World::new();
    world.register(ADA, "correct horse battery");
    world.change_user(ADA, |user| user.must_change_password = true);
    world.set_policy(Policy {
        second_factor: SecondFactor::Required,
        terms: Some("2026".into()),
        ..Policy::default()
    });
    let mut walk = owing(world);
    walk.verify();
    walk.step(json!({ "new_password": "a wholly different phrase" }), None);
    walk.enrol();
    walk.step(json!({ "saved": true }), None);
    walk.step(json!({ "accept": true }), None);
    walk.stages
}
