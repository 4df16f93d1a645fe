//! Records and tokens as the library makes them, for replies and requests that are plausible.

use std::rc::Rc;

use testudo::Duration;
use testudo::flow::refresh;
use testudo::model::{Session, User};
use testudo::testing::World;
use testudo::token::Tokens;

/// The address of the one account.
pub(crate) const ADA: &str = "ada@example.com";

/// A user, and a session of hers after each of a few refreshes.
pub(crate) struct Genuine {
    pub(crate) user: User,
    pub(crate) generations: Vec<(Session, Tokens)>,
}

thread_local! {
    static GENUINE: Rc<Genuine> = Rc::new(Genuine::make());
}

impl Genuine {
    /// The same for every input: it is made once.
    pub(crate) fn shared() -> Rc<Self> {
        GENUINE.with(Rc::clone)
    }

    fn make() -> Self {
        let mut world = World::new();
        world.register(ADA, "correct horse battery");
        let signed_in = world.login(ADA, "correct horse battery");
        let mut generations = vec![(signed_in.session, signed_in.tokens)];
        for _ in 0..4 {
            world.advance(Duration::from_minutes(1));
            let token = generations.last().map(|(_, tokens)| tokens.refresh.clone());
            let token = token.expect("a pair of tokens");
            let next = world.run(|env| refresh(token.expose(), env)).expect("a refresh");
            generations.push((next.session, next.tokens));
        }
        Self { user: signed_in.user, generations }
    }
}
