//! The registry of handlers: who is given which event, in what order, and what follows when one fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::sync::{Arc, Mutex};

use testudo::event::{Event, EventKind, EventRecord};
use testudo::{Client, Timestamp};
use testudo_driver::{EventHandler, EventHandlers, HandlerError, OnFailure, handler_fn};

type Seen = Arc<Mutex<Vec<&'static str>>>;

/// A handler that notes that it was called.
fn noting(seen: &Seen, name: &'static str) -> impl EventHandler + 'static {
    let seen = Arc::clone(seen);
    handler_fn(move |_| {
        seen.lock().unwrap().push(name);
        async { Ok(()) }
    })
}

fn failing(panics: bool) -> impl EventHandler + 'static {
    handler_fn(move |_| async move {
        assert!(!panics, "as planned");
        Err(HandlerError::new("not now"))
    })
}

fn hand(handlers: &EventHandlers, event: Event) -> Result<(), HandlerError> {
    let id = "00000000-0000-7000-8000-000000000000".parse().unwrap();
    let (at, client) = (Timestamp::from_millis(0), Client::unknown());
    let record = EventRecord { id, at, user: None, session: None, client, event };
    smol::block_on(handlers.handle(&record))
}

#[test]
fn each_handler_is_given_its_kinds_in_the_order_in_which_they_were_added() {
    let (handlers, seen) = (EventHandlers::new(), Seen::default());
    handlers.on_every(noting(&seen, "every"));
    handlers.on(EventKind::UserLogout, noting(&seen, "logout"));
    let kinds = [EventKind::UserLogoutAll, EventKind::UserLogout];
    handlers.add(&kinds, OnFailure::Stop, noting(&seen, "both"));
    handlers.on_every(noting(&seen, "every again"));
    for (event, expected) in [
        (Event::UserLogout, vec!["every", "logout", "both", "every again"]),
        (Event::UserLogoutAll, vec!["every", "both", "every again"]),
        (Event::UserCreated, vec!["every", "every again"]),
    ] {
        hand(&handlers, event).unwrap();
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected);
    }
}

#[test]
fn a_handler_that_fails_or_panics_stops_the_others_only_if_it_is_to() {
    for panics in [false, true] {
        let (handlers, seen) = (EventHandlers::new(), Seen::default());
        handlers.on_every(failing(panics));
        handlers.on_every(noting(&seen, "behind"));
        hand(&handlers, Event::UserLogout).unwrap();
        assert_eq!(*seen.lock().unwrap(), ["behind"]);
        let id = handlers.add(&[], OnFailure::Stop, failing(panics));
        handlers.on_every(noting(&seen, "stopped"));
        hand(&handlers, Event::UserLogout).unwrap_err();
        assert_eq!(*seen.lock().unwrap(), ["behind", "behind"]);
        assert!(handlers.remove(id));
        hand(&handlers, Event::UserLogout).unwrap();
        assert_eq!(*seen.lock().unwrap(), ["behind", "behind", "behind", "stopped"]);
    }
}

#[test]
fn a_handler_that_is_removed_is_given_nothing_more_even_of_the_event_that_is_under_way() {
    let (handlers, seen) = (EventHandlers::new(), Seen::default());
    let (inner, victim) = (handlers.clone(), Arc::new(Mutex::new(None)));
    let remove = Arc::clone(&victim);
    handlers.on_every(handler_fn(move |_| {
        let removed = remove.lock().unwrap().map(|id| inner.remove(id));
        async move {
            assert_ne!(removed, None);
            Ok(())
        }
    }));
    let id = handlers.on_every(noting(&seen, "removed"));
    victim.lock().unwrap().replace(id);
    handlers.on_every(noting(&seen, "stays"));
    hand(&handlers, Event::UserLogout).unwrap();
    hand(&handlers, Event::UserLogout).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["stays", "stays"]);
    assert!(!handlers.remove(id));
}

#[test]
fn a_handler_may_add_another_which_is_given_the_next_event() {
    let (handlers, seen) = (EventHandlers::new(), Seen::default());
    let (inner, note) = (handlers.clone(), Arc::clone(&seen));
    handlers.on(
        EventKind::UserCreated,
        handler_fn(move |_| {
            inner.on(EventKind::UserLogout, noting(&note, "added"));
            async { Ok(()) }
        }),
    );
    hand(&handlers, Event::UserCreated).unwrap();
    hand(&handlers, Event::UserLogout).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["added"]);
}
