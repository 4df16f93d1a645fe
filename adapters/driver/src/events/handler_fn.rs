//! A function as a handler.

use std::future::Future;

use testudo::event::EventRecord;

use crate::{EventHandler, HandlerError};

/// A function as a handler of events.
///
/// ```
/// use testudo_driver::{EventHandlers, handler_fn};
///
/// let handlers = EventHandlers::new();
/// handlers.on_every(handler_fn(async |event| {
///     println!("{} {}", event.at, event.event.kind());
///     Ok(())
/// }));
/// ```
pub fn handler_fn<F, R>(function: F) -> impl EventHandler + use<F, R>
where
    F: Fn(EventRecord) -> R + Send + Sync,
    R: Future<Output = Result<(), HandlerError>> + Send,
{
    HandlerFn(function)
}

struct HandlerFn<F>(F);

impl<F, R> EventHandler for HandlerFn<F>
where
    F: Fn(EventRecord) -> R + Send + Sync,
    R: Future<Output = Result<(), HandlerError>> + Send,
{
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        (self.0)(event.clone()).await
    }
}
