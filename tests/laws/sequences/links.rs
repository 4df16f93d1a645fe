//! What holds of links after any sequence of requests.

use std::collections::BTreeSet;

use proptest::prelude::*;
use testudo::flow::admin::{activate, deactivate, reopen_account as reopen_by_admin};
use testudo::flow::{
    Login, ResetPassword, change_email, close_account, login, logout_all, reopen_account,
    request_email_change, request_email_verification, request_password_reset, reset_password,
    undo_email_change, verify_email,
};
use testudo::message::{Message, MessageKind};
use testudo::model::{PreviousEmail, User};
use testudo::testing::World;
use testudo::{Duration, Policy, Refusal, Secret};

use crate::{ADA, PASSWORD, world_with_ada};

/// Something that somebody does with the one account, or time that passes. Numbers pick one of the access
/// tokens, links or addresses so far.
#[derive(Clone, Debug)]
enum Action {
    SignIn,
    SignOutEverywhere(usize),
    AskForReset,
    AskToVerify(usize),
    AskToMove(usize, usize),
    Close(usize),
    Deactivate,
    Activate,
    Reopen,
    Use(usize),
    Advance(Duration),
}

const ADDRESSES: [&str; 3] = [ADA, "ada@new.example", "ada@third.example"];

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::SignIn),
        1 => any::<usize>().prop_map(Action::SignOutEverywhere),
        2 => Just(Action::AskForReset),
        2 => any::<usize>().prop_map(Action::AskToVerify),
        4 => any::<(usize, usize)>().prop_map(|(who, to)| Action::AskToMove(who, to)),
        1 => any::<usize>().prop_map(Action::Close),
        1 => Just(Action::Deactivate),
        1 => Just(Action::Activate),
        1 => Just(Action::Reopen),
        10 => any::<usize>().prop_map(Action::Use),
        1 => (1u64..40).prop_map(|minutes| Action::Advance(Duration::from_minutes(minutes))),
        1 => (1u64..9).prop_map(|days| Action::Advance(Duration::from_days(days))),
    ]
}

/// A link that was mailed, and whether it was refused for good.
struct Mailed {
    message: Message,
    is_dead: bool,
}

struct Trial {
    world: World,
    access: Vec<Secret<String>>,
    links: Vec<Mailed>,
    passwords: u32,
    /// Messages that were looked at.
    seen: usize,
}

impl Trial {
    fn new() -> Self {
        let mut world = world_with_ada();
        // Limits are others' laws.
        let mut policy = Policy::default();
        policy.password_reset.attempts = 1000;
        policy.email_proof.attempts = 1000;
        policy.mail_user.attempts = 1000;
        world.set_policy(policy);
        world.change_user(ADA, |user| user.password = World::stored_hash(PASSWORD, true));
        Self { world, access: Vec::new(), links: Vec::new(), passwords: 0, seen: 0 }
    }

    fn account(&self) -> User {
        self.world.tables().users().next().unwrap().clone()
    }

    fn act(&mut self, action: &Action) {
        let key = testudo::command::UserKey::Id(self.account().id);
        let world = &mut self.world;
        let address = world.tables().users().next().unwrap().email.as_str().to_owned();
        let access = |number: &usize| {
            self.access.get(number.checked_rem(self.access.len())?).map(Secret::expose)
        };
        match action {
            Action::SignIn => {
                for password in [PASSWORD.to_owned(), phrase(self.passwords)] {
                    let request = Login::new(address.as_str(), password.as_str().into());
                    if let Ok(new) = world.run(|env| login(request, env)) {
                        self.access.push(new.signed_in().unwrap().tokens.access);
                        break;
                    }
                }
            }
            Action::SignOutEverywhere(who) => {
                let Some(access) = access(who) else { return };
                let _ = world.run(|env| logout_all(access, env));
            }
            Action::AskForReset => {
                world.run(|env| request_password_reset(&address, env)).unwrap();
            }
            Action::AskToVerify(who) => {
                let Some(access) = access(who) else { return };
                let _ = world.run(|env| request_email_verification(access, env));
            }
            Action::AskToMove(who, to) => {
                let Some(access) = access(who) else { return };
                let to = ADDRESSES[to % ADDRESSES.len()];
                let _ = world.run(|env| request_email_change(access, to, env));
            }
            Action::Close(who) => {
                let Some(access) = access(who) else { return };
                let _ = world.run(|env| close_account(access, env));
            }
            Action::Deactivate => drop(world.run(|env| deactivate(key, env)).unwrap()),
            Action::Activate => drop(world.run(|env| activate(key, env)).unwrap()),
            Action::Reopen => drop(world.run(|env| reopen_by_admin(key, env)).unwrap()),
            Action::Use(number) => self.use_link(*number),
            Action::Advance(span) => world.advance(*span),
        }
        self.read_mail();
        self.check();
    }

    fn use_link(&mut self, number: usize) {
        let Some(place) = number.checked_rem(self.links.len()) else { return };
        self.passwords += 1;
        let new = phrase(self.passwords);
        let (before, link) = (self.account(), &self.links[place]);
        let used = follow(&mut self.world, &link.message, &new);
        let after = self.account();
        match used {
            Ok(()) => {
                assert!(!link.is_dead, "a link that was refused counts again");
                assert!(after.version == before.version.next());
                let kind = link.message.kind;
                assert_eq!(after.epoch != before.epoch, kind != MessageKind::EmailVerification);
                if kind != MessageKind::EmailChanged {
                    let stays = |kept: &PreviousEmail| {
                        self.world.now() < kept.until && kept.email != after.email
                    };
                    let kept = before.previous_email.filter(stays);
                    assert!(kept.is_none() || after.previous_email == kept, "pushed out");
                }
                self.links[place].is_dead = true;
            }
            Err(refusal) => {
                assert_eq!(refusal, Refusal::InvalidToken);
                assert_eq!(after, before, "a refused link changes nothing");
            }
        }
    }

    fn read_mail(&mut self) {
        let messages = self.world.messages();
        let new = messages.into_iter().skip(self.seen);
        for message in new.inspect(|_| self.seen += 1).filter(|message| message.token.is_some()) {
            self.links.push(Mailed { message, is_dead: false });
        }
    }

    /// The laws.
    fn check(&mut self) {
        assert_eq!(self.world.tables().users().count(), 1);
        let account = self.account();
        let mut live = BTreeSet::new();
        for link in &mut self.links {
            let Message { kind, expires_at, .. } = &link.message;
            let mut copy = self.world.clone();
            let counts = follow(&mut copy, &link.message, "a phrase of nobody").is_ok();
            assert!(!(counts && link.is_dead), "{kind:?}: a link that was refused counts again");
            assert!(!(counts && Some(self.world.now()) >= *expires_at), "{kind:?}: over");
            link.is_dead |= !counts;
            let several_may_count =
                matches!(kind, MessageKind::EmailVerification | MessageKind::EmailChange);
            assert!(!counts || several_may_count || live.insert(format!("{kind:?}")));
            if counts && !matches!(kind, MessageKind::EmailChanged | MessageKind::AccountClosed) {
                assert!(account.may_be_used(), "{kind:?} opens what is closed");
            }
        }
        // Who has the address that is kept can always come back to it.
        let kept = account.previous_email.filter(|kept| {
            let is_gone = account.closes_at.is_some_and(|at| at <= self.world.now());
            self.world.now() < kept.until && !is_gone
        });
        assert_eq!(live.contains("EmailChanged"), kept.is_some());
    }
}

/// Does what the link of a message is for.
fn follow(world: &mut World, message: &Message, new: &str) -> Result<(), Refusal> {
    let token = message.token.clone().unwrap();
    let flow = match message.kind {
        MessageKind::PasswordReset => {
            let request = ResetPassword { token, new_password: new.into() };
            return world.run(|env| reset_password(request, env));
        }
        MessageKind::EmailVerification => verify_email,
        MessageKind::EmailChange => change_email,
        MessageKind::EmailChanged => undo_email_change,
        MessageKind::AccountClosed => reopen_account,
        kind => panic!("{kind:?} has no link"),
    };
    world.run(|env| flow(token.expose(), env))
}

fn phrase(number: u32) -> String {
    format!("phrase number {number} of all")
}

proptest! {
    #[test]
    fn no_sequence_of_requests_revives_a_link_or_cuts_off_the_way_back(
        actions in prop::collection::vec(any_action(), 1..40),
    ) {
        let mut trial = Trial::new();
        actions.iter().for_each(|action| trial.act(action));
    }
}
