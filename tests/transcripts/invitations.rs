//! Invitations: making them, accepting them, taking them back.

use testudo::command::{Conflict, Guard, UserKey, Write};
use testudo::event::{Event, LimitName};
use testudo::flow::admin::{self, activate, deactivate};
use testudo::flow::{
    AcceptInvitation, InvitationPage, Invite, Invited, SignedIn, accept_invitation, invite,
    list_invitations, logout_all, revoke_invitation,
};
use testudo::message::MessageKind;
use testudo::model::{Epoch, Invitation, InvitationId, JsonObject, User};
use testudo::signing::{Claim, EmailVerification, PasswordReset, PurposeSigner};
use testudo::testing::{World, expect};
use testudo::{Client, Duration, KeyRing, Policy, Refusal, Secret, Timestamp};

use super::{ADA, PASSWORD, allow, owned, recorded, world_with_session};

const BOB: &str = "bob@example.com";

/// A world in which Ada's address was verified and she has signed in.
fn with_inviter() -> (World, SignedIn) {
    let (mut world, signed_in) = world_with_session();
    let user = world.change_user(ADA, |user| user.is_verified = true);
    (world, SignedIn { user, ..signed_in })
}

fn try_inviting(world: &mut World, it: &SignedIn, request: Invite) -> Result<Invited, Refusal> {
    world.run(|env| invite(it.tokens.access.expose(), request, env))
}

/// An invitation and what its link carries.
fn invited(world: &mut World, it: &SignedIn, request: Invite) -> (Invitation, Secret<String>) {
    let Invited { invitation, token } = try_inviting(world, it, request).unwrap();
    (invitation, token.unwrap_or_else(|| last_token(world)))
}

fn last_token(world: &World) -> Secret<String> {
    world.messages().pop().unwrap().token.unwrap()
}

fn acceptance(token: &Secret<String>, email: Option<&str>) -> AcceptInvitation {
    AcceptInvitation {
        token: token.clone(),
        email: email.map(str::to_owned),
        password: PASSWORD.into(),
        profile: JsonObject::new(),
    }
}

fn accept(world: &mut World, token: &Secret<String>, email: Option<&str>) -> Result<(), Refusal> {
    let request = acceptance(token, email);
    world.run(|env| accept_invitation(request, env))
}

fn user_of(world: &World, email: &str) -> Option<User> {
    world.tables().users().find(|user| user.email.key().as_str() == email).cloned()
}

fn stored(world: &World, id: InvitationId) -> Invitation {
    world.tables().invitations().find(|invitation| invitation.id == id).unwrap().clone()
}

fn keys() -> KeyRing {
    KeyRing::parse(World::SECRET).unwrap()
}

fn in_one_minute(world: &World) -> Timestamp {
    world.now() + Duration::from_minutes(1)
}

#[test]
fn an_open_invitation_is_told_to_its_inviter_and_mailed_to_nobody() {
    let (mut world, it) = with_inviter();
    let step = invite(it.tokens.access.expose(), Invite::open(3), world.env());
    let found = Some((it.session.clone(), it.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), ListInvitations);
    assert_eq!((ask.command.invited_by, ask.command.before), (Some(it.user.id), None));
    let ask = expect!(ask.answer(Vec::new()), Commit);
    let guard = Guard::SessionVersion { id: it.session.id, version: it.session.version };
    assert_eq!(ask.command.guards, [guard]);
    let [Write::InsertInvitation(invitation), Write::ReplaceUser { user, was }] =
        &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(**user, User { version: it.user.version.next(), ..it.user.clone() });
    assert_eq!(*was, it.user.version);
    assert_eq!((invitation.invited_by, invitation.seats), (Some(it.user.id), 3));
    assert_eq!(invitation.expires_at, world.now() + Duration::from_days(7));
    let created = Event::InvitationCreated { invitation: invitation.id };
    assert_eq!(ask.command.events[0].event, created);
    assert!(ask.command.messages.is_empty());
    let invitation = Invitation::clone(invitation);
    let invited = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!(invited.invitation, invitation);
    assert!(invited.token.is_some());
}

#[test]
fn the_link_of_a_bound_invitation_goes_to_its_address_and_nowhere_else() {
    let (mut world, it) = with_inviter();
    let invited = try_inviting(&mut world, &it, Invite::bound(" Bob@Example.com")).unwrap();
    assert!(invited.token.is_none());
    let [message] = &world.messages()[..] else { panic!("one mail") };
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::Invitation, "Bob@Example.com"));
    assert_eq!(message.expires_at, Some(invited.invitation.expires_at));
    let token = last_token(&world);
    assert_eq!(accept(&mut world, &token, None), Ok(()));
    let bob = user_of(&world, BOB).unwrap();
    assert!(bob.is_verified, "the link proved the mailbox");
    assert_eq!(stored(&world, invited.invitation.id).taken, 1);
    assert_eq!(world.messages().len(), 1, "nothing is left to verify");
    assert_eq!(world.tables().sessions().count(), 1, "nobody is signed in");
    world.login(BOB, PASSWORD);
}

#[test]
fn only_who_has_a_verified_address_and_a_live_session_invites() {
    let (mut world, it) = with_inviter();
    world.change_user(ADA, |user| user.is_verified = false);
    let refused = try_inviting(&mut world, &it, Invite::open(1)).unwrap_err();
    assert_eq!(refused, Refusal::EmailUnverified);
    world.change_user(ADA, |user| user.is_verified = true);
    world.run(|env| logout_all(it.tokens.access.expose(), env)).unwrap();
    let refused = try_inviting(&mut world, &it, Invite::open(1)).unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
    assert_eq!(world.tables().invitations().count(), 0);
}

#[test]
fn all_that_is_wrong_with_an_invitation_is_told() {
    let (mut world, it) = with_inviter();
    let mut codes = |request: Invite| match try_inviting(&mut world, &it, request) {
        Err(Refusal::Invalid(errors)) => errors.into_iter().map(|error| error.code).collect(),
        other => other.map(|_| Vec::new()).unwrap(),
    };
    let lasting = |expires_in| Invite { expires_in: Some(expires_in), ..Invite::open(1) };
    let days = Duration::from_days;
    let beyond = Duration::from_millis(days(90).as_millis() + 1);
    assert_eq!(codes(Invite::open(0)), ["invalid_seats"]);
    assert_eq!(codes(Invite::open(1001)), ["invalid_seats"]);
    assert_eq!(codes(Invite { seats: 2, ..Invite::bound(BOB) }), ["invalid_seats"]);
    assert_eq!(codes(lasting(Duration::from_millis(999))), ["invalid_span"]);
    assert_eq!(codes(lasting(beyond)), ["invalid_span"]);
    for email in ["", "no address", "a@example.com,b@example.com", "Bob <bob@example.com>"] {
        assert_eq!(codes(Invite::bound(email)), ["invalid_email"], "{email}");
    }
    let all = Invite { seats: 0, expires_in: Some(beyond), ..Invite::bound("no address") };
    assert_eq!(codes(all), ["invalid_email", "invalid_seats", "invalid_span"]);
    for fine in [Invite::open(1000), lasting(days(90)), lasting(Duration::from_secs(1))] {
        assert!(codes(fine).is_empty());
    }
}

#[test]
fn a_user_has_so_many_open_invitations_and_no_more() {
    let (mut world, it) = with_inviter();
    world.set_policy(Policy { open_invitations: 2, ..Policy::default() });
    let (first, _) = invited(&mut world, &it, Invite::open(1));
    let (_, token) = invited(&mut world, &it, Invite::open(1));
    let full = Refusal::TooMany { most: 2 };
    assert_eq!(try_inviting(&mut world, &it, Invite::open(1)).unwrap_err(), full);
    let access = it.tokens.access.expose();
    world.run(|env| revoke_invitation(access, first.id, env)).unwrap();
    accept(&mut world, &token, Some(BOB)).unwrap();
    let short = Invite { expires_in: Some(Duration::from_secs(1)), ..Invite::open(1) };
    for _ in 0..2 {
        invited(&mut world, &it, short.clone());
    }
    assert_eq!(try_inviting(&mut world, &it, Invite::open(1)).unwrap_err(), full);
    world.advance(Duration::from_secs(1));
    assert!(try_inviting(&mut world, &it, Invite::open(1)).is_ok());
    assert!(world.run(|env| admin::invite(Invite::open(1), env)).is_ok(), "nobody's count");
}

/// However few of them are open: what a user did before must not hide from the count what is open.
#[test]
fn a_user_whose_invitations_fill_a_page_makes_no_more() {
    let (mut world, it) = with_inviter();
    let (invitation, _) = invited(&mut world, &it, Invite::open(1));
    let step = invite(it.tokens.access.expose(), Invite::open(1), world.env());
    let found = Some((it.session.clone(), it.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), ListInvitations);
    let full = Invitation { taken: 1, ..invitation };
    let page = vec![full; usize::try_from(ask.command.limit).unwrap()];
    assert!(matches!(expect!(ask.answer(page), Done), Err(Refusal::TooMany { .. })));
}

#[test]
fn mail_to_an_address_is_counted_whoever_invites() {
    let (mut world, it) = with_inviter();
    for _ in 0..3 {
        try_inviting(&mut world, &it, Invite::bound(BOB)).unwrap();
    }
    let refused = try_inviting(&mut world, &it, Invite::bound("BOB@example.com")).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }));
    assert_eq!(world.messages().len(), 3);
    let reached = Event::RateLimitExceeded { limit: LimitName::EmailProof };
    let events = world.tables().events();
    assert_eq!(events.iter().filter(|record| record.event == reached).count(), 1);
    assert!(try_inviting(&mut world, &it, Invite::bound("eve@example.com")).is_ok());
}

#[test]
fn a_session_that_ended_meanwhile_invites_nobody() {
    let (mut world, it) = with_inviter();
    let found = Some((it.session.clone(), it.user.clone()));
    let raised = User { epoch: it.user.epoch.next(), ..it.user.clone() };
    let unverified = User { is_verified: false, ..it.user.clone() };
    for (found_again, refusal) in [
        (Some((it.session.clone(), raised)), Refusal::RevokedToken),
        (Some((it.session.clone(), unverified)), Refusal::EmailUnverified),
        (None, Refusal::InvalidToken),
    ] {
        let step = invite(it.tokens.access.expose(), Invite::open(1), world.env());
        let step = expect!(step, FindSessionWithUser).answer(found.clone());
        let ask = expect!(expect!(step, ListInvitations).answer(Vec::new()), Commit);
        let ask = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
        assert_eq!(expect!(ask.answer(found_again), Done).unwrap_err(), refusal);
    }
}

#[test]
fn who_accepts_an_open_invitation_has_an_unverified_account_and_a_mail() {
    let (mut world, it) = with_inviter();
    let (invitation, token) = invited(&mut world, &it, Invite::open(2));
    let profile: JsonObject = [("is_verified".to_owned(), true.into())].into_iter().collect();
    let request = AcceptInvitation { profile: profile.clone(), ..acceptance(&token, Some(BOB)) };
    let step = accept_invitation(request, world.env());
    let ask = expect!(step, FindInvitation);
    assert_eq!(ask.command.id, invitation.id);
    let ask = expect!(ask.answer(Some(invitation.clone())), FindUser);
    assert_eq!(ask.command.key, UserKey::Id(it.user.id));
    let step = allow(ask.answer(Some(it.user.clone())), &world);
    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(hash.clone())), FindUser);
    let ask = expect!(ask.answer(None), Commit);
    let guard = Guard::UserEpoch { id: it.user.id, epoch: it.user.epoch };
    assert_eq!(ask.command.guards, [guard]);
    let [Write::InsertUser(bob), Write::ReplaceInvitation { invitation: next, was }] =
        &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((bob.email.key().as_str(), &bob.password), (BOB, &hash));
    assert!(!bob.is_verified && bob.profile == profile, "the profile is not the record");
    assert_eq!((next.taken, *was), (1, invitation.version));
    let events: Vec<_> = ask.command.events.iter().map(|record| record.event.clone()).collect();
    let accepted = Event::InvitationAccepted { invitation: invitation.id };
    assert_eq!(events, [Event::UserCreated, accepted]);
    let message = ask.command.messages[0].open(&keys()).unwrap();
    assert_eq!((message.kind, message.to.as_str()), (MessageKind::EmailVerification, BOB));
    let signer = keys();
    let link = PurposeSigner::<EmailVerification>::new(&signer)
        .verify(message.token.unwrap().expose(), world.now())
        .unwrap();
    assert_eq!(link.claim().text(), BOB);
    assert_eq!(link.claim().account().unwrap().user, bob.id);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_taken_address_gets_the_same_answer_and_its_owner_a_mail() {
    let (mut world, it) = with_inviter();
    let (invitation, token) = invited(&mut world, &it, Invite::open(1));
    let bob = world.register("Bob@example.com", PASSWORD);
    assert_eq!(accept(&mut world, &token, Some("bob@EXAMPLE.com")), Ok(()));
    assert_eq!(stored(&world, invitation.id), invitation, "no seat was taken");
    assert_eq!(user_of(&world, BOB).unwrap(), bob);
    let [message] = &world.messages()[..] else { panic!("one mail") };
    assert_eq!(message.kind, MessageKind::RegistrationOfTaken);
    assert_eq!(message.to, "Bob@example.com", "the spelling of its owner");
    assert!(message.token.is_none());
    for _ in 0..2 {
        accept(&mut world, &token, Some(BOB)).unwrap();
    }
    let refused = accept(&mut world, &token, Some(BOB)).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "nobody is flooded");
}

#[test]
fn a_bound_invitation_of_a_taken_address_is_told_to_who_has_the_mailbox() {
    let (mut world, it) = with_inviter();
    world.register(BOB, PASSWORD);
    let (invitation, token) = invited(&mut world, &it, Invite::bound(BOB));
    assert_eq!(accept(&mut world, &token, None), Err(Refusal::EmailTaken));
    assert_eq!(stored(&world, invitation.id), invitation);
    assert!(!user_of(&world, BOB).unwrap().is_verified, "accepting verifies no account by the way");
}

#[test]
fn a_bound_invitation_takes_its_own_address_in_any_spelling_and_no_other() {
    let (mut world, it) = with_inviter();
    let (invitation, token) = invited(&mut world, &it, Invite::bound(BOB));
    let refused = accept(&mut world, &token, Some("eve@example.com")).unwrap_err();
    let Refusal::Invalid(errors) = refused else { panic!("{refused}") };
    assert_eq!(errors[0].code, "other_email");
    assert!(!errors[0].message.contains("bob"), "{}", errors[0].message);
    assert_eq!(stored(&world, invitation.id).taken, 0);
    assert_eq!(accept(&mut world, &token, Some("BOB@example.com")), Ok(()));
    assert!(user_of(&world, BOB).unwrap().is_verified);
    assert_eq!(accept(&mut world, &token, None), Err(Refusal::InvalidToken), "it is full");
}

#[test]
fn address_and_password_are_judged_before_anything_is_counted() {
    let (mut world, it) = with_inviter();
    let (_, token) = invited(&mut world, &it, Invite::open(1));
    let mut codes = |email: Option<&str>, password: &str| {
        let request = AcceptInvitation { password: password.into(), ..acceptance(&token, email) };
        match world.run(|env| accept_invitation(request, env)) {
            Err(Refusal::Invalid(errors)) => errors.into_iter().map(|error| error.code).collect(),
            _ => Vec::new(),
        }
    };
    assert_eq!(codes(None, PASSWORD), ["invalid_email"]);
    assert_eq!(codes(Some("no address"), "short"), ["invalid_email", "password_too_short"]);
    assert_eq!(codes(Some(BOB), "bob@example.com"), ["password_too_similar"]);
    let mails = |(key, _): &(&testudo::model::AttemptKey, _)| key.as_str().starts_with("proof:");
    assert_eq!(world.tables().attempts().filter(mails).count(), 0);
}

#[test]
fn an_invitation_counts_until_just_before_its_end() {
    let (mut world, it) = with_inviter();
    let short = Invite { expires_in: Some(Duration::from_secs(90)), ..Invite::open(2) };
    let (invitation, token) = invited(&mut world, &it, short);
    world.set_clock(invitation.expires_at);
    assert_eq!(accept(&mut world, &token, Some(BOB)), Err(Refusal::InvalidToken));
    world.set_clock(invitation.created_at + Duration::from_millis(90_000 - 1));
    assert_eq!(accept(&mut world, &token, Some(BOB)), Ok(()));
    // The link and the record must say the same.
    let longer = Invitation { expires_at: in_one_minute(&world), ..invitation };
    let step = accept_invitation(acceptance(&token, Some("eve@example.com")), world.env());
    let ask = expect!(step, FindInvitation);
    assert_eq!(expect!(recorded(ask.answer(Some(longer))), Done), Err(Refusal::InvalidToken));
}

#[test]
fn what_no_open_invitation_is_behind_opens_nothing() {
    let (mut world, it) = with_inviter();
    let (invitation, token) = invited(&mut world, &it, Invite::open(1));
    let (now, keys) = (world.now(), keys());
    let claim = || Claim::new(invitation.id.to_string(), invitation.expires_at).unwrap();
    // Genuine, and for something else; or for no invitation.
    let invitations = PurposeSigner::<testudo::signing::Invitation>::new(&keys);
    let other_text = Claim::new("no id", in_one_minute(&world)).unwrap();
    world.take_trace();
    for text in [
        PurposeSigner::<PasswordReset>::new(&keys).sign(claim()),
        PurposeSigner::<EmailVerification>::new(&keys).sign(claim()),
        PurposeSigner::<PasswordReset>::new(&keys).sign(claim().about(it.user.id, Epoch::FIRST)),
        invitations.sign(other_text),
        it.tokens.access.clone(),
        Secret::new(String::new()),
        Secret::new(format!("{}A", token.expose())),
    ] {
        assert_eq!(accept(&mut world, &text, Some(BOB)), Err(Refusal::InvalidToken));
    }
    assert_eq!(world.take_trace(), [""; 0], "nothing was asked");
    let expired = invitations.sign(Claim::new(invitation.id.to_string(), now).unwrap());
    assert_eq!(accept(&mut world, &expired, Some(BOB)), Err(Refusal::InvalidToken));
    let full = Invitation { taken: 1, ..invitation.clone() };
    let revoked = Invitation { revoked_at: Some(now), ..invitation };
    for found in [None, Some(full), Some(revoked)] {
        let step = accept_invitation(acceptance(&token, Some(BOB)), world.env());
        let ask = expect!(step, FindInvitation);
        assert_eq!(expect!(recorded(ask.answer(found)), Done), Err(Refusal::InvalidToken));
    }
}

#[test]
fn the_invitation_of_somebody_whose_account_may_not_be_used_is_dead_until_it_may() {
    let (mut world, it) = with_inviter();
    let (_, token) = invited(&mut world, &it, Invite::open(2));
    let ada = || UserKey::Id(it.user.id);
    world.run(|env| deactivate(ada(), env)).unwrap();
    assert_eq!(accept(&mut world, &token, Some(BOB)), Err(Refusal::InvalidToken));
    world.run(|env| activate(ada(), env)).unwrap();
    assert_eq!(accept(&mut world, &token, Some(BOB)), Ok(()));
    let closes_at = in_one_minute(&world);
    world.change_user(ADA, |user| user.closes_at = Some(closes_at));
    let eve = Some("eve@example.com");
    assert_eq!(accept(&mut world, &token, eve), Err(Refusal::InvalidToken));
    let now = closes_at + Duration::from_minutes(61);
    assert_eq!(world.run(|env| testudo::flow::sweep(10, env.settings().policy(), now)).accounts, 1);
    assert_eq!(world.tables().invitations().count(), 0, "it goes with who made it");
    assert_eq!(accept(&mut world, &token, eve), Err(Refusal::InvalidToken));
}

#[test]
fn after_a_conflict_nothing_is_counted_or_hashed_again() {
    let (mut world, it) = with_inviter();
    world.set_client(Client::unknown().with_ip([192, 0, 2, 1].into()));
    let (invitation, token) = invited(&mut world, &it, Invite::open(2));
    let step = accept_invitation(acceptance(&token, Some(BOB)), world.env());
    let step = expect!(step, FindInvitation).answer(Some(invitation.clone()));
    let step = expect!(step, FindUser).answer(Some(it.user.clone()));
    let step = allow(allow(step, &world), &world);
    let hash = World::stored_hash(PASSWORD, true);
    let step = expect!(step, HashPassword).answer(Ok(hash));
    let step = expect!(expect!(step, FindUser).answer(None), Commit).answer(Err(Conflict));
    let taken = Invitation { taken: 1, version: invitation.version.next(), ..invitation.clone() };
    let again = expect!(step, FindInvitation).answer(Some(taken.clone()));
    let again = expect!(again, FindUser).answer(Some(it.user.clone()));
    let ask = expect!(expect!(again, FindUser).answer(None), Commit);
    let Write::ReplaceInvitation { invitation: next, was } = &ask.command.writes[1] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((next.taken, *was), (2, taken.version));
    let full = Invitation { taken: 2, ..taken };
    let ask = expect!(ask.answer(Err(Conflict)), FindInvitation);
    assert_eq!(expect!(recorded(ask.answer(Some(full))), Done), Err(Refusal::InvalidToken));
}

#[test]
fn a_revoked_invitation_counts_no_more_and_is_swept() {
    let (mut world, it) = with_inviter();
    let (invitation, token) = invited(&mut world, &it, Invite::open(2));
    let access = it.tokens.access.expose();
    let step = revoke_invitation(access, invitation.id, world.env());
    let step = expect!(step, FindSession).answer(owned(&it.session, &it.user));
    let ask = expect!(expect!(step, FindInvitation).answer(Some(invitation.clone())), Commit);
    let guards = [
        Guard::UserEpoch { id: it.user.id, epoch: it.session.epoch },
        Guard::SessionVersion { id: it.session.id, version: it.session.version },
    ];
    assert_eq!(ask.command.guards, guards);
    let revoked = Event::InvitationRevoked { invitation: invitation.id };
    assert_eq!(ask.command.events[0].event, revoked);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));

    world.run(|env| revoke_invitation(access, invitation.id, env)).unwrap();
    assert_eq!(stored(&world, invitation.id).revoked_at, Some(world.now()));
    assert_eq!(accept(&mut world, &token, Some(BOB)), Err(Refusal::InvalidToken));
    let now = world.now() + Duration::from_minutes(60);
    assert_eq!(
        world.run(|env| testudo::flow::sweep(10, env.settings().policy(), now)).invitations,
        1
    );
}

#[test]
fn foreign_unknown_and_revoked_invitations_look_alike_to_who_wants_to_revoke_them() {
    let (mut world, it) = with_inviter();
    let (own, _) = invited(&mut world, &it, Invite::open(2));
    let eve = world.register("eve@example.com", PASSWORD).id;
    let of_nobody = Invitation { invited_by: None, ..own.clone() };
    let foreign = Invitation { invited_by: Some(eve), ..own.clone() };
    let revoked = Invitation { revoked_at: Some(world.now()), ..own.clone() };
    for found in [None, Some(of_nobody), Some(foreign), Some(revoked)] {
        let step = revoke_invitation(it.tokens.access.expose(), own.id, world.env());
        let step = expect!(step, FindSession).answer(owned(&it.session, &it.user));
        let ask = expect!(step, FindInvitation);
        assert_eq!(expect!(ask.answer(found), Done), Err(Refusal::NotFound));
    }
}

#[test]
fn invitations_are_listed_to_who_made_them_and_administrators_see_all() {
    let (mut world, it) = with_inviter();
    let (first, _) = invited(&mut world, &it, Invite::open(1));
    world.advance(Duration::from_secs(1));
    let (second, _) = invited(&mut world, &it, Invite::bound(BOB));
    let by_admin = world.run(|env| admin::invite(Invite::open(5), env)).unwrap();
    let (access, now, page) = (it.tokens.access.expose(), world.now(), InvitationPage::default());
    let listed = world.run(|env| list_invitations(access, page, env.settings(), now)).unwrap();
    assert_eq!(listed, [second.clone(), first.clone()]);
    let next = InvitationPage { before: Some(second.id), limit: 1 };
    let rest = world.run(|env| list_invitations(access, next, env.settings(), now)).unwrap();
    assert_eq!(rest, listed[1..]);
    let of = |world: &mut World, user| world.run(|_| admin::list_invitations(user, page));
    assert_eq!(of(&mut world, Some(it.user.id)), listed);
    assert!(of(&mut world, None).iter().eq([&by_admin.invitation]));
    accept(&mut world, &by_admin.token.unwrap(), Some("eve@example.com")).unwrap();
    world.run(|env| admin::revoke_invitation(first.id, env)).unwrap();
    let again = world.run(|env| admin::revoke_invitation(first.id, env));
    assert_eq!(again, Err(Refusal::NotFound));
    world.run(|env| logout_all(access, env)).unwrap();
    let refused = world.run(|env| list_invitations(access, page, env.settings(), now)).unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
}
