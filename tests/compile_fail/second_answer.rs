//! Answering consumes the question.

use testudo::command::Commit;
use testudo::{Ask, Step};

fn answer_twice<T>(ask: Ask<Commit, T>) -> Step<T> {
    let _granted = ask.answer(Ok(()));
    ask.answer(Ok(()))
}

fn main() {}
