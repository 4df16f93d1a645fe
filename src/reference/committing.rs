//! What a batch means: all of it holds and is written, or none.

use super::{Tables, waiting};
use crate::command::{Commit, Conflict, Guard, Write};
#[cfg(feature = "testing")]
use crate::model::Session;
use crate::model::UserId;

impl Tables {
    /// The meaning of [`Commit`]: everything is checked before anything is written.
    ///
    /// # Errors
    ///
    /// [`Conflict`] when a guard or a write does not hold; nothing was changed then.
    pub fn commit(&mut self, batch: Commit) -> Result<(), Conflict> {
        let holds = batch.guards.iter().all(|guard| self.holds(guard))
            && batch.writes.iter().all(|write| self.applies(write, &batch));
        if !holds {
            return Err(Conflict);
        }
        for write in batch.writes {
            self.apply(write);
        }
        self.events.append(batch.events);
        self.messages.extend(batch.messages.into_iter().map(waiting));
        Ok(())
    }

    /// The same where sessions live in another store than users: those of a user who is removed stay, without an owner.
    #[cfg(feature = "testing")]
    pub(crate) fn commit_beside_sessions(&mut self, batch: Commit) -> Result<(), Conflict> {
        let goes = |session: &&Session| goes(session.user, &batch);
        let stay: Vec<Session> = self.sessions.values().filter(goes).cloned().collect();
        self.commit(batch)?;
        self.sessions.extend(stay.into_iter().map(|session| (session.id, session)));
        Ok(())
    }

    /// Removes a user with all that is theirs.
    pub(super) fn remove_user(&mut self, id: UserId) {
        if let Some(user) = self.users.remove(&id) {
            self.emails.remove(user.email.key());
        }
        self.sessions.retain(|_, session| session.user != id);
        self.api_keys.retain(|_, key| key.user != id);
        self.invitations.retain(|_, invitation| invitation.invited_by != Some(id));
    }

    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::UserEpoch { id, epoch } => {
                self.users.get(id).is_some_and(|user| user.epoch == *epoch)
            }
            Guard::SessionVersion { id, version } => {
                self.sessions.get(id).is_some_and(|session| session.version == *version)
            }
            Guard::NoSession { id } => !self.sessions.contains_key(id),
        }
    }

    fn applies(&self, write: &Write, batch: &Commit) -> bool {
        match write {
            Write::InsertUser(user) => {
                let owner = self.emails.get(user.email.key());
                !self.users.contains_key(&user.id) && owner.is_none_or(|owner| goes(*owner, batch))
            }
            Write::RemoveUser { id, was } => {
                self.users.get(id).is_some_and(|stored| stored.version == *was)
            }
            Write::ReplaceUser { user, was } => {
                let is_own = |id: &UserId| *id == user.id;
                self.users.get(&user.id).is_some_and(|stored| stored.version == *was)
                    && self.emails.get(user.email.key()).is_none_or(is_own)
            }
            Write::InsertSession(session) => !self.sessions.contains_key(&session.id),
            Write::ReplaceSession { session, was } => {
                self.sessions.get(&session.id).is_some_and(|stored| stored.version == *was)
            }
            Write::InsertInvitation(invitation) => !self.invitations.contains_key(&invitation.id),
            Write::ReplaceInvitation { invitation, was } => {
                self.invitations.get(&invitation.id).is_some_and(|stored| stored.version == *was)
            }
            Write::InsertOnboarding(session) => !self.onboarding.contains_key(&session.id),
            Write::ReplaceOnboarding { session, was } => {
                self.onboarding.get(&session.id).is_some_and(|stored| stored.version == *was)
            }
            Write::InsertApiKey(key) => !self.api_keys.contains_key(&key.id),
            Write::ReplaceApiKey { key, was } => {
                self.api_keys.get(&key.id).is_some_and(|stored| stored.version == *was)
            }
            Write::TouchApiKey { .. } | Write::ClearAttempts(_) | Write::RefundAttempt { .. } => {
                true
            }
        }
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::InsertUser(user) | Write::ReplaceUser { user, .. } => {
                if let Some(old) = self.users.get(&user.id) {
                    self.emails.remove(old.email.key());
                }
                self.emails.insert(user.email.key().clone(), user.id);
                self.users.insert(user.id, *user);
            }
            Write::InsertSession(session) | Write::ReplaceSession { session, .. } => {
                self.sessions.insert(session.id, *session);
            }
            Write::InsertInvitation(invitation) | Write::ReplaceInvitation { invitation, .. } => {
                self.invitations.insert(invitation.id, *invitation);
            }
            Write::RemoveUser { id, .. } => self.remove_user(id),
            Write::InsertOnboarding(session) | Write::ReplaceOnboarding { session, .. } => {
                self.onboarding.insert(session.id, *session);
            }
            Write::InsertApiKey(key) | Write::ReplaceApiKey { key, .. } => {
                self.api_keys.insert(key.id, *key);
            }
            Write::TouchApiKey { id, at } => {
                if let Some(key) = self.api_keys.get_mut(&id) {
                    key.last_used_at = key.last_used_at.max(Some(at));
                }
            }
            Write::ClearAttempts(key) => {
                self.attempts.remove(&key);
            }
            Write::RefundAttempt { key, window } => {
                if let Some(counter) = self.attempts.get_mut(&key) {
                    counter.refund(window);
                }
            }
        }
    }
}

/// Whether a batch removes a user.
fn goes(user: UserId, batch: &Commit) -> bool {
    let removes = |write: &Write| matches!(write, Write::RemoveUser { id, .. } if *id == user);
    batch.writes.iter().any(removes)
}
