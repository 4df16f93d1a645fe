//! Reading a flow as a transcript.

/// Takes the question that a flow is expected to ask, or the result that it is expected to have.
///
/// `expect!(step, FindUser)` is the [`Ask`](crate::Ask) for that command, `expect!(step, Done)` the
/// result. Anything else panics, naming what was found.
///
/// ```
/// use testudo::testing::{World, expect};
/// use testudo::{Refusal, flow::{Login, login}, command::{Against, PasswordVerdict}};
///
/// let mut world = World::new();
/// let step = login(Login::new("nobody@example.com", "guess".into()), world.env());
/// let ask = expect!(step, CountAttempt);
/// let step = ask.answer(testudo::model::AttemptVerdict::Allowed { window: world.now(), is_last: false });
/// let step = expect!(step, FindUser).answer(None);
/// let ask = expect!(step, VerifyPassword);
/// assert!(matches!(ask.command.against, Against::Nobody));
/// let step = ask.answer(PasswordVerdict::Invalid);
/// let result = expect!(expect!(step, Commit).answer(Ok(())), Done);
/// assert_eq!(result.unwrap_err(), Refusal::InvalidCredentials);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __expect {
    ($step:expr, $expected:ident) => {
        match $step {
            $crate::Step::$expected(found) => found,
            found => ::std::panic!("expected {}, found: {found:?}", ::std::stringify!($expected)),
        }
    };
}

#[doc(inline)]
pub use crate::__expect as expect;

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crate::command::{FindUser, UserKey};
    use crate::model::UserId;
    use crate::testing::expect;
    use crate::{Step, ask};

    #[test]
    fn what_was_found_instead_is_named() {
        let key = UserKey::Id(UserId::from_uuid(uuid::Uuid::nil()));
        let step: Step<()> = ask(FindUser { key }, |_| Step::Done(()));
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let _ = expect!(step, Commit);
        }))
        .unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.starts_with("expected Commit, found: "), "{message}");
        assert!(message.contains("asks FindUser"), "{message}");
    }
}
