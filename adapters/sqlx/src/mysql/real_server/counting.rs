//! Counters.

use tokio::runtime::Runtime;

use crate::mysql::fixtures::scratch;
use crate::sql::counter_laws;

#[test]
fn counting_refunding_and_clearing_do_what_the_reference_does() {
    let runtime = Runtime::new().unwrap();
    let (_database, store) = runtime.block_on(scratch());
    let cases = 64;
    counter_laws::counting_refunding_and_clearing_do_what_the_reference_does(
        &runtime, &store, cases,
    );
    runtime.block_on(store.close());
}
