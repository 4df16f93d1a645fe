//! `testudo audit`

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use testudo::Timestamp;
use testudo::event::EventRecord;
use testudo::flow::EventPage;
use testudo::model::{EventId, UserId};
use tokio::time;

use super::office::{Office, work_at};
use super::output::{json, print};
use crate::cli::Audit;
use crate::failure::{Failure, while_doing};
use crate::shutdown::Signals;

/// How often to look for new events.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// How much earlier than the last look new events are looked for: ids and moments of events are given before
/// they are committed, and several processes commit.
const OVERLAP: testudo::Duration = testudo::Duration::from_secs(60);

/// Shows what happened, the oldest of it first.
pub(super) async fn audit(arguments: Audit) -> Result<(), Failure> {
    let Audit { whose, kinds, since, until, limit, all, json, follow, source } = arguments;
    let page = EventPage { kinds, since, until, ..EventPage::default() };
    let most = if all { None } else { usize::try_from(limit).ok() };
    let show = async |office: &Office| {
        let user = match &whose {
            Some(whose) => Some(office.find(whose).await?.id),
            None => None,
        };
        let begun = office.auth().now();
        let events = newest(office, user, page.clone(), most).await?;
        events.iter().rev().try_for_each(|event| show(event, json))?;
        if !follow {
            return Ok(());
        }
        let mut signals = Signals::listen().map_err(while_doing("cannot listen for signals"))?;
        let shown = events.into_iter().map(|event| event.id).collect();
        tokio::select! {
            done = go_on(office, user, &page, begun, shown, json) => done,
            () = signals.next() => Ok(()),
        }
    };
    work_at(source, show).await
}

/// The newest events first, at most so many.
async fn newest(
    office: &Office,
    user: Option<UserId>,
    mut page: EventPage,
    most: Option<usize>,
) -> Result<Vec<EventRecord>, Failure> {
    let mut events = Vec::new();
    loop {
        let left = most.map_or(usize::MAX, |most| most.saturating_sub(events.len()));
        page.limit = u32::try_from(left).unwrap_or(u32::MAX).min(1000);
        let found = office.admin().list_events(user, page.clone()).await;
        let found = found.map_err(while_doing("the events cannot be read"))?;
        let is_last = found.len() < usize::try_from(page.limit).unwrap_or(usize::MAX);
        page.before = found.last().map(|event| event.id);
        events.extend(found);
        if is_last || most.is_some_and(|most| events.len() >= most) {
            return Ok(events);
        }
    }
}

/// Shows new events as they come. `shown` are those that were shown already.
async fn go_on(
    office: &Office,
    user: Option<UserId>,
    page: &EventPage,
    begun: Timestamp,
    mut shown: BTreeSet<EventId>,
    as_json: bool,
) -> Result<(), Failure> {
    let mut looked = begun;
    loop {
        time::sleep(POLL_EVERY).await;
        let overlap = looked.as_millis().saturating_sub(OVERLAP.as_millis());
        let since = Timestamp::from_millis(overlap).max(page.since.unwrap_or(begun)).max(begun);
        looked = office.auth().now();
        let recent = EventPage { since: Some(since), ..page.clone() };
        let events = newest(office, user, recent, None).await?;
        for event in events.iter().rev().filter(|event| !shown.contains(&event.id)) {
            show(event, as_json)?;
        }
        // What is older than the overlap is not found again.
        shown = shown.into_iter().chain(events.into_iter().map(|event| event.id)).collect();
        while shown.len() > MOST_REMEMBERED {
            shown.pop_first();
        }
    }
}

/// Ids begin with their time: the first ones are the oldest.
const MOST_REMEMBERED: usize = 100_000;

fn show(event: &EventRecord, as_json: bool) -> Result<(), Failure> {
    let record = serde_json::to_value(event).map_err(while_doing("cannot be shown as JSON"))?;
    if as_json { print(&json(&record)?) } else { print(&line(event, &record)) }
}

/// When, what, to whom, from where, and what else there is to say: with no character that a terminal would act
/// on (ASVS 5.0 16.4.1).
fn line(event: &EventRecord, record: &Value) -> String {
    let user = event.user.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let ip = event.client.ip().map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let line = format!("{}  {:<28}  {user:<36}  {ip}", event.at, event.event.kind());
    let told = ["id", "at", "user", "client", "type"];
    let details = record.as_object().into_iter().flatten();
    let details =
        details.filter(|(name, value)| !told.contains(&name.as_str()) && !value.is_null());
    let agent = event.client.user_agent().map(|agent| ("user_agent", Value::from(agent)));
    let agent = agent.iter().map(|(name, value)| (*name, value));
    let details = details.map(|(name, value)| (name.as_str(), value)).chain(agent);
    let line = details.fold(line, |line, (name, value)| format!("{line}  {name}={value}"));
    line.chars().flat_map(escaped).collect()
}

fn escaped(c: char) -> Vec<char> {
    let is_format = matches!(c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if c.is_control() || is_format { c.escape_unicode().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use testudo::Client;
    use testudo::event::Event;

    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let client = Client::unknown().with_user_agent("a\u{2028}b\u{202e}c\u{1b}[2J\nd \"e\"");
        let event = EventRecord {
            id: "01890000-0000-7000-8000-000000000000".parse().unwrap(),
            at: Timestamp::from_millis(1_700_000_000_123),
            user: None,
            session: None,
            client,
            event: Event::Unsubscribed { topic: "x\r\ny".into() },
        };
        let line = line(&event, &serde_json::to_value(&event).unwrap());
        assert!(line.starts_with("2023-11-14T22:13:20.123Z  unsubscribed  "), "{line}");
        assert!(line.contains(r#"topic="x\r\ny""#), "{line}");
        for c in ['\n', '\r', '\u{1b}', '\u{2028}', '\u{202e}'] {
            assert!(!line.contains(c), "{line:?}");
        }
    }
}
