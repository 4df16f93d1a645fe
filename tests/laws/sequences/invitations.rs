//! What holds of invitations after any sequence of requests.

use proptest::prelude::*;
use testudo::flow::admin::{activate, deactivate};
use testudo::flow::{
    AcceptInvitation, Invite, Login, accept_invitation, invite, login, revoke_invitation,
};
use testudo::model::{Invitation, JsonObject, User};
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::{Duration, Policy, Refusal, Secret};

use crate::{ADA, PASSWORD, ada, world_with_session};

/// Something that Ada or one of her guests does, or time that passes. Numbers pick one of the invitations so
/// far, or one of the guests.
#[derive(Clone, Debug)]
enum Action {
    SignIn,
    InviteAnybody { seats: u32, minutes: u64 },
    InviteOne { guest: usize, minutes: u64 },
    Accept { invitation: usize, guest: usize },
    Revoke(usize),
    Deactivate,
    Activate,
    Advance(Duration),
}

const GUESTS: [&str; 5] =
    ["bob@example.com", "eve@example.com", "fay@example.com", "gil@example.com", "hal@example.com"];

fn any_action() -> impl Strategy<Value = Action> {
    let guest = || 0..GUESTS.len();
    prop_oneof![
        2 => Just(Action::SignIn),
        2 => (1u32..4, 1u64..40).prop_map(|(seats, minutes)| Action::InviteAnybody { seats, minutes }),
        2 => (guest(), 1u64..40).prop_map(|(guest, minutes)| Action::InviteOne { guest, minutes }),
        8 => (any::<usize>(), guest())
            .prop_map(|(invitation, guest)| Action::Accept { invitation, guest }),
        1 => any::<usize>().prop_map(Action::Revoke),
        1 => Just(Action::Deactivate),
        1 => Just(Action::Activate),
        1 => (1u64..20).prop_map(|minutes| Action::Advance(Duration::from_minutes(minutes))),
    ]
}

/// An invitation as it was made, what its link carries, and what became of it.
struct Made {
    invitation: Invitation,
    token: Secret<String>,
    accounts: u32,
    is_revoked: bool,
}

struct Trial {
    world: World,
    tokens: Tokens,
    made: Vec<Made>,
    is_ada_active: bool,
}

impl Trial {
    fn new() -> Self {
        let (mut world, start) = world_with_session();
        // Limits are others' laws.
        let mut policy = Policy::default();
        policy.email_proof.attempts = 1000;
        policy.mail_user.attempts = 1000;
        world.set_policy(policy);
        world.change_user(ADA, |user| user.is_verified = true);
        Self { world, tokens: start.tokens, made: Vec::new(), is_ada_active: true }
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::SignIn => {
                let request = Login::new(ADA, PASSWORD.into());
                let signed_in = self.world.run(|env| login(request, env));
                if let Ok(tokens) = signed_in.map(crate::tokens_of) {
                    self.tokens = tokens.unwrap();
                }
            }
            Action::InviteAnybody { seats, minutes } => self.invite(Invite::open(seats), minutes),
            Action::InviteOne { guest, minutes } => {
                self.invite(Invite::bound(GUESTS[guest]), minutes);
            }
            Action::Accept { invitation, guest } => self.accept(invitation, GUESTS[guest]),
            Action::Revoke(number) => {
                let Some(place) = self.pick(number) else { return };
                let (id, access) = (self.made[place].invitation.id, self.tokens.access.expose());
                let revoked = self.world.run(|env| revoke_invitation(access, id, env));
                self.made[place].is_revoked |= revoked.is_ok();
            }
            Action::Deactivate => {
                self.world.run(|env| deactivate(ada(), env)).unwrap();
                self.is_ada_active = false;
            }
            Action::Activate => {
                self.world.run(|env| activate(ada(), env)).unwrap();
                self.is_ada_active = true;
            }
            Action::Advance(span) => self.world.advance(span),
        }
    }

    fn invite(&mut self, request: Invite, minutes: u64) {
        let request = Invite { expires_in: Some(Duration::from_minutes(minutes)), ..request };
        let access = self.tokens.access.expose();
        if let Ok(invited) = self.world.run(|env| invite(access, request, env)) {
            assert!(self.is_ada_active, "who may not come in invites nobody");
            let mailed = || self.world.messages().pop().unwrap().token.unwrap();
            let token = invited.token.unwrap_or_else(mailed);
            let invitation = invited.invitation;
            self.made.push(Made { invitation, token, accounts: 0, is_revoked: false });
        }
    }

    /// The law: an account is made if, and only if, the invitation counts, for this address.
    fn accept(&mut self, number: usize, guest: &str) {
        let Some(place) = self.pick(number) else { return };
        let Made { invitation, token, accounts, is_revoked } = &self.made[place];
        let counts = self.world.now() < invitation.expires_at
            && *accounts < invitation.seats
            && !is_revoked
            && self.is_ada_active;
        let bound = invitation.email.as_ref().map(|email| email.key().as_str());
        let is_for_guest = bound.is_none_or(|bound| bound == guest);
        let (is_bound, is_known) = (bound.is_some(), self.account(guest).is_some());
        let request = AcceptInvitation {
            token: token.clone(),
            email: Some(guest.to_owned()),
            password: PASSWORD.into(),
            profile: JsonObject::new(),
        };
        let before = self.world.tables().users().count();
        let answer = self.world.run(|env| accept_invitation(request, env));
        let is_made = self.world.tables().users().count() - before;
        assert_eq!(is_made, usize::from(counts && is_for_guest && !is_known), "{answer:?}");
        if is_made == 1 {
            self.made[place].accounts += 1;
            assert_eq!(self.account(guest).unwrap().is_verified, is_bound);
        }
        let expected = match () {
            () if !counts => Err(Refusal::InvalidToken),
            () if is_for_guest && !(is_known && is_bound) => Ok(()),
            () if is_for_guest => Err(Refusal::EmailTaken),
            () => {
                assert!(matches!(answer, Err(Refusal::Invalid(_))), "{answer:?}");
                return;
            }
        };
        assert_eq!(answer, expected);
    }

    fn account(&self, email: &str) -> Option<User> {
        self.world.tables().users().find(|user| user.email.key().as_str() == email).cloned()
    }

    fn pick(&self, number: usize) -> Option<usize> {
        number.checked_rem(self.made.len())
    }
}

proptest! {
    #[test]
    fn no_sequence_of_requests_makes_more_accounts_than_seats_or_after_the_end(
        actions in prop::collection::vec(any_action(), 1..60),
    ) {
        let mut trial = Trial::new();
        actions.iter().for_each(|action| trial.act(action));
    }
}
