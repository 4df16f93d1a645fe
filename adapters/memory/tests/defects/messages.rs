//! Messages, kept and handed out wrongly.

use smol::future::yield_now;
use testudo::Timestamp;
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::MessageId;
use testudo_driver::{Fault, Store as _};

use crate::{Defect, Defective};

pub(crate) async fn take_messages(
    this: &Defective,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    let (now, limit) = match this.defect {
        Defect::TakesMessagesBeforeTheirTime => (Timestamp::MAX, limit),
        Defect::TakesMoreMessagesThanTheLimit => (now, usize::MAX),
        _ => (now, limit),
    };
    if this.defect == Defect::TakesMessagesInTwoSteps {
        // Looks without taking, lets others go on, and takes what it saw.
        let seen = this.store.take_messages(now, now, limit).await?;
        yield_now().await;
        for taken in &seen {
            this.store.postpone_message(taken.message.id, until).await?;
        }
        return Ok(seen);
    }
    let mut taken = this.store.take_messages(now, until, limit).await?;
    match this.defect {
        Defect::TakesTheNewestMessagesFirst => taken.reverse(),
        Defect::CountsNoAttemptsOfMessages => taken.iter_mut().for_each(|it| it.attempts = 1),
        Defect::ForgetsMessagesThatAreTaken => {
            this.store.messages_sent(taken.iter().map(|it| it.message.id).collect()).await?;
        }
        _ => {}
    }
    Ok(taken)
}

pub(crate) async fn messages_sent(
    this: &Defective,
    mut messages: Vec<MessageId>,
) -> Result<(), Fault> {
    if this.defect == Defect::ForgetsAllMessages {
        let (first, end) = (Timestamp::from_millis(0), Timestamp::MAX);
        let all = this.store.take_messages(end, first, usize::MAX).await?;
        messages = all.iter().map(|taken| taken.message.id).collect();
    }
    this.store.messages_sent(messages).await
}

pub(crate) async fn postpone_message(
    this: &Defective,
    message: MessageId,
    until: Timestamp,
) -> Result<(), Fault> {
    if this.defect == Defect::PostponesNothing {
        return Ok(());
    }
    this.store.postpone_message(message, until).await
}

pub(crate) async fn bury_message(
    this: &Defective,
    message: MessageId,
    at: Timestamp,
    reason: BurialReason,
) -> Result<(), Fault> {
    match this.defect {
        Defect::DropsWhatItBuries => this.store.messages_sent(vec![message]).await,
        Defect::BuriesNothing => Ok(()),
        Defect::BuriesTwice => {
            this.store.revive_messages(DeadLetters::These(vec![message]), at).await?;
            this.store.bury_message(message, at, reason).await
        }
        _ => this.store.bury_message(message, at, reason).await,
    }
}

pub(crate) async fn list_messages(
    this: &Defective,
    command: ListMessages,
) -> Result<Vec<KeptMessage>, Fault> {
    let mut listed = this.store.list_messages(command).await?;
    if this.defect == Defect::ListsNoDeadLetters {
        listed.retain(|kept| kept.burial.is_none());
    }
    Ok(listed)
}

pub(crate) async fn revive_messages(
    this: &Defective,
    which: DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    match (this.defect, which) {
        (Defect::RevivesAll, _) => this.store.revive_messages(DeadLetters::All, now).await,
        (Defect::TellsWhatWasAskedFor, DeadLetters::These(ids)) => {
            this.store.revive_messages(DeadLetters::These(ids.clone()), now).await?;
            Ok(ids)
        }
        (_, which) => this.store.revive_messages(which, now).await,
    }
}
