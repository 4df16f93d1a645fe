//! Lists of values in a statement. MySQL has no parameter for a list, so that there are places for the longest, and
//! the last value stands in those that are left: one text serves for all, and is prepared once.

use crate::sql::Value;

/// How many values a list takes.
pub(super) const LENGTH: usize = 100;

/// `?n, ?n+1, …`: the places of a list that begins with the parameter of this number.
pub(super) fn places(first: usize) -> String {
    let places = (first..first + LENGTH).map(|place| format!("?{place}"));
    places.collect::<Vec<_>>().join(", ")
}

/// The values of a list from at most [`LENGTH`] of them, and at least one.
pub(super) fn filled<'a, T>(items: &'a [T], value: impl Fn(&'a T) -> Value<'a>) -> Vec<Value<'a>> {
    let last = items.last().into_iter().flat_map(std::iter::repeat);
    items.iter().chain(last).take(LENGTH).map(value).collect()
}
