//! What every way in has in common: a session for who owes nothing, and an onboarding for who does.

use super::SignedIn;
use super::onboarding::{Pending, sign_in};
use crate::command::{Commit, Write};
use crate::env::Env;
use crate::event::Event;
use crate::message::{Message, MessageKind};
use crate::model::{JsonObject, Method, User, Version};
use crate::owed::Cleared;
use crate::time::Timestamp;
use crate::token::backend::{Records, Unprintable};
use crate::token::issue::{self, Grant};

/// Somebody who proved who they are.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// How they did.
    pub(super) methods: Vec<Method>,
    /// When they did.
    pub(super) auth_time: Timestamp,
    /// Whether the session should last as long as one of a remembered user.
    pub(super) remember: bool,
    /// What is to travel with the session.
    pub(super) claims: JsonObject,
}

/// Which way they go.
#[derive(Debug)]
pub(super) enum Way {
    /// In.
    In(Cleared),
    /// Something is owed, or wanted by the application, first.
    Owing(Box<Pending>),
}

/// What is known of a sign-in besides who it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// Whether the stored password hash was replaced by a current one.
    pub(super) password_rehashed: bool,
    /// Whether the owner is to be told of a device.
    pub(super) is_new_device: bool,
}

/// Which way somebody goes.
pub(super) fn way(user: &User, arrival: &Arrival, env: &mut Env) -> Way {
    sign_in(user, arrival, env)
}

/// The batch by which somebody is let in, with their record as it is stored then. The user is written first:
/// where users and sessions are kept apart, a crash in between must not leave a session whose sign-in was not
/// confirmed. What else is spent is written before the session, too: see [`Part`](crate::command::Part).
pub(super) fn let_in(
    user: User,
    was: Option<Version>,
    arrival: Arrival,
    circumstances: Circumstances,
    cleared: Cleared,
    env: &mut Env,
) -> Result<(Commit, SignedIn), Unprintable> {
    let Arrival { methods, auth_time, remember, claims } = arrival;
    let policy = env.policy();
    let lifetime = if remember { policy.remembered_session } else { policy.session };
    let grant = Grant { methods: methods.clone(), auth_time, lifetime, claims };
    let user = User { last_login: Some(env.now), ..user };
    let (session, tokens) = issue::open(&user, grant, cleared, env)?;
    let stored = Box::new(user.clone());
    let mut batch = Commit::new().write(match was {
        Some(was) => Write::ReplaceUser { user: stored, was },
        None => Write::InsertUser(stored),
    });
    if env.tokens().records() == Records::Every {
        batch = batch.write(Write::InsertSession(Box::new(session.clone())));
    }
    let Circumstances { password_rehashed, is_new_device } = circumstances;
    if is_new_device {
        batch = batch.message(Message::to_owner(MessageKind::NewDevice, &user).seal(env));
    }
    let login = Event::UserLogin { methods, password_rehashed };
    batch = batch.event(env.event(Some(user.id), Some(session.id), login));
    Ok((batch, SignedIn { user, session, tokens }))
}
