//! The one table of all tests of the suite, and what is made of it.

/// Makes a `#[test]` of every test in the [suite](crate::conformance), in a module for each command.
///
/// The argument names a function of the calling module, `fn(test: impl AsyncFnOnce(S))` for some
/// [`Store`](crate::Store) `S`, that runs one test on fresh records. Its duties stand with the
/// [suite](crate::conformance).
///
/// To run the suite in two ways, put the second into a module of its own.
///
/// `conformance_tests!(on_fresh_records, over_several_stores)` is for stores that are made of several
/// ([`Split`](crate::Split)): tests of what only one store can hold are ignored then, each with the reason that stands
/// beside it in the table. `outbox_apart` is for those whose events live in another store than the users: the order of the
/// events of one account is ignored as well. `over_several_buckets` is for stores that spread records of one kind over
/// parts of which each changes at once by itself: what concerns two sessions at the same moment is ignored as well.
#[macro_export]
macro_rules! conformance_tests {
    ($on_fresh_records:ident) => {
        $crate::conformance_tests! { @table [@run $on_fresh_records] }
    };
    ($on_fresh_records:ident, over_several_stores) => {
        $crate::conformance_tests! { @table [@run_over_several $on_fresh_records] }
    };
    ($on_fresh_records:ident, outbox_apart) => {
        $crate::conformance_tests! { @table [@run_outbox_apart $on_fresh_records] }
    };
    ($on_fresh_records:ident, over_several_buckets) => {
        $crate::conformance_tests! { @table [@run_over_buckets $on_fresh_records] }
    };
    // The one table: every test of the suite, by the command that it is about.
    (@table [$($then:tt)+]) => {
        $crate::conformance_tests! {
            $($then)+;
            count_attempt {
                of_200_parallel_attempts_at_an_account_exactly_5_are_allowed,
                of_200_parallel_attempts_from_a_network_exactly_100_are_allowed,
                parallel_attempts_end_at_the_hard_stop,
                parallel_attempts_under_many_keys_are_counted_apart,
                parallel_refunds_each_give_one_attempt_back,
                verdicts_are_those_of_the_counter_itself_along_long_scripts,
                a_locked_account_is_free_again_when_its_lock_ends,
                a_window_that_is_over_is_forgotten,
                the_hard_stop_lasts_until_the_counter_is_cleared,
                a_refused_attempt_changes_nothing,
                keys_of_counters_are_compared_byte_for_byte,
                a_changed_limit_holds_from_the_next_attempt_on,
            }
            find_user {
                a_user_is_found_by_id_and_by_address,
                nobody_is_found_where_nobody_is,
                users_are_found_by_the_key_and_not_by_what_was_typed,
                addresses_are_compared_byte_for_byte,
                every_field_of_a_user_survives_an_insert,
                every_field_of_a_user_survives_a_replacement,
                a_user_reaches_the_last_version_that_a_store_must_hold,
            }
            factors {
                as_many_recovery_codes_are_kept_as_there_are_in_their_order,
                factor_codes_and_terms_are_kept_each_without_the_others,
                a_replacement_takes_factor_codes_and_terms_away,
                factor_codes_and_terms_are_read_with_whatever_reads_the_user,
            }
            find_session {
                a_session_is_found_with_its_owner,
                no_session_is_found_where_none_is,
                a_session_without_an_owner_is_not_found,
                every_field_of_a_session_survives_an_insert,
                every_field_of_a_session_survives_a_replacement,
                standing_follows_the_owner_at_once,
                ended_and_expired_sessions_are_found,
                a_user_and_a_session_of_one_id_are_two_records,
            }
            list_sessions {
                live_sessions_are_listed_in_descending_order_of_their_ids,
                pages_hold_every_session_once,
                sessions_of_others_of_other_epochs_and_ended_ones_are_not_listed,
                a_session_is_listed_until_it_is_idle_or_over,
            }
            list_users {
                users_are_listed_in_ascending_order_of_their_ids,
                pages_hold_every_user_once_also_while_others_come,
                nothing_is_listed_where_nobody_is,
            }
            api_keys {
                an_api_key_is_found_with_the_standing_of_its_owner,
                no_api_key_is_found_where_none_is,
                every_field_of_an_api_key_survives_an_insert,
                every_field_of_an_api_key_survives_a_replacement,
                revoked_and_expired_api_keys_are_found,
                api_keys_are_listed_in_descending_order_of_their_ids_page_by_page,
                api_keys_that_were_not_revoked_are_listed_whatever_else_became_of_them,
                a_use_is_remembered_and_never_goes_back,
                a_use_conflicts_with_nothing,
                of_parallel_uses_the_last_is_remembered,
                of_100_parallel_replacements_of_an_api_key_one_is_applied,
            }
            invitations {
                an_invitation_is_found_whatever_became_of_it,
                no_invitation_is_found_where_none_is,
                every_field_of_an_invitation_survives_an_insert,
                every_field_of_an_invitation_survives_a_replacement,
                invitations_are_listed_in_descending_order_of_their_ids_page_by_page,
                invitations_are_listed_to_who_invited_whatever_became_of_them,
                of_100_users_the_last_seat_goes_to_one,
                an_invitation_has_one_id_and_is_not_brought_to_life,
            }
            onboarding {
                an_onboarding_session_is_found_also_when_it_is_over,
                no_onboarding_session_is_found_where_none_is,
                every_field_of_an_onboarding_session_survives_an_insert,
                every_field_of_an_onboarding_session_survives_a_replacement,
                an_onboarding_session_has_one_id_and_is_not_brought_to_life,
                a_version_of_an_onboarding_session_is_replaced_once,
                the_last_version_of_an_onboarding_session_is_read_at_once,
                of_100_parallel_replacements_of_an_onboarding_session_one_is_applied,
                of_100_parallel_onboarding_sessions_of_one_id_one_is_inserted,
            }
            find_user_with_session {
                a_user_is_found_with_a_session_of_theirs,
                a_user_is_found_without_a_session_that_is_none_of_theirs,
                nobody_is_found_with_the_session_of_somebody,
            }
            sweep {
                sessions_that_are_over_are_removed_and_no_others,
                counters_that_are_idle_are_removed_and_count_from_nothing,
                failures_at_an_account_are_remembered_and_those_at_nobody_are_not,
                a_counter_without_failures_goes_whosever_it_is
                    in_one_store "what a counter remembers is not seen from outside its store",
                no_more_is_removed_than_the_limit_and_batches_remove_all,
                invitations_and_api_keys_that_expired_are_removed_and_no_others,
                onboarding_sessions_that_expired_are_removed_and_no_others,
                closed_accounts_are_removed_with_all_that_is_theirs
                    in_one_store "sessions of a removed user stay in their store until they expire",
                each_kind_is_swept_up_to_the_limit,
                parallel_sweeps_remove_everything_once,
                a_sweep_beside_the_attempts_allows_no_more_of_them,
            }
            idle_attempts {
                idle_counters_are_listed_in_ascending_order_of_their_bytes_page_by_page,
                a_counter_is_listed_from_the_end_of_its_window_or_its_lock_on,
                no_idle_counter_is_passed_over_while_others_come_and_go,
                what_is_forgotten_counts_from_nothing_and_nothing_else_is,
                a_counter_that_was_counted_under_meanwhile_is_not_forgotten,
                what_is_forgotten_in_parallel_is_forgotten_once,
            }
            commit {
                a_batch_conflicts_as_a_whole_whatever_in_it_does_not_hold
                    in_one_store "what one store wrote stays when another conflicts",
                an_empty_batch_is_applied,
                guards_alone_are_checked,
                a_guard_looks_at_the_record_as_it_was_before_the_batch,
                a_refresh_conflicts_once_its_owner_has_another_epoch,
                a_sign_in_conflicts_once_its_user_has_another_version
                    in_one_store "what one store wrote stays when another conflicts",
                a_version_is_replaced_once,
                nothing_that_is_absent_is_brought_to_life,
                a_user_keeps_the_address_and_may_spell_it_anew,
                an_address_that_was_given_up_can_be_taken,
                sessions_of_one_user_are_replaced_one_by_one,
                clearing_and_refunding_what_was_never_counted_is_no_conflict,
                an_attempt_is_refunded_in_its_own_window_only,
                a_batch_may_be_large,
            }
            remove_user {
                a_user_is_removed_with_all_that_is_theirs_and_another_takes_the_address,
                a_user_is_removed_at_the_version_that_was_read_and_only_with_the_whole_batch,
            }
            commit_race {
                of_100_parallel_replacements_of_a_user_one_is_applied,
                of_100_parallel_replacements_of_a_session_one_is_applied,
                of_100_parallel_users_one_gets_the_address,
                of_50_users_that_move_to_one_address_one_gets_it,
                of_100_parallel_users_or_sessions_of_one_id_one_is_inserted,
                no_change_is_lost_among_parallel_writers,
                no_guarded_write_comes_after_what_its_guard_excludes
                    in_one_store "what is guarded in one store may change while another writes",
                of_two_batches_that_exclude_each_other_one_is_applied
                    in_one_bucket "each is guarded by one session and changes another",
                batches_over_the_same_records_in_opposite_orders_do_not_fail,
                no_reader_sees_half_a_batch
                    in_one_store "stores are written, and read, one after the other",
                a_commit_that_is_dropped_on_its_way_is_whole_or_nothing
                    in_one_store "stores are written one after the other, until the commit is dropped",
            }
            events {
                events_are_in_the_order_of_their_commits,
                no_more_events_are_taken_than_the_limit,
                while_events_are_out_nobody_else_is_given_any,
                a_cursor_moves_behind_what_was_taken_and_never_back,
                consumers_have_a_cursor_and_a_lease_each,
                postponed_events_wait_and_no_later_one_overtakes_them,
                a_consumer_that_begins_now_is_not_given_the_past,
                a_consumer_that_is_forgotten_is_new,
                many_events_are_committed_and_taken_at_once,
                events_of_a_batch_that_conflicts_are_not_recorded,
                every_kind_of_event_survives_with_every_field,
                parallel_commits_lose_no_event_and_double_none,
                events_of_successive_versions_are_in_their_order_however_they_raced
                    beside_users "a second change may be recorded before the event of the first is",
                of_parallel_workers_one_is_given_events,
                two_workers_beside_the_commits_take_every_event_in_order,
            }
            list_events {
                events_are_listed_in_descending_order_of_their_ids_page_by_page,
                events_are_listed_by_whom_they_concern_what_happened_and_when,
                old_events_are_removed_a_batch_at_a_time_and_no_others,
                no_event_is_skipped_after_all_before_it_were_removed,
                events_outlast_the_account_that_they_concern,
            }
            messages {
                messages_are_taken_in_the_order_of_their_commits,
                no_more_messages_are_taken_than_the_limit,
                a_message_that_was_not_reported_comes_back_when_its_time_is_over,
                a_message_is_due_from_its_moment_on,
                sent_messages_are_forgotten_and_no_others,
                a_postponed_message_waits_for_its_time_and_the_others_do_not,
                messages_of_a_batch_that_conflicts_are_not_kept,
                every_byte_of_a_message_survives,
                parallel_workers_take_each_message_once,
                two_workers_beside_the_commits_send_every_message_once,
            }
            dead_letters {
                a_message_that_is_given_up_is_kept_and_nobody_is_given_it,
                a_message_is_given_up_once,
                messages_are_listed_in_the_order_of_their_ids_page_by_page,
                dead_letters_wait_again_when_they_are_revived_and_no_others,
                of_parallel_revivals_each_dead_letter_is_in_one,
                dead_letters_are_removed_when_their_time_is_over_and_what_waits_is_not,
            }
            reference {
                every_answer_is_that_of_the_reference
                    in_one_store "what one store wrote stays when another conflicts",
            }
            ping {
                a_store_that_works_says_so,
            }
            flows {
                a_session_lives_from_login_to_logout,
                of_100_parallel_registrations_of_one_address_one_makes_an_account,
                of_1000_parallel_wrong_logins_5_passwords_are_looked_at,
                of_300_parallel_logins_from_a_network_100_passwords_are_looked_at,
                parallel_logins_with_the_right_password_all_succeed,
                of_100_parallel_refreshes_there_is_one_successor,
                a_refresh_token_that_returns_after_the_grace_ends_its_session_once,
                after_a_logout_no_token_works_however_many_were_refreshing,
                logging_out_everywhere_ends_every_session,
                what_was_signed_in_before_logging_out_everywhere_is_dead_however_it_raced,
                of_100_parallel_uses_of_a_reset_link_one_sets_the_password,
                of_100_parallel_creations_of_api_keys_as_many_are_made_as_the_policy_allows,
                of_50_parallel_acceptances_the_last_seat_goes_to_one,
            }
            onboarding_flows {
                a_sign_up_goes_on_from_its_start_to_a_session,
                of_1000_parallel_wrong_codes_by_mail_5_are_looked_at_whatever_is_sent_again,
                of_100_parallel_submissions_of_a_code_by_mail_one_counts
                    in_one_bucket "events that go with the onboarding session are lost if another request marked it first",
                of_100_parallel_starts_for_one_address_one_is_alive,
                of_100_parallel_ends_of_signing_up_with_one_address_one_makes_an_account,
                of_20_parallel_sign_ups_the_last_seat_of_an_invitation_goes_to_one,
                of_20_parallel_sign_ups_with_a_taken_address_none_gets_in,
            }
            second_factor_flows {
                of_1000_parallel_wrong_codes_of_an_app_5_are_looked_at,
                of_1000_parallel_wrong_recovery_codes_5_are_looked_at,
                a_code_of_an_app_counts_once_and_none_of_an_earlier_step_after_it,
                of_100_parallel_uses_of_a_code_of_an_app_one_signs_in,
                of_100_parallel_uses_of_a_recovery_code_one_signs_in,
                an_import_over_an_account_leaves_its_app_and_its_codes,
            }
        }
    };
    (@run $on_fresh_records:ident;
     $($command:ident {
        $($test:ident
            $(in_one_store $_reason:literal)? $(in_one_bucket $_bucket:literal)? $(beside_users $_users:literal)?,)+
     })+) => {
        $(mod $command {
            $(#[test]
            fn $test() {
                super::$on_fresh_records($crate::conformance::$test);
            })+
        })+
    };
    (@run_over_several $on_fresh_records:ident;
     $($command:ident {
        $($test:ident
            $(in_one_store $reason:literal)? $(in_one_bucket $_bucket:literal)? $(beside_users $_users:literal)?,)+
     })+) => {
        $(mod $command {
            $(#[test]
            $(#[ignore = $reason])?
            fn $test() {
                super::$on_fresh_records($crate::conformance::$test);
            })+
        })+
    };
    (@run_outbox_apart $on_fresh_records:ident;
     $($command:ident {
        $($test:ident
            $(in_one_store $reason:literal)? $(in_one_bucket $_bucket:literal)? $(beside_users $users:literal)?,)+
     })+) => {
        $(mod $command {
            $(#[test]
            $(#[ignore = $reason])?
            $(#[ignore = $users])?
            fn $test() {
                super::$on_fresh_records($crate::conformance::$test);
            })+
        })+
    };
    (@run_over_buckets $on_fresh_records:ident;
     $($command:ident {
        $($test:ident
            $(in_one_store $reason:literal)? $(in_one_bucket $bucket:literal)? $(beside_users $_users:literal)?,)+
     })+) => {
        $(mod $command {
            $(#[test]
            $(#[ignore = $reason])?
            $(#[ignore = $bucket])?
            fn $test() {
                super::$on_fresh_records($crate::conformance::$test);
            })+
        })+
    };
    // A test that is not in the table is unreachable, which the compiler reports.
    (@export;
     $($command:ident {
        $($test:ident
            $(in_one_store $_reason:literal)? $(in_one_bucket $_bucket:literal)? $(beside_users $_users:literal)?,)+
     })+) => {
        $(pub use $command::{$($test,)+};)+
    };
}
