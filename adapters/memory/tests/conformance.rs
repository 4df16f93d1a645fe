//! The memory store against the suite of all stores.

mod on_threads;

use on_threads::OnThreads;
use testudo_driver::conformance::Nodes;
use testudo_memory::MemoryStore;

fn on_fresh_records(test: impl AsyncFnOnce(MemoryStore)) {
    smol::block_on(test(MemoryStore::new()));
}

testudo_driver::conformance_tests!(on_fresh_records);

/// The same with every command on a thread of its own, which is what makes them race, and with
/// clones in turn, which is what shows that they share their records.
mod racing {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<OnThreads>)) {
        let store = MemoryStore::new();
        let clones = [OnThreads(store.clone()), OnThreads(store.clone())];
        smol::block_on(test(Nodes::new(OnThreads(store), clones)));
    }

    testudo_driver::conformance_tests!(on_fresh_records);
}
