//! How much was done: a campaign in which nobody did anything would find nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Account,
    EndedSession,
    SpentCode,
    ReplacedPassword,
    Reset,
    RefusedGuess,
    /// A code was shown again, as nobody knew what came of the first time.
    CodeShownAgain,
    /// The last step of signing up was said twice.
    LastStepTwice,
    /// It was found out what had become of an account.
    SettledDoubt,
    /// What an ended token, a replaced password or a spent code was tried for while something was broken.
    Theft,
}

/// How many of each there are at least for ten kills, on a machine that is slow.
const AT_LEAST: [(Deed, u64); 8] = [
    (Deed::Account, 8),
    (Deed::EndedSession, 20),
    (Deed::SpentCode, 8),
    (Deed::ReplacedPassword, 4),
    (Deed::Reset, 1),
    (Deed::RefusedGuess, 5),
    (Deed::LastStepTwice, 2),
    (Deed::Theft, 200),
];

#[derive(Default)]
pub(crate) struct Work(Mutex<BTreeMap<Deed, u64>>);

impl Work {
    pub(crate) fn done(&self, deed: Deed) {
        *self.lock().entry(deed).or_default() += 1;
    }

    /// What was done so little of that a campaign of so many kills says nothing.
    pub(crate) fn lacks(&self, kills: u64) -> Vec<String> {
        let done = self.lock();
        let lacks = AT_LEAST.iter().filter_map(|(deed, for_ten)| {
            let (count, least) =
                (done.get(deed).copied().unwrap_or(0), (kills * for_ten / 10).max(1));
            (count < least).then(|| format!("too little was done: {deed:?}, {count} of {least}"))
        });
        lacks.collect()
    }

    /// Whether all that needs no fault was done once.
    pub(crate) fn has_begun(&self) -> bool {
        let done = self.lock();
        let needed = AT_LEAST.iter().map(|(deed, _)| deed);
        let mut needed = needed.filter(|deed| !matches!(deed, Deed::RefusedGuess | Deed::Theft));
        needed.all(|deed| done.contains_key(deed))
    }

    pub(crate) fn figures(&self) -> String {
        format!("{:?}", *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Deed, u64>> {
        self.0.lock().unwrap()
    }
}
