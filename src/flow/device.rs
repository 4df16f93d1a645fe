//! Whether somebody signs in with what they never signed in with before.

use super::attempts;
use crate::command::ListEvents;
use crate::env::Env;
use crate::event::{EventKind, EventRecord};
use crate::model::{AttemptKey, AttemptVerdict, Client, User};
use crate::step::{Step, ask};

/// How many sign-ins are looked at.
const NEWEST: u32 = 100;

/// Finds out whether the owner is to be told of a new device, and goes on. They proved by now who they are:
/// refused sign-ins take the same steps as ever.
pub(super) fn recognise<T: 'static>(
    user: &User,
    env: Env,
    then: impl FnOnce(bool, Env) -> Step<T> + Send + 'static,
) -> Step<T> {
    if user.last_login.is_none() {
        return then(false, env);
    }
    let key = AttemptKey::device_notice(user.id);
    let kinds = vec![EventKind::UserLogin];
    let sign_ins = ListEvents { user: Some(user.id), kinds, ..ListEvents::newest(NEWEST) };
    ask(sign_ins, move |sign_ins| {
        if is_new(&env.client, &sign_ins) { count(key, env, then) } else { then(false, env) }
    })
}

/// Where nothing is known of earlier sign-ins, nothing is new.
fn is_new(client: &Client, sign_ins: &[EventRecord]) -> bool {
    let is_same = |earlier: &EventRecord| earlier.client.user_agent() == client.user_agent();
    !sign_ins.is_empty() && !sign_ins.iter().any(is_same)
}

/// Who can sign in could have any number of notices sent.
fn count<T: 'static>(
    key: AttemptKey,
    env: Env,
    then: impl FnOnce(bool, Env) -> Step<T> + Send + 'static,
) -> Step<T> {
    ask(attempts::count(&key, env.policy().device_notice, &env), move |verdict| {
        then(matches!(verdict, AttemptVerdict::Allowed { .. }), env)
    })
}
