//! A flow that waits for an answer has no result to take.

use testudo::command::Commit;
use testudo::{Ask, Step};

fn take_the_result_of_a_question<T>(ask: Ask<Commit, T>) -> T {
    match ask {
        Step::Done(result) => result,
    }
}

fn main() {}
