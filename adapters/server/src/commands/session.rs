//! `testudo session`

use futures::{TryStreamExt as _, stream};
use serde_json::json;
use testudo::Refusal;
use testudo::command::UserKey;
use testudo::model::{Email, Session, SessionId, User};
use testudo_axum::views::SessionView;
use testudo_driver::AuthError;

use super::office::{HERE, Office, explain, work_at};
use super::output::{JsonArray, Table, buffered, print, print_json};
use super::pages::Pages;
use super::progress;
use crate::cli::{Output, RevokeAll, RevokeSession, Session as Command, Source, Whose};
use crate::failure::{Failure, while_doing};

/// Of how many accounts sessions are ended at the same time.
const AT_ONCE: usize = 16;

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
    let session: SessionId = id.parse().map_err(|_| no_id(id, whose))?;
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

/// An address alone is what is said most often in place of an id.
fn no_id(id: &str, whose: Option<&str>) -> Failure {
    if whose.is_some() || id.parse::<Email>().is_err() {
        return no_session(id, whose);
    }
    Failure::new(format!(
        "{id} is no session: name one by its id, which `testudo session list {id}` shows, or end all of them with \
         `testudo session revoke-all {id}`",
    ))
}

fn no_session(id: &str, whose: Option<&str>) -> Failure {
    let owner = whose.map(|whose| format!(" of {whose}")).unwrap_or_default();
    let account = whose.unwrap_or("EMAIL");
    Failure::new(format!(
        "no live session {id}{owner}: `testudo session list {account}` shows which there are",
    ))
}

async fn revoke_all(arguments: RevokeAll) -> Result<(), Failure> {
    let RevokeAll { whose, output, source, .. } = arguments;
    match whose {
        Some(whose) => revoke_all_of(&whose, output, source).await,
        None => revoke_everybodys(output, source).await,
    }
}

async fn revoke_all_of(whose: &str, output: Output, source: Source) -> Result<(), Failure> {
    let revoke_all = async |office: &Office| {
        let user = office.find(whose).await?;
        let live = office.count_sessions(&user).await?;
        let user = office.admin().end_sessions(UserKey::Id(user.id), &HERE).await;
        let user = user.map_err(|error| explain(error, whose))?;
        Ok((user, live))
    };
    let (user, ended) = work_at(source, revoke_all).await?;
    if output.json {
        print_json(&json!({"revoked": ended}))
    } else {
        print(&format!("ended all sessions of {} ({ended} were live)", user.email))
    }
}

async fn revoke_everybodys(output: Output, source: Source) -> Result<(), Failure> {
    let progress = progress::counter("accounts");
    let revoke_all = async |office: &Office| {
        let mut pages = Pages::of(office);
        while let Some(users) = pages.next().await? {
            let end = async |user: User| {
                match office.admin().end_sessions(UserKey::Id(user.id), &HERE).await {
                    // The account was removed meanwhile.
                    Ok(_) | Err(AuthError::Refused(Refusal::NotFound)) => progress.inc(1),
                    Err(error) => {
                        return Err(while_doing("not everybody's sessions were ended")(error));
                    }
                }
                Ok(())
            };
            let users = stream::iter(users.into_iter().map(Ok));
            users.try_for_each_concurrent(AT_ONCE, end).await?;
        }
        Ok(progress.position())
    };
    let done = work_at(source, revoke_all).await;
    progress.finish_and_clear();
    let accounts = done?;
    if output.json {
        print_json(&json!({"accounts": accounts}))
    } else {
        print(&format!("ended all sessions of {accounts} accounts"))
    }
}
