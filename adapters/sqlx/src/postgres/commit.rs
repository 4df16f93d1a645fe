//! Applying batches.

use std::borrow::Cow;

use testudo::command::{Commit, Conflict, Write};
use testudo::event::EventRecord;
use testudo::model::{AttemptKey, Session, User, WindowEnd};
use testudo_driver::{Fault, FaultKind};

use super::PostgresStore;
use crate::sql::records::{event_values, session_values, user_values};
use crate::sql::refresh::Refresh;
use crate::sql::{List, Value};

/// Applies a batch.
pub(super) async fn commit(
    store: &PostgresStore,
    batch: &Commit,
) -> Result<Result<(), Conflict>, Fault> {
    let statements = &store.statements;
    let is_applied = match Shape::of(batch) {
        Shape::Refresh(refresh) => {
            store.database.applies(&statements.refresh, &refresh.values()?).await?
        }
        Shape::SignIn(parts) => sign_in(store, &parts).await?,
        Shape::Other => store.database.all_or_nothing(&statements.writes.steps(batch)?).await?,
    };
    Ok(if is_applied { Ok(()) } else { Err(Conflict) })
}

/// The batches that are one statement, since they are by far the most frequent and each step of a transaction is a
/// trip to the database and back.
pub(super) enum Shape<'a> {
    Refresh(Refresh<'a>),
    SignIn(SignIn<'a>),
    Other,
}

#[derive(Default)]
pub(super) struct SignIn<'a> {
    user: Option<(&'a User, u64)>,
    session: Option<&'a Session>,
    cleared: Option<&'a AttemptKey>,
    refunded: Option<(&'a AttemptKey, WindowEnd)>,
    events: &'a [EventRecord],
}

impl<'a> Shape<'a> {
    pub(super) fn of(batch: &'a Commit) -> Self {
        if let Some(refresh) = Refresh::of(batch) {
            return Self::Refresh(refresh);
        }
        let Commit { guards, writes, events, messages } = batch;
        if !guards.is_empty() || !messages.is_empty() {
            return Self::Other;
        }
        SignIn::of(writes, events).map_or(Self::Other, Self::SignIn)
    }
}

impl<'a> SignIn<'a> {
    /// Each kind of write once, and the first two there.
    fn of(writes: &'a [Write], events: &'a [EventRecord]) -> Option<Self> {
        let mut parts = Self { events, ..Self::default() };
        for write in writes {
            let is_second = match write {
                Write::ReplaceUser { user, was } => parts.user.replace((user, was.get())).is_some(),
                Write::InsertSession(session) => parts.session.replace(session).is_some(),
                Write::ClearAttempts(key) => parts.cleared.replace(key).is_some(),
                Write::RefundAttempt { key, window } => {
                    parts.refunded.replace((key, *window)).is_some()
                }
                _ => return None,
            };
            if is_second {
                return None;
            }
        }
        // A statement that deletes and updates one row does one of both.
        let is_same =
            parts.cleared.is_some() && parts.cleared == parts.refunded.map(|(key, _)| key);
        (parts.user.is_some() && parts.session.is_some() && !is_same).then_some(parts)
    }
}

async fn sign_in(store: &PostgresStore, parts: &SignIn<'_>) -> Result<bool, Fault> {
    let layout = &store.statements.layout;
    let key = |key: &AttemptKey| Cow::Owned(key.as_str().as_bytes().to_vec());
    let mut values = Vec::new();
    if let Some((user, was)) = parts.user {
        values.extend(user_values(user, layout)?);
        values.push(Value::int(was));
    }
    if let Some(session) = parts.session {
        values.extend(session_values(session)?);
    }
    values.push(Value::Bytes(parts.cleared.map(key)));
    values.push(Value::Bytes(parts.refunded.map(|(refunded, _)| key(refunded))));
    values.push(parts.refunded.map(|(_, window)| window).into());
    values.extend(columns(parts.events)?);
    store.database.applies(&store.statements.sign_in, &values).await
}

/// The columns of events, each as a list.
fn columns(events: &[EventRecord]) -> Result<Vec<Value<'_>>, Fault> {
    let mut columns = [
        List::Uuids(Vec::new()),
        List::Uuids(Vec::new()),
        List::Ints(Vec::new()),
        List::Texts(Vec::new()),
        List::Texts(Vec::new()),
    ];
    for event in events {
        for (column, value) in columns.iter_mut().zip(event_values(event)?) {
            match (column, value) {
                (List::Uuids(list), Value::Uuid(id)) => list.push(id),
                (List::Ints(list), Value::Int(number)) => list.push(number),
                (List::Texts(list), Value::Text(text)) => list.push(text),
                _ => return Err(Fault::new(FaultKind::Internal, "a column of another type")),
            }
        }
    }
    Ok(columns.into_iter().map(Value::List).collect())
}
