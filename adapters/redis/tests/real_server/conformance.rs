//! The suite of all stores.

/// One server, one bucket.
mod server {
    use testudo_redis::RedisStore;

    use crate::support::{fresh, run, server};

    fn on_fresh_records(test: impl AsyncFnOnce(RedisStore)) {
        run(async { test(fresh(server(), 1).await).await });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// One server, one bucket, from two nodes.
mod two_nodes {
    use testudo_driver::conformance::Nodes;
    use testudo_redis::RedisStore;
    use testudo_test_servers::unique_name;

    use crate::support::{open, run, server};

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<RedisStore>)) {
        run(async {
            let prefix = unique_name();
            let (one, other) = (open(server(), &prefix, 1).await, open(server(), &prefix, 1).await);
            test(Nodes::new(one, [other])).await;
        });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// A cluster of three, one bucket: every commit is atomic.
mod cluster {
    use testudo_redis::RedisStore;

    use crate::support::{cluster, fresh, run};

    fn on_fresh_records(test: impl AsyncFnOnce(RedisStore)) {
        run(async { test(fresh(&cluster(), 1).await).await });
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}

/// A cluster of three, many buckets: what holds of the parts that are spread over them, and the flows. That no reader sees
/// half a batch, and that of two batches which exclude each other one is applied, holds within a bucket only.
mod spread {
    use testudo_driver::conformance as suite;

    use crate::support::{cluster, fresh, run};

    /// Makes a test of each.
    macro_rules! on_many_buckets {
        ($($test:ident,)+) => {
            $(#[test]
            fn $test() {
                run(async { suite::$test(fresh(&cluster(), 64).await).await });
            })+
        };
    }

    on_many_buckets! {
        of_200_parallel_attempts_at_an_account_exactly_5_are_allowed,
        of_200_parallel_attempts_from_a_network_exactly_100_are_allowed,
        parallel_attempts_end_at_the_hard_stop,
        parallel_attempts_under_many_keys_are_counted_apart,
        parallel_refunds_each_give_one_attempt_back,
        verdicts_are_those_of_the_counter_itself_along_a_long_script,
        a_locked_account_is_free_again_when_its_lock_ends,
        a_window_that_is_over_is_forgotten,
        the_hard_stop_lasts_until_the_counter_is_cleared,
        a_refused_attempt_changes_nothing,
        keys_of_counters_are_compared_byte_for_byte,
        a_changed_limit_holds_from_the_next_attempt_on,
        a_session_is_found_with_its_owner,
        no_session_is_found_where_none_is,
        a_session_without_an_owner_is_not_found,
        every_field_of_a_session_survives_an_insert,
        every_field_of_a_session_survives_a_replacement,
        standing_follows_the_owner_at_once,
        ended_and_expired_sessions_are_found,
        a_user_and_a_session_of_one_id_are_two_records,
        live_sessions_are_listed_in_descending_order_of_their_ids,
        pages_hold_every_session_once,
        sessions_of_others_of_other_epochs_and_ended_ones_are_not_listed,
        a_session_is_listed_until_it_is_idle_or_over,
        an_onboarding_session_is_found_also_when_it_is_over,
        no_onboarding_session_is_found_where_none_is,
        every_field_of_an_onboarding_session_survives_an_insert,
        every_field_of_an_onboarding_session_survives_a_replacement,
        an_onboarding_session_has_one_id_and_is_not_brought_to_life,
        a_version_of_an_onboarding_session_is_replaced_once,
        the_last_version_of_an_onboarding_session_is_read_at_once,
        of_100_parallel_replacements_of_an_onboarding_session_one_is_applied,
        of_100_parallel_onboarding_sessions_of_one_id_one_is_inserted,
        sessions_that_are_over_are_removed_and_no_others,
        counters_that_are_idle_are_removed_and_count_from_nothing,
        failures_at_an_account_are_remembered_and_those_at_nobody_are_not,
        a_counter_without_failures_goes_whosever_it_is,
        no_more_is_removed_than_the_limit_and_batches_remove_all,
        invitations_and_api_keys_that_expired_are_removed_and_no_others,
        onboarding_sessions_that_expired_are_removed_and_no_others,
        closed_accounts_are_removed_with_all_that_is_theirs,
        each_kind_is_swept_up_to_the_limit,
        parallel_sweeps_remove_everything_once,
        a_sweep_beside_the_attempts_allows_no_more_of_them,
        idle_counters_are_listed_in_ascending_order_of_their_bytes_page_by_page,
        a_counter_is_listed_from_the_end_of_its_window_or_its_lock_on,
        no_idle_counter_is_passed_over_while_others_come_and_go,
        what_is_forgotten_counts_from_nothing_and_nothing_else_is,
        a_counter_that_was_counted_under_meanwhile_is_not_forgotten,
        what_is_forgotten_in_parallel_is_forgotten_once,
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
        a_sign_up_goes_on_from_its_start_to_a_session,
        of_1000_parallel_wrong_codes_by_mail_5_are_looked_at_whatever_is_sent_again,
        of_100_parallel_submissions_of_a_code_by_mail_one_counts,
        of_100_parallel_starts_for_one_address_one_is_alive,
        of_100_parallel_ends_of_signing_up_with_one_address_one_makes_an_account,
        of_20_parallel_sign_ups_the_last_seat_of_an_invitation_goes_to_one,
        of_20_parallel_sign_ups_with_a_taken_address_none_gets_in,
        of_1000_parallel_wrong_codes_of_an_app_5_are_looked_at,
        of_1000_parallel_wrong_recovery_codes_5_are_looked_at,
        a_code_of_an_app_counts_once_and_none_of_an_earlier_step_after_it,
        of_100_parallel_uses_of_a_code_of_an_app_one_signs_in,
        of_100_parallel_uses_of_a_recovery_code_one_signs_in,
        an_import_over_an_account_leaves_its_app_and_its_codes,
    }
}
