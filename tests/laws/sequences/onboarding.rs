//! What holds of onboarding, of sign-ins and of second factors after any sequence of requests.
//!
//! What somebody paid is noted here as they show it, and never asked of the library.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use testudo::event::Event;
use testudo::flow::admin::{SetPassword, set_password};
use testudo::flow::{
    Login, SignedIn, begin_totp, confirm_totp, login, remove_totp, replace_recovery_codes,
    start_onboarding,
};
use testudo::model::{Epoch, Method, OnboardingId, SessionId, UserId, Version};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{
    Onboarding, OnboardingResult, OnboardingState, Revealed, SignIn, StartOnboarding,
};
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::{Duration, Policy, Refusal, SecondFactor, Secret, Timestamp};

use crate::onboarding::{Came, code_at, mailed_code, resume, say, skip};
use crate::{ADA, PASSWORD};

const EVE: &str = "eve@example.com";
const OTHER_PASSWORD: &str = "a wholly different phrase";

/// Numbers pick one of the onboardings, sessions or seeds so far.
#[derive(Clone, Debug)]
enum Action {
    Start(bool),
    /// Says what leads on from the current step.
    GoOn(usize),
    /// Says that the step's first phase is to begin, again.
    Begin(usize),
    /// Says a code that is wrong, or an app's of so many steps ago.
    Guess(usize),
    AppCode {
        open: usize,
        steps_ago: u64,
    },
    RecoveryCode {
        open: usize,
        code: usize,
    },
    /// Says what no step expects.
    Nonsense(usize, u8),
    Skip(usize),
    Resume(usize),
    SignIn {
        other_password: bool,
    },
    MustChange,
    BeginApp(usize),
    ConfirmApp {
        session: usize,
        is_right: bool,
    },
    RemoveApp(usize),
    NewRecoveryCodes(usize),
    Policy(u8),
    Wait(Duration),
}

fn any_action() -> impl Strategy<Value = Action> {
    let open = || 0..3_usize;
    prop_oneof![
        2 => any::<bool>().prop_map(Action::Start),
        12 => open().prop_map(Action::GoOn),
        3 => open().prop_map(Action::Begin),
        4 => open().prop_map(Action::Guess),
        3 => (open(), 0..3_u64).prop_map(|(open, steps_ago)| Action::AppCode { open, steps_ago }),
        2 => (open(), 0..12_usize).prop_map(|(open, code)| Action::RecoveryCode { open, code }),
        1 => (open(), any::<u8>()).prop_map(|(open, which)| Action::Nonsense(open, which)),
        3 => open().prop_map(Action::Skip),
        1 => open().prop_map(Action::Resume),
        4 => any::<bool>().prop_map(|other_password| Action::SignIn { other_password }),
        1 => Just(Action::MustChange),
        2 => open().prop_map(Action::BeginApp),
        3 => (open(), any::<bool>())
            .prop_map(|(session, is_right)| Action::ConfirmApp { session, is_right }),
        1 => open().prop_map(Action::RemoveApp),
        1 => open().prop_map(Action::NewRecoveryCodes),
        1 => (0..12_u8).prop_map(Action::Policy),
        4 => prop_oneof![
            4 => Just(Duration::from_secs(31)),
            1 => Just(Duration::from_secs(301)),
            1 => Just(Duration::from_minutes(11)),
        ].prop_map(Action::Wait),
    ]
}

/// What somebody showed in one onboarding or sign-in.
#[derive(Clone, Debug, Default)]
struct Shown {
    password: Option<String>,
    factor: bool,
}

struct Open {
    token: String,
    shown: Shown,
}

struct Trial {
    world: World,
    opens: Vec<Open>,
    sessions: Vec<(Tokens, SessionId)>,
    seeds: Vec<Secret<String>>,
    recovery_codes: Vec<Secret<String>>,
    /// The password of Ada's account, once it has one.
    password: Option<String>,
    /// The last step of each seed of which a code was taken.
    taken: BTreeMap<String, u64>,
    /// When a guess at a code was looked at, since the last that was right, by what it was a guess at.
    guesses: BTreeMap<&'static str, Vec<Timestamp>>,
    versions: BTreeMap<UserId, (Version, Epoch)>,
    rows: BTreeMap<OnboardingId, Version>,
}

impl Trial {
    fn new() -> Self {
        let mut world = crate::new_world();
        let fields = [
            ProfileField::text("name", "Your name"),
            ProfileField::checkbox("news", "News").optional(),
        ];
        let steps = Onboarding::standard().with_step(Profile::new(fields));
        world.set_onboarding(steps.at_sign_in(["recovery_codes", "profile"]));
        // Somebody was at Eve's address before her, and at Ada's.
        world.register(EVE, "the squatter's own phrase");
        world.register(ADA, "the squatter's own phrase");
        Self {
            world,
            opens: Vec::new(),
            sessions: Vec::new(),
            seeds: Vec::new(),
            recovery_codes: Vec::new(),
            password: None,
            taken: BTreeMap::new(),
            guesses: BTreeMap::new(),
            versions: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Start(other_spelling) => {
                let email = if other_spelling { "Ada@Example.com" } else { ADA };
                let request = StartOnboarding::new(email);
                if let Ok(begun) = self.world.run(|env| start_onboarding(request, env)) {
                    self.goes_on(&begun, Shown::default());
                }
            }
            Action::GoOn(open) => self.say_right(open),
            Action::Begin(open) => self.say(open, json!({})),
            Action::Guess(open) => self.say(open, json!({ "code": "no code" })),
            Action::AppCode { open, steps_ago } => {
                let code = self.app_code(steps_ago);
                self.say(open, json!({ "code": code }));
            }
            Action::RecoveryCode { open, code } => {
                let code = self.recovery_codes.iter().rev().nth(code);
                let code = code.map(|code| code.expose().clone());
                self.say(open, json!({ "code": code }));
            }
            Action::Nonsense(open, which) => self.say(open, nonsense(which)),
            Action::Skip(open) => {
                let Some(place) = self.place(open) else { return };
                let token = self.opens[place].token.clone();
                let before = self.at(&token);
                let came = skip(&mut self.world, &token);
                self.came(place, before, None, came);
            }
            Action::Resume(open) => {
                let Some(place) = self.place(open) else { return };
                let (token, before) =
                    (self.opens[place].token.clone(), self.world.tables().clone());
                if resume(&mut self.world, &token).is_ok() {
                    assert_eq!(*self.world.tables(), before);
                }
            }
            Action::SignIn { other_password } => self.sign_in(other_password),
            Action::MustChange => self.must_change(),
            Action::BeginApp(session) => self.begin_app(session),
            Action::ConfirmApp { session, is_right } => self.confirm_app(session, is_right),
            Action::RemoveApp(session) => self.remove_app(session),
            Action::NewRecoveryCodes(session) => self.new_recovery_codes(session),
            Action::Policy(which) => self.world.set_policy(policy(which)),
            Action::Wait(span) => self.world.advance(span),
        }
        self.check();
    }

    fn goes_on(&mut self, result: &OnboardingResult, shown: Shown) {
        let token = result.session_token.expose().clone();
        assert!(self.opens.iter().all(|open| open.token != token), "a token is given twice");
        self.opens.push(Open { token, shown });
    }

    /// One of the newest.
    fn place(&self, open: usize) -> Option<usize> {
        self.opens.len().checked_sub(1).map(|newest| newest.saturating_sub(open))
    }

    fn access(&self, session: usize) -> Option<(String, SessionId)> {
        let (tokens, id) = self.sessions.iter().rev().nth(session)?;
        Some((tokens.access.expose().clone(), *id))
    }

    /// The current step, and how many are behind: one that was skipped may come again.
    fn at(&mut self, token: &str) -> Option<(String, usize)> {
        let result = resume(&mut self.world, token).ok()?;
        Some((result.current_step()?.to_owned(), result.completed_steps.len()))
    }

    fn say_right(&mut self, open: usize) {
        let Some(place) = self.place(open) else { return };
        let token = self.opens[place].token.clone();
        let Ok(at) = resume(&mut self.world, &token) else { return };
        let is_shown = at.hint().is_some_and(|hint| !hint.fields.is_empty());
        let data = match at.current_step().unwrap_or_default() {
            "register" => crate::onboarding::registration(ADA),
            "verify_email" if is_shown && !self.world.messages().is_empty() => {
                json!({ "code": mailed_code(&self.world) })
            }
            "setup_totp" if is_shown => json!({ "code": self.app_code(0) }),
            "second_factor" => json!({ "code": self.app_code(0) }),
            "recovery_codes" if is_shown => json!({ "saved": true }),
            "profile" => json!({ "name": "Ada", "role": "admin", "is_verified": true }),
            "accept_terms" => json!({ "accept": true }),
            "change_password" => {
                let new = if self.password.as_deref() == Some(PASSWORD) {
                    OTHER_PASSWORD
                } else {
                    PASSWORD
                };
                json!({ "new_password": new })
            }
            _ => json!({}),
        };
        self.say(open, data);
    }

    fn say(&mut self, open: usize, data: Value) {
        let Some(place) = self.place(open) else { return };
        let token = self.opens[place].token.clone();
        let before = self.at(&token);
        let came = say(&mut self.world, &token, data.clone());
        self.came(place, before, Some(&data), came);
    }

    /// What came of it: what was shown is noted.
    fn came(
        &mut self,
        place: usize,
        before: Option<(String, usize)>,
        data: Option<&Value>,
        came: Came,
    ) {
        let Ok(result) = came else { return };
        let (step, behind) = before.unwrap_or_default();
        let is_behind = result.completed_steps.len() > behind;
        if let Some(data) = data {
            self.count_guess(&step, data, &result, is_behind);
            if is_behind {
                self.note(place, &step, data);
            }
        }
        match result.hint().and_then(|hint| hint.revealed.clone()) {
            Some(Revealed::Totp(seed)) => self.seeds.push(seed.secret),
            Some(Revealed::RecoveryCodes(codes)) => self.recovery_codes.extend(codes),
            None => {}
        }
        let all = result.completed_steps.iter().chain(&result.remaining_steps).count();
        assert!(all > 0);
        if let OnboardingState::Completed(signed_in) = result.state {
            assert!(result.remaining_steps.is_empty());
            let Open { shown, .. } = self.opens.remove(place);
            self.let_in(*signed_in, &shown);
        }
    }

    fn note(&mut self, place: usize, step: &str, data: &Value) {
        let code = data["code"].as_str().unwrap_or_default().to_owned();
        match step {
            "register" => {
                self.opens[place].shown.password = data["password"].as_str().map(str::to_owned);
            }
            "change_password" => self.password = data["new_password"].as_str().map(str::to_owned),
            "second_factor" | "setup_totp" => {
                self.opens[place].shown.factor = true;
                self.take(&code);
            }
            _ => {}
        }
    }

    /// A code was right: it is one of a seed's, later than all that were taken, or a recovery code that was not
    /// used.
    fn take(&mut self, code: &str) {
        if let Some(place) = self.recovery_codes.iter().position(|it| it.expose() == code) {
            self.recovery_codes.remove(place);
            return;
        }
        let now = self.world.now().as_millis() / 30_000;
        let found = self.seeds.iter().rev().find_map(|seed| {
            let is_it = |step: &u64| code_at(seed, step * 30) == code;
            (now - 1..=now + 1).rev().find(is_it).map(|step| (seed.expose().clone(), step))
        });
        let Some((seed, step)) = found else { panic!("a code of no app, and no recovery code") };
        let last = self.taken.insert(seed, step);
        assert!(last.is_none_or(|last| step > last), "a code that was used, or an earlier one");
    }

    /// Whatever is sent again or begun again, of a window no more guesses are looked at than the policy says.
    fn count_guess(&mut self, step: &str, data: &Value, result: &OnboardingResult, right: bool) {
        let what = match (step, data["code"].as_str()) {
            ("verify_email", Some(_)) => "mail",
            ("second_factor" | "setup_totp", Some(code)) if code.len() > 10 => "recovery",
            ("second_factor" | "setup_totp", Some(_)) => "app",
            _ => return,
        };
        let guesses = self.guesses.entry(what).or_default();
        let was_looked_at = result.errors().iter().any(|error| error.code == "invalid_code");
        if right {
            guesses.clear();
        } else if was_looked_at {
            let now = self.world.now();
            guesses.push(now);
            let (window, lock) = if what == "mail" { (600, 600) } else { (300, 600) };
            // Five in a window; if it is used up, none for as long as the lock lasts.
            let recent = |span: u64| {
                guesses.iter().filter(|at| now - **at < Duration::from_secs(span)).count()
            };
            assert!(recent(window) < 10, "{what}: {guesses:?}");
            assert!(recent(window.min(lock) + lock) <= 14, "{what}: {guesses:?}");
        }
    }

    fn app_code(&self, steps_ago: u64) -> String {
        let step = self.world.now().as_millis() / 30_000 - steps_ago;
        self.seeds.last().map_or_else(String::new, |seed| code_at(seed, step * 30))
    }

    fn sign_in(&mut self, other_password: bool) {
        let password = if other_password { OTHER_PASSWORD } else { PASSWORD };
        let came = self.world.run(|env| login(Login::new(ADA, password.into()), env));
        let shown = Shown { password: Some(password.to_owned()), factor: false };
        let Ok(came) = came else { return };
        assert_eq!(self.password.as_deref(), Some(password), "another password signs in");
        match came {
            SignIn::Completed(signed_in) => self.let_in(*signed_in, &shown),
            SignIn::Owing(result) => self.goes_on(&result, shown),
        }
    }

    /// The law: whoever is let in has shown what the account and the policy ask for.
    fn let_in(&mut self, signed_in: SignedIn, shown: &Shown) {
        let SignedIn { user, session, tokens } = signed_in;
        let policy = self.world.settings().policy();
        assert!(shown.password.is_some(), "no password was shown");
        if user.totp.is_some() || policy.second_factor == SecondFactor::Required {
            assert!(shown.factor && user.totp.is_some(), "no second factor was shown");
        }
        assert_eq!(shown.factor, session.methods.iter().any(|method| method.is_second_factor()));
        assert!(user.is_verified, "who registered has verified the address");
        let accepted = user.terms.as_ref().map(|terms| &terms.version);
        assert!(policy.terms.is_none() || accepted == policy.terms.as_ref());
        assert!(!user.must_change_password);
        assert!(user.profile.keys().all(|field| ["name", "news"].contains(&field.as_str())));
        assert!(user.profile.contains_key("name"));
        let is_new = self.sessions.iter().all(|(_, id)| *id != session.id);
        assert!(is_new, "a session is opened twice");
        if self.password.is_none() {
            self.password.clone_from(&shown.password);
        }
        self.sessions.push((tokens, session.id));
    }

    fn must_change(&mut self) {
        let Some(password) = self.password.clone() else { return };
        let password = password.as_str().into();
        let request = SetPassword { user: crate::ada(), password, must_change: true };
        self.world.run(|env| set_password(request, env)).unwrap();
    }

    fn begin_app(&mut self, session: usize) {
        let Some((access, _)) = self.access(session) else { return };
        if let Ok(seed) = self.world.run(|env| begin_totp(&access, env)) {
            self.seeds.push(seed.secret);
        }
    }

    fn confirm_app(&mut self, session: usize, is_right: bool) {
        let Some((access, id)) = self.access(session) else { return };
        let code = if is_right { self.app_code(0) } else { "000000".to_owned() };
        if let Ok(codes) = self.world.run(|env| confirm_totp(&access, &code, env)) {
            self.take(&code);
            self.recovery_codes = codes;
            self.assert_alone(id);
            self.guesses.clear();
        }
    }

    fn remove_app(&mut self, session: usize) {
        let Some((access, id)) = self.access(session) else { return };
        if self.world.run(|env| remove_totp(&access, env)).is_ok() {
            assert_ne!(self.world.settings().policy().second_factor, SecondFactor::Required);
            self.recovery_codes.clear();
            self.assert_alone(id);
            self.guesses.clear();
        }
    }

    fn new_recovery_codes(&mut self, session: usize) {
        let Some((access, id)) = self.access(session) else { return };
        if let Ok(codes) = self.world.run(|env| replace_recovery_codes(&access, env)) {
            self.recovery_codes = codes;
            self.assert_alone(id);
            self.guesses.clear();
        }
    }

    /// A change of the factor ends all sessions but the one from which it is made, which has shown it.
    fn assert_alone(&self, id: SessionId) {
        let tables = self.world.tables();
        let owner = tables.users().find(|user| user.email.key().as_str() == ADA).unwrap();
        let standing = owner.standing();
        for session in tables.sessions().filter(|session| session.user == owner.id) {
            assert_eq!(session.is_revoked(&standing), session.id != id);
            assert!(
                session.id != id
                    || session.methods.contains(&Method::Otp)
                    || session.methods.contains(&Method::RecoveryCode)
            );
        }
    }

    fn check(&mut self) {
        let tables = self.world.tables();
        for user in tables.users() {
            let now = (user.version, user.epoch);
            let before = self.versions.insert(user.id, now).unwrap_or(now);
            assert!(before.0 <= now.0 && before.1 <= now.1, "a version goes back");
            let standing = user.standing();
            let mut live =
                tables.sessions().filter(|it| it.user == user.id && !it.is_revoked(&standing));
            let with_factor = |methods: &[Method]| methods.iter().any(|it| it.is_second_factor());
            assert!(user.totp.is_none() || live.all(|it| with_factor(&it.methods)));
        }
        for row in tables.onboarding() {
            let before = self.rows.insert(row.id, row.version).unwrap_or(row.version);
            assert!(before <= row.version, "a version goes back");
        }
        let events = tables.events();
        let count = |which: fn(&Event) -> bool| events.iter().filter(|it| which(&it.event)).count();
        let opened = count(|event| matches!(event, Event::UserLogin { .. }));
        assert_eq!((opened, tables.sessions().count()), (self.sessions.len(), opened));
        assert_eq!(tables.users().count(), 2, "one account for each address");
    }
}

fn policy(which: u8) -> Policy {
    let second_factor =
        if which.is_multiple_of(3) { SecondFactor::Required } else { SecondFactor::IfEnrolled };
    Policy {
        second_factor,
        require_verified_email: which.is_multiple_of(2),
        terms: (which > 5).then(|| format!("20{}", 20 + which)),
        one_onboarding_per_email: !which.is_multiple_of(4),
        totp_skew: which % 2,
        ..Policy::default()
    }
}

fn nonsense(which: u8) -> Value {
    match which % 6 {
        0 => json!({ "code": 123_456 }),
        1 => json!({ "code": ["123456"], "saved": "yes" }),
        2 => json!({ "is_verified": true, "methods": ["otp"], "behind": 9 }),
        3 => json!({ "saved": true, "accept": true, "name": "Ada" }),
        4 => json!({ "email": EVE, "password": PASSWORD, "password_confirm": PASSWORD }),
        _ => json!({ "code": "１２３４５６" }),
    }
}

/// One way through all of it, so that a trial in which nobody ever comes in is noticed.
#[test]
fn a_trial_lets_in_whoever_pays_with_an_app_and_without() {
    let mut trial = Trial::new();
    let through = [Action::Start(false)].into_iter().chain([
        Action::GoOn(0),
        Action::GoOn(0),
        Action::GoOn(0),
    ]);
    through.for_each(|action| trial.act(&action));
    for _ in 0..6 {
        trial.act(&Action::GoOn(0));
    }
    assert_eq!(trial.sessions.len(), 1, "{:?}", trial.at(&trial.opens[0].token.clone()));
    trial.act(&Action::Wait(Duration::from_minutes(1)));
    trial.act(&Action::SignIn { other_password: false });
    assert_eq!(trial.opens.len(), 1, "the factor is owed");
    trial.act(&Action::GoOn(0));
    assert_eq!(trial.sessions.len(), 2);
    let refused = say(&mut trial.world, "", json!({}));
    assert_eq!(refused.unwrap_err(), Refusal::OnboardingUnknown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn no_sequence_of_requests_lets_in_who_has_not_paid(
        actions in prop::collection::vec(any_action(), 10..70),
    ) {
        let mut trial = Trial::new();
        actions.iter().for_each(|action| trial.act(action));
    }
}
