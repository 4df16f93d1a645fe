//! Users with a live session each, made as the flows make them and by the thousand.

use std::sync::Arc;

use testudo::command::PasswordVerdict;
use testudo::flow::{self, Login, SignedIn};
use testudo::model::{AttemptVerdict, Email, Session, User, UserId};
use testudo::{Client, Entropy, Env, Settings, Step, Timestamp};
use uuid::Builder;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes people.
#[derive(Clone)]
pub(crate) struct Maker {
    settings: Arc<Settings>,
    /// A user whose hash is that of [`PASSWORD`].
    template: User,
}

/// Somebody who is signed in.
pub(crate) struct Somebody {
    pub(crate) user: User,
    pub(crate) session: Session,
    pub(crate) tokens: SignedTokens,
}

/// The tokens of a session.
#[derive(Clone)]
pub(crate) struct SignedTokens {
    pub(crate) user: UserId,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl SignedTokens {
    pub(crate) fn of(signed_in: &SignedIn) -> Self {
        let tokens = &signed_in.tokens;
        Self {
            user: signed_in.user.id,
            access: tokens.access.expose().to_owned(),
            refresh: tokens.refresh.expose().to_owned(),
        }
    }
}

pub(crate) fn address(number: usize) -> String {
    format!("somebody-{number}@example.com")
}

impl Maker {
    pub(crate) const fn new(settings: Arc<Settings>, template: User) -> Self {
        Self { settings, template }
    }

    /// A user who joined now.
    pub(crate) fn user(&self, email: &str, random: &mut fastrand::Rng) -> User {
        let now = now();
        let mut bytes = [0; 10];
        random.fill(&mut bytes);
        let id = Builder::from_unix_timestamp_millis(now.as_millis(), &bytes).into_uuid();
        let email: Email = email.parse().unwrap();
        User::new(UserId::from_uuid(id), email, self.template.password.clone(), now)
    }

    /// Signs a user in without any store: by the flow, which is told what it wants to hear.
    pub(crate) fn sign_in(&self, user: User, random: &mut fastrand::Rng) -> Somebody {
        let mut seed = [0; 32];
        random.fill(&mut seed);
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let client = Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent(agent);
        let env = Env::new(now(), Entropy::from_seed(seed), client, Arc::clone(&self.settings));
        let request = Login::new(user.email.as_str(), PASSWORD.into());
        let mut step = flow::login(request, env);
        let signed_in = loop {
            step = match step {
                Step::CountAttempt(ask) => {
                    let window = ask.command.now + ask.command.limit.window;
                    ask.answer(AttemptVerdict::Allowed { window, is_last: false })
                }
                Step::FindUser(ask) => ask.answer(Some(user.clone())),
                Step::VerifyPassword(ask) => ask.answer(PasswordVerdict::Valid { outdated: false }),
                Step::Commit(ask) => ask.answer(Ok(())),
                Step::Done(Ok(signed_in)) => break signed_in.signed_in().unwrap(),
                other => panic!("nothing is prepared for {other:?}"),
            };
        };
        let tokens = SignedTokens::of(&signed_in);
        Somebody { user, session: signed_in.session, tokens }
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from(std::time::SystemTime::now())
}
