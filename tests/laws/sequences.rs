//! What holds after any sequence of requests, over one world.

mod invitations;
mod links;
mod onboarding;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::Value;
use testudo::flow::{
    ChangePassword, Login, change_password, login, logout, logout_all, refresh, revoke_session,
    sweep,
};
use testudo::model::{Epoch, Session, SessionId};
use testudo::onboarding::SignIn;
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::token::backend::Records;
use testudo::{Duration, Refusal, Timestamp};

use super::{
    ADA, PASSWORD, probe_access, probe_refresh, session_of, world_with_ada, worlds_with_ada,
};

/// A request, or time that passes. Numbers pick one of the pairs of tokens issued so far.
#[derive(Clone, Debug)]
enum Action {
    Login { remember: bool },
    GuessPassword,
    Refresh(usize),
    Logout(usize),
    LogoutAll(usize),
    Revoke(usize, usize),
    ChangePassword(usize),
    Sweep,
    Forge(usize, Forgery),
    Advance(Duration),
    SetBack(Duration),
}

/// What is changed in a genuine token; the checksum is made to fit.
#[derive(Clone, Copy, Debug)]
enum Forgery {
    Secret,
    OlderGeneration,
    NewerGeneration,
    OtherSession(usize),
    Kind,
}

fn any_span() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0u64..20).prop_map(Duration::from_secs),
        2 => (1u64..40).prop_map(Duration::from_minutes),
        1 => (1u64..48).prop_map(|hours| Duration::from_minutes(60 * hours)),
        1 => (1u64..100).prop_map(Duration::from_days),
    ]
}

fn any_forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        Just(Forgery::Secret),
        Just(Forgery::OlderGeneration),
        Just(Forgery::NewerGeneration),
        any::<usize>().prop_map(Forgery::OtherSession),
        Just(Forgery::Kind),
    ]
}

/// Actions, with a clock that only goes forward.
fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => any::<bool>().prop_map(|remember| Action::Login { remember }),
        1 => Just(Action::GuessPassword),
        8 => any::<usize>().prop_map(Action::Refresh),
        1 => any::<usize>().prop_map(Action::Logout),
        1 => any::<usize>().prop_map(Action::LogoutAll),
        1 => any::<(usize, usize)>().prop_map(|(pick, other)| Action::Revoke(pick, other)),
        1 => any::<usize>().prop_map(Action::ChangePassword),
        1 => Just(Action::Sweep),
        2 => (any::<usize>(), any_forgery()).prop_map(|(pick, how)| Action::Forge(pick, how)),
        4 => any_span().prop_map(Action::Advance),
    ]
}

/// A pair of tokens that was issued, and whether either was refused for good.
#[derive(Debug)]
struct Issued {
    tokens: Tokens,
    session: SessionId,
    generation: u32,
    epoch: Epoch,
    /// When its session ends whatever happens, as it was when it began.
    expires_at: Timestamp,
    refresh_is_dead: bool,
    access_is_dead: bool,
}

/// A world under test, with all tokens that it ever issued.
struct Trial {
    world: World,
    /// Ada's password by now.
    password: String,
    issued: Vec<Issued>,
    /// Whether the clock may go back, and what has expired be valid again.
    may_go_back: bool,
}

impl Trial {
    fn new(world: World, may_go_back: bool) -> Self {
        Self { world, password: PASSWORD.to_owned(), issued: Vec::new(), may_go_back }
    }

    fn pick(&self, number: usize) -> Option<&Issued> {
        self.issued.get(number.checked_rem(self.issued.len())?)
    }

    fn issue(&mut self, session: &Session, tokens: Tokens) {
        let Session { id, generation, epoch, expires_at, .. } = *session;
        // A signed token that is printed again after its session was carried over a change of password tells
        // the new epoch, and is the same token all the same: its `jti` says so.
        let is_signed = !tokens.refresh.expose().starts_with("tdr_");
        let known = |pair: &Issued| {
            pair.tokens.refresh.expose() == tokens.refresh.expose()
                || (is_signed && (pair.session, pair.generation) == (id, generation))
        };
        if !self.issued.iter().any(known) {
            self.issued.push(Issued {
                tokens,
                session: id,
                generation,
                epoch,
                expires_at,
                refresh_is_dead: false,
                access_is_dead: false,
            });
        }
    }

    /// Whether only exceptions have records: then no record does not mean no session.
    fn has_exceptions_only(&self) -> bool {
        self.world.settings().tokens().records() == Records::Exceptions
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Login { remember } => {
                let password = self.password.as_str().into();
                let request = Login { remember, ..Login::new(ADA, password) };
                match self.world.run(|env| login(request, env)).and_then(SignIn::signed_in) {
                    Ok(new) => self.issue(&new.session, new.tokens),
                    Err(refusal) => assert!(matches!(refusal, Refusal::RateLimited { .. })),
                }
            }
            Action::GuessPassword => {
                let guess = Login::new(ADA, "a wrong guess".into());
                self.world.run(|env| login(guess, env)).unwrap_err();
            }
            Action::Refresh(number) => self.refresh(number),
            Action::Logout(number) => {
                let Some(pair) = self.pick(number) else { return };
                let (session, access) = (pair.session, pair.tokens.access.clone());
                if self.world.run(|env| logout(access.expose(), env)).is_ok() {
                    self.assert_over(|pair| pair.session == session);
                }
            }
            Action::LogoutAll(number) => {
                let Some(pair) = self.pick(number) else { return };
                let access = pair.tokens.access.clone();
                if self.world.run(|env| logout_all(access.expose(), env)).is_ok() {
                    self.assert_over(|_| true);
                }
            }
            Action::Revoke(number, other) => {
                let (Some(pair), Some(other)) = (self.pick(number), self.pick(other)) else {
                    return;
                };
                let (access, target) = (pair.tokens.access.clone(), other.session);
                if self.world.run(|env| revoke_session(access.expose(), target, env)).is_ok() {
                    self.assert_over(|pair| pair.session == target);
                }
            }
            Action::ChangePassword(number) => self.change_password(number),
            // What is swept away before its time, a denylist has forgotten when the clock goes back.
            Action::Sweep if self.may_go_back && self.has_exceptions_only() => {}
            Action::Sweep => {
                let now = self.world.now();
                self.world.run(|env| sweep(100, env.settings().policy(), now));
            }
            Action::Forge(number, forgery) => self.forge(number, forgery),
            Action::Advance(span) => self.world.advance(span),
            Action::SetBack(span) => {
                let back = self.world.now().as_millis().saturating_sub(span.as_millis());
                self.world.set_clock(Timestamp::from_millis(back));
            }
        }
        self.check();
    }

    fn change_password(&mut self, number: usize) {
        let Some(pair) = self.pick(number) else { return };
        let (session, access) = (pair.session, pair.tokens.access.clone());
        let new = format!("phrase of {}", self.world.trace().len());
        let (current, chosen) = (self.password.as_str().into(), new.as_str().into());
        let request = ChangePassword { current, new: chosen };
        if self.world.run(|env| change_password(access.expose(), request, env)).is_ok() {
            self.password = new;
            self.assert_over(|pair| pair.session != session);
            let own =
                self.issued.iter().find(|pair| pair.tokens.access.expose() == access.expose());
            assert_eq!(probe_access(&self.world, &own.unwrap().tokens), Ok(()), "its own goes on");
        }
    }

    fn refresh(&mut self, number: usize) {
        let Some(pair) = self.pick(number) else { return };
        let (session, token) = (pair.session, pair.tokens.refresh.clone());
        let before = self.world.tables().clone();
        match self.world.run(|env| refresh(token.expose(), env)) {
            Ok(next) => {
                assert_eq!(next.session.id, session);
                self.issue(&next.session, next.tokens);
            }
            Err(Refusal::RevokedToken) => self.assert_over(|pair| pair.session == session),
            Err(_) => {
                let after = self.world.tables();
                assert!(after.users().eq(before.users()), "refused, and a user was changed");
                assert!(
                    after.sessions().eq(before.sessions()),
                    "refused, and a session was changed"
                );
            }
        }
    }

    fn forge(&mut self, number: usize, forgery: Forgery) {
        let (Some(pair), Some(other)) = (
            self.pick(number),
            match forgery {
                Forgery::OtherSession(other) => self.pick(other),
                _ => self.pick(number),
            },
        ) else {
            return;
        };
        let forged = [&pair.tokens.refresh, &pair.tokens.access]
            .map(|token| forge(token.expose(), forgery, other.session));
        if matches!(forgery, Forgery::OtherSession(_)) && pair.session == other.session {
            return;
        }
        let before = self.world.tables().clone();
        for token in &forged {
            let refused = self.world.run(|env| refresh(token, env)).unwrap_err();
            assert_eq!(refused, Refusal::InvalidToken);
            assert_eq!(self.world.authenticate(token).unwrap_err(), Refusal::InvalidToken);
            let refused = self.world.run(|env| logout(token, env)).unwrap_err();
            assert_eq!(refused, Refusal::InvalidToken);
            let refused = self.world.run(|env| logout_all(token, env)).unwrap_err();
            assert_eq!(refused, Refusal::InvalidToken);
        }
        assert_eq!(*self.world.tables(), before, "a made-up token ends nothing");
    }

    /// No token of these pairs works.
    fn assert_over(&self, which: impl Fn(&Issued) -> bool) {
        for pair in self.issued.iter().filter(|pair| which(pair)) {
            assert!(probe_access(&self.world, &pair.tokens).is_err(), "{:?}", pair.session);
            assert!(probe_refresh(&self.world, &pair.tokens).is_err(), "{:?}", pair.session);
        }
    }

    /// The laws.
    fn check(&mut self) {
        let has_exceptions_only = self.has_exceptions_only();
        let (world, may_go_back) = (&self.world, self.may_go_back);
        let owner = world.tables().users().next().unwrap();
        let mut live: Vec<SessionId> = Vec::new();
        for pair in &mut self.issued {
            let stored = world.tables().sessions().find(|it| it.id == pair.session);
            if stored.is_none() && !has_exceptions_only {
                // Swept away. Nothing of it works, and nothing will.
                let over = probe_access(world, &pair.tokens).is_err();
                assert!(over && probe_refresh(world, &pair.tokens).is_err());
                (pair.access_is_dead, pair.refresh_is_dead) = (true, true);
                continue;
            }
            let standing = owner.standing();
            let has_ended =
                stored.map_or(pair.epoch != standing.epoch, |stored| stored.is_revoked(&standing));
            let for_good = |refusal: &Refusal| match refusal {
                Refusal::InvalidToken => true,
                // Asking ended nothing here: only a copy was asked. Within a grace that the clock goes
                // back to, the token will get the same pair again.
                Refusal::RevokedToken => has_ended || !may_go_back,
                Refusal::ExpiredToken => !may_go_back,
                other => panic!("a token was refused with {other:?}"),
            };
            let access = probe_access(world, &pair.tokens);
            let refresh = probe_refresh(world, &pair.tokens);

            let revived = pair.access_is_dead && access.is_ok();
            assert!(!revived, "a refused access token works again");
            let revived = pair.refresh_is_dead && refresh.is_ok();
            assert!(!revived, "a refused refresh token works again");
            pair.access_is_dead |= access.as_ref().is_err_and(for_good);
            pair.refresh_is_dead |= refresh.as_ref().is_err_and(for_good);

            let end = stored.map_or(pair.expires_at, |stored| stored.expires_at);
            assert_eq!(end, pair.expires_at, "the end never moves");
            if world.now() >= pair.expires_at {
                assert!(access.is_err() && refresh.is_err(), "a session outlived its end");
            }
            let reached = stored.map_or(0, |stored| stored.generation);
            if refresh.is_ok_and(|generation| generation > reached) {
                live.push(pair.session);
            }
        }
        let sessions = live.len();
        live.sort();
        live.dedup();
        assert_eq!(live.len(), sessions, "two refresh tokens of one session can be exchanged");
    }
}

/// A token with one thing changed and a checksum that fits.
fn forge(token: &str, forgery: Forgery, other: SessionId) -> String {
    if !token.starts_with("td") {
        return forge_signed(token, forgery, other);
    }
    let (prefix, body) = token.split_at(4);
    let mut body = URL_SAFE_NO_PAD.decode(body).unwrap();
    let generation = u32::from_be_bytes(body[16..20].try_into().unwrap());
    let prefix = match forgery {
        Forgery::Kind if prefix == "tda_" => "tdr_",
        Forgery::Kind => "tda_",
        _ => prefix,
    };
    match forgery {
        Forgery::Secret => body[51] ^= 1,
        Forgery::OlderGeneration => {
            body[16..20].copy_from_slice(&generation.wrapping_sub(1).to_be_bytes());
        }
        Forgery::NewerGeneration => {
            body[16..20].copy_from_slice(&generation.wrapping_add(1).to_be_bytes());
        }
        Forgery::OtherSession(_) => body[..16].copy_from_slice(other.as_uuid().as_bytes()),
        Forgery::Kind => {}
    }
    let mut crc = crc32fast::Hasher::new();
    crc.update(prefix.as_bytes());
    crc.update(&body[..52]);
    body[52..].copy_from_slice(&crc.finalize().to_be_bytes());
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(body))
}

/// A signed token that says something else under the same signature, or an empty one.
fn forge_signed(token: &str, forgery: Forgery, other: SessionId) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let decode =
        |part| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let (mut header, mut claims) = (decode(parts[0]), decode(parts[1]));
    let generation = claims["session"]["generation"].as_u64().unwrap();
    match forgery {
        Forgery::Secret => header["alg"] = "none".into(),
        Forgery::OlderGeneration => {
            claims["session"]["generation"] = generation.saturating_sub(1).into();
        }
        Forgery::NewerGeneration => claims["session"]["generation"] = (generation + 1).into(),
        Forgery::OtherSession(_) => claims["sid"] = other.to_string().into(),
        Forgery::Kind => {
            let refreshes = claims["token_type"] == "refresh";
            header["typ"] = if refreshes { "at+jwt" } else { "rt+jwt" }.into();
            claims["token_type"] = if refreshes { "access" } else { "refresh" }.into();
        }
    }
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signature = if matches!(forgery, Forgery::Secret) { "" } else { parts[2] };
    format!("{}.{}.{signature}", encode(&header), encode(&claims))
}

#[test]
fn a_forgery_that_changes_nothing_is_the_token_itself() {
    let mut world = world_with_ada();
    let tokens = world.login(ADA, PASSWORD).tokens;
    let same = Forgery::OtherSession(0);
    for token in [&tokens.access, &tokens.refresh] {
        assert_eq!(&forge(token.expose(), same, session_of(&tokens)), token.expose());
    }
}

proptest! {
    #[test]
    fn no_sequence_of_requests_revives_a_token_or_outlives_a_session(
        actions in prop::collection::vec(any_action(), 1..40),
    ) {
        for world in worlds_with_ada() {
            let mut trial = Trial::new(world, false);
            actions.iter().for_each(|action| trial.act(action));
        }
    }

    #[test]
    fn a_clock_that_jumps_back_revives_nothing_that_was_spent_or_ended(
        actions in prop::collection::vec(
            prop_oneof![4 => any_action(), 1 => any_span().prop_map(Action::SetBack)],
            1..40,
        ),
    ) {
        for world in worlds_with_ada() {
            let mut trial = Trial::new(world, true);
            actions.iter().for_each(|action| trial.act(action));
        }
    }
}
