//! Only a flow makes questions: the place for the reply is not to be forged.

use testudo::command::Commit;
use testudo::{Ask, Pending};

fn ask_in_place_of_a_flow(pending: Pending<Commit, ()>) -> Ask<Commit, ()> {
    Ask { command: Commit::default(), pending }
}

fn main() {}
