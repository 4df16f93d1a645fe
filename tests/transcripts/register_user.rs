//! Registration.

use testudo::command::{Conflict, Write};
use testudo::event::Event;
use testudo::flow::{RegisterUser, register_user};
use testudo::model::Version;
use testudo::testing::{World, expect};
use testudo::{Refusal, Step};

use super::{ADA, PASSWORD};

fn begin(world: &mut World) -> Step<Result<testudo::model::User, Refusal>> {
    register_user(RegisterUser::new(ADA, PASSWORD.into()), world.env())
}

#[test]
fn an_account_is_made_in_one_commit_after_its_password_is_hashed() {
    let mut world = World::new();
    let ask = expect!(begin(&mut world), HashPassword);
    assert_eq!(ask.command.password.expose(), PASSWORD);

    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(ask.answer(Ok(hash.clone())), Commit);
    let [Write::InsertUser(user)] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(user.password, hash);
    assert_eq!((user.is_active, user.is_verified), (true, false));
    assert_eq!((user.created_at, user.version), (world.now(), Version::FIRST));
    assert_eq!(ask.command.events[0].event, Event::UserCreated);
    let user = user.clone();
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(*user));
}

#[test]
fn a_taken_address_is_found_out_by_the_commit_and_costs_a_hash_all_the_same() {
    let mut world = World::new();
    let ask = expect!(begin(&mut world), HashPassword);
    let ask = expect!(ask.answer(Ok(World::stored_hash(PASSWORD, true))), Commit);
    assert_eq!(expect!(ask.answer(Err(Conflict)), Done), Err(Refusal::EmailTaken));
}

#[test]
fn an_account_without_a_password_is_made_without_a_hash() {
    let mut world = World::new();
    let mut request = RegisterUser::new(ADA, PASSWORD.into());
    request.password = None;
    let ask = expect!(register_user(request, world.env()), Commit);
    let [Write::InsertUser(user)] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert!(!user.password.is_usable());
}

#[test]
fn everything_that_is_wrong_with_a_request_is_said_at_once() {
    let mut world = World::new();
    let request = RegisterUser::new("not an address", "short".into());
    let Err(Refusal::Invalid(errors)) = expect!(register_user(request, world.env()), Done) else {
        panic!("was taken")
    };
    let codes: Vec<_> = errors.iter().map(|error| &*error.code).collect();
    assert_eq!(codes, ["invalid_email", "password_too_short"]);
}

#[test]
fn a_password_counts_by_code_points_and_is_bounded_in_bytes() {
    let mut world = World::new();
    let mut taken = |password: &str| {
        let step = register_user(RegisterUser::new(ADA, password.into()), world.env());
        matches!(step, Step::HashPassword(_))
    };
    assert!(taken("\u{1F422}".repeat(8).as_str()), "eight tortoises");
    assert!(!taken("\u{1F422}".repeat(7).as_str()));
    assert!(taken("x".repeat(4096).as_str()));
    assert!(!taken("x".repeat(4097).as_str()));
}
