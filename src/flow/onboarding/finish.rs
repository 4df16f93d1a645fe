//! Letting in who owes nothing any more: an account is made, or opened, in one commit.

use super::advance::{Outcome, Request, again, fail};
use super::session::find;
use super::show;
use crate::command::{Commit, Conflict, FindInvitation, FindUser, Guard, UserKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::entrance::{Arrival, Circumstances, let_in};
use crate::flow::{SignedIn, device};
use crate::model::{AttemptKey, Invitation, OnboardingSession, User, UserId};
use crate::onboarding::state::{Goal, State};
use crate::onboarding::steps::ValidateInvitation;
use crate::onboarding::{OnboardingState, Turn};
use crate::owed::{Cleared, clear};
use crate::refusal::{FieldError, Refusal};
use crate::step::{Step, ask};

pub(super) fn finish(request: Request, turn: Turn, cleared: Cleared) -> Step<Outcome> {
    match &turn.state.goal {
        Goal::SignIn { .. } => sign_in(request, turn, cleared),
        Goal::SignUp(draft) => match draft.invitation {
            Some(id) => ask(FindInvitation { id }, move |found| match found {
                Some(invitation) if invitation.is_open(turn.env.now) => {
                    vouch(request, turn, cleared, invitation)
                }
                Some(_) | None => shut_out(request, turn),
            }),
            None => look(request, turn, cleared, None),
        },
    }
}

/// The invitation counts no more. It may have been this very sign-up that took its last seat.
fn shut_out(request: Request, turn: Turn) -> Step<Outcome> {
    ask(FindUser { key: address(&turn) }, move |owner| match owner {
        Some(owner) if is_made_already(&turn, &owner) => let_in_again(request, turn, owner),
        Some(_) | None => closed(request, turn),
    })
}

/// What the last step did comes to nothing: it is still to be taken.
fn closed(request: Request, mut turn: Turn) -> Step<Outcome> {
    turn.batch = Commit::new();
    let expected = "the invitation counts no more; ask for another one";
    let error = FieldError::new(ValidateInvitation::FIELD, "invalid_invitation", expected);
    fail(request, turn, vec![error])
}

/// An invitation whose seat is to be taken, and what says that its inviter still may invite.
#[derive(Debug)]
struct Seat {
    invitation: Invitation,
    inviter: Option<Guard>,
}

fn vouch(request: Request, turn: Turn, cleared: Cleared, invitation: Invitation) -> Step<Outcome> {
    let Some(inviter) = invitation.invited_by else {
        return look(request, turn, cleared, Some(Seat { invitation, inviter: None }));
    };
    ask(FindUser { key: UserKey::Id(inviter) }, move |found| match found {
        Some(user) if user.may_be_used() => {
            let guard = Guard::UserEpoch { id: inviter, epoch: user.epoch };
            look(request, turn, cleared, Some(Seat { invitation, inviter: Some(guard) }))
        }
        Some(_) | None => shut_out(request, turn),
    })
}

/// Looks whether the address is still free. Who has come so far has verified it, or the policy tells everybody.
fn look(request: Request, turn: Turn, cleared: Cleared, seat: Option<Seat>) -> Step<Outcome> {
    ask(FindUser { key: address(&turn) }, move |owner| match owner {
        Some(owner) if is_made_already(&turn, &owner) => let_in_again(request, turn, owner),
        owner => match place(&turn, owner) {
            Ok(displaced) => sign_up(request, turn, cleared, seat, displaced),
            Err(refusal) => taken(request, refusal, turn.env),
        },
    })
}

fn address(turn: &Turn) -> UserKey {
    UserKey::Email(turn.account.email.key().clone())
}

/// Whether this very sign-up made the account, and did not come to say so: users may live in another store than
/// onboarding sessions, and a process may die in between. Nobody has used the account for anything since that would have
/// ended its sessions.
fn is_made_already(turn: &Turn, owner: &User) -> bool {
    owner.id == turn.account.id && owner.epoch == turn.account.epoch && owner.may_be_used()
}

/// Lets the account in that was made already, as it is stored, if it owes nothing. That the onboarding is completed
/// was recorded with the account.
fn let_in_again(request: Request, mut turn: Turn, account: User) -> Step<Outcome> {
    let Ok(cleared) = clear(&account, &turn.state.methods, turn.env.policy()) else {
        return taken(request, Refusal::EmailTaken, turn.env);
    };
    let (was, arrival) = (account.version, arrival(&turn.state));
    let user = User { version: was.next(), ..account };
    let circumstances = Circumstances::default();
    match let_in(user, Some(was), arrival, circumstances, cleared, &mut turn.env) {
        Ok((batch, signed_in)) => complete(request, turn, batch, signed_in),
        Err(unprintable) => Step::Done(Err(unprintable.into())),
    }
}

/// Somebody has the address. If that is who asks, by a request that was said twice and came first, they learn
/// that; so it is looked once more.
fn taken(request: Request, refusal: Refusal, env: Env) -> Step<Outcome> {
    let Request { token, record, .. } = request;
    find(token, env, move |found, _| {
        let is_the_same = found.record.version == record.version;
        Step::Done(Err(if is_the_same { refusal } else { Refusal::OnboardingMoved }))
    })
}

/// Whether the account may have its address, and the one that goes for it: of somebody who never showed that the
/// address is theirs.
fn place(turn: &Turn, owner: Option<User>) -> Result<Option<User>, Refusal> {
    let Some(owner) = owner else { return Ok(None) };
    let displaced = match &turn.state.goal {
        Goal::SignUp(draft) => draft.displaced,
        Goal::SignIn { .. } => None,
    };
    let goes =
        turn.account.is_verified && turn.may_be_claimed(&owner) && displaced == Some(owner.id);
    if goes { Ok(Some(owner)) } else { Err(Refusal::EmailTaken) }
}

fn sign_up(
    request: Request,
    mut turn: Turn,
    cleared: Cleared,
    seat: Option<Seat>,
    displaced: Option<User>,
) -> Step<Outcome> {
    let arrival = arrival(&turn.state);
    let circumstances = Circumstances::default();
    let account = (*turn.account).clone();
    let entered = let_in(account, None, arrival, circumstances, cleared, &mut turn.env);
    let (batch, signed_in) = match entered {
        Ok(entered) => entered,
        Err(unprintable) => return Step::Done(Err(unprintable.into())),
    };
    let user = Some(signed_in.user.id);
    let batch = match displaced {
        Some(displaced) => in_place_of(&displaced, signed_in.user.id, batch, &mut turn.env),
        None => batch,
    };
    let mut events = vec![Event::UserCreated];
    if signed_in.user.totp.is_some() {
        events.push(Event::TotpEnrolled);
    }
    let mut batch = events
        .into_iter()
        .fold(batch, |batch, event| batch.event(turn.env.event(user, None, event)));
    if let Some(Seat { invitation, inviter }) = seat {
        let accepted = Event::InvitationAccepted { invitation: invitation.id };
        batch = batch.event(turn.env.event(user, None, accepted));
        batch.guards.extend(inviter);
        let was = invitation.version;
        let invitation = Box::new(invitation.take_seat());
        batch = batch.write(Write::ReplaceInvitation { invitation, was });
    }
    conclude(request, turn, batch, signed_in)
}

/// The batch with a removal in it that stands first, since the address must be free for what follows. Guesses at what
/// went are no guesses at what comes.
fn in_place_of(displaced: &User, by: UserId, mut batch: Commit, env: &mut Env) -> Commit {
    let User { id, version, .. } = *displaced;
    let email = displaced.email.key();
    let guesses = [AttemptKey::login_account, AttemptKey::recovery_code]
        .map(|key| Write::ClearAttempts(key(email)));
    batch.writes.insert(0, Write::RemoveUser { id, was: version });
    batch.write_all(guesses).event(env.event(Some(id), None, Event::UnprovenAccountRemoved { by }))
}

/// The owner is told of a new device, as at any sign-in.
fn sign_in(request: Request, turn: Turn, cleared: Cleared) -> Step<Outcome> {
    let Turn { answers, state, account, batch, counted, was_counted, env } = turn;
    device::recognise(&account.clone(), env, move |is_new_device, mut env| {
        let was = request.stored.version;
        let user = User { version: was.next(), ..(*account).clone() };
        let circumstances = Circumstances { is_new_device, ..Circumstances::default() };
        let entered = let_in(user, Some(was), arrival(&state), circumstances, cleared, &mut env);
        let turn = Turn { answers, state, account, batch, counted, was_counted, env };
        match entered {
            Ok((batch, signed_in)) => conclude(request, turn, batch, signed_in),
            Err(unprintable) => Step::Done(Err(unprintable.into())),
        }
    })
}

fn arrival(state: &State) -> Arrival {
    Arrival {
        methods: state.methods.clone(),
        auth_time: state.auth_time,
        remember: state.remember,
        claims: state.claims.clone(),
    }
}

/// Records that the onboarding is completed, and completes it.
fn conclude(request: Request, mut turn: Turn, batch: Commit, signed_in: SignedIn) -> Step<Outcome> {
    let last = std::mem::take(&mut turn.batch);
    let completed = Event::OnboardingCompleted { onboarding: request.record.id };
    let (user, opened) = (Some(signed_in.user.id), Some(signed_in.session.id));
    let completed = turn.env.event(user, opened, completed);
    complete(request, turn, and(batch, last).event(completed), signed_in)
}

/// Commits all of it: the account, the session, what the last step wants, and that the onboarding is over.
fn complete(request: Request, mut turn: Turn, batch: Commit, signed_in: SignedIn) -> Step<Outcome> {
    let session = Box::new(over(&request, &mut turn, &signed_in.user));
    let last = std::mem::take(&mut turn.batch);
    let write = Write::ReplaceOnboarding { session, was: request.record.version };
    let batch = and(batch, last).write(write);
    ask(batch, move |committed| match committed {
        Ok(()) => {
            let shown = OnboardingState::Completed(Box::new(signed_in));
            Step::Done(Ok(show::result(&request.token, &turn.state, shown)))
        }
        Err(Conflict) => again(request, turn.counted, turn.env),
    })
}

/// The record of the onboarding as it is kept until it expires, so that its token is told from a made-up one.
fn over(request: &Request, turn: &mut Turn, user: &User) -> OnboardingSession {
    let goal = Goal::SignIn { user: user.id, epoch: user.epoch };
    let (kept, claims) = (Default::default(), Default::default());
    let state = State { goal, kept, claims, is_complete: true, ..turn.state.clone() };
    state.replace(&request.record, &mut turn.env)
}

fn and(batch: Commit, mut last: Commit) -> Commit {
    let mut batch = batch.write_all(last.writes);
    batch.guards.append(&mut last.guards);
    // What the step recorded came first.
    last.events.append(&mut batch.events);
    batch.messages.append(&mut last.messages);
    Commit { events: last.events, ..batch }
}
