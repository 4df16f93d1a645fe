//! Onboarding step by step, and second factors.

use serde_json::{Value, json};
use testudo::command::UserKey;
use testudo::flow::admin::{self, SetPassword};
use testudo::flow::{
    Invite, Login, advance_onboarding, begin_totp, confirm_totp, invite, login, remove_totp,
    replace_recovery_codes, resume_onboarding, second_factors, start_onboarding,
};
use testudo::message::MessageKind;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Advance, Onboarding, OnboardingResult, Revealed, StartOnboarding};
use testudo::testing::World;
use testudo::{Client, Duration, Policy, Secret};

use super::{
    ADA, BOB, Flow, NEW, PASSWORD, Scenario, flow, said, scenario, shown, signed_in, with_ada,
};

pub(super) fn flows() -> Vec<Flow> {
    let mut flows = engine();
    flows.extend(steps_of_signing_up());
    flows.extend(steps_of_signing_in());
    flows.extend(own_factor());
    flows
}

fn engine() -> Vec<Flow> {
    vec![
        flow(
            "start_onboarding",
            "Begins a registration. Nothing is looked up about the address.",
            [
                scenario(
                    || (nobody(), ()),
                    |(), _, env| start_onboarding(StartOnboarding::new(ADA), env),
                    shown,
                ),
                scenario(
                    || started(nobody()),
                    |_, _, env| start_onboarding(StartOnboarding::new(ADA), env),
                    shown,
                ),
            ],
        ),
        flow(
            "resume_onboarding",
            "Says what the current step is.",
            [
                scenario(
                    || started(nobody()),
                    |token, _, env| resume_onboarding(token.expose(), env),
                    shown,
                ),
                scenario(
                    || owing(with_terms()),
                    |token, _, env| resume_onboarding(token.expose(), env),
                    shown,
                ),
                scenario(
                    || {
                        let (mut world, token) = started(nobody());
                        world.advance(Duration::from_minutes(60));
                        (world, token)
                    },
                    |token, _, env| resume_onboarding(token.expose(), env),
                    shown,
                ),
            ],
        ),
        flow(
            "advance_onboarding: a step is skipped",
            "The last step that is left out lets somebody in who owes nothing.",
            [skip(|| verified(with_profile(nobody()))), skip(|| started(nobody()))],
        ),
    ]
}

fn steps_of_signing_up() -> Vec<Flow> {
    vec![
        flow(
            "advance_onboarding: register",
            "A password is chosen. The account is made at the end, and not before.",
            [
                say(|| started(nobody()), registration),
                say(|| started(nobody()), || json!({"email": BOB})),
                say(|| started(telling(nobody())), registration),
                say(|| started(telling(with_ada())), registration),
            ],
        ),
        flow(
            "advance_onboarding: verify_email, a code is sent",
            "The owner of a taken address is told instead; everything else is the same.",
            [
                say(|| registered(nobody()), || json!({})),
                say(|| registered(with_ada()), || json!({})),
            ],
        ),
        flow(
            "advance_onboarding: verify_email, a code comes back",
            "The guess is counted by address before it is looked at.",
            [
                say_with(|| sent(nobody()), |(world, _)| mailed_code(world)),
                say(|| sent(nobody()), || json!({"code": "x"})),
            ],
        ),
        flow(
            "advance_onboarding: setup_totp, a seed is shown",
            "It waits, sealed, for a code of it.",
            [say(|| verified(nobody()), || json!({}))],
        ),
        flow(
            "advance_onboarding: setup_totp, a code comes back",
            "The guess is counted before it is looked at; the code is spent by it.",
            [
                say_with(|| seeded(nobody()), |(world, (secret, ..))| code_of(world, secret)),
                say(
                    || {
                        let (world, (_, _, token)) = seeded(nobody());
                        (world, token)
                    },
                    || json!({"code": "x"}),
                ),
            ],
        ),
        flow(
            "advance_onboarding: recovery_codes",
            "They are shown, and then said to be kept. The account is made.",
            [
                say(|| enrolled(nobody()), || json!({})),
                say(
                    || {
                        let (mut world, token) = enrolled(nobody());
                        advance(&mut world, &token, json!({}));
                        (world, token)
                    },
                    || json!({"saved": true}),
                ),
            ],
        ),
        flow(
            "advance_onboarding: profile",
            "Declared fields are read. This is the last step here, so the account is made.",
            [
                say(|| verified(with_profile(nobody())), || json!({"name": "Ada"})),
                say(|| verified(with_profile(nobody())), || json!({"name": 7})),
            ],
        ),
        flow(
            "advance_onboarding: validate_invitation",
            "The invitation is looked at; its seat is taken with the account.",
            [say_with(invited, |(_, (link, ..))| json!({"invitation": link.expose()}))],
        ),
        flow(
            "advance_onboarding: the last step of who was invited",
            "Account and seat are one commit.",
            [say(invited_and_verified, || json!({"name": "Ada"}))],
        ),
    ]
}

fn steps_of_signing_in() -> Vec<Flow> {
    vec![
        flow(
            "advance_onboarding: second_factor",
            "A code of the app, or a recovery code, which are counted apart. The code is spent by the commit that \
             lets in.",
            [
                say_with(at_factor, |(world, (secret, ..))| code_of(world, secret)),
                say(|| without_codes(at_factor()), || json!({"code": "000000"})),
                say_with(at_factor, |(_, (_, codes, _))| json!({"code": codes[0].expose()})),
            ],
        ),
        flow(
            "advance_onboarding: change_password",
            "A password that must be changed is, before anything is opened.",
            [
                say(|| owing(must_change()), || json!({"new_password": NEW})),
                say(|| owing(must_change()), || json!({"new_password": PASSWORD})),
            ],
        ),
        flow(
            "advance_onboarding: accept_terms",
            "The version that was accepted is recorded.",
            [
                say(|| owing(with_terms()), || json!({"accept": true})),
                say(|| owing(with_terms()), || json!({"accept": false})),
            ],
        ),
    ]
}

fn own_factor() -> Vec<Flow> {
    vec![
        flow(
            "second_factors",
            "Shows what factors an account has.",
            [scenario(
                signed_in,
                |access, _, env| second_factors(access.expose(), env),
                |_| "the factors",
            )],
        ),
        flow(
            "begin_totp",
            "Shows the seed of an app, which waits for a code of it.",
            [
                scenario(
                    signed_in,
                    |access, _, env| begin_totp(access.expose(), env),
                    |_| "a seed, this once",
                ),
                scenario(
                    stale,
                    |access, _, env| begin_totp(access.expose(), env),
                    |_| "a seed, this once",
                ),
            ],
        ),
        flow(
            "confirm_totp",
            "Binds the account to the app by a code of it. All other sessions end.",
            [
                scenario(
                    begun,
                    |(access, code), _, env| confirm_totp(access.expose(), code, env),
                    |_| "recovery codes, this once",
                ),
                scenario(
                    begun,
                    |(access, _), _, env| confirm_totp(access.expose(), "000000", env),
                    |_| "recovery codes, this once",
                ),
            ],
        ),
        flow(
            "remove_totp",
            "Unbinds the account. All other sessions end.",
            [scenario(
                || {
                    let (world, (access, ..)) = with_totp_and_access();
                    (world, access)
                },
                |access, _, env| remove_totp(access.expose(), env),
                said("there is none any more"),
            )],
        ),
        flow(
            "replace_recovery_codes",
            "Gives other recovery codes.",
            [scenario(
                || {
                    let (world, (access, ..)) = with_totp_and_access();
                    (world, access)
                },
                |access, _, env| replace_recovery_codes(access.expose(), env),
                |_| "recovery codes, this once",
            )],
        ),
    ]
}

type Going = (World, Secret<String>);

/// An access token, the seed of the account's app, and the recovery codes.
type Bound = (Secret<String>, Secret<String>, Vec<Secret<String>>);

/// The seed, the recovery codes, and the token of a sign-in that owes the factor.
type AtFactor = (Secret<String>, Vec<Secret<String>>, Secret<String>);

fn say(prepare: impl Fn() -> Going + 'static, data: fn() -> Value) -> Scenario {
    say_with(prepare, move |_| data())
}

/// What is said is found out from the world.
fn say_with<P: Token + 'static>(
    prepare: impl Fn() -> (World, P) + 'static,
    data: impl Fn(&(World, P)) -> Value + 'static,
) -> Scenario {
    scenario(
        move || {
            let prepared = prepare();
            let data = data(&prepared);
            (prepared.0, (prepared.1, data))
        },
        |(prepared, data), _, env| {
            let Value::Object(fields) = data.clone() else { unreachable!("data is an object") };
            advance_onboarding(prepared.token().expose(), Advance::with(fields), env)
        },
        shown,
    )
}

fn skip(prepare: impl Fn() -> Going + 'static) -> Scenario {
    scenario(
        prepare,
        |token, _, env| advance_onboarding(token.expose(), Advance::skip(), env),
        shown,
    )
}

/// What has the token of an onboarding session in it.
trait Token {
    fn token(&self) -> &Secret<String>;
}

impl Token for Secret<String> {
    fn token(&self) -> &Secret<String> {
        self
    }
}

/// A seed, what else there is, and the token.
impl<T> Token for (Secret<String>, T, Secret<String>) {
    fn token(&self) -> &Secret<String> {
        &self.2
    }
}

fn nobody() -> World {
    let mut world = World::new();
    world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    world
}

fn telling(mut world: World) -> World {
    world.set_policy(Policy { tell_taken_addresses: true, ..Policy::default() });
    world
}

fn with_terms() -> World {
    let mut world = with_ada();
    world.set_policy(Policy { terms: Some("2026-11".into()), ..Policy::default() });
    world
}

fn with_profile(mut world: World) -> World {
    let profile = Profile::new([ProfileField::text("name", "Name").optional()]);
    let onboarding = Onboarding::standard().with_step(profile);
    world.set_onboarding(onboarding.sign_up(["register", "verify_email", "profile"]));
    world
}

fn must_change() -> World {
    let mut world = with_ada();
    let user = UserKey::Id(world.tables().users().next().unwrap().id);
    let request = SetPassword { user, password: PASSWORD.into(), must_change: true };
    world.run(|env| admin::set_password(request, env)).unwrap();
    world
}

/// Only who was invited may register, and Ada, who was, begins: the link, and the token.
fn invited() -> (World, (Secret<String>, (), Secret<String>)) {
    let mut world = nobody();
    world.register(BOB, PASSWORD);
    world.change_user(BOB, |user| user.is_verified = true);
    let bob = world.login(BOB, PASSWORD).tokens.access;
    let invited = world.run(|env| invite(bob.expose(), Invite::open(1), env)).unwrap();
    let profile = Profile::new([ProfileField::text("name", "Name")]);
    let order = ["validate_invitation", "register", "verify_email", "profile"];
    world.set_onboarding(Onboarding::standard().with_step(profile).sign_up(order));
    let (world, token) = started(world);
    (world, (invited.token.unwrap(), (), token))
}

/// The same, with one step left.
fn invited_and_verified() -> Going {
    let (mut world, (link, (), token)) = invited();
    advance(&mut world, &token, json!({"invitation": link.expose()}));
    advance(&mut world, &token, registration());
    advance(&mut world, &token, json!({}));
    let code = mailed_code(&world);
    advance(&mut world, &token, code);
    (world, token)
}

fn registration() -> Value {
    json!({"email": ADA, "password": PASSWORD, "password_confirm": PASSWORD})
}

fn started(mut world: World) -> Going {
    let begun = world.run(|env| start_onboarding(StartOnboarding::new(ADA), env)).unwrap();
    (world, begun.session_token)
}

fn owing(mut world: World) -> Going {
    let request = Login::new(ADA, PASSWORD.into());
    let begun = world.run(|env| login(request, env)).unwrap().owing().unwrap();
    (world, begun.session_token)
}

fn advance(world: &mut World, token: &Secret<String>, data: Value) -> OnboardingResult {
    let Value::Object(fields) = data else { unreachable!("data is an object") };
    world.run(|env| advance_onboarding(token.expose(), Advance::with(fields), env)).unwrap()
}

fn registered(world: World) -> Going {
    let (mut world, token) = started(world);
    advance(&mut world, &token, registration());
    (world, token)
}

fn sent(world: World) -> Going {
    let (mut world, token) = registered(world);
    advance(&mut world, &token, json!({}));
    (world, token)
}

fn mailed_code(world: &World) -> Value {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == MessageKind::VerificationCode);
    json!({"code": messages.pop().unwrap().code.unwrap().expose()})
}

fn verified(world: World) -> Going {
    let going = sent(world);
    let (mut world, token) = going;
    let code = mailed_code(&world);
    advance(&mut world, &token, code);
    (world, token)
}

/// The seed was shown.
fn seeded(world: World) -> (World, (Secret<String>, (), Secret<String>)) {
    let (mut world, token) = verified(world);
    let shown = advance(&mut world, &token, json!({}));
    let Some(Revealed::Totp(seed)) = shown.hint().and_then(|hint| hint.revealed.clone()) else {
        unreachable!("a seed is shown")
    };
    (world, (seed.secret, (), token))
}

fn enrolled(world: World) -> Going {
    let (mut world, (secret, (), token)) = seeded(world);
    let code = code_of(&world, &secret);
    advance(&mut world, &token, code);
    (world, token)
}

fn code_of(world: &World, secret: &Secret<String>) -> Value {
    let seed = totp_rs::Secret::try_from_base32(secret.expose()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(seed).build_noncompliant();
    json!({"code": totp.generate(world.now().as_millis() / 1000).to_string()})
}

fn stale() -> Going {
    let (mut world, access) = signed_in();
    world.advance(Duration::from_millis(600_001));
    (world, access)
}

fn begun() -> (World, (Secret<String>, String)) {
    let (mut world, access) = signed_in();
    let seed = world.run(|env| begin_totp(access.expose(), env)).unwrap();
    let code = code_of(&world, &seed.secret)["code"].as_str().unwrap().to_owned();
    (world, (access, code))
}

/// Ada's account is bound to an app since a while: her access token, the seed, and the recovery codes.
fn with_totp_and_access() -> (World, Bound) {
    let (mut world, access) = signed_in();
    let seed = world.run(|env| begin_totp(access.expose(), env)).unwrap();
    let code = code_of(&world, &seed.secret)["code"].as_str().unwrap().to_owned();
    let codes = world.run(|env| confirm_totp(access.expose(), &code, env)).unwrap();
    world.advance(Duration::from_minutes(1));
    (world, (access, seed.secret, codes))
}

pub(super) fn with_totp() -> (World, Secret<String>, Vec<Secret<String>>) {
    let (world, (_, secret, codes)) = with_totp_and_access();
    (world, secret, codes)
}

/// Ada's password was right, and her factor is asked for.
fn at_factor() -> (World, AtFactor) {
    let (world, secret, codes) = with_totp();
    let (world, token) = owing(world);
    (world, (secret, codes, token))
}

fn without_codes((world, (_, _, token)): (World, AtFactor)) -> Going {
    (world, token)
}
