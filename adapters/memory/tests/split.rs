//! Several memory stores as one, against the suite of all stores.

mod on_threads;

use on_threads::OnThreads;
use testudo::command::Part;
use testudo_driver::Split;
use testudo_driver::conformance::Nodes;
use testudo_memory::MemoryStore;

/// What changes fast.
const FAST: [Part; 3] = [Part::Sessions, Part::Counters, Part::Onboarding];

/// Every part in a store of its own.
mod all_apart {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        let apart = Split::new(MemoryStore::new());
        let store = Part::ALL
            .into_iter()
            .fold(apart, |split, part| split.place([part], MemoryStore::new()));
        smol::block_on(test(store));
    }

    testudo_driver::conformance_tests!(on_fresh_records, outbox_apart);
}

/// As a database for what must last, and something faster for the rest.
mod sessions_counters_and_onboarding_apart {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        let store = Split::new(MemoryStore::new()).place(FAST, MemoryStore::new());
        smol::block_on(test(store));
    }

    testudo_driver::conformance_tests!(on_fresh_records, over_several_stores);
}

/// The same with every command on a thread of its own, and on two nodes in turn.
mod racing {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<Split>)) {
        let (lasting, fast) = (OnThreads(MemoryStore::new()), OnThreads(MemoryStore::new()));
        let node = || Split::new(lasting.clone()).place(FAST, fast.clone());
        smol::block_on(test(Nodes::new(node(), [node()])));
    }

    testudo_driver::conformance_tests!(on_fresh_records, over_several_stores);
}

/// The same race where every part has a store of its own.
mod racing_all_apart {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<Split>)) {
        let stores = Part::ALL.map(|part| (part, OnThreads(MemoryStore::new())));
        let node = || {
            let apart = Split::new(MemoryStore::new());
            stores.iter().fold(apart, |split, (part, store)| split.place([*part], store.clone()))
        };
        smol::block_on(test(Nodes::new(node(), [node()])));
    }

    testudo_driver::conformance_tests!(on_fresh_records, outbox_apart);
}
