//! The suite of all stores finds what stores are known to get wrong.
//!
//! A store that is right but for one defect must fail the test that is about it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "this is test code")]

mod committing;
mod counting;
mod events;
mod messages;
mod reading;
mod store;
mod sweeping;
mod writes;

use store::Defective;

/// Makes a test of each row: a store with this defect fails that test of the suite.
macro_rules! found {
    ($($defect:ident by $($test:ident),+;)+) => {
        /// One thing that is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect { $($defect,)+ }

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
        of_1000_parallel_wrong_logins_5_passwords_are_looked_at,
        of_1000_parallel_wrong_codes_by_mail_5_are_looked_at_whatever_is_sent_again,
        of_1000_parallel_wrong_codes_of_an_app_5_are_looked_at,
        of_1000_parallel_wrong_recovery_codes_5_are_looked_at;
    CountsRefusedAttempts by a_refused_attempt_changes_nothing,
        every_answer_is_that_of_the_reference;
    CountsByAClockOfItsOwn by a_locked_account_is_free_again_when_its_lock_ends,
        a_window_that_is_over_is_forgotten;
    NeverRefunds by parallel_refunds_each_give_one_attempt_back,
        verdicts_are_those_of_the_counter_itself_along_long_scripts;
    FoldsCase by addresses_are_compared_byte_for_byte,
        keys_of_counters_are_compared_byte_for_byte;
    TrimsSpace by addresses_are_compared_byte_for_byte,
        keys_of_counters_are_compared_byte_for_byte;
    KeepsWholeSecondsOnly by every_field_of_a_user_survives_an_insert,
        every_field_of_a_session_survives_an_insert,
        every_field_of_an_api_key_survives_an_insert,
        every_field_of_an_invitation_survives_an_insert,
        every_field_of_an_onboarding_session_survives_an_insert;
    ForgetsAFieldWhenReplacing by every_answer_is_that_of_the_reference,
        every_field_of_a_user_survives_a_replacement,
        every_field_of_a_session_survives_a_replacement,
        every_field_of_an_api_key_survives_a_replacement,
        every_field_of_an_invitation_survives_a_replacement,
        every_field_of_an_onboarding_session_survives_a_replacement;
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
        an_onboarding_session_has_one_id_and_is_not_brought_to_life,
        a_version_of_an_onboarding_session_is_replaced_once,
        of_100_parallel_replacements_of_an_onboarding_session_one_is_applied,
        of_20_parallel_sign_ups_the_last_seat_of_an_invitation_goes_to_one,
        of_100_parallel_uses_of_a_code_of_an_app_one_signs_in,
        of_100_parallel_uses_of_a_recovery_code_one_signs_in,
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
        a_commit_that_is_dropped_on_its_way_is_whole_or_nothing,
        of_20_parallel_sign_ups_the_last_seat_of_an_invitation_goes_to_one;
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
    NeedsTheOwnerOfARecord by a_session_without_an_owner_is_not_found;
    ListsBusyCounters by a_counter_is_listed_from_the_end_of_its_window_or_its_lock_on;
    ListsCountersByTheirLength by
        idle_counters_are_listed_in_ascending_order_of_their_bytes_page_by_page;
    ForgetsBusyCounters by a_counter_that_was_counted_under_meanwhile_is_not_forgotten,
        what_is_forgotten_counts_from_nothing_and_nothing_else_is;
    CountsWhatItWasAskedToForget by what_is_forgotten_in_parallel_is_forgotten_once;
    ForgetsAllIdleCounters by what_is_forgotten_counts_from_nothing_and_nothing_else_is;
    IgnoresLinksWhenSweeping by invitations_and_api_keys_that_expired_are_removed_and_no_others,
        onboarding_sessions_that_expired_are_removed_and_no_others,
        each_kind_is_swept_up_to_the_limit;
    SweepsATickTooEarly by invitations_and_api_keys_that_expired_are_removed_and_no_others,
        onboarding_sessions_that_expired_are_removed_and_no_others,
        closed_accounts_are_removed_with_all_that_is_theirs;
    SweepsWithoutLimit by each_kind_is_swept_up_to_the_limit,
        parallel_sweeps_remove_everything_once;
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
    InsertsOverWhatIsThere by an_onboarding_session_has_one_id_and_is_not_brought_to_life,
        of_100_parallel_onboarding_sessions_of_one_id_one_is_inserted;
    HidesExpiredOnboarding by an_onboarding_session_is_found_also_when_it_is_over;
    ReadsTheFirstOnboarding by the_last_version_of_an_onboarding_session_is_read_at_once,
        a_sign_up_goes_on_from_its_start_to_a_session;
    CutsStates by every_field_of_an_onboarding_session_survives_an_insert,
        every_field_of_an_onboarding_session_survives_a_replacement;
    KeepsFactorsForEver by a_replacement_takes_factor_codes_and_terms_away;
    KeepsOneRecoveryCode by as_many_recovery_codes_are_kept_as_there_are_in_their_order,
        of_100_parallel_uses_of_a_recovery_code_one_signs_in;
    SortsRecoveryCodes by as_many_recovery_codes_are_kept_as_there_are_in_their_order;
    KeepsTermsWithAFactorOnly by factor_codes_and_terms_are_kept_each_without_the_others;
    ReadsOwnersWithoutFactors by
        factor_codes_and_terms_are_read_with_whatever_reads_the_user;
    FindsAnySession by a_user_is_found_without_a_session_that_is_none_of_theirs;
    NeedsASession by a_user_is_found_without_a_session_that_is_none_of_theirs;
    FindsTheOwnerOfTheSession by nobody_is_found_with_the_session_of_somebody;
}
