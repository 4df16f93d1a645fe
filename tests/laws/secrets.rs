//! No secret shows in anything that can be printed.

mod accounts;
mod onboarding;

use std::fmt::Debug;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use testudo::command::UserKey;
use testudo::flow::admin::{
    ImportUser, SetPassword, UserPage, import_users, list_users, set_password, user_sessions,
};
use testudo::flow::{
    AcceptInvitation, ApiKeyPage, ChangePassword, CreateApiKey, EventPage, InvitationPage, Invite,
    Login, RegisterUser, SessionPage, accept_invitation, authenticate, authenticate_api_key,
    authenticate_service, authenticate_user, change_password, create_api_key, invite,
    list_api_keys, list_events, list_invitations, list_sessions, login, logout, logout_all,
    refresh, register_user, revoke_api_key, revoke_invitation,
};
use testudo::model::{Email, Session, User};
use testudo::onboarding::SignIn;
use testudo::password::{HasherChain, Password, PasswordHash};
use testudo::service::ServiceTokens;
use testudo::testing::{Backend, InsecureHasher, Mishap, World};
use testudo::token::{AccessToken, ApiKeyToken, Tokens};
use testudo::{Duration, KeyRing, Policy, Refusal, Respond, Step};

use super::{ADA, forms, world_with_ada};

const CANARY_PASSWORD: &str = "canary-Zq7-of-a-password";
const CANARY_NEW_PASSWORD: &str = "canary-Vt9-of-another-one";
const CANARY_SECRET: &str = "canary-Xw3-of-a-master-secret-k8Jv2Lp5Rt";

/// All that was printed, in one text without white space.
#[derive(Default)]
struct Printed(String);

impl Printed {
    fn text(&mut self, text: &str) {
        self.0.extend(text.chars().filter(|c| !c.is_whitespace()));
        self.0.push('\n');
    }

    fn debug(&mut self, value: &(impl Debug + ?Sized)) {
        self.text(&format!("{value:?}"));
        self.text(&format!("{value:#?}"));
    }

    fn assert_free_of(&self, secrets: &Secrets) {
        for (name, form) in secrets.forms() {
            assert!(!self.0.contains(&form), "{name} was printed as {form}");
        }
    }
}

/// What must not be printed, by name.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.0.push((name.to_owned(), bytes.as_ref().to_vec()));
    }

    fn add_tokens(&mut self, tokens: &Tokens) {
        for token in [tokens.access.expose(), tokens.refresh.expose()] {
            // The beginning of a signed token is the same for all: what nobody may print is its end.
            if let Some((_, signature)) = token.rsplit_once('.') {
                self.add("signature of a token", signature);
                continue;
            }
            let body = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
            self.add("token", token);
            self.add("token secret", &body[20..52]);
        }
    }

    /// What a link carries: its text, and the MAC at its end.
    fn add_link(&mut self, token: &str) {
        let body = URL_SAFE_NO_PAD.decode(&token[4..]).unwrap();
        self.add("link", token);
        self.add("MAC of a link", &body[body.len() - 32..]);
    }

    fn add_session(&mut self, session: &Session) {
        for digest in [&session.refresh_digest, &session.access_digest] {
            // Of a signed token there is none, which is written as zeros.
            if *digest.as_bytes() != [0; 32] {
                self.add("digest", digest.as_bytes());
            }
        }
    }

    fn add_hash(&mut self, hash: &PasswordHash) {
        self.add("stored hash", hash.as_stored());
        let parts = hash.as_stored().split('$').filter(|part| part.len() > 8);
        parts.for_each(|part| self.add("part of a stored hash", part));
    }

    /// How each could be printed: as text, in hex, in base64 and as a list of numbers. The first bytes
    /// are enough.
    fn forms(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().flat_map(|(name, bytes)| {
            let head = &bytes[..12.min(bytes.len())];
            let list = |radix: fn(&u8) -> String| head.iter().map(radix).collect::<Vec<_>>();
            [
                String::from_utf8(head.to_vec()).ok(),
                Some(list(|byte| format!("{byte:02x}")).concat()),
                Some(list(|byte| format!("{byte:02X}")).concat()),
                Some(list(|byte| byte.to_string()).join(",")),
                Some(STANDARD_NO_PAD.encode(head)),
                Some(URL_SAFE_NO_PAD.encode(head)),
            ]
            .into_iter()
            .flatten()
            .map(|form| (name.as_str(), form))
        })
    }
}

/// Runs a flow and prints everything on its way: each state, command, reply, and the result.
fn watch<T: Debug>(mut step: Step<T>, world: &mut World, printed: &mut Printed) -> T {
    macro_rules! reply {
        ($ask:ident, $method:ident) => {{
            printed.debug(&$ask);
            let (command, pending) = $ask.into_parts();
            printed.debug(&command);
            printed.debug(&pending);
            let reply = world.$method(command).unwrap();
            printed.debug(&reply);
            pending.answer(reply)
        }};
    }
    loop {
        printed.debug(&step);
        step = match step {
            Step::CountAttempt(ask) => reply!(ask, count_attempt),
            Step::FindUser(ask) => reply!(ask, find_user),
            Step::FindSession(ask) => reply!(ask, find_session),
            Step::FindSessionWithUser(ask) => reply!(ask, find_session_with_user),
            Step::FindUserWithSession(ask) => reply!(ask, find_user_with_session),
            Step::FindInvitation(ask) => reply!(ask, find_invitation),
            Step::FindApiKey(ask) => reply!(ask, find_api_key),
            Step::FindOnboarding(ask) => reply!(ask, find_onboarding),
            Step::ListSessions(ask) => reply!(ask, list_sessions),
            Step::ListUsers(ask) => reply!(ask, list_users),
            Step::ListInvitations(ask) => reply!(ask, list_invitations),
            Step::ListApiKeys(ask) => reply!(ask, list_api_keys),
            Step::ListEvents(ask) => reply!(ask, list_events),
            Step::VerifyPassword(ask) => reply!(ask, verify_password),
            Step::ConsultLegacy(ask) => reply!(ask, consult_legacy),
            Step::Consult(ask) => reply!(ask, consult),
            Step::HashPassword(ask) => reply!(ask, hash_password),
            Step::Commit(ask) => reply!(ask, commit),
            Step::Sweep(ask) => reply!(ask, sweep),
            Step::Done(result) => {
                printed.debug(&result);
                return result;
            }
        };
    }
}

#[test]
fn nothing_that_a_flow_can_be_seen_to_do_shows_a_secret() {
    for (name, tokens) in forms() {
        println!("{name}");
        show_everything_under(tokens);
    }
}

fn show_everything_under(tokens: Backend) {
    let (mut world, mut printed, mut secrets) =
        (crate::new_world(), Printed::default(), Secrets::default());
    world.set_keys(CANARY_SECRET);
    world.set_tokens(tokens);
    secrets.add("password", CANARY_PASSWORD);
    secrets.add("master secret", CANARY_SECRET);

    let request = RegisterUser::new(ADA, CANARY_PASSWORD.into());
    printed.debug(&request);
    let env = world.env();
    printed.debug(&env);
    let user = watch(register_user(request, env), &mut world, &mut printed).unwrap();
    secrets.add_hash(&user.password);
    let outdated = World::stored_hash(CANARY_PASSWORD, false);
    secrets.add_hash(&outdated);
    world.change_user(ADA, |user| user.password = outdated);

    for password in ["a wrong guess", CANARY_PASSWORD] {
        let request = Login::new(ADA, password.into());
        printed.debug(&request);
        let env = world.env();
        let signed_in = watch(login(request, env), &mut world, &mut printed);
        let Ok(signed_in) = signed_in.and_then(SignIn::signed_in) else { continue };
        secrets.add_hash(&signed_in.user.password);
        secrets.add_session(&signed_in.session);
        secrets.add_tokens(&signed_in.tokens);
    }
    let start = world.login(ADA, CANARY_PASSWORD);
    secrets.add_tokens(&start.tokens);
    let mut tokens = start.tokens.clone();
    for _ in 0..2 {
        let env = world.env();
        let step = refresh(tokens.refresh.expose(), env);
        let refreshed = watch(step, &mut world, &mut printed).unwrap();
        secrets.add_session(&refreshed.session);
        secrets.add_tokens(&refreshed.tokens);
        tokens = refreshed.tokens;
    }
    let (now, access) = (world.now(), tokens.access.expose());
    let settings = Arc::clone(world.settings());
    watch(authenticate(access, &settings, now), &mut world, &mut printed).unwrap();
    watch(authenticate_user(access, &settings, now), &mut world, &mut printed).unwrap();
    // Signing out, on copies, and a spent token that comes back.
    let (mut copy, mut late) = (world.clone(), world.clone());
    let env = copy.env();
    watch(logout(access, env), &mut copy, &mut printed).unwrap();
    let mut copy = world.clone();
    let env = copy.env();
    watch(logout_all(access, env), &mut copy, &mut printed).unwrap();
    late.advance(Duration::from_secs(60));
    let env = late.env();
    let step = refresh(start.tokens.refresh.expose(), env);
    watch(step, &mut late, &mut printed).unwrap_err();

    let changed = change_and_administer(&world, access, &mut printed, &mut secrets);
    let keyed = make_and_use_a_key(&world, access, &mut printed, &mut secrets);
    let moved = accounts::use_links(&world, access, &mut printed, &mut secrets);
    let invited = invite_and_accept(&world, access, &mut printed, &mut secrets);

    for world in [&world, &copy, &late, &changed, &keyed, &moved, &invited] {
        printed.debug(world);
        printed.debug(world.tables());
        printed.debug(world.settings());
        for event in world.tables().events() {
            printed.debug(&event);
            printed.text(&serde_json::to_string(&event).unwrap());
        }
    }
    printed.debug(&world.settings().tokens().read_access(access, now).unwrap());
    let refresh = tokens.refresh.expose();
    printed.debug(&world.settings().tokens().read_refresh(refresh, now).unwrap());
    printed.debug(&Password::from(CANARY_PASSWORD));

    assert!(secrets.0.len() > 20);
    printed.assert_free_of(&secrets);
}

/// The flows that change passwords, look at records and bring some along, on a copy.
fn change_and_administer(
    world: &World,
    access: &str,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> World {
    let mut world = world.clone();
    let (now, ada) = (world.now(), UserKey::Email(ADA.parse::<Email>().unwrap().key().clone()));
    secrets.add("new password", CANARY_NEW_PASSWORD);
    for current in ["a wrong guess", CANARY_PASSWORD] {
        let new = CANARY_NEW_PASSWORD.into();
        let request = ChangePassword { current: current.into(), new };
        printed.debug(&request);
        let env = world.env();
        let _ = watch(change_password(access, request, env), &mut world, printed);
    }
    let (settings, page) = (Arc::clone(world.settings()), SessionPage::default());
    let listed = watch(list_sessions(access, page, &settings, now), &mut world, printed);
    for session in &listed.map(|listed| listed.sessions).unwrap_or_default() {
        secrets.add_session(session);
    }
    let _ = watch(user_sessions(ada.clone(), SessionPage::default(), now), &mut world, printed);
    let _ = watch(list_users(UserPage::default()), &mut world, printed);

    let password = CANARY_PASSWORD.into();
    let request = SetPassword { user: ada, password, must_change: true };
    printed.debug(&request);
    let env = world.env();
    let user = watch(set_password(request, env), &mut world, printed).unwrap();
    secrets.add_hash(&user.password);
    let request = Login::new(ADA, CANARY_PASSWORD.into());
    printed.debug(&request);
    let env = world.env();
    let _ = watch(login(request, env), &mut world, printed);

    world.set_policy(Policy { consult_legacy: true, ..Policy::default() });
    world.set_legacy_password("bob@example.com", CANARY_PASSWORD);
    let hash = World::stored_hash(CANARY_PASSWORD, false);
    secrets.add_hash(&hash);
    let accounts = vec![
        ImportUser::new("eve@example.com", Some(hash)),
        ImportUser::new("bob@example.com", Some(PasswordHash::legacy())),
    ];
    printed.debug(&accounts);
    let env = world.env();
    watch(import_users(accounts, env), &mut world, printed).unwrap();
    let env = world.env();
    let request = Login::new("bob@example.com", CANARY_PASSWORD.into());
    let _ = watch(login(request, env), &mut world, printed).unwrap();
    world
}

/// The flows of API keys, on a copy.
fn make_and_use_a_key(
    world: &World,
    access: &str,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> World {
    let mut world = world.clone();
    // Copies draw the same randomness: what is the nonce of a message in another must not be this key's secret.
    (0..100).for_each(|_| drop(world.env()));
    let now = world.now();
    let request = CreateApiKey::new("nightly");
    printed.debug(&request);
    let env = world.env();
    let (key, text) = watch(create_api_key(access, request, env), &mut world, printed).unwrap();
    secrets.add("API key", text.expose());
    secrets
        .add("secret of an API key", &URL_SAFE_NO_PAD.decode(&text.expose()[4..]).unwrap()[16..48]);
    secrets.add("digest of an API key", key.digest.as_bytes());
    printed.debug(&ApiKeyToken::parse(text.expose()).unwrap());
    let settings = Arc::clone(world.settings());
    let listed = list_api_keys(access, ApiKeyPage::default(), &settings, now);
    watch(listed, &mut world, printed).unwrap();
    for scope in [None, Some("another")] {
        let step = authenticate_api_key(text.expose(), scope, world.env());
        let _ = watch(step, &mut world, printed);
    }
    let env = world.env();
    watch(revoke_api_key(access, key.id, env), &mut world, printed).unwrap();
    let step = authenticate_api_key(text.expose(), None, world.env());
    let refused = watch(step, &mut world, printed).unwrap_err();
    printed.text(&refused.to_string());
    let events = list_events(access, EventPage::default(), &settings, now);
    watch(events, &mut world, printed).unwrap();
    secrets.add("service token", CANARY_SERVICE);
    secrets.add("wrong service token", CANARY_OTHER_SERVICE);
    let tokens: ServiceTokens = CANARY_SERVICE.parse().unwrap();
    for token in [CANARY_SERVICE, CANARY_OTHER_SERVICE] {
        let name = "billing".parse().ok();
        let step = authenticate_service(token, name, &tokens, world.env());
        let _ = watch(step, &mut world, printed);
    }
    world
}

const CANARY_SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
const CANARY_OTHER_SERVICE: &str = "Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0Mj";

/// The flows of invitations, on a copy.
fn invite_and_accept(
    world: &World,
    access: &str,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> World {
    let mut world = world.clone();
    let now = world.now();
    world.change_user(ADA, |user| user.is_verified = true);
    let mut tokens = Vec::new();
    for request in [Invite::open(2), Invite::bound("bob@example.com")] {
        printed.debug(&request);
        let env = world.env();
        let invited = watch(invite(access, request, env), &mut world, printed).unwrap();
        let token = invited.token.or_else(|| world.messages().pop().unwrap().token).unwrap();
        let body = URL_SAFE_NO_PAD.decode(&token.expose()[4..]).unwrap();
        secrets.add("token of an invitation", token.expose());
        secrets.add("MAC of an invitation", &body[body.len() - 32..]);
        tokens.push((token, invited.invitation.id));
    }
    let page = InvitationPage::default();
    let env = world.env();
    let listing = list_invitations(access, page, env.settings(), now);
    watch(listing, &mut world, printed).unwrap();
    for (token, email) in
        [(&tokens[0].0, Some("eve@example.com")), (&tokens[0].0, Some(ADA)), (&tokens[1].0, None)]
    {
        let request = AcceptInvitation {
            token: token.clone(),
            email: email.map(str::to_owned),
            password: CANARY_NEW_PASSWORD.into(),
            profile: Default::default(),
        };
        printed.debug(&request);
        let env = world.env();
        watch(accept_invitation(request, env), &mut world, printed).unwrap();
    }
    for message in world.messages() {
        if let Some(token) = &message.token {
            secrets.add("token of a mail", token.expose());
        }
        printed.debug(&message);
    }
    for user in world.tables().users() {
        secrets.add_hash(&user.password);
    }
    let env = world.env();
    watch(revoke_invitation(access, tokens[0].1, env), &mut world, printed).unwrap();
    world
}

#[test]
fn no_error_repeats_a_secret() {
    let (mut printed, mut secrets) = (Printed::default(), Secrets::default());
    secrets.add("password", CANARY_PASSWORD);
    secrets.add("master secret", CANARY_SECRET);
    let mut show = |error: &dyn std::error::Error| {
        printed.text(&error.to_string());
        printed.debug(error);
    };

    // Typed into the wrong field, too short, too long, repeated.
    let mut world = crate::new_world();
    let mut refuse = |email: &str, password: &str| -> Refusal {
        let request = RegisterUser::new(email, password.into());
        world.run(|env| register_user(request, env)).unwrap_err()
    };
    show(&refuse(CANARY_PASSWORD, &CANARY_PASSWORD[..7]));
    show(&refuse(CANARY_PASSWORD, &CANARY_PASSWORD.repeat(200)));
    show(&KeyRing::parse(&CANARY_SECRET[..20]).unwrap_err());
    show(&KeyRing::parse(&format!("{CANARY_SECRET},{CANARY_SECRET}")).unwrap_err());
    show(&AccessToken::parse(CANARY_PASSWORD).unwrap_err());
    show(&CANARY_PASSWORD.parse::<testudo::model::Email>().unwrap_err());

    let mut world = world_with_ada();
    world.fail(3, Mishap::Before);
    let request = Login::new(ADA, CANARY_PASSWORD.into());
    show(&world.try_run(|env| login(request, env)).unwrap_err());

    printed.debug(&HasherChain::standard());
    printed.debug(&InsecureHasher::current());
    printed.assert_free_of(&secrets);
}

#[test]
fn an_address_that_belongs_to_nobody_is_masked_in_what_is_recorded() {
    let mut world = world_with_ada();
    let request = Login::new("canary-Zq7@example.com", "a wrong guess".into());
    world.run(|env| login(request, env)).unwrap_err();
    for event in world.tables().events() {
        let text = serde_json::to_string(&event).unwrap() + &format!("{event:?}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_suspended_flow_names_its_state_and_its_question() {
    let mut world = world_with_ada();
    let shown = |step: &dyn Debug| {
        let shown = format!("{step:?}");
        shown.split([' ', '{']).take(3).collect::<Vec<_>>().join(" ")
    };
    let mut step = login(Login::new(ADA, super::PASSWORD.into()), world.env());
    let mut states = Vec::new();
    while step.pending().is_some() {
        states.push(shown(&step));
        step = testudo::respond(step, &mut world).unwrap();
    }
    assert_eq!(
        states,
        [
            "login::count_account asks CountAttempt",
            "login::look asks FindUser",
            "login::verify asks VerifyPassword",
            "login::settle asks Commit",
        ]
    );
    assert_eq!(format!("{step:?}"), "Done", "a result may hold tokens");
}

/// The test above would see a secret if there were one.
#[test]
fn every_form_of_a_secret_is_found() {
    #[derive(Debug)]
    #[allow(dead_code, reason = "it is only printed")]
    struct Careless<'a> {
        user: &'a User,
        password: &'a str,
        key: [u8; 14],
    }
    let mut world = world_with_ada();
    let user = world.change_user(ADA, |_| ());
    let careless = Careless { user: &user, password: CANARY_PASSWORD, key: *b"fourteen bytes" };
    let leaks = |secret: &[u8], show: &dyn Fn(&mut Printed)| {
        let (mut printed, mut secrets) = (Printed::default(), Secrets::default());
        secrets.add("secret", secret);
        show(&mut printed);
        secrets.forms().filter(|(_, form)| printed.0.contains(form)).count()
    };
    assert_eq!(leaks(CANARY_PASSWORD.as_bytes(), &|printed| printed.debug(&careless)), 1);
    assert_eq!(leaks(b"fourteen bytes", &|printed| printed.debug(&careless)), 1);
    let hex = |printed: &mut Printed| printed.text("key 666f75727465656e206279746573");
    assert_eq!(leaks(b"fourteen bytes", &hex), 1);
    let base64 = |printed: &mut Printed| printed.text(&URL_SAFE_NO_PAD.encode(b"fourteen bytes"));
    assert_eq!(leaks(b"fourteen bytes", &base64), 2, "both alphabets agree on these bytes");
}
