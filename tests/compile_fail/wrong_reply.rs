//! The type of a question names the type of its answer.

use testudo::command::{Conflict, FindUser};
use testudo::{Ask, Step};

fn answer_with_the_reply_to_another_question<T>(ask: Ask<FindUser, T>) -> Step<T> {
    ask.answer(Err(Conflict))
}

fn main() {}
