//! Somebody of whom all is known, who says when the server is whole again.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::account::{Account, Tokens};
use crate::asking::{Told, World};
use crate::signing_up::{self, SigningUp, Way};
use crate::support::Request;

/// How soon the server must be whole again.
pub(crate) const RECOVERY: Duration = Duration::from_secs(15);

/// So many rounds in a row: connections that broke are found one by one.
const ROUNDS: usize = 3;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Has an account, which is replaced when too many sign-ins were counted whose answer never came.
#[derive(Default)]
pub(crate) struct Witness(Option<Account>);

impl Witness {
    /// Signs up where there is no account.
    pub(crate) fn be_known(&mut self, world: &World) {
        let begun = Instant::now();
        while self.0.is_none() && world.machine.since(begun) < RECOVERY * 2 {
            let mut way = SigningUp::begin(world, false, false).map(|it| Way::On(Box::new(it)));
            while let Some(Way::On(on_the_way)) = way {
                thread::sleep(PAUSE / 4);
                let is_late = world.machine.since(begun) > RECOVERY * 2;
                way = Some(on_the_way.tick(world)).filter(|_| !is_late);
            }
            if let Some(Way::Member(account)) = way {
                self.0 = Some(*account);
            }
        }
    }

    /// Waits until everything is read and written again; when it was so first.
    pub(crate) fn wait_until_whole(&mut self, world: &World) -> Instant {
        let begun = Instant::now();
        while world.machine.since(begun) < RECOVERY * 2 {
            if answers(world) {
                self.be_known(world);
                let first = self.round(world).then(Instant::now);
                if let Some(first) = first.filter(|_| (1..ROUNDS).all(|_| self.round(world))) {
                    return first;
                }
            }
            thread::sleep(PAUSE);
        }
        world.find("it never recovers by itself");
        Instant::now()
    }

    /// A whole session: in, once around, and out.
    fn round(&mut self, world: &World) -> bool {
        let Some(account) = &mut self.0 else { return false };
        let from = account.from;
        let first = match account.login(world, &account.password.clone()) {
            Told::Done(answer) => Tokens::of(&answer),
            Told::Refused(answer) => {
                if answer.status != 429 {
                    world.find(format!("{}: a witness is refused: {answer}", account.email));
                }
                self.0 = None;
                return false;
            }
            Told::Unknown => return false,
        };
        let body = json!({"refresh_token": first.refresh});
        let second = match world.post(from, "/auth/refresh", &body) {
            Told::Done(answer) => Tokens::of(&answer),
            told => return is_known(world, "refreshing", &told),
        };
        let me = world.bearing(from, "GET", "/auth/me", &second.access);
        if !is_known(world, "who one is", &me) {
            return false;
        }
        let out = world.bearing(from, "POST", "/auth/logout", &second.access);
        is_known(world, "signing out", &out)
    }
}

/// Whether it was done. What is refused to a witness must not be.
fn is_known(world: &World, what: &str, told: &Told) -> bool {
    if let Told::Refused(answer) = told {
        world.find(format!("a witness: {what} is refused: {answer}"));
    }
    matches!(told, Told::Done(_))
}

/// Whether it is worth while to sign in, which is counted.
fn answers(world: &World) -> bool {
    let (email, from) = world.somebody();
    matches!(world.ask(Ipv4Addr::LOCALHOST, Request::new("GET", "/healthz")), Told::Done(_))
        && matches!(signing_up::start(world, &email, from), Told::Done(_))
}
