//! `testudo outbox`

use serde::Serialize;
use serde_json::json;
use testudo::message::{
    BurialReason, DeadLetters, KeptMessage, ListMessages, MessageKind, MessageState,
};
use testudo::model::{Email, MessageId};
use testudo::{KeyRing, Timestamp};
use testudo_driver::Store as _;

use super::office::{Office, Place, work_at};
use super::output::{JsonArray, Table, buffered, print, print_json};
use crate::cli::{ListMessages as List, Outbox as Command, RetryMessages as Retry};
use crate::config::PasswordOptions;
use crate::failure::{Failure, while_doing};

/// Shows messages on their way out, and has some tried again.
pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list(arguments).await,
        Command::Retry(arguments) => retry(arguments).await,
    }
}

async fn list(arguments: List) -> Result<(), Failure> {
    let List { dead, waiting, output, source } = arguments;
    let state = match (dead, waiting) {
        (true, _) => Some(MessageState::Dead),
        (_, true) => Some(MessageState::Waiting),
        _ => None,
    };
    let place = Place::of(source, PasswordOptions::default())?.with_the_servers_keys()?;
    let list = async |office: &Office| {
        let keys = office.auth().settings().keys();
        if output.json {
            let mut array = JsonArray::new(buffered());
            let add = |page: &[KeptMessage]| {
                page.iter().try_for_each(|kept| array.push(&MessageView::of(kept, keys)))
            };
            each_page(office, state, add).await?;
            return array.end();
        }
        let head = ["ID", "KIND", "TO", "CREATED", "ATTEMPTS", "NEXT TRY", "GIVEN UP", "WHY"];
        let mut table = Table::new(buffered(), head);
        let add = |page: &[KeptMessage]| {
            table.push(
                &page.iter().map(|kept| MessageView::of(kept, keys).row()).collect::<Vec<_>>(),
            )
        };
        each_page(office, state, add).await?;
        table.end()
    };
    place.work(list).await
}

async fn each_page(
    office: &Office,
    state: Option<MessageState>,
    mut on_page: impl FnMut(&[KeptMessage]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut command = ListMessages { state, after: None, limit: 100 };
    loop {
        let page = office.auth().store().list_messages(command).await;
        let page = page.map_err(while_doing("messages cannot be listed"))?;
        if page.is_empty() {
            return Ok(());
        }
        on_page(&page)?;
        command.after = page.last().map(|kept| kept.message.id);
    }
}

async fn retry(arguments: Retry) -> Result<(), Failure> {
    let Retry { ids, all, output, source } = arguments;
    let asked = ids.iter().map(|id| id.parse().map_err(|_| no_dead_letter(id)));
    let asked: Vec<MessageId> = asked.collect::<Result<_, _>>()?;
    let which = if all { DeadLetters::All } else { DeadLetters::These(asked.clone()) };
    let retry = async |office: &Office| {
        let (store, now) = (office.auth().store(), office.auth().now());
        let revived = store.revive_messages(which, now).await;
        revived.map_err(while_doing("no message is tried again"))
    };
    let revived = work_at(source, retry).await?;
    if let Some(unknown) = asked.iter().find(|id| !revived.contains(id)) {
        let (unknown, others) = (no_dead_letter(unknown), revived.len());
        return Err(Failure::new(format!("{unknown}; {others} others are tried again")));
    }
    if output.json {
        print_json(&json!({"retried": revived.len()}))
    } else {
        print(&format!("{} messages are tried again", revived.len()))
    }
}

fn no_dead_letter(id: impl std::fmt::Display) -> Failure {
    Failure::new(format!(
        "no message {id} was given up: `testudo outbox list --dead` shows which there are"
    ))
}

/// What is shown of a message: no link, no code, no address.
#[derive(Serialize)]
struct MessageView {
    id: MessageId,
    kind: Option<MessageKind>,
    /// Masked.
    to: Option<String>,
    created_at: Timestamp,
    attempts: u32,
    next_try: Option<Timestamp>,
    buried_at: Option<Timestamp>,
    reason: Option<BurialReason>,
}

impl MessageView {
    fn of(kept: &KeptMessage, keys: &KeyRing) -> Self {
        let opened = kept.message.open(keys).ok();
        let to = opened.as_ref().and_then(|message| message.to.parse::<Email>().ok());
        Self {
            id: kept.message.id,
            kind: opened.map(|message| message.kind),
            to: to.map(|to| to.key().masked()),
            created_at: kept.message.created_at,
            attempts: kept.attempts,
            next_try: kept.burial.is_none().then_some(kept.next_try),
            buried_at: kept.burial.map(|burial| burial.at),
            reason: kept.burial.map(|burial| burial.reason),
        }
    }

    fn row(&self) -> [String; 8] {
        let moment = |moment: Option<Timestamp>| moment.map_or_else(dash, |it| it.to_string());
        [
            self.id.to_string(),
            self.kind.map_or_else(dash, |kind| name(&kind)),
            self.to.clone().unwrap_or_else(dash),
            self.created_at.to_string(),
            self.attempts.to_string(),
            moment(self.next_try),
            moment(self.buried_at),
            self.reason.map_or_else(dash, |reason| name(&reason)),
        ]
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// As it is serialised.
fn name(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    name.as_ref().and_then(|name| name.as_str()).map_or_else(dash, str::to_owned)
}
