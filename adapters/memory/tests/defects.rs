//! The suite of all stores finds what stores are known to get wrong.
//!
//! A store that is right but for one defect must fail the test that is about it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is test code")]

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use smol::future::yield_now;
use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, Guard, ListApiKeys, ListEvents,
    ListInvitations, ListSessions, ListUsers, OwnedApiKey, OwnedSession, Standing, Sweep, Swept,
    UserKey, Write,
};
use testudo::event::{EventRecord, TakenEvents};
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::{
    ApiKey, AttemptCounter, AttemptKey, AttemptVerdict, EmailKey, EventId, Invitation, MessageId,
    OnboardingSession, Session, User, UserId,
};
use testudo_driver::{Fault, Store};
use testudo_memory::MemoryStore;

/// Makes a test of each row: a store with this defect fails that test of the suite.
macro_rules! found {
    ($($defect:ident by $($test:ident),+;)+) => {
        /// One thing that is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Defect { $($defect,)+ }

        $(#[allow(non_snake_case, reason = "named after the defect")]
        mod $defect {
            $(#[test]
            #[should_panic]
            fn $test() {
                let store = super::Defective::new(super::Defect::$defect);
                smol::block_on(testudo_driver::conformance::$test(store));
            })+
        })+
    };
}

found! {
    CountsInTwoSteps by of_200_parallel_attempts_at_an_account_exactly_5_are_allowed,
        parallel_attempts_end_at_the_hard_stop,
        of_1000_parallel_wrong_logins_5_passwords_are_looked_at;
    CountsRefusedAttempts by a_refused_attempt_changes_nothing;
    CountsByAClockOfItsOwn by a_locked_account_is_free_again_when_its_lock_ends,
        a_window_that_is_over_is_forgotten;
    NeverRefunds by parallel_refunds_each_give_one_attempt_back,
        verdicts_are_those_of_the_counter_itself_along_a_long_script;
    FoldsCase by addresses_are_compared_byte_for_byte,
        keys_of_counters_are_compared_byte_for_byte;
    TrimsSpace by addresses_are_compared_byte_for_byte,
        keys_of_counters_are_compared_byte_for_byte;
    KeepsWholeSecondsOnly by every_field_of_a_user_survives_an_insert,
        every_field_of_a_session_survives_an_insert,
        every_field_of_an_api_key_survives_an_insert,
        every_field_of_an_invitation_survives_an_insert;
    ForgetsAFieldWhenReplacing by every_field_of_a_user_survives_a_replacement,
        every_field_of_a_session_survives_a_replacement,
        every_field_of_an_api_key_survives_a_replacement,
        every_field_of_an_invitation_survives_a_replacement;
    HidesEndedSessions by ended_and_expired_sessions_are_found,
        a_refresh_token_that_returns_after_the_grace_ends_its_session_once;
    RemembersTheOwner by standing_follows_the_owner_at_once,
        logging_out_everywhere_ends_every_session;
    ReadsTheOwnerLater by no_reader_sees_half_a_batch;
    Upserts by nothing_that_is_absent_is_brought_to_life,
        a_version_is_replaced_once,
        of_100_parallel_replacements_of_a_user_one_is_applied,
        of_100_parallel_replacements_of_a_session_one_is_applied,
        of_100_parallel_replacements_of_an_api_key_one_is_applied,
        of_100_users_the_last_seat_goes_to_one,
        an_invitation_has_one_id_and_is_not_brought_to_life,
        no_change_is_lost_among_parallel_writers,
        after_a_logout_no_token_works_however_many_were_refreshing;
    ChecksVersionsFirst by of_100_parallel_replacements_of_a_user_one_is_applied,
        no_change_is_lost_among_parallel_writers,
        of_100_parallel_creations_of_api_keys_as_many_are_made_as_the_policy_allows;
    IgnoresGuards by guards_alone_are_checked,
        no_guarded_write_comes_after_what_its_guard_excludes;
    ChecksGuardsFirst by no_guarded_write_comes_after_what_its_guard_excludes,
        of_two_batches_that_exclude_each_other_one_is_applied;
    AppliesWriteByWrite by a_batch_conflicts_as_a_whole_whatever_in_it_does_not_hold,
        no_reader_sees_half_a_batch,
        a_commit_that_is_dropped_on_its_way_is_whole_or_nothing;
    RecordsEventsOfConflicts by events_of_a_batch_that_conflicts_are_not_recorded;
    RecordsEventsLater by no_guarded_write_comes_after_what_its_guard_excludes,
        events_of_successive_versions_are_in_their_order_however_they_raced;
    ReadsTheNewestFirst by events_are_in_the_order_of_their_commits;
    IgnoresTheLimit by no_more_events_are_taken_than_the_limit;
    ForgetsWhatIsHandedOut by events_are_in_the_order_of_their_commits,
        while_events_are_out_nobody_else_is_given_any;
    TakesEventsWithoutALease by while_events_are_out_nobody_else_is_given_any,
        of_parallel_workers_one_is_given_events;
    TakesEventsInTwoSteps by of_parallel_workers_one_is_given_events,
        two_workers_beside_the_commits_take_every_event_in_order;
    LeasesNothing by no_more_events_are_taken_than_the_limit;
    CountsNoAttemptsAtEvents by while_events_are_out_nobody_else_is_given_any,
        postponed_events_wait_and_no_later_one_overtakes_them;
    MovesTheCursorBack by a_cursor_moves_behind_what_was_taken_and_never_back;
    HasOneCursorForAll by consumers_have_a_cursor_and_a_lease_each;
    PostponesNoEvents by postponed_events_wait_and_no_later_one_overtakes_them;
    BeginsWithThePast by a_consumer_that_begins_now_is_not_given_the_past;
    BeginsAgain by a_consumer_that_begins_now_is_not_given_the_past;
    ForgetsNoConsumer by a_consumer_that_is_forgotten_is_new;
    ListsEventsOfAll by events_are_listed_by_whom_they_concern_what_happened_and_when;
    ListsEventsOfAllTimes by events_are_listed_by_whom_they_concern_what_happened_and_when;
    ListsOneKindOfEventOnly by events_are_listed_by_whom_they_concern_what_happened_and_when;
    KeepsEvents by old_events_are_removed_a_batch_at_a_time_and_no_others;
    GivesPlacesAwayTwice by no_event_is_skipped_after_all_before_it_were_removed;
    IgnoresLinksWhenSweeping by invitations_and_api_keys_that_expired_are_removed_and_no_others,
        each_kind_is_swept_up_to_the_limit;
    SweepsATickTooEarly by invitations_and_api_keys_that_expired_are_removed_and_no_others,
        closed_accounts_are_removed_with_all_that_is_theirs;
    SweepsWithoutLimit by each_kind_is_swept_up_to_the_limit;
    HidesClosedAccounts by closed_accounts_are_removed_with_all_that_is_theirs;
    IgnoresTheAbsenceOfSessions by guards_alone_are_checked,
        a_batch_conflicts_as_a_whole_whatever_in_it_does_not_hold;
    TakesMessagesInTwoSteps by parallel_workers_take_each_message_once,
        two_workers_beside_the_commits_send_every_message_once;
    TakesTheNewestMessagesFirst by messages_are_taken_in_the_order_of_their_commits;
    TakesMoreMessagesThanTheLimit by no_more_messages_are_taken_than_the_limit;
    ForgetsMessagesThatAreTaken by
        a_message_that_was_not_reported_comes_back_when_its_time_is_over;
    CountsNoAttemptsOfMessages by
        a_message_that_was_not_reported_comes_back_when_its_time_is_over;
    TakesMessagesBeforeTheirTime by a_message_is_due_from_its_moment_on,
        a_message_that_was_not_reported_comes_back_when_its_time_is_over;
    ForgetsAllMessages by sent_messages_are_forgotten_and_no_others;
    PostponesNothing by a_postponed_message_waits_for_its_time_and_the_others_do_not;
    DropsWhatItBuries by a_message_that_is_given_up_is_kept_and_nobody_is_given_it;
    BuriesNothing by a_message_that_is_given_up_is_kept_and_nobody_is_given_it;
    BuriesTwice by a_message_is_given_up_once;
    ListsNoDeadLetters by messages_are_listed_in_the_order_of_their_ids_page_by_page;
    RevivesAll by dead_letters_wait_again_when_they_are_revived_and_no_others;
    TellsWhatWasAskedFor by dead_letters_wait_again_when_they_are_revived_and_no_others;
    KeepsDeadLetters by dead_letters_are_removed_when_their_time_is_over_and_what_waits_is_not;
    SendsMessagesOfConflicts by messages_of_a_batch_that_conflicts_are_not_kept;
    CutsMessages by every_byte_of_a_message_survives;
    LosesMessages by a_batch_conflicts_as_a_whole_whatever_in_it_does_not_hold;
    TouchesBackwards by a_use_is_remembered_and_never_goes_back,
        of_parallel_uses_the_last_is_remembered;
    TouchesTheVersion by a_use_is_remembered_and_never_goes_back,
        a_use_conflicts_with_nothing;
    RefusesToTouchNothing by a_use_conflicts_with_nothing;
    HidesRevokedKeys by revoked_and_expired_api_keys_are_found;
    HidesExpiredKeys by revoked_and_expired_api_keys_are_found,
        api_keys_that_were_not_revoked_are_listed_whatever_else_became_of_them;
    RemembersTheOwnerOfAKey by an_api_key_is_found_with_the_standing_of_its_owner;
    FindsKeysOfNobody by no_api_key_is_found_where_none_is,
        closed_accounts_are_removed_with_all_that_is_theirs;
    ListsOldestFirst by events_are_listed_in_descending_order_of_their_ids_page_by_page,
        api_keys_are_listed_in_descending_order_of_their_ids_page_by_page,
        invitations_are_listed_in_descending_order_of_their_ids_page_by_page;
    ListsTheFirstPageOnly by
        events_are_listed_by_whom_they_concern_what_happened_and_when,
        api_keys_are_listed_in_descending_order_of_their_ids_page_by_page,
        invitations_are_listed_in_descending_order_of_their_ids_page_by_page;
    HidesClosedInvitations by an_invitation_is_found_whatever_became_of_it,
        invitations_are_listed_to_who_invited_whatever_became_of_them;
    ListsInvitationsOfAdministratorsToAll by
        invitations_are_listed_to_who_invited_whatever_became_of_them;
    FindsAnySession by a_user_is_found_without_a_session_that_is_none_of_theirs;
    NeedsASession by a_user_is_found_without_a_session_that_is_none_of_theirs;
    FindsTheOwnerOfTheSession by nobody_is_found_with_the_session_of_somebody;
}

/// The memory store with a defect.
struct Defective {
    store: MemoryStore,
    defect: Defect,
    /// For the defects of counting.
    counters: Mutex<BTreeMap<AttemptKey, AttemptCounter>>,
    /// For the defect that remembers owners.
    standings: Mutex<BTreeMap<UserId, Standing>>,
    /// For the defect that hides accounts in place of removing them.
    hidden_by: Mutex<Option<Timestamp>>,
    /// For the defect that finds keys of nobody.
    orphans: Mutex<Vec<ApiKey>>,
    /// For the defect that records events later.
    recordings: AtomicUsize,
}

impl Defective {
    fn new(defect: Defect) -> Self {
        Self {
            store: MemoryStore::new(),
            defect,
            counters: Mutex::default(),
            standings: Mutex::default(),
            hidden_by: Mutex::default(),
            orphans: Mutex::default(),
            recordings: AtomicUsize::new(0),
        }
    }
}

impl Store for Defective {
    async fn count_attempt(&self, mut command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        match self.defect {
            Defect::CountsInTwoSteps => Ok(self.count_in_two_steps(command).await),
            Defect::CountsRefusedAttempts => Ok(self.count_even_if_refused(command)),
            Defect::CountsByAClockOfItsOwn => {
                command.now = Timestamp::from_millis(1_600_000_000_000);
                self.store.count_attempt(command).await
            }
            _ => {
                command.key = self.mangled_key(&command.key);
                self.store.count_attempt(command).await
            }
        }
    }

    async fn find_user(&self, mut command: FindUser) -> Result<Option<User>, Fault> {
        if let UserKey::Email(key) = &mut command.key {
            *key = EmailKey::from_stored(self.mangled(key.as_str()));
        }
        let hidden_by = *self.hidden_by.lock().unwrap();
        let found = self.store.find_user(command).await?;
        Ok(found.filter(|user| user.closes_at.is_none() || user.closes_at > hidden_by))
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        let Some(mut owned) = self.store.find_session(command).await? else { return Ok(None) };
        match self.defect {
            Defect::HidesEndedSessions if owned.session.ended.is_some() => return Ok(None),
            Defect::RemembersTheOwner => {
                let mut standings = self.standings.lock().unwrap();
                owned.standing = *standings.entry(owned.session.user).or_insert(owned.standing);
            }
            _ => {}
        }
        Ok(Some(owned))
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        let Some((session, mut user)) = self.store.find_session_with_user(command).await? else {
            return Ok(None);
        };
        if self.defect == Defect::ReadsTheOwnerLater {
            yield_now().await;
            user = self.store.find_user(by_id(&user)).await?.unwrap();
        }
        Ok(Some((session, user)))
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        let found = self.store.find_user_with_session(command).await?;
        let by_session = FindSessionWithUser { id: command.session };
        let by_session = self.store.find_session_with_user(by_session).await?;
        Ok(match (self.defect, found, by_session) {
            (Defect::FindsAnySession, Some((user, _)), Some((session, _))) => {
                Some((user, Some(session)))
            }
            (Defect::NeedsASession, Some((_, None)), _) => None,
            (Defect::FindsTheOwnerOfTheSession, None, Some((session, owner))) => {
                Some((owner, Some(session)))
            }
            (_, found, _) => found,
        })
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        let found = self.store.find_invitation(command).await?;
        Ok(found.filter(|invitation| self.shows(invitation)))
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        let Some(mut owned) = self.store.find_api_key(command).await? else {
            let standing = Standing { epoch: Default::default(), is_active: true };
            let orphans = self.orphans.lock().unwrap();
            let orphan = orphans.iter().find(|key| key.id == command.id).cloned();
            return Ok(orphan.map(|key| OwnedApiKey { key, standing }));
        };
        let OwnedApiKey { key, standing } = &mut owned;
        match self.defect {
            Defect::HidesRevokedKeys if key.revoked_at.is_some() => return Ok(None),
            Defect::HidesExpiredKeys if has_expired(key) => return Ok(None),
            Defect::RemembersTheOwnerOfAKey => {
                let mut standings = self.standings.lock().unwrap();
                *standing = *standings.entry(key.user).or_insert(*standing);
            }
            _ => {}
        }
        Ok(Some(owned))
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        self.store.find_onboarding(command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        self.store.list_sessions(command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        self.store.list_users(command).await
    }

    async fn list_invitations(
        &self,
        mut command: ListInvitations,
    ) -> Result<Vec<Invitation>, Fault> {
        if self.defect == Defect::ListsTheFirstPageOnly {
            command.before = None;
        }
        let mut listed = self.store.list_invitations(command).await?;
        listed.retain(|invitation| self.shows(invitation));
        match self.defect {
            Defect::ListsOldestFirst => listed.reverse(),
            Defect::ListsInvitationsOfAdministratorsToAll => {
                let of_none = ListInvitations { invited_by: None, ..command };
                listed.extend(self.store.list_invitations(of_none).await?);
            }
            _ => {}
        }
        Ok(listed)
    }

    async fn list_api_keys(&self, mut command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        if self.defect == Defect::ListsTheFirstPageOnly {
            command.before = None;
        }
        let mut listed = self.store.list_api_keys(command).await?;
        match self.defect {
            Defect::ListsOldestFirst => listed.reverse(),
            Defect::HidesExpiredKeys => listed.retain(|key| !has_expired(key)),
            _ => {}
        }
        Ok(listed)
    }

    async fn sweep(&self, mut command: Sweep) -> Result<Swept, Fault> {
        let tick = |moment: Timestamp| Timestamp::from_millis(moment.as_millis() + 1);
        let closed_by = command.accounts_closed_by;
        match self.defect {
            Defect::IgnoresLinksWhenSweeping => {
                command.links_expired_by = Timestamp::from_millis(0);
            }
            Defect::SweepsATickTooEarly => {
                command.links_expired_by = tick(command.links_expired_by);
                command.accounts_closed_by = tick(closed_by);
            }
            Defect::KeepsDeadLetters => {
                command.dead_letters_buried_by = Timestamp::from_millis(0);
            }
            Defect::SweepsWithoutLimit => command.limit = u32::MAX,
            Defect::KeepsEvents => command.events_kept_since = Timestamp::from_millis(0),
            Defect::GivesPlacesAwayTwice => {
                self.recordings.fetch_add(1, Ordering::SeqCst);
            }
            Defect::HidesClosedAccounts => {
                command.accounts_closed_by = Timestamp::from_millis(0);
                self.hidden_by.lock().unwrap().replace(closed_by);
                let accounts = 1;
                return Ok(Swept { accounts, ..self.store.sweep(command).await? });
            }
            _ => {}
        }
        self.store.sweep(command).await
    }

    async fn commit(&self, mut batch: Commit) -> Result<Result<(), Conflict>, Fault> {
        // As over a network: others come between a flow's look and its commit.
        yield_now().await;
        batch.writes = batch.writes.into_iter().map(|write| self.mangled_write(write)).collect();
        match self.defect {
            Defect::IgnoresGuards => batch.guards.clear(),
            Defect::IgnoresTheAbsenceOfSessions => {
                batch.guards.retain(|guard| !matches!(guard, Guard::NoSession { .. }));
            }
            Defect::LosesMessages => batch.messages.clear(),
            Defect::ChecksGuardsFirst => {
                let guards = Commit { guards: take(&mut batch.guards), ..Commit::default() };
                if self.store.commit(guards).await?.is_err() {
                    return Ok(Err(Conflict));
                }
                yield_now().await;
            }
            Defect::ChecksVersionsFirst => {
                if !self.versions_hold(&batch).await? {
                    return Ok(Err(Conflict));
                }
                yield_now().await;
                batch.writes = self.upserts(batch.writes).await?;
            }
            Defect::Upserts => batch.writes = self.upserts(batch.writes).await?,
            Defect::AppliesWriteByWrite => {
                for write in take(&mut batch.writes) {
                    let guards = batch.guards.clone();
                    let single = Commit {
                        guards,
                        writes: vec![write],
                        events: Vec::new(),
                        messages: Vec::new(),
                    };
                    if self.store.commit(single).await?.is_err() {
                        return Ok(Err(Conflict));
                    }
                    batch.guards.clear();
                    yield_now().await;
                }
            }
            Defect::TouchesBackwards | Defect::TouchesTheVersion => {
                batch.writes = self.touches_as_replacements(batch.writes).await?;
            }
            Defect::RefusesToTouchNothing => {
                for write in &batch.writes {
                    let Write::TouchApiKey { id, .. } = *write else { continue };
                    if self.store.find_api_key(FindApiKey { id }).await?.is_none() {
                        return Ok(Err(Conflict));
                    }
                }
            }
            Defect::FindsKeysOfNobody => {
                let keys = batch.writes.iter().filter_map(|write| match write {
                    Write::InsertApiKey(key) => Some(ApiKey::clone(key)),
                    _ => None,
                });
                self.orphans.lock().unwrap().extend(keys);
            }
            Defect::SendsMessagesOfConflicts => {
                let messages = take(&mut batch.messages);
                let sent = self.store.commit(Commit { messages, ..Commit::default() }).await?;
                sent.unwrap();
            }
            Defect::CutsMessages => {
                batch.messages.iter_mut().for_each(|message| message.sealed.truncate(8192));
            }
            Defect::RecordsEventsOfConflicts => self.record(take(&mut batch.events)).await?,
            Defect::RecordsEventsLater => {
                let events = take(&mut batch.events);
                let outcome = self.store.commit(batch).await?;
                if outcome.is_ok() && !events.is_empty() {
                    self.wait_every_other_time().await;
                    self.record(events).await?;
                }
                return Ok(outcome);
            }
            _ => {}
        }
        self.store.commit(batch).await
    }

    async fn list_events(&self, mut command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        match self.defect {
            Defect::ListsTheFirstPageOnly => command.before = None,
            Defect::ListsEventsOfAll => command.user = None,
            Defect::ListsEventsOfAllTimes => command.until = None,
            Defect::ListsOneKindOfEventOnly => command.kinds.truncate(1),
            _ => {}
        }
        let mut listed = self.store.list_events(command).await?;
        if self.defect == Defect::ListsOldestFirst {
            listed.reverse();
        }
        Ok(listed)
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        let consumer = self.mangled_consumer(consumer);
        let limit = if self.defect == Defect::IgnoresTheLimit { usize::MAX } else { limit };
        let until = if self.defect == Defect::TakesEventsWithoutALease { now } else { until };
        if self.defect == Defect::TakesEventsInTwoSteps {
            // Looks without taking, lets others go on, and takes what it saw.
            let seen = self.store.take_events(consumer.clone(), now, now, limit).await?;
            yield_now().await;
            if !seen.events.is_empty() {
                self.store.postpone_events(consumer, until).await?;
            }
            return Ok(seen);
        }
        if self.defect == Defect::LeasesNothing && limit == 0 {
            self.store.take_events(consumer.clone(), now, until, 1).await?;
            return Ok(TakenEvents::default());
        }
        let mut taken = self.store.take_events(consumer.clone(), now, until, limit).await?;
        match self.defect {
            Defect::ReadsTheNewestFirst => taken.events.reverse(),
            Defect::CountsNoAttemptsAtEvents => taken.attempts = taken.attempts.min(1),
            Defect::ForgetsWhatIsHandedOut => {
                if let Some(last) = taken.events.last() {
                    self.store.events_taken(consumer, last.id).await?;
                }
            }
            // As if the number of the event that was removed last were used again.
            Defect::GivesPlacesAwayTwice if self.recordings.load(Ordering::SeqCst) > 0 => {
                return Ok(TakenEvents::default());
            }
            _ => {}
        }
        Ok(taken)
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        let consumer = self.mangled_consumer(consumer);
        if self.defect == Defect::MovesTheCursorBack {
            self.store.forget_consumer(consumer.clone()).await?;
            let (first, end) = (Timestamp::from_millis(0), usize::MAX);
            self.store.take_events(consumer.clone(), first, first, end).await?;
        }
        self.store.events_taken(consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        if self.defect == Defect::PostponesNoEvents {
            return Ok(());
        }
        self.store.postpone_events(consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        match self.defect {
            Defect::BeginsWithThePast => return Ok(()),
            Defect::BeginsAgain => self.store.forget_consumer(consumer.clone()).await?,
            _ => {}
        }
        self.store.begin_events(consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        if self.defect == Defect::ForgetsNoConsumer {
            return Ok(());
        }
        self.store.forget_consumer(consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        let (now, limit) = match self.defect {
            Defect::TakesMessagesBeforeTheirTime => (Timestamp::MAX, limit),
            Defect::TakesMoreMessagesThanTheLimit => (now, usize::MAX),
            _ => (now, limit),
        };
        if self.defect == Defect::TakesMessagesInTwoSteps {
            // Looks without taking, lets others go on, and takes what it saw.
            let seen = self.store.take_messages(now, now, limit).await?;
            yield_now().await;
            for taken in &seen {
                self.store.postpone_message(taken.message.id, until).await?;
            }
            return Ok(seen);
        }
        let mut taken = self.store.take_messages(now, until, limit).await?;
        match self.defect {
            Defect::TakesTheNewestMessagesFirst => taken.reverse(),
            Defect::CountsNoAttemptsOfMessages => taken.iter_mut().for_each(|it| it.attempts = 1),
            Defect::ForgetsMessagesThatAreTaken => {
                self.store.messages_sent(taken.iter().map(|it| it.message.id).collect()).await?;
            }
            _ => {}
        }
        Ok(taken)
    }

    async fn messages_sent(&self, mut messages: Vec<MessageId>) -> Result<(), Fault> {
        if self.defect == Defect::ForgetsAllMessages {
            let (first, end) = (Timestamp::from_millis(0), Timestamp::MAX);
            let all = self.store.take_messages(end, first, usize::MAX).await?;
            messages = all.iter().map(|taken| taken.message.id).collect();
        }
        self.store.messages_sent(messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        if self.defect == Defect::PostponesNothing {
            return Ok(());
        }
        self.store.postpone_message(message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        match self.defect {
            Defect::DropsWhatItBuries => self.store.messages_sent(vec![message]).await,
            Defect::BuriesNothing => Ok(()),
            Defect::BuriesTwice => {
                self.store.revive_messages(DeadLetters::These(vec![message]), at).await?;
                self.store.bury_message(message, at, reason).await
            }
            _ => self.store.bury_message(message, at, reason).await,
        }
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        let mut listed = self.store.list_messages(command).await?;
        if self.defect == Defect::ListsNoDeadLetters {
            listed.retain(|kept| kept.burial.is_none());
        }
        Ok(listed)
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        match (self.defect, which) {
            (Defect::RevivesAll, _) => self.store.revive_messages(DeadLetters::All, now).await,
            (Defect::TellsWhatWasAskedFor, DeadLetters::These(ids)) => {
                self.store.revive_messages(DeadLetters::These(ids.clone()), now).await?;
                Ok(ids)
            }
            (_, which) => self.store.revive_messages(which, now).await,
        }
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.store.ping().await
    }
}

impl Defective {
    /// Reads, lets others go on, and writes back what comes of what was read.
    async fn count_in_two_steps(&self, command: CountAttempt) -> AttemptVerdict {
        let CountAttempt { key, limit, now } = command;
        let mut counter = self.counters.lock().unwrap().get(&key).copied().unwrap_or_default();
        yield_now().await;
        let verdict = counter.reserve(&limit, now);
        self.counters.lock().unwrap().insert(key, counter);
        verdict
    }

    fn count_even_if_refused(&self, command: CountAttempt) -> AttemptVerdict {
        let mut counters = self.counters.lock().unwrap();
        let counter = counters.entry(command.key).or_default();
        let verdict = counter.reserve(&command.limit, command.now);
        if let AttemptVerdict::Locked { .. } = verdict {
            counter.consecutive += 1;
        }
        verdict
    }

    /// What the defect makes of a text that it should leave alone.
    fn mangled(&self, text: &str) -> String {
        match self.defect {
            Defect::FoldsCase => text.to_lowercase(),
            Defect::TrimsSpace => text.trim_end().to_owned(),
            _ => text.to_owned(),
        }
    }

    fn mangled_consumer(&self, name: String) -> String {
        if self.defect == Defect::HasOneCursorForAll { String::new() } else { name }
    }

    fn mangled_key(&self, key: &AttemptKey) -> AttemptKey {
        match key.as_str().strip_prefix("login:account:") {
            Some(email) => AttemptKey::login_account(&EmailKey::from_stored(self.mangled(email))),
            None => key.clone(),
        }
    }

    fn mangled_write(&self, write: Write) -> Write {
        match (self.defect, write) {
            (Defect::NeverRefunds, Write::RefundAttempt { key, .. }) => {
                Write::RefundAttempt { key, window: Timestamp::from_millis(1) }
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertUser(mut user)) => {
                user.joined_at = Timestamp::from_millis(user.joined_at.as_millis() / 1000 * 1000);
                Write::InsertUser(user)
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertSession(mut session)) => {
                let millis = session.auth_time.as_millis();
                session.auth_time = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertSession(session)
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceUser { mut user, was }) => {
                user.last_login = None;
                Write::ReplaceUser { user, was }
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceSession { mut session, was }) => {
                session.ended = None;
                Write::ReplaceSession { session, was }
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertApiKey(mut key)) => {
                let millis = key.created_at.as_millis();
                key.created_at = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertApiKey(key)
            }
            (Defect::KeepsWholeSecondsOnly, Write::InsertInvitation(mut invitation)) => {
                let millis = invitation.expires_at.as_millis();
                invitation.expires_at = Timestamp::from_millis(millis / 1000 * 1000);
                Write::InsertInvitation(invitation)
            }
            (Defect::ForgetsAFieldWhenReplacing, Write::ReplaceApiKey { mut key, was }) => {
                key.last_used_at = None;
                Write::ReplaceApiKey { key, was }
            }
            (
                Defect::ForgetsAFieldWhenReplacing,
                Write::ReplaceInvitation { mut invitation, was },
            ) => {
                invitation.data.clear();
                Write::ReplaceInvitation { invitation, was }
            }
            (_, write) => write,
        }
    }

    /// Whether all that is to be replaced is there, at its version.
    async fn versions_hold(&self, batch: &Commit) -> Result<bool, Fault> {
        for write in &batch.writes {
            let holds = match write {
                Write::ReplaceUser { user, was } => {
                    let stored = self.store.find_user(by_id(user)).await?;
                    stored.is_some_and(|stored| stored.version == *was)
                }
                Write::ReplaceSession { session, was } => {
                    let stored = self.store.find_session(FindSession { id: session.id }).await?;
                    stored.is_some_and(|stored| stored.session.version == *was)
                }
                _ => true,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// As if `ON CONFLICT DO UPDATE` stood where `WHERE version = ?` should.
    async fn upserts(&self, writes: Vec<Write>) -> Result<Vec<Write>, Fault> {
        let mut upserts = Vec::new();
        for write in writes {
            upserts.push(match write {
                Write::ReplaceUser { user, .. } => {
                    match self.store.find_user(by_id(&user)).await? {
                        Some(stored) => Write::ReplaceUser { user, was: stored.version },
                        None => Write::InsertUser(user),
                    }
                }
                Write::ReplaceSession { session, .. } => {
                    match self.store.find_session(FindSession { id: session.id }).await? {
                        Some(owned) => {
                            Write::ReplaceSession { session, was: owned.session.version }
                        }
                        None => Write::InsertSession(session),
                    }
                }
                Write::ReplaceApiKey { key, .. } => {
                    match self.store.find_api_key(FindApiKey { id: key.id }).await? {
                        Some(owned) => Write::ReplaceApiKey { key, was: owned.key.version },
                        None => Write::InsertApiKey(key),
                    }
                }
                Write::ReplaceInvitation { invitation, .. } => {
                    let id = invitation.id;
                    match self.store.find_invitation(FindInvitation { id }).await? {
                        Some(stored) => {
                            Write::ReplaceInvitation { invitation, was: stored.version }
                        }
                        None => Write::InsertInvitation(invitation),
                    }
                }
                other => other,
            });
        }
        Ok(upserts)
    }

    /// Writes down each use as if it were the whole record that changed.
    async fn touches_as_replacements(&self, writes: Vec<Write>) -> Result<Vec<Write>, Fault> {
        let mut replacements = Vec::new();
        for write in writes {
            let found = match write {
                Write::TouchApiKey { id, .. } => self.store.find_api_key(FindApiKey { id }).await?,
                _ => None,
            };
            replacements.push(match (write, found) {
                (Write::TouchApiKey { at, .. }, Some(OwnedApiKey { key, .. })) => {
                    let was = key.version;
                    let version = match self.defect {
                        Defect::TouchesTheVersion => was.next(),
                        _ => was,
                    };
                    let key = Box::new(ApiKey { last_used_at: Some(at), version, ..key });
                    Write::ReplaceApiKey { key, was }
                }
                (write, _) => write,
            });
        }
        Ok(replacements)
    }

    /// Whether an invitation is found in spite of what became of it.
    fn shows(&self, invitation: &Invitation) -> bool {
        self.defect != Defect::HidesClosedInvitations
            || (invitation.revoked_at.is_none() && invitation.taken < invitation.seats)
    }

    async fn wait_every_other_time(&self) {
        if self.recordings.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            for _ in 0..5 {
                yield_now().await;
            }
        }
    }

    async fn record(&self, events: Vec<EventRecord>) -> Result<(), Fault> {
        let recorded = self.store.commit(Commit { events, ..Commit::default() }).await?;
        recorded.unwrap();
        Ok(())
    }
}

fn has_expired(key: &ApiKey) -> bool {
    key.expires_at.is_some_and(|end| end <= Timestamp::from_millis(1))
}

const fn by_id(user: &User) -> FindUser {
    FindUser { key: UserKey::Id(user.id) }
}
