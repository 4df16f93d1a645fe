//! Commands that concern several stores: as many steps.

use std::collections::VecDeque;

use super::super::faults::WorldFault;
use super::super::world::World;
use super::running::Stage;
use crate::command::{
    Commit, FindSession, FindSessionWithUser, FindUserWithSession, OwnedSession, Share,
};
use crate::drive::respond;
use crate::model::{Session, User, UserId};
use crate::step::{Command, Pending, Step};

/// Carries a command out, or what the first store is to do of it.
pub(super) fn carry_out<'a, T: 'a>(
    step: Step<T>,
    world: &mut World,
) -> Result<Stage<'a, T>, WorldFault> {
    match step {
        Step::Commit(ask) => {
            let (batch, pending) = ask.into_parts();
            let shares = world.shares(batch).into();
            commit(pending, shares, world)
        }
        Step::FindSession(ask) if world.reads_owners_later() => {
            let (FindSession { id }, pending) = ask.into_parts();
            let found = world.read_session::<FindSession>(id)?;
            let owner = found.as_ref().map(|session| session.user);
            then_owner::<FindSession, T>(owner, move |user| {
                pending.answer(
                    pair(found, user)
                        .map(|(session, user)| OwnedSession { session, standing: user.standing() }),
                )
            })
        }
        Step::FindSessionWithUser(ask) if world.reads_owners_later() => {
            let (FindSessionWithUser { id }, pending) = ask.into_parts();
            let found = world.read_session::<FindSessionWithUser>(id)?;
            let owner = found.as_ref().map(|session| session.user);
            then_owner::<FindSessionWithUser, T>(owner, move |user| {
                pending.answer(pair(found, user))
            })
        }
        Step::FindUserWithSession(ask) if world.reads_owners_later() => {
            let (FindUserWithSession { user, session }, pending) = ask.into_parts();
            let found = world.read_session::<FindUserWithSession>(session)?;
            let found = found.filter(|session| session.user == user);
            then_owner::<FindUserWithSession, T>(Some(user), move |user| {
                pending.answer(user.map(|user| (user, found)))
            })
        }
        step => respond(step, world).map(Stage::Asked),
    }
}

/// One store after the other, until one conflicts.
fn commit<'a, T: 'a>(
    pending: Pending<Commit, T>,
    mut shares: VecDeque<Share>,
    world: &mut World,
) -> Result<Stage<'a, T>, WorldFault> {
    let committed = match shares.pop_front() {
        Some(Share { batch, .. }) => world.commit_share(batch)?,
        None => Ok(()),
    };
    let Some(next) = shares.front().filter(|_| committed.is_ok()) else {
        return Ok(Stage::Asked(pending.answer(committed)));
    };
    let next = format!("{next:?}");
    Ok(Stage::UnderWay { next, go_on: Box::new(move |world| commit(pending, shares, world)) })
}

/// The second half of a look-up, if there is somebody to look for.
fn then_owner<'a, C: Command, T: 'a>(
    owner: Option<UserId>,
    answer: impl FnOnce(Option<User>) -> Step<T> + 'a,
) -> Result<Stage<'a, T>, WorldFault> {
    let Some(id) = owner else { return Ok(Stage::Asked(answer(None))) };
    Ok(Stage::UnderWay {
        next: format!("{} of {id:?}", C::NAME),
        go_on: Box::new(move |world| {
            let user = world.read_owner::<C>(id)?;
            Ok(Stage::Asked(answer(user)))
        }),
    })
}

fn pair(session: Option<Session>, user: Option<User>) -> Option<(Session, User)> {
    session.zip(user)
}
