//! Records, found and listed wrongly.

use smol::future::yield_now;
use testudo::Timestamp;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser, FindUser,
    FindUserWithSession, ListApiKeys, ListInvitations, OwnedApiKey, OwnedSession, Standing,
    UserKey,
};
use testudo::model::{ApiKey, EmailKey, Invitation, OnboardingSession, Session, SessionId, User};
use testudo_driver::{Fault, Store as _};

use crate::{Defect, Defective};

pub(crate) async fn find_user(
    this: &Defective,
    mut command: FindUser,
) -> Result<Option<User>, Fault> {
    if let UserKey::Email(key) = &mut command.key {
        *key = EmailKey::from_stored(this.mangled(key.as_str()));
    }
    let hidden_by = *this.hidden_by.lock().unwrap();
    let found = this.store.find_user(command).await?;
    Ok(found.filter(|user| user.closes_at.is_none() || user.closes_at > hidden_by))
}

pub(crate) async fn find_session(
    this: &Defective,
    command: FindSession,
) -> Result<Option<OwnedSession>, Fault> {
    let Some(mut owned) = this.store.find_session(command).await? else { return Ok(None) };
    match this.defect {
        Defect::HidesEndedSessions if owned.session.ended.is_some() => return Ok(None),
        Defect::RemembersTheOwner => {
            let mut standings = this.standings.lock().unwrap();
            owned.standing = *standings.entry(owned.session.user).or_insert(owned.standing);
        }
        _ => {}
    }
    Ok(Some(owned))
}

pub(crate) async fn find_session_with_user(
    this: &Defective,
    command: FindSessionWithUser,
) -> Result<Option<(Session, User)>, Fault> {
    let Some((session, mut user)) = this.store.find_session_with_user(command).await? else {
        return Ok(None);
    };
    if this.defect == Defect::ReadsTheOwnerLater {
        yield_now().await;
        user = this.store.find_user(by_id(&user)).await?.unwrap();
    }
    if this.defect == Defect::ReadsOwnersWithoutFactors {
        user.totp = None;
    }
    Ok(Some((session, user)))
}

pub(crate) async fn find_session_record(
    this: &Defective,
    id: SessionId,
) -> Result<Option<Session>, Fault> {
    if this.defect == Defect::NeedsTheOwnerOfARecord {
        let owned = this.store.find_session(FindSession { id }).await?;
        return Ok(owned.map(|owned| owned.session));
    }
    this.store.find_session_record(id).await
}

pub(crate) async fn find_user_with_session(
    this: &Defective,
    command: FindUserWithSession,
) -> Result<Option<(User, Option<Session>)>, Fault> {
    let found = this.store.find_user_with_session(command).await?;
    let by_session = FindSessionWithUser { id: command.session };
    let by_session = this.store.find_session_with_user(by_session).await?;
    Ok(match (this.defect, found, by_session) {
        (Defect::FindsAnySession, Some((user, _)), Some((session, _))) => {
            Some((user, Some(session)))
        }
        (Defect::NeedsASession, Some((_, None)), _) => None,
        (Defect::FindsTheOwnerOfTheSession, None, Some((session, owner))) => {
            Some((owner, Some(session)))
        }
        (_, found, _) => found,
    })
}

pub(crate) async fn find_invitation(
    this: &Defective,
    command: FindInvitation,
) -> Result<Option<Invitation>, Fault> {
    let found = this.store.find_invitation(command).await?;
    Ok(found.filter(|invitation| this.shows(invitation)))
}

pub(crate) async fn find_api_key(
    this: &Defective,
    command: FindApiKey,
) -> Result<Option<OwnedApiKey>, Fault> {
    let Some(mut owned) = this.store.find_api_key(command).await? else {
        let standing = Standing { epoch: Default::default(), is_active: true };
        let orphans = this.orphans.lock().unwrap();
        let orphan = orphans.iter().find(|key| key.id == command.id).cloned();
        return Ok(orphan.map(|key| OwnedApiKey { key, standing }));
    };
    let OwnedApiKey { key, standing } = &mut owned;
    match this.defect {
        Defect::HidesRevokedKeys if key.revoked_at.is_some() => return Ok(None),
        Defect::HidesExpiredKeys if has_expired(key) => return Ok(None),
        Defect::RemembersTheOwnerOfAKey => {
            let mut standings = this.standings.lock().unwrap();
            *standing = *standings.entry(key.user).or_insert(*standing);
        }
        _ => {}
    }
    Ok(Some(owned))
}

pub(crate) async fn find_onboarding(
    this: &Defective,
    command: FindOnboarding,
) -> Result<Option<OnboardingSession>, Fault> {
    let found = this.store.find_onboarding(command).await?;
    Ok(match this.defect {
        Defect::HidesExpiredOnboarding => {
            found.filter(|begun| begun.expires_at > Timestamp::from_millis(1))
        }
        Defect::ReadsTheFirstOnboarding => {
            let mut begun = this.begun.lock().unwrap();
            found.map(|found| begun.entry(found.id).or_insert(found).clone())
        }
        _ => found,
    })
}

pub(crate) async fn list_invitations(
    this: &Defective,
    mut command: ListInvitations,
) -> Result<Vec<Invitation>, Fault> {
    if this.defect == Defect::ListsTheFirstPageOnly {
        command.before = None;
    }
    let mut listed = this.store.list_invitations(command).await?;
    listed.retain(|invitation| this.shows(invitation));
    match this.defect {
        Defect::ListsOldestFirst => listed.reverse(),
        Defect::ListsInvitationsOfAdministratorsToAll => {
            let of_none = ListInvitations { invited_by: None, ..command };
            listed.extend(this.store.list_invitations(of_none).await?);
        }
        _ => {}
    }
    Ok(listed)
}

pub(crate) async fn list_api_keys(
    this: &Defective,
    mut command: ListApiKeys,
) -> Result<Vec<ApiKey>, Fault> {
    if this.defect == Defect::ListsTheFirstPageOnly {
        command.before = None;
    }
    let mut listed = this.store.list_api_keys(command).await?;
    match this.defect {
        Defect::ListsOldestFirst => listed.reverse(),
        Defect::HidesExpiredKeys => listed.retain(|key| !has_expired(key)),
        _ => {}
    }
    Ok(listed)
}

impl Defective {
    /// Whether an invitation is found in spite of what became of it.
    pub(crate) fn shows(&self, invitation: &Invitation) -> bool {
        self.defect != Defect::HidesClosedInvitations
            || (invitation.revoked_at.is_none() && invitation.taken < invitation.seats)
    }
}

fn has_expired(key: &ApiKey) -> bool {
    key.expires_at.is_some_and(|end| end <= Timestamp::from_millis(1))
}

pub(crate) const fn by_id(user: &User) -> FindUser {
    FindUser { key: UserKey::Id(user.id) }
}
