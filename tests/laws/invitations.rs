//! Laws of invitations: in every order of events.

use testudo::command::UserKey;
use testudo::event::Event;
use testudo::flow::admin::deactivate;
use testudo::flow::{AcceptInvitation, Invite, accept_invitation, invite, revoke_invitation};
use testudo::message::MessageKind;
use testudo::model::{Invitation, JsonObject};
use testudo::testing::{Ending, Explorer, World};
use testudo::token::Tokens;
use testudo::{Client, Policy, Refusal, Secret};

use super::{ADA, PASSWORD, world_with_session};

type Answer = Result<(), Refusal>;

/// A world in which Ada may invite one more, with her tokens.
fn world_of_an_inviter() -> (World, Tokens) {
    let (mut world, start) = world_with_session();
    world.change_user(ADA, |user| user.is_verified = true);
    (world, start.tokens)
}

/// An open invitation with so many seats, and what its link carries.
fn opened(seats: u32) -> (World, Tokens, Invitation, Secret<String>) {
    let (mut world, tokens) = world_of_an_inviter();
    let access = tokens.access.expose();
    let invited = world.run(|env| invite(access, Invite::open(seats), env)).unwrap();
    (world, tokens, invited.invitation, invited.token.unwrap())
}

fn acceptance(token: &Secret<String>, email: &str) -> AcceptInvitation {
    AcceptInvitation {
        token: token.clone(),
        email: Some(email.to_owned()),
        password: PASSWORD.into(),
        profile: JsonObject::new(),
    }
}

fn accepting<'a>(
    explorer: Explorer<'a, Answer>,
    token: &'a Secret<String>,
    email: &'static str,
) -> Explorer<'a, Answer> {
    explorer.flow(email, move |env| accept_invitation(acceptance(token, email), env), |it| it)
}

fn is_yes(ending: &Ending<Answer>) -> bool {
    matches!(ending, Ending::Done(Ok(())))
}

fn taken(world: &World) -> u32 {
    world.tables().invitations().next().unwrap().taken
}

/// How many accounts there are besides Ada's.
fn newcomers(world: &World) -> u32 {
    u32::try_from(world.tables().users().count() - 1).unwrap()
}

const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

#[test]
fn the_last_seat_is_taken_by_one_of_all_who_want_it() {
    let (world, _, _, token) = opened(1);
    let explorer = accepting(Explorer::new(&world), &token, BOB);
    let explorer = accepting(explorer, &token, EVE).with_crashes();
    let mut crashes = 0;
    explorer.check(|world, endings| {
        let yes = endings.iter().filter(|ending| is_yes(ending)).count();
        let full =
            |ending: &&Ending<Answer>| matches!(ending, Ending::Done(Err(Refusal::InvalidToken)));
        let refused = endings.iter().filter(full).count();
        let crashed = endings.iter().filter(|ending| ending.done().is_none()).count();
        crashes += crashed;
        assert_eq!(yes + refused + crashed, 2, "nobody is told anything else");
        assert!(yes <= 1 && newcomers(world) <= 1);
        assert_eq!(newcomers(world), taken(world), "an account for each seat");
        if crashed == 0 {
            assert_eq!((yes, newcomers(world)), (1, 1));
        }
    });
    assert!(crashes > 0);
}

#[test]
fn one_address_takes_one_seat_however_often_it_accepts_at_once() {
    let (world, _, _, token) = opened(3);
    let explorer = accepting(Explorer::new(&world), &token, BOB);
    accepting(explorer, &token, "Bob@Example.com").check(|world, endings| {
        assert!(endings.iter().all(is_yes), "all get the same answer");
        assert_eq!((newcomers(world), taken(world)), (1, 1));
        let kinds: Vec<_> = world.messages().iter().map(|message| message.kind).collect();
        assert_eq!(kinds, [MessageKind::EmailVerification, MessageKind::RegistrationOfTaken]);
    });
}

#[test]
fn nobody_accepts_what_was_taken_back() {
    let (world, tokens, invitation, token) = opened(1);
    let revoking = |env| revoke_invitation(tokens.access.expose(), invitation.id, env);
    let explorer = accepting(Explorer::new(&world), &token, BOB)
        .flow("revoke", revoking, |it| it)
        .with_crashes();
    let (mut first, mut second) = (0, 0);
    explorer.check(|world, endings| {
        let events = world.tables().events();
        let place = |event: &Event| events.iter().position(|record| record.event == *event);
        let id = invitation.id;
        let accepted = place(&Event::InvitationAccepted { invitation: id });
        let revoked = place(&Event::InvitationRevoked { invitation: id });
        if let (Some(accepted), Some(revoked)) = (accepted, revoked) {
            assert!(accepted < revoked, "an account was made afterwards");
            second += 1;
        }
        if is_yes(&endings[1]) {
            assert!(revoked.is_some());
            let after = world.clone().run(|env| accept_invitation(acceptance(&token, EVE), env));
            assert_eq!(after, Err(Refusal::InvalidToken));
        }
        if accepted.is_none() && revoked.is_some() && endings[0].done().is_some() {
            first += 1;
            assert!(!is_yes(&endings[0]));
        }
        assert_eq!(newcomers(world), taken(world));
    });
    assert!(first > 0 && second > 0);
}

#[test]
fn nobody_is_let_in_by_an_inviter_who_was_deactivated_before() {
    let (world, _, invitation, token) = opened(1);
    let ada = world.tables().users().next().unwrap().id;
    let deactivating = |env| deactivate(UserKey::Id(ada), env);
    let explorer = accepting(Explorer::new(&world), &token, BOB)
        .flow("deactivate", deactivating, |it| it.map(drop))
        .with_crashes();
    let mut refused = 0;
    explorer.check(|world, endings| {
        let events = world.tables().events();
        let place = |event: &Event| events.iter().position(|record| record.event == *event);
        let accepted = place(&Event::InvitationAccepted { invitation: invitation.id });
        let deactivated = place(&Event::UserDeactivated);
        if let (Some(accepted), Some(deactivated)) = (accepted, deactivated) {
            assert!(accepted < deactivated);
        }
        refused += usize::from(endings[0] == Ending::Done(Err(Refusal::InvalidToken)));
    });
    assert!(refused > 0);
}

#[test]
fn parallel_invitations_never_pass_the_limit() {
    let (mut world, tokens) = world_of_an_inviter();
    world.set_policy(Policy { open_invitations: 1, ..Policy::default() });
    let open = |env| invite(tokens.access.expose(), Invite::open(1), env);
    let bound = |env| invite(tokens.access.expose(), Invite::bound(BOB), env);
    let explorer = Explorer::new(&world)
        .flow("open", open, |result| result.map(drop))
        .flow("by mail", bound, |result| result.map(drop))
        .with_crashes();
    explorer.check(|world, endings| {
        let yes = endings.iter().filter(|ending| is_yes(ending)).count();
        let open = world.tables().invitations().count();
        assert!(yes <= open && open <= 1);
        let full = Ending::Done(Err(Refusal::TooMany { most: 1 }));
        assert!(endings.iter().all(|it| is_yes(it) || *it == full || it.done().is_none()));
        assert!(world.messages().len() <= open, "no mail without its invitation");
        if endings.iter().all(|ending| ending.done().is_some()) {
            assert_eq!(yes, 1);
        }
    });
}

/// All that is seen of an acceptance from outside, and from beside.
#[derive(Debug, PartialEq)]
struct Seen {
    answer: Answer,
    commands: Vec<&'static str>,
    hashes: usize,
    messages: usize,
}

fn seen(mut world: World, token: &Secret<String>, times: usize) -> Vec<Seen> {
    let mut all = Vec::new();
    for _ in 0..times {
        world.take_trace();
        let (hashes, messages) = (world.hashes(), world.tables().messages().count());
        let answer = world.run(|env| accept_invitation(acceptance(token, BOB), env));
        all.push(Seen {
            answer,
            commands: world.take_trace(),
            hashes: world.hashes() - hashes,
            messages: world.tables().messages().count() - messages,
        });
    }
    all
}

#[test]
fn free_and_taken_addresses_look_alike_to_who_accepts_an_open_invitation() {
    for client in [Client::unknown(), Client::unknown().with_ip([192, 0, 2, 1].into())] {
        let (mut free, _, _, token) = opened(9);
        free.set_client(client);
        let mut taken = free.clone();
        taken.register(BOB, PASSWORD);
        let mut inactive = taken.clone();
        inactive.change_user(BOB, |user| user.is_active = false);
        let model = seen(free, &token, 5);
        assert_eq!((model[0].answer.clone(), model[0].hashes), (Ok(()), 1));
        assert!(matches!(model[4].answer, Err(Refusal::RateLimited { .. })));
        assert_eq!(seen(taken, &token, 5), model);
        assert_eq!(seen(inactive, &token, 5), model);
    }
}

#[test]
fn inviting_an_address_tells_nobody_whether_it_has_an_account() {
    let (free, tokens) = world_of_an_inviter();
    let mut taken = free.clone();
    taken.register(BOB, PASSWORD);
    let seen = |mut world: World| {
        world.take_trace();
        let access = tokens.access.expose();
        let invited = world
            .run(|env| invite(access, Invite::bound(BOB), env))
            .map(|it| (it.invitation.seats, it.token.is_some()));
        let mails: Vec<_> =
            world.messages().iter().map(|mail| (mail.kind, mail.to.clone())).collect();
        (invited, world.take_trace(), mails)
    };
    assert_eq!(seen(free), seen(taken));
}
