//! The statements of look-ups and listings.

use crate::sql::layout::{Layout, Table};
use crate::sql::statement::Sql;

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
            user_by_email: layout.sql(&format!(
                "SELECT {user} FROM {users} WHERE {}",
                layout.dialect.is(&of(Users, "email_key"), "?1")
            )),
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
}
