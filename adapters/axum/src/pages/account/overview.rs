//! The page itself.

use axum::http::StatusCode;
use minijinja::{Value, context};
use testudo::Timestamp;
use testudo::event::EventRecord;
use testudo::flow::{EventPage, SessionPage};
use testudo::model::{Session, User};
use testudo::onboarding::{Field, FieldType};
use testudo::{Refusal, SecondFactor};
use testudo_driver::AuthError;

use super::activity::{is_told, words};
use super::device::device;
use super::refused::trouble;
use crate::pages::browser::{Answer, Browser, Visit};
use crate::pages::failure::Failure;
use crate::pages::fields::Form;
use crate::pages::notice;
use crate::pages::posted::Typed;
use crate::pages::reset::new_password;
use crate::pages::trouble::Trouble;

/// The parts with a form of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Profile,
    Email,
    Password,
    Sessions,
    Security,
}

/// What is wrong with the form of a part.
#[derive(Clone, Copy)]
pub(super) struct Wrong<'a> {
    pub(super) part: Part,
    pub(super) typed: &'a Typed,
    pub(super) trouble: &'a Trouble,
}

pub(super) async fn show(browser: Browser) -> Answer {
    let visit = browser.require("/account")?;
    page(&browser, visit, None).await
}

/// Shows it once more, with what is wrong.
pub(super) async fn page(browser: &Browser, visit: &Visit, wrong: Option<Wrong<'_>>) -> Answer {
    let sessions = sessions(browser, visit).await?;
    let events = events(browser, visit).await?;
    let user = &visit.user;
    let part = |part, id, fields: &[Field]| {
        let form = Form::new(id, fields).knowing(&user.profile);
        match wrong {
            Some(wrong) if wrong.part == part => form.again(wrong.typed, wrong.trouble).view(),
            _ => form.view(),
        }
    };
    let context = context! {
        email => user.email.as_str(),
        is_verified => user.is_verified,
        since => moment(user.created_at),
        profile => part(Part::Profile, "profile", &super::profile::fields(browser)),
        address => part(Part::Email, "address", &email_fields()),
        password => part(Part::Password, "password", &password_fields(browser)),
        ending => part(Part::Sessions, "ending", &[]),
        security => part(Part::Security, "security", &[]),
        factor => factor(user),
        may_enrol => user.is_verified
            && browser.auth().settings().policy().second_factor != SecondFactor::Never,
        sessions,
        events,
        notice => browser.query("notice").and_then(notice::words),
    };
    let status = wrong.map_or(StatusCode::OK, |wrong| wrong.trouble.status);
    let response = browser.show_as(status, "account.html", "Your account", context)?;
    Ok(match wrong {
        Some(wrong) => wrong.trouble.tell(response),
        None => response,
    })
}

fn email_fields() -> [Field; 1] {
    [Field::required("new_email", FieldType::Email, "New e-mail address")]
}

fn password_fields(browser: &Browser) -> [Field; 2] {
    let current = Field::required("current_password", FieldType::Password, "Current password");
    [current, new_password(browser)]
}

/// The authenticator app, if there is one.
fn factor(user: &User) -> Option<Value> {
    let totp = user.totp.as_ref()?;
    Some(context! { since => moment(totp.enrolled_at), codes_left => user.recovery_codes.len() })
}

async fn sessions(browser: &Browser, visit: &Visit) -> Result<Option<Vec<Value>>, Failure> {
    match browser.auth().list_sessions(visit.token(), SessionPage::default()).await {
        Ok(listed) => {
            let current = listed.current;
            let view = |session: &Session| session_view(session, session.id == current);
            Ok(Some(listed.sessions.iter().map(view).collect()))
        }
        // With some kinds of tokens there is no list.
        Err(AuthError::Refused(Refusal::NotRecorded)) => Ok(None),
        Err(error) => Err(refuse(error, browser)),
    }
}

fn session_view(session: &Session, is_current: bool) -> Value {
    let agent = session.client.user_agent();
    context! {
        id => session.id.to_string(),
        is_current,
        device => agent.map_or_else(|| "An unknown device".to_owned(), device),
        agent,
        place => session.client.ip().map(|ip| ip.to_string()),
        begun => moment(session.created_at),
        seen => moment(session.refreshed_at),
    }
}

/// So many of the newest are looked at, and so many shown.
const EVENTS: u32 = 30;
const SHOWN: usize = 8;

async fn events(browser: &Browser, visit: &Visit) -> Result<Vec<Value>, Failure> {
    let page = EventPage { limit: EVENTS, ..EventPage::default() };
    let events = browser.auth().list_events(visit.token(), page).await;
    let events = events.map_err(|error| refuse(error, browser))?;
    let told = events.iter().filter(|record| is_told(record.event.kind()));
    Ok(told.take(SHOWN).map(event_view).collect())
}

fn event_view(record: &EventRecord) -> Value {
    context! {
        what => words(record.event.kind()),
        when => moment(record.at),
        place => record.client.ip().map(|ip| ip.to_string()),
    }
}

fn refuse(error: AuthError, browser: &Browser) -> Failure {
    match trouble(error, browser, "/account") {
        Err(failure) => failure,
        Ok(trouble) => {
            let message = trouble.message;
            let shown = crate::pages::plain::message(browser, "That did not work", &message);
            shown.map_or_else(|failure| failure, Failure::from)
        }
    }
}

/// A moment, for programs and for people.
fn moment(at: Timestamp) -> Value {
    let exact = at.to_string();
    let minute: String = exact.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    context! { exact, text => format!("{minute} UTC") }
}
