//! Look-ups and listings: a keyed read for each command.

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

use super::layout::{Layout, Table};
use super::link::Link;
use super::records::{
    api_key, attempt_counter, attempt_key, event, invitation, kept_message, onboarding, session,
    standing, user,
};
use super::statement::Sql;
use super::value::Value;

/// The statements of everything that is read. A clone shares their texts.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    pub(crate) layout: Layout,
    pub(crate) user_by_id: Sql,
    pub(crate) user_by_email: Sql,
    pub(crate) session: Sql,
    pub(crate) session_record: Sql,
    pub(crate) session_with_user: Sql,
    pub(crate) user_with_session: Sql,
    pub(crate) invitation: Sql,
    pub(crate) api_key: Sql,
    pub(crate) onboarding: Sql,
    pub(crate) counter: Sql,
    pub(crate) live_sessions: Pages,
    pub(crate) users: Pages,
    pub(crate) invitations_of_user: Pages,
    pub(crate) invitations_of_nobody: Pages,
    pub(crate) api_keys_of_user: Pages,
    pub(crate) events_of_user: Pages,
    pub(crate) events: Pages,
    pub(crate) messages: Pages,
    pub(crate) messages_in_state: [Pages; 2],
    pub(crate) idle_attempts: Pages,
    pub(crate) anything: Sql,
}

/// A listing: its first page, and any other, which has the place where it begins as its last parameter. Two
/// statements, so that each goes along its index.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    pub(crate) first: Sql,
    pub(crate) next: Sql,
}

impl Pages {
    /// From the text of the first page, where a page begins, and how it is ordered.
    fn new(layout: &Layout, select: &str, begins: &str, ordered: &str) -> Self {
        Self {
            first: layout.sql(&format!("{select} {ordered}")),
            next: layout.sql(&format!("{select} AND {begins} {ordered}")),
        }
    }

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
    pub(crate) fn new(layout: &Layout) -> Self {
        use Table::{
            ApiKeys, Attempts, Events, Invitations, Messages, Onboarding, Sessions, Users,
        };
        let by_id = |table: Table| {
            let (all, from, id) = (layout.all(table), layout.from(table), layout.of(table, "id"));
            layout.sql(&format!("SELECT {all} FROM {from} WHERE {id} = ?1"))
        };
        let (users, sessions) = (layout.from(Users), layout.from(Sessions));
        let (user, session) = (layout.all(Users), layout.all(Sessions));
        let (user_id, session_id) = (layout.of(Users, "id"), layout.of(Sessions, "id"));
        let standing = layout.some(Users, &["epoch", "is_active", "closes_at"]);
        let owner = layout.of(Sessions, "user_id");
        let with_owner = |more: &str| {
            format!(
                "SELECT {session}, {more} FROM {sessions} \
                 JOIN {users} ON {user_id} = {owner} WHERE {session_id} = ?1"
            )
        };
        let listing = |table: Table, columns: &str, wanted: &str, newest_first: bool, limit: u8| {
            let (from, id) = (layout.from(table), layout.of(table, "id"));
            let (is_behind, order) = if newest_first { ("<", " DESC") } else { (">", "") };
            Pages::new(
                layout,
                &format!("SELECT {columns} FROM {from} WHERE {wanted}"),
                &format!("{id} {is_behind} ?{}", limit + 1),
                &format!("ORDER BY {id}{order} LIMIT ?{limit}"),
            )
        };
        let of = |table: Table, column: &str| layout.of(table, column);
        let events = |wanted: &str, first: u8| {
            let at = layout.dialect.without_index(&of(Events, "at"));
            let kind = of(Events, "kind");
            let is_of_kind = layout.dialect.is_listed(&kind, &format!("?{}", first + 2));
            let wanted = format!(
                "{wanted}{at} >= ?{first} AND {at} < ?{} AND (?{} = '' OR {is_of_kind})",
                first + 1,
                first + 2
            );
            listing(Events, &layout.some(Events, &["record"]), &wanted, true, first + 3)
        };
        let message_columns =
            ["id", "created_at", "sealed", "attempts", "next_try", "buried_at", "burial_reason"];
        let message = layout.some(Messages, &message_columns);
        let messages = |wanted: &str| listing(Messages, &message, wanted, false, 1);
        let invited_by = of(Invitations, "invited_by");
        let key = of(Attempts, "key");
        Self {
            user_by_id: by_id(Users),
            user_by_email: layout
                .sql(&format!("SELECT {user} FROM {users} WHERE {} = ?1", of(Users, "email_key"))),
            session: layout.sql(&with_owner(&standing)),
            session_record: by_id(Sessions),
            session_with_user: layout.sql(&with_owner(&user)),
            // Where there is no such session of theirs, its columns are NULL.
            user_with_session: layout.sql(&format!(
                "SELECT {user}, {session} FROM {users} \
                 LEFT JOIN {sessions} ON {session_id} = ?2 AND {owner} = {user_id} \
                 WHERE {user_id} = ?1"
            )),
            invitation: by_id(Invitations),
            api_key: layout.sql(&format!(
                "SELECT {}, {standing} FROM {} JOIN {users} ON {user_id} = {} WHERE {} = ?1",
                layout.all(ApiKeys),
                layout.from(ApiKeys),
                of(ApiKeys, "user_id"),
                of(ApiKeys, "id"),
            )),
            onboarding: by_id(Onboarding),
            counter: layout.sql(&format!(
                "SELECT {} FROM {} WHERE {key} = ?1",
                layout.all(Attempts),
                layout.from(Attempts)
            )),
            // What is subtracted is at most the last moment, and never less than the least number.
            live_sessions: listing(
                Sessions,
                &session,
                &format!(
                    "{owner} = ?1 AND {} = ?2 AND {} IS NULL AND {} > ?3 AND {} > ?3 - {}",
                    of(Sessions, "epoch"),
                    of(Sessions, "ended_at"),
                    of(Sessions, "expires_at"),
                    of(Sessions, "refreshed_at"),
                    of(Sessions, "idle_timeout"),
                ),
                true,
                4,
            ),
            users: listing(Users, &user, "1 = 1", false, 1),
            invitations_of_user: listing(
                Invitations,
                &layout.all(Invitations),
                &format!("{invited_by} = ?1"),
                true,
                2,
            ),
            invitations_of_nobody: listing(
                Invitations,
                &layout.all(Invitations),
                &format!("{invited_by} IS NULL"),
                true,
                1,
            ),
            api_keys_of_user: listing(
                ApiKeys,
                &layout.all(ApiKeys),
                &format!(
                    "{} = ?1 AND {} IS NULL",
                    of(ApiKeys, "user_id"),
                    of(ApiKeys, "revoked_at")
                ),
                true,
                2,
            ),
            events_of_user: events(&format!("{} = ?1 AND ", of(Events, "user_id")), 2),
            events: events("", 1),
            messages: messages("1 = 1"),
            messages_in_state: [
                messages(&format!("{} IS NULL", of(Messages, "buried_at"))),
                messages(&format!("{} IS NOT NULL", of(Messages, "buried_at"))),
            ],
            idle_attempts: Pages::new(
                layout,
                &format!(
                    "SELECT {} FROM {} WHERE {} <= ?1",
                    layout.some(Attempts, &["key"]),
                    layout.from(Attempts),
                    of(Attempts, "window_end"),
                ),
                &format!("{key} > ?3"),
                &format!("ORDER BY {key} LIMIT ?2"),
            ),
            anything: layout.sql(&format!(
                "SELECT 1 FROM {} WHERE {} = ?1",
                layout.from(Attempts),
                key
            )),
            layout: layout.clone(),
        }
    }

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
        let rows = link.rows(sql, &[value]).await?;
        rows.first().map(|row| user(row, &self.layout)).transpose()
    }

    pub(crate) async fn find_session<L: Link>(
        &self,
        link: &L,
        command: FindSession,
    ) -> Result<Option<OwnedSession>, Fault> {
        let rows = link.rows(&self.session, &[Value::uuid(command.id.as_uuid())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(OwnedSession { session: session(row)?, standing: standing(row)? }))
    }

    pub(crate) async fn find_session_record<L: Link>(
        &self,
        link: &L,
        id: SessionId,
    ) -> Result<Option<Session>, Fault> {
        let rows = link.rows(&self.session_record, &[Value::uuid(id.as_uuid())]).await?;
        rows.first().map(session).transpose()
    }

    pub(crate) async fn find_session_with_user<L: Link>(
        &self,
        link: &L,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        let id = Value::uuid(command.id.as_uuid());
        let rows = link.rows(&self.session_with_user, &[id]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some((session(row)?, user(row, &self.layout)?)))
    }

    pub(crate) async fn find_user_with_session<L: Link>(
        &self,
        link: &L,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        let ids = [Value::uuid(command.user.as_uuid()), Value::uuid(command.session.as_uuid())];
        let rows = link.rows(&self.user_with_session, &ids).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let is_there = super::Columns::uuid(row, "sessions.id")?.is_some();
        let session = is_there.then(|| session(row)).transpose()?;
        Ok(Some((user(row, &self.layout)?, session)))
    }

    pub(crate) async fn find_invitation<L: Link>(
        &self,
        link: &L,
        command: FindInvitation,
    ) -> Result<Option<Invitation>, Fault> {
        let rows = link.rows(&self.invitation, &[Value::uuid(command.id.as_uuid())]).await?;
        rows.first().map(invitation).transpose()
    }

    pub(crate) async fn find_api_key<L: Link>(
        &self,
        link: &L,
        command: FindApiKey,
    ) -> Result<Option<OwnedApiKey>, Fault> {
        let rows = link.rows(&self.api_key, &[Value::uuid(command.id.as_uuid())]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(OwnedApiKey { key: api_key(row)?, standing: standing(row)? }))
    }

    pub(crate) async fn find_onboarding<L: Link>(
        &self,
        link: &L,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        let rows = link.rows(&self.onboarding, &[Value::uuid(command.id.as_uuid())]).await?;
        rows.first().map(onboarding).transpose()
    }

    /// A counter as it is, or a new one where there is none.
    pub(crate) async fn find_counter<L: Link>(
        &self,
        link: &L,
        key: &AttemptKey,
    ) -> Result<AttemptCounter, Fault> {
        let rows = link.rows(&self.counter, &[self.layout.dialect.attempt_key(key)]).await?;
        rows.first().map_or_else(|| Ok(AttemptCounter::new()), attempt_counter)
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
