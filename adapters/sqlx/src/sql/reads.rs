//! Look-ups and listings: a keyed read for each command.

mod statements;

use testudo::Timestamp;
use testudo::command::{
    FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser, FindUser,
    FindUserWithSession, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers,
    OwnedApiKey, OwnedSession, UserKey,
};
use testudo::event::{EventKind, EventRecord};
use testudo::message::{KeptMessage, ListMessages, MessageState};
use testudo::model::{
    ApiKey, AttemptCounter, AttemptKey, Invitation, OnboardingSession, SessionId,
};
use testudo::model::{Session, User};
use testudo_driver::Fault;

use super::link::Link;
use super::records::{
    api_key, attempt_counter, attempt_key, event, invitation, kept_message, onboarding, session,
    standing, user,
};
use super::value::Value;

pub(crate) use self::statements::{Pages, Reads};

impl Pages {
    async fn rows<'a, L: Link>(
        &self,
        link: &L,
        mut values: Vec<Value<'a>>,
        begin: Option<Value<'a>>,
    ) -> Result<Vec<L::Row>, Fault> {
        let sql = if begin.is_some() { &self.next } else { &self.first };
        values.extend(begin);
        link.rows(sql, &values).await
    }
}

impl Reads {
    pub(crate) async fn find_user<L: Link>(
        &self,
        link: &L,
        command: &FindUser,
    ) -> Result<Option<User>, Fault> {
        let (sql, value) = match &command.key {
            UserKey::Id(id) => (&self.user_by_id, Value::uuid(id.as_uuid())),
            // What the database cannot hold, nobody has.
            UserKey::Email(email) if !self.layout.dialect.holds(email.as_str()) => return Ok(None),
            UserKey::Email(email) => (&self.user_by_email, Value::text(email.as_str())),
        };
        let row = link.row(sql, &[value]).await?;
        row.map(|row| user(&row, &self.layout)).transpose()
    }

    pub(crate) async fn find_session<L: Link>(
        &self,
        link: &L,
        command: FindSession,
    ) -> Result<Option<OwnedSession>, Fault> {
        let Some(row) = link.row(&self.session, &[Value::uuid(command.id.as_uuid())]).await? else {
            return Ok(None);
        };
        Ok(Some(OwnedSession { session: session(&row)?, standing: standing(&row)? }))
    }

    pub(crate) async fn find_session_record<L: Link>(
        &self,
        link: &L,
        id: SessionId,
    ) -> Result<Option<Session>, Fault> {
        let row = link.row(&self.session_record, &[Value::uuid(id.as_uuid())]).await?;
        row.as_ref().map(session).transpose()
    }

    pub(crate) async fn find_session_with_user<L: Link>(
        &self,
        link: &L,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        let id = Value::uuid(command.id.as_uuid());
        let Some(row) = link.row(&self.session_with_user, &[id]).await? else { return Ok(None) };
        Ok(Some((session(&row)?, user(&row, &self.layout)?)))
    }

    pub(crate) async fn find_user_with_session<L: Link>(
        &self,
        link: &L,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        let ids = [Value::uuid(command.user.as_uuid()), Value::uuid(command.session.as_uuid())];
        let Some(row) = link.row(&self.user_with_session, &ids).await? else { return Ok(None) };
        let is_there = super::Columns::uuid(&row, "sessions.id")?.is_some();
        let session = is_there.then(|| session(&row)).transpose()?;
        Ok(Some((user(&row, &self.layout)?, session)))
    }

    pub(crate) async fn find_invitation<L: Link>(
        &self,
        link: &L,
        command: FindInvitation,
    ) -> Result<Option<Invitation>, Fault> {
        let row = link.row(&self.invitation, &[Value::uuid(command.id.as_uuid())]).await?;
        row.as_ref().map(invitation).transpose()
    }

    pub(crate) async fn find_api_key<L: Link>(
        &self,
        link: &L,
        command: FindApiKey,
    ) -> Result<Option<OwnedApiKey>, Fault> {
        let Some(row) = link.row(&self.api_key, &[Value::uuid(command.id.as_uuid())]).await? else {
            return Ok(None);
        };
        Ok(Some(OwnedApiKey { key: api_key(&row)?, standing: standing(&row)? }))
    }

    pub(crate) async fn find_onboarding<L: Link>(
        &self,
        link: &L,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        let row = link.row(&self.onboarding, &[Value::uuid(command.id.as_uuid())]).await?;
        row.as_ref().map(onboarding).transpose()
    }

    /// A counter as it is, or a new one where there is none.
    pub(crate) async fn find_counter<L: Link>(
        &self,
        link: &L,
        key: &AttemptKey,
    ) -> Result<AttemptCounter, Fault> {
        let row = link.row(&self.counter, &[self.layout.dialect.attempt_key(key)]).await?;
        row.as_ref().map_or_else(|| Ok(AttemptCounter::new()), attempt_counter)
    }

    pub(crate) async fn list_sessions<L: Link>(
        &self,
        link: &L,
        command: ListSessions,
    ) -> Result<Vec<Session>, Fault> {
        let ListSessions { user, epoch, now, before, limit } = command;
        let values =
            vec![Value::uuid(user.as_uuid()), Value::int(epoch.get()), now.into(), limit.into()];
        let before = before.map(|id| Value::uuid(id.as_uuid()));
        self.live_sessions.rows(link, values, before).await?.iter().map(session).collect()
    }

    pub(crate) async fn list_users<L: Link>(
        &self,
        link: &L,
        command: ListUsers,
    ) -> Result<Vec<User>, Fault> {
        let after = command.after.map(|id| Value::uuid(id.as_uuid()));
        let rows = self.users.rows(link, vec![command.limit.into()], after).await?;
        rows.iter().map(|row| user(row, &self.layout)).collect()
    }

    pub(crate) async fn list_invitations<L: Link>(
        &self,
        link: &L,
        command: ListInvitations,
    ) -> Result<Vec<Invitation>, Fault> {
        let ListInvitations { invited_by, before, limit } = command;
        let (pages, values) = match invited_by {
            Some(user) => {
                (&self.invitations_of_user, vec![Value::uuid(user.as_uuid()), limit.into()])
            }
            None => (&self.invitations_of_nobody, vec![limit.into()]),
        };
        let before = before.map(|id| Value::uuid(id.as_uuid()));
        pages.rows(link, values, before).await?.iter().map(invitation).collect()
    }

    pub(crate) async fn list_api_keys<L: Link>(
        &self,
        link: &L,
        command: ListApiKeys,
    ) -> Result<Vec<ApiKey>, Fault> {
        let ListApiKeys { user, before, limit } = command;
        let values = vec![Value::uuid(user.as_uuid()), limit.into()];
        let before = before.map(|id| Value::uuid(id.as_uuid()));
        self.api_keys_of_user.rows(link, values, before).await?.iter().map(api_key).collect()
    }

    pub(crate) async fn list_events<L: Link>(
        &self,
        link: &L,
        command: &ListEvents,
    ) -> Result<Vec<EventRecord>, Fault> {
        let ListEvents { user, kinds, since, until, before, limit } = command;
        let kinds: String =
            kinds.iter().copied().map(EventKind::as_str).fold(String::new(), |listed, kind| {
                if listed.is_empty() { format!(",{kind},") } else { format!("{listed}{kind},") }
            });
        let mut values = Vec::from_iter(user.as_ref().map(|id| Value::uuid(id.as_uuid())));
        values.push(since.unwrap_or(Timestamp::from_millis(0)).into());
        values.push(Value::Int(Some(
            until.map_or(i64::MAX, |until| super::integer(until.as_millis())),
        )));
        values.push(Value::Text(Some(kinds.into())));
        values.push((*limit).into());
        let pages = if user.is_some() { &self.events_of_user } else { &self.events };
        let before = before.as_ref().map(|id| Value::uuid(id.as_uuid()));
        pages.rows(link, values, before).await?.iter().map(event).collect()
    }

    pub(crate) async fn list_messages<L: Link>(
        &self,
        link: &L,
        command: ListMessages,
    ) -> Result<Vec<KeptMessage>, Fault> {
        let [waiting, dead] = &self.messages_in_state;
        let pages = match command.state {
            None => &self.messages,
            Some(MessageState::Waiting) => waiting,
            Some(MessageState::Dead) => dead,
        };
        let after = command.after.map(|id| Value::uuid(id.as_uuid()));
        let rows = pages.rows(link, vec![command.limit.into()], after).await?;
        rows.iter().map(kept_message).collect()
    }

    pub(crate) async fn list_idle_attempts<L: Link>(
        &self,
        link: &L,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        let dialect = self.layout.dialect;
        let after = after.as_ref().map(|key| dialect.attempt_key(key));
        let values = vec![idle_since.into(), limit.into()];
        let rows = self.idle_attempts.rows(link, values, after).await?;
        rows.iter().map(|row| attempt_key(row, dialect)).collect()
    }

    /// Whether the tables can be read at all, which `SELECT 1` alone would not show.
    pub(crate) async fn ping<L: Link>(&self, link: &L) -> Result<(), Fault> {
        let nobody =
            AttemptKey::password_reset(&testudo::model::EmailKey::from_stored(String::new()));
        link.rows(&self.anything, &[self.layout.dialect.attempt_key(&nobody)]).await.map(drop)
    }
}
