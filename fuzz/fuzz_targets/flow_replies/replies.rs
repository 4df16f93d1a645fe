//! What the world answers: anything that the types allow, mostly something plausible.

use std::collections::BTreeSet;
use std::convert::Infallible;

use serde_json::Value;
use testudo::command::{
    Commit, Conflict, Consult, ConsultLegacy, CountAttempt, FindApiKey, FindInvitation,
    FindOnboarding, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, Guard,
    HashPassword, LegacyVerdict, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers,
    OwnedApiKey, OwnedSession, PasswordVerdict, Standing, Sweep, Swept, Unhashable, VerifyPassword,
    Write,
};
use testudo::event::EventRecord;
use testudo::model::{
    ApiKey, ApiKeyId, AttemptVerdict, Digest, EndReason, Ended, Epoch, EventId, Invitation,
    InvitationId, LinkSerial, Method, OnboardingId, OnboardingSession, PreviousEmail, Session,
    SessionId, User, UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::{Client, Duration, KeyId, Respond};
use testudo_fuzz::token_parts;
use uuid::Uuid;

use super::trial::{CANARY, Trial};

impl Respond for Trial<'_> {
    type Fault = Infallible;

    fn count_attempt(&mut self, command: CountAttempt) -> Result<AttemptVerdict, Infallible> {
        self.asked();
        // Whether a notice is sent decides about nobody's guess.
        let is_of_a_notice = command.key.as_str().starts_with("notice:");
        let moment = self.moment();
        let verdict = match self.choices.pick(0, &[1, 2]) {
            0 => AttemptVerdict::Allowed { window: moment, is_last: self.choices.any() },
            1 => AttemptVerdict::Locked { until: moment },
            _ => AttemptVerdict::Stopped,
        };
        if is_of_a_notice {
            return Ok(verdict);
        }
        if matches!(verdict, AttemptVerdict::Allowed { .. }) {
            self.record.allowed += 1;
        } else {
            self.record.refused += 1;
        }
        Ok(verdict)
    }

    fn find_user(&mut self, _: FindUser) -> Result<Option<User>, Infallible> {
        self.asked();
        self.record.user = if self.choices.rarely() { None } else { Some(self.user()) };
        self.record.looked_up.push(self.record.user.clone());
        Ok(self.record.user.clone())
    }

    fn find_session(&mut self, _: FindSession) -> Result<Option<OwnedSession>, Infallible> {
        self.asked();
        let standing = self.user().standing();
        self.record.session = self.owned_session(standing);
        Ok(self.record.session.clone())
    }

    fn find_session_with_user(
        &mut self,
        _: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Infallible> {
        self.asked();
        let user = self.user();
        self.record.session = self.owned_session(user.standing());
        self.record.user = Some(user.clone());
        Ok(self.record.session.clone().map(|owned| (owned.session, user)))
    }

    fn find_user_with_session(
        &mut self,
        _: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Infallible> {
        self.asked();
        let user = self.user();
        self.record.session = self.owned_session(user.standing());
        self.record.user = Some(user.clone());
        let session = self.record.session.clone().map(|owned| owned.session);
        Ok((!self.choices.rarely()).then_some((user, session)))
    }

    fn find_invitation(&mut self, _: FindInvitation) -> Result<Option<Invitation>, Infallible> {
        self.asked();
        let mut invitation = self.invitation(0);
        if let Some(expires_at) = self.invited_until
            && !self.choices.rarely()
        {
            invitation.expires_at = expires_at;
            invitation.taken = invitation.taken.min(invitation.seats - 1);
        }
        self.record.invitation = if self.choices.rarely() { None } else { Some(invitation) };
        Ok(self.record.invitation.clone())
    }

    fn find_api_key(&mut self, _: FindApiKey) -> Result<Option<OwnedApiKey>, Infallible> {
        self.asked();
        let (standing, mut key) = (self.user().standing(), self.api_key(0));
        if let Some(digest) = self.key_digest
            && !self.choices.rarely()
        {
            key.digest = digest;
        }
        let owned = OwnedApiKey { key, standing };
        self.record.api_key = if self.choices.rarely() { None } else { Some(owned) };
        Ok(self.record.api_key.clone())
    }

    fn find_onboarding(
        &mut self,
        _: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Infallible> {
        self.asked();
        let found = if self.choices.rarely() { None } else { Some(self.onboarding_session()) };
        self.record.onboarding = found;
        Ok(self.record.onboarding.clone())
    }

    fn list_invitations(&mut self, _: ListInvitations) -> Result<Vec<Invitation>, Infallible> {
        self.asked();
        let count = self.choices.way(4);
        self.record.invitations = (0..count).map(|place| self.invitation(place)).collect();
        Ok(self.record.invitations.clone())
    }

    fn list_api_keys(&mut self, _: ListApiKeys) -> Result<Vec<ApiKey>, Infallible> {
        self.asked();
        let count = self.choices.way(4);
        self.record.api_keys = (0..count).map(|place| self.api_key(place)).collect();
        Ok(self.record.api_keys.clone())
    }

    fn list_events(&mut self, _: ListEvents) -> Result<Vec<EventRecord>, Infallible> {
        self.asked();
        let kinds = testudo::testing::every_event();
        let count = self.choices.way(4);
        Ok((0..count)
            .map(|_| EventRecord {
                id: EventId::from_uuid(Uuid::from_u128(self.choices.any())),
                at: self.moment(),
                user: Some(self.user().id),
                session: None,
                client: Client::unknown().with_user_agent(&self.choices.any::<String>()),
                event: kinds[usize::from(self.choices.any::<u8>()) % kinds.len()].clone(),
            })
            .collect())
    }

    fn verify_password(&mut self, _: VerifyPassword) -> Result<PasswordVerdict, Infallible> {
        self.asked();
        // Whoever must choose another password has shown the one that it is held against.
        let is_shown = self.stage.is_some();
        assert!(
            is_shown || self.record.allowed > 0,
            "a password is looked at, and was not counted"
        );
        assert_eq!(self.record.refused, 0, "a password is looked at that was refused");
        let valid = |outdated| PasswordVerdict::Valid { outdated };
        let others = [valid(true), PasswordVerdict::Invalid, PasswordVerdict::Unreadable];
        let verdict = self.choices.pick(valid(false), &others);
        self.record.verdict = Some(verdict);
        Ok(verdict)
    }

    fn consult_legacy(&mut self, _: ConsultLegacy) -> Result<LegacyVerdict, Infallible> {
        self.asked();
        assert!(self.record.allowed > 0, "another system is asked before it was counted");
        assert_eq!(self.record.refused, 0, "another system is asked about what was refused");
        let verdict = self.choices.pick(LegacyVerdict::Right, &[LegacyVerdict::Wrong; 4]);
        self.record.legacy = Some(verdict);
        Ok(verdict)
    }

    fn consult(&mut self, _: Consult) -> Result<Value, Infallible> {
        self.asked();
        Ok(if self.choices.rarely() { Value::Null } else { Value::Object(self.object()) })
    }

    fn hash_password(
        &mut self,
        _: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, Infallible> {
        self.asked();
        if self.choices.rarely() {
            return Ok(Err(Unhashable::TooLong { most: 72 }));
        }
        let stored = self.choices.any::<String>();
        Ok(Ok(PasswordHash::from_stored(format!("{stored}{CANARY}"))))
    }

    fn list_sessions(&mut self, _: ListSessions) -> Result<Vec<Session>, Infallible> {
        self.asked();
        Ok((0..self.choices.way(4)).map(|_| self.session()).collect())
    }

    fn list_users(&mut self, _: ListUsers) -> Result<Vec<User>, Infallible> {
        self.asked();
        Ok((0..self.choices.way(4)).map(|_| self.user()).collect())
    }

    fn sweep(&mut self, _: Sweep) -> Result<Swept, Infallible> {
        self.asked();
        Ok(Swept {
            sessions: self.choices.any(),
            attempts: self.choices.any(),
            accounts: self.choices.any(),
            invitations: self.choices.any(),
            onboarding: self.choices.any(),
            api_keys: self.choices.any(),
            events: self.choices.any(),
            dead_letters: self.choices.any(),
        })
    }

    fn commit(&mut self, command: Commit) -> Result<Result<(), Conflict>, Infallible> {
        self.asked();
        self.assert_is_within_contract(&command);
        let answer = self.choices.pick(Ok(()), &[Err(Conflict), Err(Conflict), Err(Conflict)]);
        self.record.batch = Some((command, answer));
        Ok(answer)
    }
}

impl Trial<'_> {
    /// What the page of `Commit` promises to adapters.
    fn assert_is_within_contract(&self, batch: &Commit) {
        let mut named = BTreeSet::new();
        for write in &batch.writes {
            let record = match write {
                Write::InsertUser(user) => {
                    assert_eq!(user.version, Version::FIRST);
                    format!("user {}", user.id)
                }
                Write::ReplaceUser { user, was } => {
                    assert_eq!(user.version, was.next());
                    format!("user {}", user.id)
                }
                Write::InsertSession(session) => {
                    assert_eq!(session.version, Version::FIRST);
                    format!("session {}", session.id)
                }
                Write::ReplaceSession { session, was } => {
                    assert_eq!(session.version, was.next());
                    format!("session {}", session.id)
                }
                Write::InsertInvitation(invitation) => {
                    assert_eq!(invitation.version, Version::FIRST);
                    format!("invitation {}", invitation.id)
                }
                Write::ReplaceInvitation { invitation, was } => {
                    assert_eq!(invitation.version, was.next());
                    assert!(invitation.taken <= invitation.seats, "more seats than there are");
                    format!("invitation {}", invitation.id)
                }
                Write::InsertApiKey(key) => {
                    assert_eq!(key.version, Version::FIRST);
                    format!("API key {}", key.id)
                }
                Write::ReplaceApiKey { key, was } => {
                    assert_eq!(key.version, was.next());
                    format!("API key {}", key.id)
                }
                Write::InsertOnboarding(session) => {
                    assert_eq!(session.version, Version::FIRST);
                    self.assert_fits(session)
                }
                Write::ReplaceOnboarding { session, was } => {
                    assert_eq!(session.version, was.next());
                    self.assert_fits(session)
                }
                Write::TouchApiKey { id, .. } => format!("API key {id}"),
                Write::ClearAttempts(key) | Write::RefundAttempt { key, .. } => {
                    assert!(key.as_str().len() <= 300, "{key:?}");
                    format!("counter {}", key.as_str())
                }
            };
            assert!(named.insert(record), "a batch names a record twice: {batch:?}");
        }
        for guard in &batch.guards {
            let record = match guard {
                Guard::UserEpoch { id, .. } => format!("user {id}"),
                Guard::SessionVersion { id, .. } | Guard::NoSession { id } => {
                    format!("session {id}")
                }
            };
            assert!(named.insert(record), "a batch names a record twice: {batch:?}");
        }
        for message in &batch.messages {
            assert_eq!(message.created_at, self.now);
            assert!(message.sealed.len() <= testudo::message::SealedMessage::MAX_BYTES);
        }
        for event in &batch.events {
            assert_eq!(event.at, self.now);
            let json = serde_json::to_string(event).expect("events serialise");
            self.assert_shows_no_secret(&json);
            assert_eq!(
                &serde_json::from_str::<testudo::event::EventRecord>(&json).expect("and back"),
                event
            );
        }
    }

    fn assert_fits(&self, session: &OnboardingSession) -> String {
        assert!(session.sealed.len() <= OnboardingSession::MAX_SEALED_BYTES);
        format!("onboarding session {}", session.id)
    }

    /// Ada, or what became of her.
    fn user(&mut self) -> User {
        let of_stage = self.stage.as_ref().and_then(|stage| stage.user.clone());
        let mut user = of_stage.unwrap_or_else(|| self.genuine.user.clone());
        if let Some((text, until)) = self.claimed.clone()
            && self.choices.any::<bool>()
        {
            // What a link to take an account back, or to open it again, is for.
            let email = text.parse().ok();
            user.previous_email = email.map(|email| PreviousEmail { email, until });
            user.closes_at = self.choices.any::<bool>().then_some(until);
        }
        if self.choices.any::<bool>() {
            return user;
        }
        if self.stage.is_none() && self.choices.way(4) == 0 {
            let enrolled = self.genuine.stages.iter().rev().filter_map(|stage| stage.user.clone());
            user.totp = enrolled.into_iter().find_map(|user| user.totp);
        }
        if self.choices.rarely() {
            user.id = UserId::from_uuid(Uuid::from_u128(self.choices.any()));
        }
        if self.choices.rarely() {
            user.is_active = false;
        }
        if self.choices.any::<bool>() {
            user.is_verified = true;
        }
        if self.choices.rarely() {
            user.must_change_password = true;
        }
        if self.choices.rarely() {
            user.password = PasswordHash::legacy();
        }
        if self.choices.rarely() {
            user.password = PasswordHash::from_stored(self.choices.any());
        }
        if self.choices.rarely() {
            user.epoch = Epoch::new(self.counter());
        }
        if self.choices.rarely() {
            user.version = Version::new(self.counter());
        }
        if let Some(Ok(email)) = self.choices.rarely().then(|| self.address().parse()) {
            user.email = email;
        }
        if self.choices.rarely() {
            user.profile = self.object();
        }
        if self.choices.rarely() {
            user.reset_serial = LinkSerial::new(self.counter());
        }
        if self.choices.rarely() {
            user.closes_at = Some(self.moment());
        }
        if let Some(Ok(email)) = self.choices.rarely().then(|| self.address().parse()) {
            user.previous_email = Some(PreviousEmail { email, until: self.moment() });
        }
        user
    }

    /// An invitation, open or not. Those of one list have different ids.
    fn invitation(&mut self, place: u8) -> Invitation {
        let seats = self.choices.any::<u32>().max(1);
        Invitation {
            id: InvitationId::from_uuid(self.id_at(place)),
            invited_by: self.choices.any::<bool>().then_some(self.genuine.user.id),
            email: if self.choices.any() { self.address().parse().ok() } else { None },
            seats,
            taken: self.choices.any::<u32>().min(seats),
            data: self.object(),
            created_at: self.moment(),
            expires_at: self.moment(),
            revoked_at: if self.choices.rarely() { Some(self.moment()) } else { None },
            version: Version::new(self.counter()),
        }
    }

    /// Somebody on their way in, mostly as they were; in a state that nobody sealed, otherwise.
    fn onboarding_session(&mut self) -> OnboardingSession {
        if !self.choices.rarely() {
            let stage = self.stage.as_ref().map(|stage| stage.record.clone());
            let mut row = stage.unwrap_or_else(|| self.genuine.waiting.0.clone());
            if self.choices.rarely() {
                row.version = Version::new(self.counter());
            }
            if self.choices.rarely() {
                row.expires_at = self.moment();
            }
            return row;
        }
        OnboardingSession {
            id: OnboardingId::from_uuid(self.id_at(0)),
            digest: Digest::from_bytes(self.choices.any()),
            sealed: self.choices.any::<String>().into_bytes(),
            created_at: self.moment(),
            expires_at: self.moment(),
            version: Version::new(self.counter()),
        }
    }

    /// An API key, alive or not. Those of one list have different ids.
    fn api_key(&mut self, place: u8) -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_uuid(self.id_at(place)),
            user: self.genuine.user.id,
            epoch: self.genuine.user.epoch,
            name: self.text(),
            scopes: vec![self.scope()],
            digest: Digest::from_bytes(self.choices.any()),
            created_at: self.moment(),
            expires_at: if self.choices.any() { Some(self.moment()) } else { None },
            last_used_at: if self.choices.any() { Some(self.moment()) } else { None },
            revoked_at: if self.choices.rarely() { Some(self.moment()) } else { None },
            version: Version::new(self.counter()),
        }
    }

    fn id_at(&mut self, place: u8) -> Uuid {
        Uuid::from_u128(self.choices.any::<u128>() << 8 | u128::from(place))
    }

    fn owned_session(&mut self, standing: Standing) -> Option<OwnedSession> {
        if self.choices.rarely() {
            None
        } else {
            Some(OwnedSession { session: self.session(), standing })
        }
    }

    /// The genuine session after any of its refreshes, or what became of it.
    fn session(&mut self) -> Session {
        let generations = &self.genuine.generations;
        let mut session =
            generations[usize::from(self.choices.any::<u8>()) % generations.len()].0.clone();
        if self.is_made_up && !self.choices.rarely() {
            self.fit(&mut session);
        }
        if self.choices.any::<bool>() {
            return session;
        }
        if self.choices.way(4) == 0 {
            session.methods.push(Method::Otp);
        }
        if self.choices.rarely() {
            session.id = SessionId::from_uuid(Uuid::from_u128(self.choices.any()));
        }
        if self.choices.rarely() {
            session.epoch = Epoch::new(self.counter());
        }
        if self.choices.rarely() {
            session.generation = self.choices.any();
        }
        if self.choices.rarely() {
            session.version = Version::new(self.counter());
        }
        if self.choices.rarely() {
            session.refresh_digest = Digest::from_bytes(self.choices.any());
        }
        if self.choices.rarely() {
            session.access_digest = Digest::from_bytes(self.choices.any());
        }
        if self.choices.rarely() {
            session.chain_key = KeyId::from_bytes(self.choices.any());
        }
        if self.choices.rarely() {
            session.refreshed_at = self.moment();
        }
        if self.choices.rarely() {
            session.expires_at = self.moment();
        }
        if self.choices.rarely() {
            session.access_expires_at = self.moment();
        }
        if self.choices.rarely() {
            session.idle_timeout = Duration::from_millis(self.choices.any());
        }
        if self.choices.rarely() {
            let reason = self.choices.pick(EndReason::SignedOut, &[EndReason::RefreshReused]);
            session.ended = Some(Ended { at: self.moment(), reason });
        }
        if self.choices.rarely() {
            session.claims = self.object();
        }
        session
    }

    /// Makes the presented token the current one, even if it is made up.
    fn fit(&self, session: &mut Session) {
        if let Some((generation, secret)) = self.presented.as_deref().and_then(token_parts) {
            session.generation = generation;
            session.refresh_digest = Digest::of(&secret);
            session.access_digest = Digest::of(&secret);
        }
    }

    /// As far as databases count, but for the last one, which no record has ever reached.
    fn counter(&mut self) -> u64 {
        self.choices.any::<u64>() >> 1
    }
}
