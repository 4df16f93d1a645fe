//! All interleavings of a few flows.

mod path;
mod running;
mod several;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use self::path::Path;
use self::running::{Flow, Running, Stage, Suspended, Turn};
use super::world::World;
use crate::env::Env;
use crate::step::Step;

/// Runs flows in **every** order in which their commands can reach a store, and checks a law after
/// each of these schedules.
///
/// A flow does nothing between two commands, so the order of commands is all that can differ between
/// two runs of the same flows: what holds in every schedule holds for any number of threads, processes
/// and networks, as long as a store carries out each command as it says.
///
/// Where the world's records live in several stores ([`World::set_placement`]), a commit and a look-up that concern
/// more than one are as many commands, and other flows, or a crash, come in between. That makes so many schedules
/// that not all are run: only those in which flows are interrupted at most
/// [`Explorer::MOST_INTERRUPTIONS`] times, which is where nearly all races show (Musuvathi and Qadeer 2007).
///
/// Commands that hash, or ask another system, touch no record and commute with everything that other flows do. They are
/// carried out at once, which leaves out only schedules that are equal to one that is run.
///
/// ```
/// use testudo::flow::refresh;
/// use testudo::testing::{Ending, Explorer, World};
///
/// let mut world = World::new();
/// world.register("ada@example.com", "correct horse");
/// let token = world.login("ada@example.com", "correct horse").tokens.refresh;
///
/// let refreshed = |result: Result<testudo::flow::Refreshed, _>| {
///     result.map(|refreshed| refreshed.tokens.refresh.expose().clone())
/// };
/// let schedules = Explorer::new(&world)
///     .flow("one tab", |env| refresh(token.expose(), env), refreshed)
///     .flow("another tab", |env| refresh(token.expose(), env), refreshed)
///     .check(|_, endings| match endings {
///         [Ending::Done(Ok(one)), Ending::Done(Ok(other))] => assert_eq!(one, other),
///         _ => panic!("both should have succeeded"),
///     });
/// assert!(schedules > 2);
/// ```
#[must_use = "nothing is explored before `check`"]
pub struct Explorer<'a, R> {
    start: World,
    flows: Vec<Flow<'a, R>>,
    crashes: bool,
    most: usize,
    interruptions: Option<usize>,
}

/// How a flow ended in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending<R> {
    /// With this result.
    Done(R),
    /// It was dropped: its process died, or a command got no reply. Nobody has a result of it.
    Crashed,
}

impl<R> Ending<R> {
    /// The result, unless the flow crashed.
    #[must_use]
    pub const fn done(&self) -> Option<&R> {
        match self {
            Self::Done(result) => Some(result),
            Self::Crashed => None,
        }
    }
}

impl<'a, R: 'a> Explorer<'a, R> {
    /// How many schedules are run unless [`Explorer::at_most`] says otherwise.
    pub const MOST_SCHEDULES: usize = 100_000;

    /// How often flows are interrupted by others at most where records live in several stores, unless
    /// [`Explorer::interrupted_at_most`] says otherwise; once, where there are more than two flows, or more than two
    /// stores.
    pub const MOST_INTERRUPTIONS: usize = 2;

    /// Starts every schedule from a snapshot of this world.
    pub fn new(start: &World) -> Self {
        let start = start.clone();
        let most = Self::MOST_SCHEDULES;
        Self { start, flows: Vec::new(), crashes: false, most, interruptions: None }
    }

    /// Runs only schedules in which so often a flow goes on that another one interrupts.
    pub fn interrupted_at_most(mut self, times: usize) -> Self {
        self.interruptions = Some(times);
        self
    }

    fn interruptions(&self) -> usize {
        let bound = match (self.start.placement().stores().len(), self.flows.len()) {
            (..=1, _) => usize::MAX,
            (2, ..=2) => Self::MOST_INTERRUPTIONS,
            _ => 1,
        };
        self.interruptions.unwrap_or(bound)
    }

    /// Adds a flow. `begin` makes it afresh for every schedule; `result` turns what it ends with into
    /// the type that the law is about, the same for all flows.
    pub fn flow<T: 'a>(
        mut self,
        name: &'static str,
        begin: impl Fn(Env) -> Step<T> + 'a,
        result: impl Fn(T) -> R + 'a,
    ) -> Self {
        let result: Rc<dyn Fn(T) -> R + 'a> = Rc::new(result);
        let begin = move |world: &mut World| {
            let stage = Stage::Asked(begin(world.env()));
            Suspended { stage, result: Rc::clone(&result) }.settle(world)
        };
        self.flows.push(Flow { name, begin: Box::new(begin) });
        self
    }

    /// Also runs all schedules in which one of the flows dies, before its first command or after any
    /// command, whose reply it does not get. To die before a later command is the same as to die
    /// after the one before it.
    pub fn with_crashes(mut self) -> Self {
        self.crashes = true;
        self
    }

    /// Bounds the number of schedules.
    pub fn at_most(mut self, schedules: usize) -> Self {
        self.most = schedules;
        self
    }

    /// Runs every schedule and checks `law` at the end of each, with the world as it then is and one
    /// ending per flow, in the order in which they were added. Returns how many schedules there were.
    ///
    /// # Panics
    ///
    /// When `law` panics, with its message and the schedule; when there are more schedules than
    /// [`Explorer::at_most`] allows.
    pub fn check(self, mut law: impl FnMut(&mut World, &[Ending<R>])) -> usize {
        let mut path = Path::default();
        let mut schedules = 0_usize;
        loop {
            schedules = schedules.saturating_add(1);
            assert!(schedules <= self.most, "there are more than {} schedules", self.most);
            let (mut world, endings) = self.run(&mut path, |_| ());
            if let Err(broken) = catch_unwind(AssertUnwindSafe(|| law(&mut world, &endings))) {
                let lines = self.narrate(&mut path);
                panic!("{}\nin schedule {schedules}:{lines}", message(broken.as_ref()));
            }
            if !path.advance() {
                return schedules;
            }
        }
    }

    /// Runs the one schedule that takes the choices of `path`, and tells `listen` of each event.
    fn run(
        &self,
        path: &mut Path,
        mut listen: impl FnMut(Happening<'_, 'a, R>),
    ) -> (World, Vec<Ending<R>>) {
        path.at = 0;
        let mut world = self.start.clone();
        let mut flows: Vec<_> = self.flows.iter().map(|flow| flow.begin(&mut world)).collect();
        let mut may_crash = self.crashes;
        if may_crash {
            // One flow that never runs, or none.
            let stillborn = path.choose(flows.len() + 1);
            if let Some(flow) = flows.get_mut(stillborn) {
                listen(Happening::NeverStarts(flow.name));
                flow.turn = Turn::Ended(Ending::Crashed);
                may_crash = false;
            }
        }
        let (mut last, mut interruptions) = (None, self.interruptions());
        loop {
            let mut asking: Vec<_> =
                flows.iter_mut().enumerate().filter(|(_, flow)| flow.turn.asks()).collect();
            if asking.is_empty() {
                break;
            }
            let goes_on = asking.iter().any(|(place, _)| last == Some(*place));
            if goes_on && interruptions == 0 {
                asking.retain(|(place, _)| last == Some(*place));
            }
            let fates = if may_crash { 2 } else { 1 };
            let choice = path.choose(asking.len() * fates);
            let dies = choice % fates == 1;
            let (place, flow) = asking.swap_remove(choice / fates);
            if goes_on && last != Some(place) {
                interruptions = interruptions.saturating_sub(1);
            }
            last = Some(place);
            listen(Happening::Turn { flow, dies });
            flow.take_turn(&mut world, dies);
            may_crash &= !dies;
        }
        let endings = flows.into_iter().filter_map(|flow| flow.turn.ending()).collect();
        (world, endings)
    }

    /// Runs a schedule again, to say what happens in it, line by line.
    fn narrate(&self, path: &mut Path) -> String {
        let (mut lines, mut number) = (String::new(), 0_usize);
        self.run(path, |happening| {
            number += 1;
            lines.push_str(&format!("\n{number:3}. {happening}"));
        });
        lines
    }
}

/// Something that happens in a schedule.
enum Happening<'s, 'a, R> {
    NeverStarts(&'static str),
    /// The command that a flow waits for is carried out.
    Turn {
        flow: &'s Running<'a, R>,
        dies: bool,
    },
}

impl<R> fmt::Display for Happening<'_, '_, R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverStarts(name) => write!(out, "{name} never starts"),
            Self::Turn { flow, dies } => {
                let question = match &flow.turn {
                    Turn::Asks(waiting) => waiting.question(),
                    Turn::Ended(_) => String::new(),
                };
                let death = if *dies { ", and dies" } else { "" };
                // A batch is long, and how it begins says which it is.
                write!(out, "{}: {question:.160}{death}", flow.name)
            }
        }
    }
}

impl<R> fmt::Debug for Explorer<'_, R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.flows.iter().map(|flow| flow.name).collect();
        write!(out, "Explorer({})", names.join(", "))
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the law does not hold")
}
