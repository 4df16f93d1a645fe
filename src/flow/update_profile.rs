//! Changing what the application keeps about oneself.

use super::own_account::{Asker, while_both_stand, while_session_stands};
use super::presented::FoundWithUser;
use crate::command::{Conflict, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{JsonObject, User};
use crate::onboarding::Answers;
use crate::onboarding::steps::ProfileField;
use crate::refusal::{FieldError, Refusal};
use crate::step::{Step, ask};

type Outcome = Result<User, Refusal>;

/// Changes the profile of an access token's user, and gives the account as it then is.
///
/// Fields that are not given stay as they are; optional ones that are `null` or empty go. The fields are those
/// that steps of onboarding [declare](crate::onboarding::Onboarding::profile_fields); of anything else nothing is
/// written, and nothing said.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::Invalid`] with all that is wrong,
/// [`Refusal::Busy`].
///
/// # Security
///
/// Declare no field by which something is decided about its owner, such as a role (ASVS 5.0 8.2.3).
pub fn update_profile(access_token: &str, answers: Answers, env: Env) -> Step<Outcome> {
    let asker = match Asker::read(access_token, &env) {
        Ok(asker) => asker,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    match Changes::read(env.settings().onboarding().profile_fields(), &answers) {
        Ok(changes) => look(asker, changes, env),
        // Who is nobody learns nothing of the fields.
        Err(errors) => asker.find(env, |_, _, _| Step::Done(Err(Refusal::Invalid(errors)))),
    }
}

fn look(asker: Asker, changes: Changes, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| write(asker, changes, found, env))
}

/// The session is guarded too: a token that was revoked meanwhile changes nothing.
fn write(asker: Asker, changes: Changes, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let profile = changes.apply(found.user.profile.clone());
    let (user, batch) = if profile == found.user.profile {
        // It may have been changed a moment ago: told once that is sure to last.
        let batch = while_both_stand(&found);
        (found.user, batch)
    } else {
        let FoundWithUser { session, user, record } = found;
        let was = user.version;
        let user = User { profile, version: was.next(), updated_at: env.now, ..user };
        let event = env.event(Some(user.id), Some(session.id), Event::ProfileUpdated);
        let batch = while_session_stands(record, session.id)
            .write(Write::ReplaceUser { user: Box::new(user.clone()), was })
            .event(event);
        (user, batch)
    };
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(user)),
        Err(Conflict) if env.retries.spend() => look(asker, changes, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// What becomes of which field.
#[derive(Debug)]
struct Changes(JsonObject);

impl Changes {
    fn read<'a>(
        fields: impl Iterator<Item = &'a ProfileField>,
        answers: &Answers,
    ) -> Result<Self, Vec<FieldError>> {
        let (mut changes, mut errors) = (JsonObject::new(), Vec::new());
        for field in fields.filter(|field| answers.get(field.name()).is_some()) {
            match field.read(answers) {
                Ok(value) => {
                    changes.insert(field.name().to_owned(), value.unwrap_or_default());
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(changes)) } else { Err(errors) }
    }

    fn apply(&self, mut profile: JsonObject) -> JsonObject {
        for (field, value) in &self.0 {
            if value.is_null() {
                profile.remove(field);
            } else {
                profile.insert(field.clone(), value.clone());
            }
        }
        profile
    }
}
