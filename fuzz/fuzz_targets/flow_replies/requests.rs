//! Requests and surroundings.

use std::sync::Arc;

use testudo::command::UserKey;
use testudo::flow::admin::{ImportUser, SetPassword};
use testudo::flow::{
    AcceptInvitation, ChangePassword, CreateApiKey, ExternalLogin, Invite, Login, RegisterUser,
    ResetPassword, SessionPage,
};
use testudo::model::{AttemptLimit, Digest, EmailKey, JsonObject, Lifetime, SessionId, UserId};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Advance, Answers, Input, Onboarding};
use testudo::password::{Password, PasswordHash};
use testudo::signing::{Claim, ClaimPurpose, Invitation, PasswordReset, PurposeSigner};
use testudo::testing::World;
use testudo::{
    Client, Duration, Entropy, Env, KeyRing, Policy, ProfileMatch, SecondFactor, Secret, Settings,
    Timestamp,
};
use testudo_fuzz::{code_of, token_text};

use super::genuine::ADA;
use super::trial::{CANARY, Trial};

/// The scope that keys may have.
pub(crate) const SCOPE: &str = "reports:read";

const OTHER_SECRET: &str = "another-secret-of-tests-and-no-other-9Xw4";

/// The library's steps, and one field that the application declares.
fn onboarding() -> Onboarding {
    let fields = [ProfileField::text("nickname", "Nickname").optional()];
    Onboarding::standard().with_step(Profile::new(fields)).at_sign_in(["setup_totp", "profile"])
}

impl Trial<'_> {
    /// Surroundings of one flow. `Trial::now` is then what it goes by.
    pub(crate) fn env(&mut self) -> Env {
        self.now = self.moment();
        let entropy = Entropy::from_seed([self.choices.any(); 32]);
        let mut client = Client::unknown();
        if self.choices.any::<bool>() {
            client = client.with_ip(std::net::Ipv6Addr::from_bits(self.choices.any()).into());
        }
        if self.choices.rarely() {
            client = client.with_user_agent(&self.text());
        }
        let (new_in_front, new_only) =
            (format!("{OTHER_SECRET},{}", World::SECRET), OTHER_SECRET.to_owned());
        let secrets = [World::SECRET.to_owned(), new_in_front, new_only];
        let secrets = &secrets[usize::from(self.choices.way(3))];
        let keys = KeyRing::parse(secrets).expect("a key ring");
        self.policy = self.policy();
        let settings = Settings::new(self.policy.clone(), keys);
        let settings = settings.expect("a policy that holds together").with_api_key_scopes([SCOPE]);
        let settings = settings.with_onboarding(onboarding()).expect("steps that go together");
        Env::new(self.now, entropy, client, Arc::new(settings))
    }

    /// The settings of a flow that has no surroundings.
    pub(crate) fn settings() -> Settings {
        let keys = KeyRing::parse(World::SECRET).expect("a key ring");
        Settings::new(Policy::default(), keys).expect("a policy that holds together")
    }

    /// Any moment, mostly one soon after a refresh of the genuine session.
    pub(crate) fn moment(&mut self) -> Timestamp {
        if self.choices.rarely() {
            return Timestamp::from_millis(self.choices.any());
        }
        let generations = &self.genuine.generations;
        let refreshed_at =
            generations[usize::from(self.choices.any::<u8>()) % generations.len()].0.refreshed_at;
        let unit = self.choices.pick(1_000, &[1, 60_000, 86_400_000]);
        refreshed_at + Duration::from_millis(unit * u64::from(self.choices.any::<u8>()))
    }

    fn span(&mut self, least: u64) -> Duration {
        let unit = self.choices.pick(1_000, &[1, 60_000, 86_400_000, 1 << 55]);
        let span = u64::from(self.choices.any::<u8>()).saturating_mul(unit);
        Duration::from_millis(span.saturating_add(least))
    }

    /// Any policy that `Policy::check` allows; but the horizon is near, since it costs time.
    fn policy(&mut self) -> Policy {
        if self.choices.any::<bool>() {
            return Policy::default();
        }
        let access_lifetime = self.span(1000);
        let hard_stop = Some(1 + u32::from(self.choices.way(100)));
        Policy {
            login_account: AttemptLimit { hard_stop, ..self.limit() },
            login_network: self.limit(),
            consult_legacy: self.choices.any(),
            access_lifetime,
            session: self.lifetime(access_lifetime),
            remembered_session: self.lifetime(access_lifetime),
            refresh_grace: Duration::from_secs(u64::from(self.choices.way(61))),
            reuse_horizon: u32::from(self.choices.any::<u8>()),
            password_reset: self.limit(),
            email_proof: self.limit(),
            mail_network: self.limit(),
            mail_user: self.limit(),
            reset_unusable_passwords: self.choices.any(),
            email_undo_lifetime: self.span(0),
            closing_grace: self.span(0),
            fresh_sign_in: self.span(0),
            open_invitations: u32::from(self.choices.way(5)),
            api_keys: u32::from(self.choices.way(5)),
            totp: AttemptLimit { hard_stop, ..self.limit() },
            recovery_code: AttemptLimit { hard_stop, ..self.limit() },
            email_code: self.limit(),
            onboarding_network: self.limit(),
            second_factor: self.second_factor(),
            totp_skew: self.choices.way(2),
            require_verified_email: self.choices.any(),
            terms: self.choices.any::<bool>().then(|| "2026".to_owned()),
            one_onboarding_per_email: self.choices.any(),
            tell_taken_addresses: self.choices.any(),
            ..Policy::default()
        }
    }

    fn second_factor(&mut self) -> SecondFactor {
        match self.choices.way(4) {
            0 => SecondFactor::IfEnrolled,
            1 => SecondFactor::Required,
            2 => SecondFactor::Never,
            _ => {
                let (field, is) = ("role".to_owned(), "admin".into());
                SecondFactor::RequiredWhere(ProfileMatch { field, is })
            }
        }
    }

    fn limit(&mut self) -> AttemptLimit {
        AttemptLimit {
            attempts: self.choices.any::<u32>().max(1),
            window: self.span(1000),
            lock: self.span(0),
            hard_stop: self.choices.any(),
        }
    }

    fn lifetime(&mut self, access: Duration) -> Lifetime {
        let idle = self.span(access.as_millis());
        Lifetime { idle, absolute: self.span(idle.as_millis()) }
    }

    /// Any address, mostly Ada's.
    pub(crate) fn address(&mut self) -> String {
        if self.choices.rarely() {
            return self.text();
        }
        self.choices.pick(ADA, &["ADA@Example.COM", "eve@example.com", "no address"]).to_owned()
    }

    /// Any password; all end with the canary, and few are too long.
    pub(crate) fn password(&mut self) -> Password {
        let typed: String = self.choices.any();
        let times = if self.choices.rarely() { Password::MAX_BYTES } else { 1 };
        Password::new(format!("{}{CANARY}", typed.repeat(times)))
    }

    /// Any text that may be shown: the fuzzer finds the canary, and puts it where it is no secret.
    pub(crate) fn text(&mut self) -> String {
        self.choices.any::<String>().replace('\u{2603}', "")
    }

    /// A small object, or none.
    pub(crate) fn object(&mut self) -> JsonObject {
        let mut object = JsonObject::new();
        if self.choices.any::<bool>() {
            object.insert(self.text(), self.text().into());
        }
        object
    }

    pub(crate) fn login_request(&mut self) -> Login {
        Login {
            email: self.address(),
            password: self.password(),
            remember: self.choices.any(),
            claims: self.object(),
        }
    }

    pub(crate) fn registration(&mut self) -> RegisterUser {
        RegisterUser {
            email: self.address(),
            password: if self.choices.rarely() { None } else { Some(self.password()) },
            is_verified: self.choices.any(),
            profile: self.object(),
        }
    }

    pub(crate) fn change_of_password(&mut self) -> ChangePassword {
        let (current, mut new) = (self.password(), self.password());
        if !self.choices.rarely() {
            new = Password::new(fresh(&new));
        }
        ChangePassword { current, new }
    }

    pub(crate) fn password_to_set(&mut self) -> SetPassword {
        let (user, password) = (self.user_key(), self.password());
        SetPassword { user, password, must_change: self.choices.any() }
    }

    /// One to three accounts, mostly of different addresses.
    pub(crate) fn accounts(&mut self) -> Vec<ImportUser> {
        (0..=self.choices.way(3)).map(|_| self.account()).collect()
    }

    fn account(&mut self) -> ImportUser {
        let hash = if self.choices.rarely() { "x".repeat(2000) } else { self.choices.any() };
        let password = PasswordHash::from_stored(format!("{hash}{CANARY}"));
        ImportUser {
            email: self.address(),
            password: if self.choices.rarely() { None } else { Some(password) },
            is_active: self.choices.any(),
            is_verified: self.choices.any(),
            must_change_password: self.choices.any(),
            created_at: if self.choices.rarely() { Some(self.moment()) } else { None },
            last_login: if self.choices.rarely() { Some(self.moment()) } else { None },
            profile: self.object(),
        }
    }

    pub(crate) fn reset(&mut self) -> ResetPassword {
        let (serial, new) = (self.choices.any::<u8>() % 2, self.password());
        let token = Secret::new(self.link::<PasswordReset>(&serial.to_string()));
        let new = if self.choices.rarely() { new.expose().to_owned() } else { fresh(&new) };
        ResetPassword { token, new_password: Password::new(new) }
    }

    /// What a link for `P` carries that claims this text: mostly a genuine one, about Ada.
    pub(crate) fn link<P: ClaimPurpose>(&mut self, text: &str) -> String {
        let until = self.moment();
        let keys = KeyRing::parse(World::SECRET).expect("a key ring");
        let claim = Claim::new(text, until).expect("a short text");
        let ada = &self.genuine.user;
        let (id, epoch) = (ada.id, ada.epoch);
        let token = match self.choices.pick(0, &[1, 2, 3]) {
            0 => PurposeSigner::<P>::new(&keys).sign(claim.about(id, epoch)),
            1 => PurposeSigner::<P>::new(&keys).sign(claim),
            2 => PurposeSigner::<Invitation>::new(&keys).sign(claim.about(id, epoch)),
            _ => Secret::new(self.choices.any()),
        };
        self.claimed = Some((text.to_owned(), until));
        self.presented = Some(token.expose().clone());
        token.expose().clone()
    }

    /// The token of an onboarding session: mostly that of the one that is found.
    pub(crate) fn onboarding_token(&mut self) -> String {
        if self.choices.rarely() {
            return self.choices.any();
        }
        let stages = &self.genuine.stages;
        let stage = stages[usize::from(self.choices.any::<u8>()) % stages.len()].clone();
        let token = stage.token.clone();
        self.presented = Some(token.clone());
        self.stage = Some(stage);
        token
    }

    /// What is said to a step: mostly what leads on.
    pub(crate) fn advance(&mut self) -> Advance {
        let input = match self.choices.pick(0, &[1, 2]) {
            0 => Input::Data(self.right_answers()),
            1 => Input::Data(self.any_answers()),
            _ => Input::Skip,
        };
        let step = if self.choices.rarely() { Some(self.text()) } else { None };
        Advance { step, input }
    }

    fn right_answers(&mut self) -> Answers {
        let Some(stage) = self.stage.clone() else { return Answers::default() };
        let right = match &stage.seed {
            Some(seed) => serde_json::json!({ "code": code_of(seed.expose(), self.now) }),
            None => stage.right,
        };
        match right {
            serde_json::Value::Object(fields) => Answers::new(fields),
            _ => Answers::default(),
        }
    }

    fn any_answers(&mut self) -> Answers {
        let names = ["code", "email", "password", "password_confirm", "new_password", "saved"];
        let mut fields = JsonObject::new();
        for _ in 0..self.choices.way(4) {
            let name = self.choices.pick("code", &names);
            let value = match self.choices.way(4) {
                0 => self.password().expose().into(),
                1 => self.choices.any::<bool>().into(),
                2 => self.choices.any::<i64>().into(),
                _ => format!("{:06}", self.choices.any::<u32>() % 1_000_000).into(),
            };
            fields.insert(name.to_owned(), value);
        }
        Answers::new(fields)
    }

    /// A code of the seed that waits, mostly.
    pub(crate) fn code(&mut self) -> String {
        if self.choices.rarely() {
            return format!("{:06}", self.choices.any::<u32>() % 1_000_000);
        }
        code_of(self.genuine.waiting.1.expose(), self.now)
    }

    pub(crate) fn profile_answers(&mut self) -> Answers {
        let mut fields = self.object();
        if self.choices.any::<bool>() {
            fields.insert("nickname".to_owned(), self.text().into());
        }
        Answers::new(fields)
    }

    pub(crate) fn external_login(&mut self) -> ExternalLogin {
        let user = UserId::from_uuid(uuid::Uuid::from_u128(self.choices.any()));
        ExternalLogin { remember: self.choices.any(), ..ExternalLogin::new(user) }
    }

    pub(crate) fn user_key(&mut self) -> UserKey {
        if self.choices.any::<bool>() {
            return UserKey::Id(UserId::from_uuid(uuid::Uuid::from_u128(self.choices.any())));
        }
        UserKey::Email(EmailKey::from_stored(self.address()))
    }

    /// Any id, mostly that of the genuine session.
    pub(crate) fn session_id(&mut self) -> SessionId {
        if self.choices.rarely() {
            return SessionId::from_uuid(uuid::Uuid::from_u128(self.choices.any()));
        }
        self.genuine.generations[0].0.id
    }

    pub(crate) fn page(&mut self) -> SessionPage {
        let before = if self.choices.rarely() { Some(self.session_id()) } else { None };
        SessionPage { before, limit: self.choices.any() }
    }

    /// An access token: mostly a genuine one, whether or not it is spent.
    pub(crate) fn access_token(&mut self) -> String {
        let token = self.token("tda_");
        self.presented = Some(token.clone());
        token
    }

    /// An API key, which is mostly that of the record that is found.
    pub(crate) fn api_key_text(&mut self) -> String {
        if self.choices.rarely() {
            return self.access_token();
        }
        let secret: [u8; 32] = self.choices.any();
        self.key_digest = Some(Digest::of(&secret));
        let text =
            token_text("tdk_", &[self.choices.any::<[u8; 16]>().as_slice(), &secret].concat());
        self.presented = Some(text.clone());
        text
    }

    /// A scope, mostly the one that keys may have.
    pub(crate) fn scope(&mut self) -> String {
        if self.choices.rarely() { self.text() } else { SCOPE.to_owned() }
    }

    pub(crate) fn api_key_request(&mut self) -> CreateApiKey {
        CreateApiKey {
            name: if self.choices.rarely() { self.text() } else { "nightly".to_owned() },
            scopes: (0..self.choices.way(3)).map(|_| self.scope()).collect(),
            expires_in: if self.choices.any() { Some(self.span(0)) } else { None },
        }
    }

    pub(crate) fn invitation_request(&mut self) -> Invite {
        Invite {
            email: if self.choices.any() { Some(self.address()) } else { None },
            seats: u32::from(self.choices.way(5)),
            expires_in: if self.choices.any() { Some(self.span(0)) } else { None },
            data: self.object(),
        }
    }

    /// An acceptance with a genuine link, mostly one of the invitation that is found.
    pub(crate) fn acceptance(&mut self) -> AcceptInvitation {
        let (until, id) = (self.moment(), uuid::Uuid::from_u128(self.choices.any()));
        let keys = KeyRing::parse(World::SECRET).expect("a key ring");
        let claim = Claim::new(id.to_string(), until).expect("a short text");
        let link = PurposeSigner::<Invitation>::new(&keys).sign(claim);
        let link = if self.choices.rarely() { self.access_token() } else { link.expose().clone() };
        self.invited_until = Some(until);
        self.presented = Some(link.clone());
        AcceptInvitation {
            token: Secret::new(link),
            email: if self.choices.rarely() { None } else { Some(self.address()) },
            password: Password::new(format!("a wholly new {}", self.password().expose())),
            profile: self.object(),
        }
    }

    /// A refresh token: mostly a genuine one, whether or not it is spent.
    pub(crate) fn refresh_token(&mut self) -> String {
        let token = self.token("tdr_");
        self.presented = Some(token.clone());
        token
    }

    fn token(&mut self, prefix: &str) -> String {
        let generations = &self.genuine.generations;
        let (session, tokens) =
            &generations[usize::from(self.choices.any::<u8>()) % generations.len()];
        let (right, wrong) = match prefix {
            "tda_" => (&tokens.access, &tokens.refresh),
            _ => (&tokens.refresh, &tokens.access),
        };
        match self.choices.pick(0, &[1, 2, 3]) {
            0 => right.expose().clone(),
            1 => wrong.expose().clone(),
            2 => {
                let mut body = [0; 52];
                body[..16].copy_from_slice(session.id.as_uuid().as_bytes());
                self.is_made_up = true;
                let any = self.choices.any::<u32>();
                let generation = self.choices.pick(any, &[u32::MAX]);
                body[16..20].copy_from_slice(&generation.to_be_bytes());
                body[20..].copy_from_slice(&self.choices.any::<[u8; 32]>());
                token_text(prefix, &body)
            }
            _ => self.choices.any(),
        }
    }
}

/// A password that satisfies the rules, mostly.
fn fresh(password: &Password) -> String {
    format!("a wholly new {}", password.expose())
}
