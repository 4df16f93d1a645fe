//! What can go wrong in a [`World`](super::World), and when.

use std::collections::BTreeMap;

use crate::password::HashError;

/// How a command goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is not carried out: a store that cannot be reached, a process that dies just before.
    Before,
    /// It is carried out and its reply is lost: a connection that breaks, a process that dies just
    /// after.
    After,
    /// A commit is not carried out and answered with [`Conflict`](crate::command::Conflict), as
    /// though another had come first. Any other command is carried out as usual.
    Conflict,
}

/// A command of a [`World`](super::World) that got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldFault {
    /// It was to fail: [`World::fail`](super::World::fail).
    #[error("command {number}, {command}, failed as planned: {mishap:?}")]
    Planned {
        /// Which command since the world was made, counted from 1.
        number: usize,
        /// Its name.
        command: &'static str,
        /// How.
        mishap: Mishap,
    },
    /// A step of an application's own asked something, and there is no application
    /// ([`World::set_application`](super::World::set_application)).
    #[error("there is no application that answers")]
    NoApplication,
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
}

/// Which commands go wrong, by their number since the world was made.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    mishaps: BTreeMap<usize, Mishap>,
}

impl Plan {
    pub(super) fn add(&mut self, number: usize, mishap: Mishap) {
        self.mishaps.insert(number, mishap);
    }

    pub(super) fn mishap(&self, number: usize) -> Option<Mishap> {
        self.mishaps.get(&number).copied()
    }
}
