//! What a batch is to Redis: for each bucket, one call of the script `commit.lua`.

use std::collections::BTreeMap;

use crate::keys::Bucket;
use crate::script::{COMMIT, Call};

/// An argument of an operation.
#[derive(Debug)]
pub(crate) enum Arg<'a> {
    /// The name of a key: the script is given its place among the keys.
    Key(String),
    /// Any bytes.
    Bytes(&'a [u8]),
    /// A number in decimal.
    Number(u64),
    /// Nothing.
    None,
}

impl<'a> Arg<'a> {
    pub(crate) fn number(number: Option<u64>) -> Self {
        number.map_or(Self::None, Self::Number)
    }
}

/// What an operation means to the order of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It only says what must hold.
    Guard,
    /// It may conflict, and changes something.
    Guarded,
    /// It changes something, whatever there is.
    Free,
    /// It changes an index that may point to what is not there.
    Harmless,
}

/// The parts of a batch, in the order in which they are applied.
#[derive(Debug, Default)]
pub(crate) struct Plan(Vec<Part>);

/// What of a batch is in one bucket.
#[derive(Debug)]
pub(crate) struct Part {
    bucket: Bucket,
    keys: Vec<Vec<u8>>,
    places: BTreeMap<Vec<u8>, usize>,
    guards: Vec<Vec<u8>>,
    operations: Vec<Vec<u8>>,
    may_conflict: bool,
    matters: bool,
    writes: bool,
}

impl Plan {
    /// Adds an operation on keys of one bucket. Buckets are applied in the order in which they first come.
    pub(crate) fn add(&mut self, bucket: Bucket, weight: Weight, name: &str, args: &[Arg<'_>]) {
        if let Some(part) = self.0.iter_mut().find(|part| part.bucket == bucket) {
            return part.add(weight, name, args);
        }
        let mut part = Part::new(bucket);
        part.add(weight, name, args);
        self.0.push(part);
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Whether all that may conflict has to be looked at before anything is written: not if it is all in the
    /// part that is written first.
    pub(crate) fn is_checked_first(&self) -> bool {
        let mut is_written = false;
        for part in &self.0 {
            let is_only_looked_at = !part.writes && self.0.len() > 1;
            if part.may_conflict && (is_written || is_only_looked_at) {
                return true;
            }
            is_written |= part.matters;
        }
        false
    }
}

impl Part {
    fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            keys: Vec::new(),
            places: BTreeMap::new(),
            guards: Vec::new(),
            operations: Vec::new(),
            may_conflict: false,
            matters: false,
            writes: false,
        }
    }

    fn add(&mut self, weight: Weight, name: &str, args: &[Arg<'_>]) {
        let mut operation = vec![name.as_bytes().to_vec(), args.len().to_string().into_bytes()];
        for arg in args {
            operation.push(match arg {
                Arg::Key(name) => self.place(name).to_string().into_bytes(),
                Arg::Bytes(bytes) => bytes.to_vec(),
                Arg::Number(number) => number.to_string().into_bytes(),
                Arg::None => Vec::new(),
            });
        }
        self.may_conflict |= matches!(weight, Weight::Guard | Weight::Guarded);
        self.matters |= matches!(weight, Weight::Guarded | Weight::Free);
        self.writes |= weight != Weight::Guard;
        match weight {
            Weight::Guard => self.guards.append(&mut operation),
            _ => self.operations.append(&mut operation),
        }
    }

    fn place(&mut self, name: &str) -> usize {
        let next = self.keys.len() + 1;
        let place = *self.places.entry(name.as_bytes().to_vec()).or_insert(next);
        if place == next {
            self.keys.push(name.as_bytes().to_vec());
        }
        place
    }

    pub(crate) const fn may_conflict(&self) -> bool {
        self.may_conflict
    }

    pub(crate) const fn writes(&self) -> bool {
        self.writes
    }

    /// The call that looks whether all of it holds, or applies it as well.
    pub(crate) fn call(&self, mode: &'static str) -> Call {
        let call = COMMIT.on(&self.keys).arg(mode);
        call.args(self.guards.clone()).args(self.operations.clone())
    }
}

#[cfg(test)]
mod tests {
    use testudo::model::SessionId;
    use uuid::Uuid;

    use super::*;
    use crate::keys::{FIRST, Keys};

    /// Some bucket that is not the first.
    fn other() -> Bucket {
        let keys = Keys::new("testudo", 64);
        let ids = (0..).map(|number| SessionId::from_uuid(Uuid::from_u128(number)));
        ids.map(|id| keys.of_session(id)).find(|bucket| *bucket != FIRST).unwrap()
    }

    fn plan(operations: &[(Bucket, Weight)]) -> Plan {
        let mut plan = Plan::default();
        for (bucket, weight) in operations {
            plan.add(*bucket, *weight, "some", &[Arg::Key("key".to_owned())]);
        }
        plan
    }

    #[test]
    fn nothing_is_written_before_all_that_may_conflict_was_looked_at() {
        let other = other();
        for operations in [
            // What comes second may conflict after the first was written.
            &[(other, Weight::Guarded), (FIRST, Weight::Guarded)][..],
            &[(other, Weight::Free), (FIRST, Weight::Guarded)],
            // And so may a guard, which is never part of what is applied.
            &[(other, Weight::Guarded), (FIRST, Weight::Guard)],
            &[(other, Weight::Harmless), (FIRST, Weight::Guard)],
            &[(other, Weight::Guard), (FIRST, Weight::Guard)],
        ] {
            assert!(plan(operations).is_checked_first(), "{operations:?}");
        }
    }

    #[test]
    fn one_call_is_enough_where_only_what_is_written_first_may_conflict() {
        let other = other();
        for operations in [
            &[(FIRST, Weight::Guard)][..],
            &[(FIRST, Weight::Guarded), (FIRST, Weight::Guard)],
            &[(other, Weight::Guarded), (FIRST, Weight::Free)],
            &[(other, Weight::Harmless), (FIRST, Weight::Guarded)],
        ] {
            assert!(!plan(operations).is_checked_first(), "{operations:?}");
        }
    }

    #[test]
    fn a_key_has_one_place_however_often_it_is_named() {
        let plan = plan(&[(FIRST, Weight::Guarded), (FIRST, Weight::Guarded)]);
        let parts = plan.parts();
        assert_eq!((parts.len(), parts[0].keys.len()), (1, 1));
    }
}
