//! Codes, seeds, recovery codes and what is typed into onboarding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testudo::flow::{
    Invite, Login, advance_onboarding, begin_totp, confirm_totp, login, remove_totp,
    replace_recovery_codes, resume_onboarding, second_factors, start_onboarding,
};
use testudo::message::MessageKind;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Advance, Onboarding, OnboardingResult, Revealed, StartOnboarding};
use testudo::testing::World;
use testudo::token::OnboardingToken;
use testudo::{Duration, Policy, SecondFactor, Secret};

use super::{CANARY_NEW_PASSWORD, CANARY_PASSWORD, CANARY_SECRET, Printed, Secrets, watch};
use crate::ADA;
use crate::onboarding::{code_of, invitation, mailed_code, with, wrong_code};

/// Somebody who is watched.
struct Watched {
    world: World,
    printed: Printed,
    secrets: Secrets,
    token: String,
}

impl Watched {
    fn begins(mut world: World) -> Self {
        let (mut printed, mut secrets) = (Printed::default(), Secrets::default());
        let request = StartOnboarding::new(ADA);
        printed.debug(&request);
        let env = world.env();
        let begun = watch(start_onboarding(request, env), &mut world, &mut printed).unwrap();
        let token = begun.session_token.expose().clone();
        add_token(&mut secrets, &token);
        printed.debug(&OnboardingToken::parse(&token).unwrap());
        Self { world, printed, secrets, token }
    }

    fn says(&mut self, data: Value) -> OnboardingResult {
        let advance = with(data);
        self.advances(advance)
    }

    fn advances(&mut self, advance: Advance) -> OnboardingResult {
        self.printed.debug(&advance);
        let env = self.world.env();
        let step = advance_onboarding(&self.token, advance, env);
        let came = watch(step, &mut self.world, &mut self.printed).unwrap();
        self.knows(&came);
        if came.hint().is_some() {
            let env = self.world.env();
            let step = resume_onboarding(&self.token, env);
            let again = watch(step, &mut self.world, &mut self.printed).unwrap();
            assert!(again.hint().unwrap().revealed.is_none(), "it is shown once");
            self.prints_extra(&again);
        }
        self.prints_extra(&came);
        came
    }

    /// What is told besides, and what was wrong, is no secret.
    fn prints_extra(&mut self, came: &OnboardingResult) {
        if let Some(hint) = came.hint() {
            self.printed.text(&serde_json::to_string(&hint.extra).unwrap());
            self.printed.text(&hint.description);
        }
        came.errors().iter().for_each(|error| self.printed.debug(error));
    }

    /// What is shown, this once, must be seen nowhere else.
    fn knows(&mut self, came: &OnboardingResult) {
        match came.hint().and_then(|hint| hint.revealed.as_ref()) {
            Some(Revealed::Totp(seed)) => {
                add_seed(&mut self.secrets, &seed.secret);
                self.secrets.add("provisioning URI", &seed.provisioning_uri.expose()[20..]);
            }
            Some(Revealed::RecoveryCodes(codes)) => add_codes(&mut self.secrets, codes),
            None => {}
        }
    }

    fn is_mailed(&mut self) -> String {
        let code = mailed_code(&self.world);
        self.secrets.add("code of a mail", &code);
        code
    }

    fn finish(mut self) {
        let Self { world, printed, secrets, .. } = &mut self;
        printed.debug(world);
        printed.debug(world.tables());
        for event in world.tables().events() {
            printed.debug(&event);
            printed.text(&serde_json::to_string(&event).unwrap());
        }
        for message in world.messages() {
            printed.debug(&message);
            assert_tells_only_what_it_is_for(&message);
        }
        assert_not_in_rows(world, secrets);
        assert!(secrets.0.len() > 10, "{}", secrets.0.len());
        printed.assert_free_of(secrets);
    }
}

fn add_token(secrets: &mut Secrets, token: &str) {
    secrets.add("token of an onboarding", token);
    let body = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
    secrets.add("secret of an onboarding", &body[16..48]);
}

fn add_seed(secrets: &mut Secrets, seed: &Secret<String>) {
    secrets.add("seed", seed.expose());
    let bytes = totp_rs::Secret::try_from_base32(seed.expose()).unwrap();
    secrets.add("bytes of a seed", bytes.as_bytes());
}

fn add_codes(secrets: &mut Secrets, codes: &[Secret<String>]) {
    for code in codes {
        secrets.add("recovery code", code.expose());
        secrets.add("recovery code", code.expose().replace('-', ""));
    }
}

fn assert_tells_only_what_it_is_for(message: &testudo::message::Message) {
    let has_code = message.code.is_some();
    assert_eq!(has_code, message.kind == MessageKind::VerificationCode, "{:?}", message.kind);
    let with_links = [MessageKind::Invitation];
    if message.token.is_some() {
        assert!(with_links.contains(&message.kind), "{:?}", message.kind);
    }
}

/// No secret stands in a row as it is, neither as text nor as bytes.
fn assert_not_in_rows(world: &World, secrets: &Secrets) {
    let tables = world.tables();
    let onboarding = tables.onboarding().map(|row| row.sealed.clone());
    let messages = tables.messages().map(|row| row.sealed.clone());
    let seeds = tables.users().filter_map(|user| Some(user.totp.as_ref()?.sealed_seed.clone()));
    let rows: Vec<_> = onboarding.chain(messages).chain(seeds).collect();
    assert!(rows.len() > 3);
    for (name, secret) in &secrets.0 {
        for row in &rows {
            let is_there = row.windows(secret.len()).any(|part| part == &secret[..]);
            assert!(!is_there, "{name} stands in a row");
        }
    }
}

fn world() -> World {
    let mut world = crate::new_world();
    world.set_keys(CANARY_SECRET);
    let fields = [ProfileField::text("name", "Your name")];
    world.set_onboarding(Onboarding::standard().with_step(Profile::new(fields)).sign_up([
        "validate_invitation",
        "register",
        "verify_email",
        "setup_totp",
        "recovery_codes",
        "profile",
        "accept_terms",
    ]));
    world
}

fn strict() -> Policy {
    Policy {
        second_factor: SecondFactor::Required,
        terms: Some("2026".into()),
        ..Policy::default()
    }
}

#[test]
fn nothing_that_a_registration_can_be_seen_to_do_shows_a_secret() {
    let mut world = world();
    let invitation = invitation(&mut world, Invite::open(1));
    world.set_policy(strict());
    let mut ada = Watched::begins(world);
    ada.secrets.add("master secret", CANARY_SECRET);
    ada.secrets.add("password", CANARY_PASSWORD);
    ada.secrets.add("another password", CANARY_NEW_PASSWORD);
    ada.secrets.add("invitation", invitation.expose());
    ada.says(json!({ "invitation": CANARY_PASSWORD }));
    ada.says(json!({ "invitation": invitation.expose() }));
    for (email, again) in
        [(ADA, CANARY_NEW_PASSWORD), (CANARY_PASSWORD, CANARY_PASSWORD), (ADA, CANARY_PASSWORD)]
    {
        let data =
            json!({ "email": email, "password": CANARY_PASSWORD, "password_confirm": again });
        ada.says(data);
    }
    ada.says(json!({}));
    let code = ada.is_mailed();
    ada.says(json!({ "code": CANARY_PASSWORD }));
    ada.says(json!({ "code": [CANARY_PASSWORD] }));
    ada.world.advance(Duration::from_secs(31));
    ada.says(json!({}));
    let newer = ada.is_mailed();
    assert_ne!(code, newer);
    ada.says(json!({ "code": code }));
    ada.says(json!({ "code": newer }));
    ada.says(json!({}));
    let shown = ada.says(json!({}));
    let seed = crate::onboarding::seed(&shown);
    let (wrong, right) = (wrong_code(&seed, &ada.world), code_of(&seed, &ada.world));
    ada.secrets.add("code of an app", &right);
    ada.says(json!({ "code": wrong }));
    ada.says(json!({ "code": right }));
    ada.says(json!({}));
    ada.says(json!({ "saved": CANARY_PASSWORD }));
    ada.says(json!({ "saved": true }));
    ada.says(json!({ "name": { "first": CANARY_PASSWORD } }));
    ada.says(json!({ "name": "Ada" }));
    let done = ada.says(json!({ "accept": true })).completed().unwrap();
    ada.secrets.add_hash(&done.user.password);
    ada.secrets.add_tokens(&done.tokens);
    ada.finish();
}

#[test]
fn nothing_that_a_sign_in_that_owes_something_can_be_seen_to_do_shows_a_secret() {
    let mut world = world();
    world.register(ADA, CANARY_PASSWORD);
    world.change_user(ADA, |user| user.is_verified = true);
    let (mut printed, mut secrets) = (Printed::default(), Secrets::default());
    secrets.add("master secret", CANARY_SECRET);
    secrets.add("password", CANARY_PASSWORD);
    secrets.add("another password", CANARY_NEW_PASSWORD);
    let access = world.login(ADA, CANARY_PASSWORD).tokens.access;
    let access = access.expose();

    // Bound from a session.
    let env = world.env();
    let shown = watch(begin_totp(access, env), &mut world, &mut printed).unwrap();
    add_seed(&mut secrets, &shown.secret);
    secrets.add("code of an app", code_of(&shown.secret, &world));
    for code in [wrong_code(&shown.secret, &world), code_of(&shown.secret, &world)] {
        let env = world.env();
        let codes = watch(confirm_totp(access, &code, env), &mut world, &mut printed);
        codes.iter().for_each(|codes| add_codes(&mut secrets, codes));
    }
    let env = world.env();
    watch(second_factors(access, env), &mut world, &mut printed).unwrap();
    let env = world.env();
    let step = replace_recovery_codes(access, env);
    let codes = watch(step, &mut world, &mut printed).unwrap();
    add_codes(&mut secrets, &codes);
    let mut without = world.clone();
    let env = without.env();
    watch(remove_totp(access, env), &mut without, &mut printed).unwrap();
    printed.debug(without.tables());

    // Shown at sign-in.
    world.advance(Duration::from_minutes(1));
    world.change_user(ADA, |user| user.must_change_password = true);
    world.set_policy(strict());
    let env = world.env();
    let request = Login::new(ADA, CANARY_PASSWORD.into());
    let owed = watch(login(request, env), &mut world, &mut printed).unwrap().owing().unwrap();
    let token = owed.session_token.expose().clone();
    add_token(&mut secrets, &token);
    let mut ada = Watched { world, printed, secrets, token };
    ada.says(json!({ "code": CANARY_PASSWORD }));
    ada.says(json!({ "code": wrong_code(&shown.secret, &ada.world) }));
    ada.says(json!({ "code": codes[0].expose() }));
    ada.says(json!({ "new_password": CANARY_PASSWORD }));
    ada.says(
        json!({ "new_password": CANARY_NEW_PASSWORD, "new_password_confirm": CANARY_PASSWORD }),
    );
    ada.says(json!({ "new_password": CANARY_NEW_PASSWORD }));
    ada.says(json!({ "name": "Ada" }));
    let done = ada.says(json!({ "accept": true })).completed();
    ada.secrets.add_hash(&done.expect("it is all paid").user.password);
    ada.finish();
}
