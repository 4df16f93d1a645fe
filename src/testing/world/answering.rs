//! How a world answers commands: each is counted, and goes wrong if that is planned.

use super::World;
use crate::command::{
    Commit, Conflict, Consult, ConsultLegacy, CountAttempt, FindApiKey, FindInvitation,
    FindOnboarding, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, HashPassword,
    LegacyVerdict, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers, OwnedApiKey,
    OwnedSession, Part, PasswordVerdict, Share, Sweep, Swept, Unhashable, UserKey, VerifyPassword,
};
use crate::event::EventRecord;
use crate::model::{
    ApiKey, AttemptVerdict, Invitation, OnboardingSession, Session, SessionId, User, UserId,
};
use crate::password::{HashError, HasherChain, PasswordHash, WorkBuffer};
use crate::testing::faults::{Mishap, WorldFault};
use crate::testing::insecure_hasher::InsecureHasher;
use crate::{Command, Respond};

impl World {
    /// Carries a command out, unless it is to go wrong.
    fn carry_out<C: Command>(
        &mut self,
        command: impl FnOnce(&mut Self) -> C::Reply,
    ) -> Result<C::Reply, WorldFault> {
        self.carry_out_part::<C, _>(command)
    }

    /// Carries out what one store is to do of a command, unless it is to go wrong.
    fn carry_out_part<C: Command, R>(
        &mut self,
        command: impl FnOnce(&mut Self) -> R,
    ) -> Result<R, WorldFault> {
        self.trace.push(C::NAME);
        self.carried_out = self.carried_out.saturating_add(1);
        let number = self.carried_out;
        let fault = |mishap| WorldFault::Planned { number, command: C::NAME, mishap };
        match self.plan.mishap(number) {
            Some(mishap @ Mishap::Before) => Err(fault(mishap)),
            Some(mishap @ Mishap::After) => {
                let _lost = command(self);
                Err(fault(mishap))
            }
            Some(Mishap::Conflict) | None => Ok(command(self)),
        }
    }

    /// What each store is to do of a batch.
    ///
    /// # Panics
    ///
    /// When its writes do not stand in the order of their parts.
    pub(in crate::testing) fn shares(&self, batch: Commit) -> Vec<Share> {
        let is_in_order = batch.writes.is_sorted_by_key(|write| write.part());
        assert!(is_in_order, "the writes of a batch stand in the order of their parts: {batch:?}");
        if self.placement.is_split() {
            return batch.split(&self.placement);
        }
        vec![Share { store: self.placement.store_of(Part::Users), batch }]
    }

    /// Carries out what one store is to do of a batch.
    pub(in crate::testing) fn commit_share(
        &mut self,
        batch: Commit,
    ) -> Result<Result<(), Conflict>, WorldFault> {
        let (loses, beside) = (self.loses(), self.reads_owners_later());
        self.carry_out_part::<Commit, _>(|world| match (loses, beside) {
            (true, _) => Err(Conflict),
            (false, true) => world.tables.commit_beside_sessions(batch),
            (false, false) => world.tables.commit(batch),
        })
    }

    /// Whether sessions and users are read one after the other.
    pub(in crate::testing) fn reads_owners_later(&self) -> bool {
        self.placement.store_of(Part::Users) != self.placement.store_of(Part::Sessions)
    }

    /// The first half of a look-up in two stores: the session.
    pub(in crate::testing) fn read_session<C: Command>(
        &mut self,
        id: SessionId,
    ) -> Result<Option<Session>, WorldFault> {
        self.carry_out_part::<C, _>(|world| world.tables.find_session_record(id))
    }

    /// The second half: its owner.
    pub(in crate::testing) fn read_owner<C: Command>(
        &mut self,
        id: UserId,
    ) -> Result<Option<User>, WorldFault> {
        let key = UserKey::Id(id);
        self.carry_out_part::<C, _>(|world| world.tables.find_user(&FindUser { key }))
    }

    /// Whether the next command is a commit that loses.
    fn loses(&self) -> bool {
        self.plan.mishap(self.carried_out.saturating_add(1)) == Some(Mishap::Conflict)
    }

    fn hash<T>(
        &mut self,
        run: impl FnOnce(&HasherChain, &mut WorkBuffer) -> Result<T, HashError>,
    ) -> Result<T, HashError> {
        let hasher = InsecureHasher::current();
        let result = run(&hasher.chain(), &mut WorkBuffer::new());
        self.hashes = self.hashes.saturating_add(hasher.computed());
        result
    }
}

impl Respond for World {
    type Fault = WorldFault;

    fn count_attempt(&mut self, command: CountAttempt) -> Result<AttemptVerdict, WorldFault> {
        self.carry_out::<CountAttempt>(|world| world.tables.count_attempt(&command))
    }

    fn find_user(&mut self, command: FindUser) -> Result<Option<User>, WorldFault> {
        self.carry_out::<FindUser>(|world| world.tables.find_user(&command))
    }

    fn find_session(&mut self, command: FindSession) -> Result<Option<OwnedSession>, WorldFault> {
        self.carry_out::<FindSession>(|world| world.tables.find_session(&command))
    }

    fn find_session_with_user(
        &mut self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, WorldFault> {
        self.carry_out::<FindSessionWithUser>(|world| world.tables.find_session_with_user(&command))
    }

    fn find_user_with_session(
        &mut self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, WorldFault> {
        self.carry_out::<FindUserWithSession>(|world| world.tables.find_user_with_session(&command))
    }

    fn find_invitation(
        &mut self,
        command: FindInvitation,
    ) -> Result<Option<Invitation>, WorldFault> {
        self.carry_out::<FindInvitation>(|world| world.tables.find_invitation(&command))
    }

    fn find_api_key(&mut self, command: FindApiKey) -> Result<Option<OwnedApiKey>, WorldFault> {
        self.carry_out::<FindApiKey>(|world| world.tables.find_api_key(&command))
    }

    fn find_onboarding(
        &mut self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, WorldFault> {
        self.carry_out::<FindOnboarding>(|world| world.tables.find_onboarding(&command))
    }

    fn list_sessions(&mut self, command: ListSessions) -> Result<Vec<Session>, WorldFault> {
        self.carry_out::<ListSessions>(|world| world.tables.list_sessions(&command))
    }

    fn list_users(&mut self, command: ListUsers) -> Result<Vec<User>, WorldFault> {
        self.carry_out::<ListUsers>(|world| world.tables.list_users(&command))
    }

    fn list_invitations(
        &mut self,
        command: ListInvitations,
    ) -> Result<Vec<Invitation>, WorldFault> {
        self.carry_out::<ListInvitations>(|world| world.tables.list_invitations(&command))
    }

    fn list_api_keys(&mut self, command: ListApiKeys) -> Result<Vec<ApiKey>, WorldFault> {
        self.carry_out::<ListApiKeys>(|world| world.tables.list_api_keys(&command))
    }

    fn list_events(&mut self, command: ListEvents) -> Result<Vec<EventRecord>, WorldFault> {
        self.carry_out::<ListEvents>(|world| world.tables.list_events(&command))
    }

    fn verify_password(&mut self, command: VerifyPassword) -> Result<PasswordVerdict, WorldFault> {
        let verdict = self.hash(|chain, work| chain.verify(&command, work))?;
        self.carry_out::<VerifyPassword>(|_| verdict)
    }

    fn consult_legacy(&mut self, command: ConsultLegacy) -> Result<LegacyVerdict, WorldFault> {
        self.carry_out::<ConsultLegacy>(|world| {
            let password = world.legacy.get(command.email.key());
            let is_right =
                password.is_some_and(|right| right.expose() == command.password.expose());
            if is_right { LegacyVerdict::Right } else { LegacyVerdict::Wrong }
        })
    }

    fn consult(&mut self, command: Consult) -> Result<serde_json::Value, WorldFault> {
        let answer = self.application.ok_or(WorldFault::NoApplication)?;
        self.carry_out::<Consult>(|_| answer(&command))
    }

    fn hash_password(
        &mut self,
        command: HashPassword,
    ) -> Result<Result<PasswordHash, Unhashable>, WorldFault> {
        let hash = self.hash(|chain, work| chain.hash(&command, work))?;
        self.carry_out::<HashPassword>(|_| hash)
    }

    fn commit(&mut self, command: Commit) -> Result<Result<(), Conflict>, WorldFault> {
        for Share { batch, .. } in self.shares(command) {
            if let Err(conflict) = self.commit_share(batch)? {
                return Ok(Err(conflict));
            }
        }
        Ok(Ok(()))
    }

    fn sweep(&mut self, command: Sweep) -> Result<Swept, WorldFault> {
        self.carry_out::<Sweep>(|world| world.tables.sweep(&command))
    }
}
