//! Changing one's profile.

use serde_json::{Value, json};
use testudo::Refusal;
use testudo::command::{Conflict, Guard};
use testudo::event::Event;
use testudo::flow::{SignedIn, logout, update_profile};
use testudo::model::{JsonObject, User};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Answers, Onboarding};
use testudo::testing::{World, expect};

use super::{ADA, PASSWORD};

fn fields(data: Value) -> JsonObject {
    let Value::Object(fields) = data else { panic!("{data} is no object") };
    fields
}

/// Ada has signed in where a name must be given and a motto may.
fn world() -> (World, SignedIn) {
    let mut world = World::new();
    let profile = Profile::new([
        ProfileField::text("name", "Name"),
        ProfileField::text("motto", "Motto").optional(),
    ]);
    world.set_onboarding(Onboarding::standard().with_step(profile));
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.profile = fields(json!({"name": "Ada", "role": "admin"})));
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

fn update(world: &mut World, ada: &SignedIn, data: Value) -> Result<User, Refusal> {
    let answers = Answers::new(fields(data));
    world.run(|env| update_profile(ada.tokens.access.expose(), answers, env))
}

#[test]
fn what_is_declared_is_written_and_nothing_else() {
    let (mut world, ada) = world();
    let data = json!({"motto": "Onwards", "role": "owner", "id": 1, "is_verified": true});
    let user = update(&mut world, &ada, data).unwrap();
    let expected = fields(json!({"name": "Ada", "role": "admin", "motto": "Onwards"}));
    assert_eq!((user.profile, user.is_verified), (expected, false));
    let events = world.tables().events().into_iter();
    assert_eq!(events.filter(|it| it.event == Event::ProfileUpdated).count(), 1);
}

#[test]
fn what_is_not_given_stays_and_what_is_empty_goes() {
    let (mut world, ada) = world();
    update(&mut world, &ada, json!({"motto": "Onwards"})).unwrap();
    let user = update(&mut world, &ada, json!({"motto": ""})).unwrap();
    assert_eq!(user.profile, fields(json!({"name": "Ada", "role": "admin"})));
}

#[test]
fn all_that_is_wrong_is_told_to_who_may_ask() {
    let (mut world, ada) = world();
    let refused = update(&mut world, &ada, json!({"name": null, "motto": 7})).unwrap_err();
    let Refusal::Invalid(errors) = refused else { panic!("{refused:?}") };
    let errors: Vec<_> = errors.iter().map(|error| (&*error.field, &*error.code)).collect();
    assert_eq!(errors, [("name", "required"), ("motto", "wrong_type")]);
    world.run(|env| logout(ada.tokens.access.expose(), env)).unwrap();
    let refused = update(&mut world, &ada, json!({"motto": 7})).unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
}

#[test]
fn a_change_that_loses_to_another_keeps_what_that_one_wrote() {
    let (mut world, ada) = world();
    let answers = Answers::new(fields(json!({"motto": "Onwards"})));
    let step = update_profile(ada.tokens.access.expose(), answers, world.env());
    let found = Some((ada.session.clone(), ada.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), Commit);
    let later = update(&mut world, &ada, json!({"name": "Countess"})).unwrap();
    let ask = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
    let ask = expect!(ask.answer(Some((ada.session.clone(), later))), Commit);
    let user = expect!(ask.answer(Ok(())), Done).unwrap();
    let expected = json!({"name": "Countess", "role": "admin", "motto": "Onwards"});
    assert_eq!(user.profile, fields(expected));
}

#[test]
fn nothing_is_written_where_nothing_changes() {
    let (mut world, ada) = world();
    let before = world.tables().clone();
    update(&mut world, &ada, json!({"name": "Ada", "unknown": 1})).unwrap();
    assert_eq!(*world.tables(), before);
}

/// What made it so may be under way still.
#[test]
fn that_nothing_changes_is_told_when_guards_of_what_was_read_were_committed() {
    let (mut world, ada) = world();
    let answers = Answers::new(fields(json!({"name": "Ada"})));
    let step = update_profile(ada.tokens.access.expose(), answers, world.env());
    let found = Some((ada.session.clone(), ada.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), Commit);
    let session = Guard::SessionVersion { id: ada.session.id, version: ada.session.version };
    let user = Guard::UserEpoch { id: ada.user.id, epoch: ada.user.epoch };
    assert_eq!(ask.command.guards, [session, user]);
    assert!(ask.command.writes.is_empty() && ask.command.events.is_empty());
    let _ = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
}
