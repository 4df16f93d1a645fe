//! `testudo session`

use serde_json::json;
use testudo::Refusal;
use testudo::command::UserKey;
use testudo::model::{Session, SessionId};
use testudo_axum::views::SessionView;
use testudo_driver::AuthError;

use super::office::{HERE, Office, explain, work_at};
use super::output::{JsonArray, Table, buffered, print, print_json};
use crate::cli::{RevokeSession, Session as Command, Whose};
use crate::failure::{Failure, while_doing};

/// Shows and ends sessions.
pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list(arguments).await,
        Command::Revoke(arguments) => revoke(arguments).await,
        Command::RevokeAll(arguments) => revoke_all(arguments).await,
    }
}

async fn list(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let list = async |office: &Office| {
        let user = office.find(&whose).await?;
        if output.json {
            let mut array = JsonArray::new(buffered());
            let add = |page: &[Session]| {
                page.iter().try_for_each(|session| array.push(&SessionView::new(session, None)))
            };
            office.each_session(&user, add).await?;
            return array.end();
        }
        let head = ["ID", "BEGUN", "LAST REFRESHED", "EXPIRES", "ADDRESS", "USER AGENT"];
        let mut table = Table::new(buffered(), head);
        let add = |page: &[Session]| table.push(&page.iter().map(row).collect::<Vec<_>>());
        office.each_session(&user, add).await?;
        table.end()
    };
    work_at(source, list).await
}

fn row(session: &Session) -> [String; 6] {
    let client = &session.client;
    [
        session.id.to_string(),
        session.created_at.to_string(),
        session.refreshed_at.to_string(),
        session.refresh_expires_at().to_string(),
        client.ip().map_or_else(|| "-".to_owned(), |ip| ip.to_string()),
        client.user_agent().unwrap_or("-").to_owned(),
    ]
}

async fn revoke(arguments: RevokeSession) -> Result<(), Failure> {
    let RevokeSession { whose, id, output, source } = arguments;
    let (whose, id) = (whose.as_deref(), id.as_str());
    let session: SessionId = id.parse().map_err(|_| no_session(id, whose))?;
    let revoke = async |office: &Office| {
        if let Some(whose) = whose {
            require_owner(office, whose, session).await?;
        }
        match office.admin().end_session(session, &HERE).await {
            Err(AuthError::Refused(Refusal::NotFound)) => Err(no_session(id, whose)),
            ended => ended.map_err(while_doing("the session was not ended")),
        }
    };
    work_at(source, revoke).await?;
    if output.json {
        print_json(&json!({"revoked": 1}))
    } else {
        print(&format!("ended the session {session}"))
    }
}

/// That a live session is the named account's. It never becomes another's.
async fn require_owner(office: &Office, whose: &str, session: SessionId) -> Result<(), Failure> {
    let user = office.find(whose).await?;
    let mut is_owned = false;
    let look = |page: &[Session]| {
        is_owned |= page.iter().any(|owned| owned.id == session);
        Ok(())
    };
    office.each_session(&user, look).await?;
    if is_owned { Ok(()) } else { Err(no_session(&session.to_string(), Some(whose))) }
}

fn no_session(id: &str, whose: Option<&str>) -> Failure {
    let owner = whose.map(|whose| format!(" of {whose}")).unwrap_or_default();
    let account = whose.unwrap_or("EMAIL");
    Failure::new(format!(
        "no live session {id}{owner}: `testudo session list {account}` shows which there are",
    ))
}

async fn revoke_all(arguments: Whose) -> Result<(), Failure> {
    let Whose { whose, output, source } = arguments;
    let revoke_all = async |office: &Office| {
        let user = office.find(&whose).await?;
        let live = office.count_sessions(&user).await?;
        let user = office.admin().end_sessions(UserKey::Id(user.id), &HERE).await;
        let user = user.map_err(|error| explain(error, &whose))?;
        Ok((user, live))
    };
    let (user, ended) = work_at(source, revoke_all).await?;
    if output.json {
        print_json(&json!({"revoked": ended}))
    } else {
        print(&format!("ended all sessions of {} ({ended} were live)", user.email))
    }
}
