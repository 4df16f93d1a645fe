//! Records in several stores: which part lives where, and what becomes of a batch then.

use super::{Commit, Guard, Write};

/// A part of the records. Each can live in a store of its own.
///
/// Their order is the one in which the writes of a batch stand, so that a crash between two stores grants nothing: what
/// is spent (a code, a link, a seat, an onboarding session) comes before what is given (a session), a user's epoch
/// before the session that is to have it, and counters last, since one that is not cleared costs an attempt and gives
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Users with their invitations and API keys.
    Users,
    /// Onboarding sessions.
    Onboarding,
    /// Sessions.
    Sessions,
    /// Attempt counters.
    Counters,
    /// Events with the cursors of their consumers, and messages.
    Outbox,
}

impl Part {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Users, Self::Onboarding, Self::Sessions, Self::Counters, Self::Outbox];
}

/// Which part of the records lives in which store. Stores are numbered; what the numbers stand for is for whoever
/// holds the stores to know.
///
/// ```
/// use testudo::command::{Part, Placement};
///
/// let (database, redis) = (0, 1);
/// let placement = Placement::together(database)
///     .place(Part::Sessions, redis)
///     .place(Part::Counters, redis)
///     .place(Part::Onboarding, redis);
/// assert_eq!(placement.store_of(Part::Users), database);
/// assert_eq!(placement.store_of(Part::Counters), redis);
/// assert_eq!(placement.stores(), [database, redis]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Placement {
    users: usize,
    sessions: usize,
    counters: usize,
    onboarding: usize,
    outbox: usize,
}

impl Placement {
    /// All parts in one store.
    #[must_use]
    pub const fn together(store: usize) -> Self {
        Self { users: store, sessions: store, counters: store, onboarding: store, outbox: store }
    }

    /// The same with a part in another store.
    #[must_use]
    pub const fn place(mut self, part: Part, store: usize) -> Self {
        match part {
            Part::Users => self.users = store,
            Part::Sessions => self.sessions = store,
            Part::Counters => self.counters = store,
            Part::Onboarding => self.onboarding = store,
            Part::Outbox => self.outbox = store,
        }
        self
    }

    /// Where a part lives.
    #[must_use]
    pub const fn store_of(&self, part: Part) -> usize {
        match part {
            Part::Users => self.users,
            Part::Sessions => self.sessions,
            Part::Counters => self.counters,
            Part::Onboarding => self.onboarding,
            Part::Outbox => self.outbox,
        }
    }

    /// The stores in which any part lives, each once, in ascending order.
    #[must_use]
    pub fn stores(&self) -> Vec<usize> {
        let mut stores = Part::ALL.map(|part| self.store_of(part)).to_vec();
        stores.sort_unstable();
        stores.dedup();
        stores
    }

    /// Whether there is more than one store.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.stores().len() > 1
    }
}

/// What one store is to do of a batch.
#[derive(Clone, Debug)]
pub struct Share {
    /// Which store.
    pub store: usize,
    /// Its part of the batch: an ordinary batch, which it applies wholly or not at all.
    pub batch: Commit,
}

impl Commit {
    /// What each store is to do where records live in several: one after the other, in this order, until one
    /// conflicts. All in one store is the batch as it is.
    ///
    /// 1. **What others than the first check.** First come batches of guards alone: those of stores that write nothing,
    ///    and those of stores that write later than another. A session that a later store replaces or adds is
    ///    guarded here as well, at the version that was read. So whatever changed since the flow looked is found out
    ///    before anything is written.
    /// 2. **The writes**, store by store in the order in which they stand in the batch; what goes to one store goes at
    ///    once, under the guards of that store. The first of these is the decision: it is guarded by what was read.
    /// 3. **Events and messages** go with the writes of their store. Where it has none, they follow the first
    ///    writes: nobody is told of a decision that was not made, and of many who do the same at once only the one
    ///    that does it tells. What did happen is told even if a later store is in the way; only what ends the flow right
    ///    behind it (a crash, a client that hangs up, a fault of the outbox's store) loses the news. Where the users'
    ///    store has the outbox too, nothing about an account is ever lost. What follows the decision in a later store
    ///    may fail to: there can be the event of a sign-in whose session was never opened, and whose tokens nobody has.
    ///
    /// # What a crash or a conflict in between leaves behind
    ///
    /// The first shares, applied: a conflict that a later store reports is no promise that nothing changed. Nothing is
    /// granted by that, as the writes of a batch stand in the order of their [parts](Part).
    #[must_use]
    pub fn split(self, placement: &Placement) -> Vec<Share> {
        let mut shares: Vec<Share> = self.order(placement).into_iter().map(Share::empty).collect();
        let Self { guards, writes, events, messages } = self;
        for write in writes {
            add(&mut shares, placement.store_of(write.part()), |batch| batch.writes.push(write));
        }
        if !(events.is_empty() && messages.is_empty()) {
            add(&mut shares, placement.store_of(Part::Outbox), |batch| {
                batch.events = events;
                batch.messages = messages;
            });
        }
        let first = shares.first().map(|share| share.store);
        let mut checks = Vec::new();
        for guard in guards {
            let store = placement.store_of(guard.part());
            if first != Some(store) {
                check(&mut checks, store, &guard);
            }
            if let Some(share) = shares.iter_mut().find(|share| share.store == store) {
                share.batch.guards.push(guard);
            }
        }
        for share in shares.iter().skip(1) {
            let presumed = share.batch.writes.iter().filter_map(Write::presumes);
            presumed.for_each(|guard| check(&mut checks, share.store, &guard));
        }
        checks.extend(shares);
        checks
    }

    /// The stores that write something, in the order in which they do.
    fn order(&self, placement: &Placement) -> Vec<usize> {
        let mut order = Vec::new();
        for write in &self.writes {
            let store = placement.store_of(write.part());
            if !order.contains(&store) {
                order.push(store);
            }
        }
        let outbox = placement.store_of(Part::Outbox);
        let tells = !(self.events.is_empty() && self.messages.is_empty());
        if tells && !order.contains(&outbox) {
            order.insert(order.len().min(1), outbox);
        }
        order
    }
}

impl Share {
    fn empty(store: usize) -> Self {
        Self { store, batch: Commit::new() }
    }
}

impl Guard {
    /// The part of the records that it looks at.
    #[must_use]
    pub const fn part(&self) -> Part {
        match self {
            Self::UserEpoch { .. } => Part::Users,
            Self::SessionVersion { .. } | Self::NoSession { .. } => Part::Sessions,
        }
    }
}

impl Write {
    /// The part of the records that it changes. That a user's sessions go with the user holds where they live in one
    /// store; elsewhere they are dead without their owner, and go when they expire.
    #[must_use]
    pub const fn part(&self) -> Part {
        match self {
            Self::InsertUser(_)
            | Self::ReplaceUser { .. }
            | Self::RemoveUser { .. }
            | Self::InsertInvitation(_)
            | Self::ReplaceInvitation { .. }
            | Self::InsertApiKey(_)
            | Self::ReplaceApiKey { .. }
            | Self::TouchApiKey { .. } => Part::Users,
            Self::InsertSession(_) | Self::ReplaceSession { .. } => Part::Sessions,
            Self::InsertOnboarding(_) | Self::ReplaceOnboarding { .. } => Part::Onboarding,
            Self::ClearAttempts(_) | Self::RefundAttempt { .. } => Part::Counters,
        }
    }

    /// What a guard can say beforehand of whether it will apply. A refresh may come between a flow's look and its
    /// commit at any time, so that of sessions it is worth asking.
    fn presumes(&self) -> Option<Guard> {
        match self {
            Self::ReplaceSession { session, was } => {
                Some(Guard::SessionVersion { id: session.id, version: *was })
            }
            Self::InsertSession(session) => Some(Guard::NoSession { id: session.id }),
            _ => None,
        }
    }
}

/// Adds to the batch of a store; one that has none yet comes last.
fn add(shares: &mut Vec<Share>, store: usize, what: impl FnOnce(&mut Commit)) {
    if let Some(share) = shares.iter_mut().find(|share| share.store == store) {
        return what(&mut share.batch);
    }
    let mut share = Share::empty(store);
    what(&mut share.batch);
    shares.push(share);
}

/// Has a guard checked by a store, once.
fn check(checks: &mut Vec<Share>, store: usize, guard: &Guard) {
    add(checks, store, |batch| {
        if !batch.guards.contains(guard) {
            batch.guards.push(guard.clone());
        }
    });
}

#[cfg(test)]
#[cfg(feature = "reference")]
mod laws;
