//! The registry of handlers.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use testudo::event::{EventKind, EventRecord};
use tracing::error;

use crate::{EventHandler, HandlerError};

/// Several handlers as one: each is given the events that it is for, one handler after the other in the order
/// in which they were added.
///
/// Clones share their handlers, so that some can be added and removed while a worker delivers.
///
/// ```
/// use testudo::event::EventKind;
/// use testudo_driver::{EventHandlers, OnFailure, handler_fn};
///
/// let handlers = EventHandlers::new();
/// let welcome = handlers.on(EventKind::UserCreated, handler_fn(async |_| Ok(())));
/// let failures = [EventKind::UserLoginFailed, EventKind::RefreshReused];
/// handlers.add(&failures, OnFailure::Stop, handler_fn(async |_| Ok(())));
/// assert!(handlers.remove(welcome) && !handlers.remove(welcome));
/// ```
///
/// # Security
///
/// A handler may be given an event again: after a crash, or because a handler behind it failed. It tells
/// repeats by [`EventRecord::id`].
#[derive(Clone, Default)]
pub struct EventHandlers(Arc<RwLock<Registry>>);

/// Names a handler that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

/// What follows when a handler does not take an event, or panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It is logged, and the next handler is given the event.
    #[default]
    Continue,
    /// Nobody takes the event: no handler behind is given it, no later event comes before it, and all of it
    /// is tried again later.
    Stop,
}

#[derive(Default)]
struct Registry {
    handlers: Vec<Arc<Registered>>,
    last: u64,
}

struct Registered {
    id: HandlerId,
    /// For which kinds; all, if there are none.
    kinds: Vec<EventKind>,
    on_failure: OnFailure,
    is_removed: AtomicBool,
    handler: Box<dyn DynHandler>,
}

impl EventHandlers {
    /// No handlers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for one kind of event. When it fails, that is logged.
    pub fn on(&self, kind: EventKind, handler: impl EventHandler + 'static) -> HandlerId {
        self.add(&[kind], OnFailure::default(), handler)
    }

    /// Adds a handler for all events. When it fails, that is logged.
    pub fn on_every(&self, handler: impl EventHandler + 'static) -> HandlerId {
        self.add(&[], OnFailure::default(), handler)
    }

    /// Adds a handler for some kinds of events, or, where none are named, for all.
    pub fn add(
        &self,
        kinds: &[EventKind],
        on_failure: OnFailure,
        handler: impl EventHandler + 'static,
    ) -> HandlerId {
        let mut registry = self.0.write().unwrap_or_else(PoisonError::into_inner);
        registry.last = registry.last.saturating_add(1);
        let id = HandlerId(registry.last);
        let (kinds, is_removed) = (kinds.to_vec(), AtomicBool::new(false));
        let handler = Box::new(handler);
        let registered = Registered { id, kinds, on_failure, is_removed, handler };
        registry.handlers.push(Arc::new(registered));
        id
    }

    /// Removes a handler; false where it was removed before. It is given no further event. One that it is
    /// handling now it handles to the end.
    pub fn remove(&self, id: HandlerId) -> bool {
        let mut registry = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = registry.handlers.iter().position(|it| it.id == id) else { return false };
        registry.handlers.remove(place).is_removed.store(true, Ordering::SeqCst);
        true
    }

    /// The handlers for an event, as they are now. The lock is not held while they run, so that they may add
    /// and remove some.
    fn handlers_of(&self, kind: EventKind) -> Vec<Arc<Registered>> {
        let registry = self.0.read().unwrap_or_else(PoisonError::into_inner);
        registry.handlers.iter().filter(|it| it.is_for(kind)).map(Arc::clone).collect()
    }
}

impl EventHandler for EventHandlers {
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        for registered in self.handlers_of(event.event.kind()) {
            if registered.is_removed.load(Ordering::SeqCst) {
                continue;
            }
            match (registered.handle(event).await, registered.on_failure) {
                (Ok(()), _) => {}
                (Err(error), OnFailure::Stop) => return Err(error),
                (Err(error), OnFailure::Continue) => {
                    let kind = event.event.kind().as_str();
                    error!(id = %event.id, kind, %error, "a handler did not take an event");
                }
            }
        }
        Ok(())
    }
}

impl Registered {
    fn is_for(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// A handler that panics has failed, and takes nobody with it.
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        let handled = AssertUnwindSafe(async { self.handler.handle_boxed(event).await });
        handled.catch_unwind().await.unwrap_or_else(|_| Err(HandlerError::new("it panicked")))
    }
}

impl fmt::Debug for EventHandlers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registry = self.0.read().unwrap_or_else(PoisonError::into_inner);
        write!(out, "EventHandlers({})", registry.handlers.len())
    }
}

/// The object-safe twin of [`EventHandler`].
trait DynHandler: Send + Sync {
    fn handle_boxed<'a>(
        &'a self,
        event: &'a EventRecord,
    ) -> BoxFuture<'a, Result<(), HandlerError>>;
}

impl<H: EventHandler> DynHandler for H {
    fn handle_boxed<'a>(
        &'a self,
        event: &'a EventRecord,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.handle(event))
    }
}
