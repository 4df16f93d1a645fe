//! Whether somebody signs in with what they never signed in with before.

use super::attempt::Attempt;
use super::{Outcome, Upgrade, grant};
use crate::command::ListEvents;
use crate::env::Env;
use crate::event::{EventKind, EventRecord};
use crate::flow::attempts;
use crate::model::{AttemptKey, AttemptVerdict, Client, User};
use crate::step::{Step, ask};

/// How many sign-ins are looked at.
const NEWEST: u32 = 100;

/// Finds out whether the owner is to be told of a new device, once, and goes on. The password was right by now:
/// refused sign-ins take the same steps as ever.
pub(super) fn recognise(
    mut attempt: Box<Attempt>,
    user: User,
    upgrade: Option<Upgrade>,
    env: Env,
) -> Step<Outcome> {
    if user.last_login.is_none() {
        attempt.is_new_device = Some(false);
        return grant(attempt, user, upgrade, env);
    }
    let kinds = vec![EventKind::UserLogin];
    let sign_ins = ListEvents { user: Some(user.id), kinds, ..ListEvents::newest(NEWEST) };
    ask(sign_ins, move |sign_ins| {
        if is_new(&env.client, &sign_ins) {
            return count(attempt, user, upgrade, env);
        }
        attempt.is_new_device = Some(false);
        grant(attempt, user, upgrade, env)
    })
}

/// Where nothing is known of earlier sign-ins, nothing is new.
fn is_new(client: &Client, sign_ins: &[EventRecord]) -> bool {
    let is_same = |earlier: &EventRecord| earlier.client.user_agent() == client.user_agent();
    !sign_ins.is_empty() && !sign_ins.iter().any(is_same)
}

/// Who has a password could have any number of notices sent.
fn count(
    mut attempt: Box<Attempt>,
    user: User,
    upgrade: Option<Upgrade>,
    env: Env,
) -> Step<Outcome> {
    let key = AttemptKey::device_notice(user.id);
    ask(attempts::count(&key, env.policy().device_notice, &env), move |verdict| {
        attempt.is_new_device = Some(matches!(verdict, AttemptVerdict::Allowed { .. }));
        grant(attempt, user, upgrade, env)
    })
}
