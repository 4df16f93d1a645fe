//! What operators are shown in the end, held against what people were told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::account::Account;
use crate::asking::World;
use crate::support::{Site, printed};

/// How many accounts are looked at one by one, as each is a command.
const SHOWN: usize = 100;

/// How many recovery codes somebody is given.
const CODES: usize = 10;

/// Holds the accounts against the list of all, the audit trail, and what is shown of each.
pub(crate) fn check(site: &Site, world: &World, accounts: &[&Account]) {
    let ids = ids(site, world);
    let sign_ins = check_events(site, world, accounts);
    for account in accounts {
        let Some(id) = ids.get(&account.email) else {
            world.find(format!("{}: the account is lost", account.email));
            continue;
        };
        check_sign_ins(world, account, sign_ins.get(id).copied().unwrap_or(0));
    }
    let with_codes = accounts.iter().filter(|account| account.app.is_some());
    for account in with_codes.filter(|account| ids.contains_key(&account.email)).take(SHOWN) {
        let left = site.user(&account.email)["recovery_codes_left"].as_u64().unwrap();
        let (least, most) = account.recovery_codes_left(CODES);
        if !(least..=most).contains(&usize::try_from(left).unwrap()) {
            let email = &account.email;
            world.find(format!("{email}: {left} recovery codes are left, not {least} to {most}"));
        }
    }
}

/// The id that each address belongs to: one, however often its owner signed up.
fn ids(site: &Site, world: &World) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for user in site.users() {
        let text = |field: &str| user[field].as_str().unwrap().to_owned();
        if ids.insert(text("email"), text("id")).is_some() {
            world.find(format!("{}: there are two accounts", text("email")));
        }
    }
    ids
}

/// What was acknowledged stands in the audit trail, as it was committed with it. How often everybody signed in, by id.
fn check_events(site: &Site, world: &World, accounts: &[&Account]) -> BTreeMap<String, usize> {
    let audit = printed(&site.run(&["audit", "--all", "--json"], ""));
    let mut recorded: BTreeSet<(String, String)> = BTreeSet::new();
    let mut sign_ins = BTreeMap::new();
    for line in audit.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| event[field].as_str().map(str::to_owned);
        if let (Some(session), Some(kind)) = (text("session"), text("type")) {
            recorded.insert((session, kind));
        }
        if let Some(user) = text("user").filter(|_| event["type"] == "user_login") {
            *sign_ins.entry(user).or_default() += 1;
        }
    }
    for (session, kind) in accounts.iter().flat_map(|account| &account.happened) {
        if !recorded.contains(&(session.clone(), (*kind).to_owned())) {
            world.find(format!("an event is lost: {kind} of {session}"));
        }
    }
    sign_ins
}

/// Nobody signed in more often than somebody was told or may have been.
fn check_sign_ins(world: &World, account: &Account, recorded: usize) {
    let told = account.happened.iter().filter(|(_, kind)| *kind == "user_login");
    let told: BTreeSet<&String> = told.map(|(session, _)| session).collect();
    let maybe = account.maybe_signed_in
        + usize::from(account.shown.is_some())
        + world.asked_twice(account.from);
    if recorded > told.len() + maybe {
        let (email, told) = (&account.email, told.len());
        world.find(format!("{email}: signed in {recorded} times, not {told} to {}", told + maybe));
    }
}
