//! Flows under way, whatever they ask and end with.

use std::rc::Rc;

use super::super::faults::WorldFault;
use super::super::world::World;
use super::{Ending, several};
use crate::step::Step;

/// How to begin a flow, its type erased.
pub(super) struct Flow<'a, R> {
    pub(super) name: &'static str,
    pub(super) begin: Begin<'a, R>,
}

pub(super) type Begin<'a, R> = Box<dyn Fn(&mut World) -> Turn<'a, R> + 'a>;

impl<'a, R> Flow<'a, R> {
    pub(super) fn begin(&self, world: &mut World) -> Running<'a, R> {
        Running { name: self.name, turn: (self.begin)(world) }
    }
}

/// A flow under way in one schedule.
pub(super) struct Running<'a, R> {
    pub(super) name: &'static str,
    pub(super) turn: Turn<'a, R>,
}

impl<R> Running<'_, R> {
    /// Carries out the command that the flow waits for. A flow that dies does not get the reply.
    pub(super) fn take_turn(&mut self, world: &mut World, dies: bool) {
        let turn = std::mem::replace(&mut self.turn, Turn::Ended(Ending::Crashed));
        let next = match turn {
            Turn::Asks(waiting) => waiting.go_on(world),
            ended @ Turn::Ended(_) => ended,
        };
        if !dies {
            self.turn = next;
        }
    }
}

/// Where a flow stands in a schedule.
pub(super) enum Turn<'a, R> {
    Asks(Box<dyn Waiting<'a, R> + 'a>),
    Ended(Ending<R>),
}

/// A flow that waits for a command to be carried out, its type erased.
pub(super) trait Waiting<'a, R> {
    fn question(&self) -> String;
    fn go_on(self: Box<Self>, world: &mut World) -> Turn<'a, R>;
}

pub(super) struct Suspended<'a, T, R> {
    pub(super) stage: Stage<'a, T>,
    pub(super) result: Rc<dyn Fn(T) -> R + 'a>,
}

/// How far a flow's command is.
pub(super) enum Stage<'a, T> {
    /// It is still to be carried out.
    Asked(Step<T>),
    /// Some of the stores that it concerns have done their share.
    UnderWay { next: String, go_on: GoOn<'a, T> },
}

pub(super) type GoOn<'a, T> = Box<dyn FnOnce(&mut World) -> Result<Stage<'a, T>, WorldFault> + 'a>;

impl<'a, T: 'a, R: 'a> Suspended<'a, T, R> {
    /// Goes on to the next command whose place in the order matters.
    pub(super) fn settle(self, world: &mut World) -> Turn<'a, R> {
        match self.stage {
            Stage::Asked(Step::Done(done)) => Turn::Ended(Ending::Done((self.result)(done))),
            // They commute with everything: carried out at once.
            Stage::Asked(
                Step::VerifyPassword(_) | Step::ConsultLegacy(_) | Step::HashPassword(_),
            ) => Box::new(self).go_on(world),
            _ => Turn::Asks(Box::new(self)),
        }
    }
}

impl<'a, T: 'a, R: 'a> Waiting<'a, R> for Suspended<'a, T, R> {
    fn question(&self) -> String {
        match &self.stage {
            Stage::Asked(step) => format!("{step:?}"),
            Stage::UnderWay { next, .. } => format!("goes on with {next}"),
        }
    }

    fn go_on(self: Box<Self>, world: &mut World) -> Turn<'a, R> {
        let Self { stage, result } = *self;
        let next = match stage {
            Stage::Asked(step) => several::carry_out(step, world),
            Stage::UnderWay { go_on, .. } => go_on(world),
        };
        match next {
            Ok(stage) => Suspended { stage, result }.settle(world),
            Err(_) => Turn::Ended(Ending::Crashed),
        }
    }
}

impl<R> Turn<'_, R> {
    pub(super) const fn asks(&self) -> bool {
        matches!(self, Self::Asks(..))
    }

    pub(super) fn ending(self) -> Option<Ending<R>> {
        match self {
            Self::Ended(ending) => Some(ending),
            Self::Asks(..) => None,
        }
    }
}
