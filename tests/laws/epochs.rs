//! Epochs do not come again, whatever a store has lost.

use proptest::prelude::*;
use testudo::Duration;
use testudo::command::UserKey;
use testudo::flow::admin::end_sessions;
use testudo::flow::{authenticate_user, refresh};
use testudo::model::Email;
use testudo::testing::World;

use super::{ADA, PASSWORD, forms, world_with_ada};

fn sign_out_everywhere(world: &mut World) {
    let user = UserKey::Email(ADA.parse::<Email>().unwrap().key().clone());
    world.run(|env| end_sessions(user, env)).unwrap();
}

fn later(world: &mut World, millis: u64) {
    world.advance(Duration::from_millis(millis));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Somebody signs out everywhere, a stranger who has the password signs in, and a failover undoes both. The next
    /// time that all is ended, the stranger's tokens are dead too, though no record of theirs is left.
    #[test]
    fn what_was_opened_in_a_lost_moment_ends_with_everything_else(
        // A failover takes longer than a few milliseconds.
        [before, between, after] in [0u64..2_000, 10..2_000, 0..2_000],
        lost in 1usize..4,
    ) {
        for (form, tokens) in forms() {
            let mut world = world_with_ada();
            world.set_tokens(tokens);
            later(&mut world, before);
            let mut replica = world.clone();
            for _ in 0..lost {
                sign_out_everywhere(&mut world);
            }
            let strangers = world.login(ADA, PASSWORD).tokens;

            later(&mut replica, between);
            sign_out_everywhere(&mut replica);
            later(&mut replica, after);
            let now = replica.now();
            let access = strangers.access.expose();
            let read = replica.run(|env| authenticate_user(access, env.settings(), now));
            prop_assert!(read.is_err(), "{form}");
            let refreshed = replica.run(|env| refresh(strangers.refresh.expose(), env));
            prop_assert!(refreshed.is_err(), "{form}");
        }
    }
}
