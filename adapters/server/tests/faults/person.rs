//! Somebody with a few accounts, who does this and that.

use std::time::Duration;

use crate::account::{Account, State};
use crate::asking::World;
use crate::signing_up::{SigningUp, Way};
use crate::thief::Loot;

/// How many accounts one looks after; older ones are looked at in the end.
const AT_ONCE: usize = 4;
const SESSIONS: usize = 5;
/// How often one tries to sign in while nobody answers: more often, and the account is locked.
const TRIES: u8 = 2;

pub(crate) struct Person {
    random: fastrand::Rng,
    signing_up: Option<Box<SigningUp>>,
    accounts: Vec<Account>,
    past: Vec<Account>,
}

impl Person {
    pub(crate) fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { random, signing_up: None, accounts: Vec::new(), past: Vec::new() }
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().chain(&self.past)
    }

    /// Leaves what counts no more to who wants it: all of the accounts in use, and of a few older ones.
    pub(crate) fn be_robbed(&mut self, world: &World, loot: &mut Loot) {
        for account in self.accounts.iter_mut().chain(self.past.iter_mut().rev().take(2)) {
            loot.take(account, world);
        }
    }

    /// One or a few requests.
    pub(crate) fn tick(&mut self, world: &World) {
        if let Some(on_the_way) = self.signing_up.take() {
            match on_the_way.tick(world) {
                Way::On(on_the_way) => self.signing_up = Some(on_the_way),
                Way::Member(account) => self.accounts.push(*account),
                Way::Lost => {}
            }
            std::thread::sleep(Duration::from_millis(2));
        } else if self.accounts.len() < AT_ONCE || self.random.u8(..20) == 0 {
            if self.accounts.len() >= AT_ONCE {
                self.past.push(self.accounts.remove(0));
            }
            let (wants_app, is_hasty) = (self.random.bool(), self.random.bool());
            self.signing_up = SigningUp::begin(world, wants_app, is_hasty).map(Box::new);
        }
        if !self.accounts.is_empty() {
            let index = self.random.usize(..self.accounts.len());
            let mut account = self.accounts.swap_remove(index);
            self.act(&mut account, world);
            self.accounts.push(account);
        }
    }

    fn act(&mut self, account: &mut Account, world: &World) {
        if account.doubt.is_some() {
            return;
        }
        let is_heard = account.unheard < TRIES;
        let may_sign_in = is_heard && !account.is_limited() && account.sessions.len() < SESSIONS;
        if may_sign_in && (account.sessions.is_empty() || account.shown.is_some()) {
            return account.sign_in(world);
        }
        if account.sessions.is_empty() {
            return;
        }
        let index = self.random.usize(..account.sessions.len());
        let new = format!("another phrase, the {:x}th", self.random.u64(..));
        match account.sessions[index].state {
            State::Live => {}
            State::Refreshing(_) => return account.refresh(world, index, 1),
            State::Leaving => return,
        }
        let are_all_live = account.sessions.iter().all(|session| session.state == State::Live);
        if are_all_live && (1..9).contains(&account.resets) && self.random.bool() {
            return account.reset_password(world, new);
        }
        match self.random.u8(..100) {
            0..20 => {
                let access = account.sessions[index].tokens.access.clone();
                if account.is_alive(world, &access) == Some(false) {
                    world.find(format!("{}: a session is lost under load", account.email));
                }
            }
            20..50 => account.refresh(world, index, self.random.usize(1..4)),
            50..62 if may_sign_in => account.sign_in(world),
            62..68 if may_sign_in => account.show_code_twice(world),
            68..80 => account.sign_out(world, index),
            80..84 if are_all_live => account.sign_out_everywhere(world, index),
            84..90 if are_all_live && !account.is_limited() => {
                account.change_password(world, index, new);
            }
            90..100 if account.resets == 0 => account.forget_password(world),
            _ => {}
        }
    }

    /// Holds everything against the ledger.
    pub(crate) fn check(&mut self, world: &World, is_last: bool) {
        for account in &mut self.accounts {
            account.check(world, is_last);
        }
        if let Some(on_the_way) = self.signing_up.as_ref().filter(|_| is_last) {
            on_the_way.check_letter(world);
        }
        // Of older accounts a few at a time, besides those that something is to be found out of; and all in the end.
        self.random.shuffle(&mut self.past);
        self.past.sort_by_key(|account| !account.is_unsettled());
        let unsettled = self.past.iter().filter(|account| account.is_unsettled()).count();
        let looked_at = if is_last { self.past.len() } else { unsettled + 2 };
        for account in self.past.iter_mut().take(looked_at) {
            account.check(world, is_last);
        }
    }
}
