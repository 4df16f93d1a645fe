//! What the flows promise, kept by the real store under them.

use futures::future::{join, join3};
use testudo::event::Event;
use testudo::flow::{AcceptInvitation, CreateApiKey, Invite, Login, ResetPassword, SignedIn};
use testudo::message::MessageKind;
use testudo::model::{EmailKey, EndReason};
use testudo::{Client, Policy, Refusal};

use super::observe::Observe;
use super::race::{let_others_go_on, race};
use super::records::object;
use super::world::{ADA, RIGHT, World, count, refusal_of, texts};
use crate::Store;

pub async fn a_session_lives_from_login_to_logout<S: Store>(store: S) {
    let world = World::new(store);
    let ada = world.register(ADA).await.expect("the address is free");
    let claims = object([("tenant", "7")]);
    let request = Login { claims: claims.clone(), ..Login::new(" ADA@EXAMPLE.com", RIGHT.into()) };
    let first = world.login(request).await.expect("the password is right");
    let second = world.refresh(&first.tokens).await.expect("the token is fresh");
    assert_eq!(world.check(&first.tokens).await, Err(Refusal::InvalidToken));
    let session = world.check(&second.tokens).await.expect("the token is fresh");
    assert_eq!((session.user, session.generation, session.claims), (ada.id, 1, claims));
    assert_eq!(world.logout(&second.tokens).await, Ok(()));
    world.assert_dead(&second.tokens).await;
    let kinds: Vec<_> = world.events().await;
    assert!(matches!(
        kinds[..],
        [
            Event::UserCreated,
            Event::UserLogin { .. },
            Event::UserLogout,
            Event::RefreshRefused { .. }
        ]
    ));
}

pub async fn of_100_parallel_registrations_of_one_address_one_makes_an_account<S: Store>(store: S) {
    let world = World::new(store);
    let spellings = ["\u{e0}da@example.com", " a\u{300}DA@Example.com", "\u{c0}da@EXAMPLE.COM "];
    let outcomes = race(100, |n| world.register(spellings[n as usize % 3])).await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 99));
    assert!(refused.iter().all(|outcome| *outcome == Err(Refusal::EmailTaken)));
    let key = EmailKey::from_stored("\u{e0}da@example.com".into());
    assert_eq!(world.store().user_by_email(&key).await, made[0].clone().ok());
}

pub async fn of_1000_parallel_wrong_logins_5_passwords_are_looked_at<S: Store>(store: S) {
    let world = World::new(store);
    world.register(ADA).await.expect("the address is free");
    let outcomes = race(1000, |_| world.login(Login::new(ADA, "wrong".into()))).await;
    assert_eq!(world.verified(), 5);
    assert_eq!(count(&outcomes, &Refusal::InvalidCredentials), 5);
    let lock = Policy::default().login_account.lock;
    assert_eq!(count(&outcomes, &Refusal::RateLimited { retry_after: lock }), 995);
    assert!(world.sign_in(ADA).await.is_err(), "not even the right one, for a while");
    world.clock.advance(lock);
    assert!(world.sign_in(ADA).await.is_ok());
}

pub async fn of_300_parallel_logins_from_a_network_100_passwords_are_looked_at<S: Store>(store: S) {
    let world = World::new(store);
    let outcomes = race(300, |n| {
        let there = Client::unknown().with_ip(std::net::Ipv6Addr::from_bits(n.into()).into());
        let email = format!("user-{n}@example.com");
        let world = &world;
        async move { refusal_of(world.auth.login(Login::new(email, RIGHT.into()), &there).await) }
    });
    let outcomes = outcomes.await;
    assert_eq!(world.verified(), 100);
    assert_eq!(count(&outcomes, &Refusal::InvalidCredentials), 100);
}

pub async fn parallel_logins_with_the_right_password_all_succeed<S: Store>(store: S) {
    let world = World::new(store);
    world.register(ADA).await.expect("the address is free");
    for _ in 0..5 {
        // As many as may be under way at once; each gives its attempt back.
        for signed_in in race(5, |_| world.sign_in(ADA)).await {
            let tokens = signed_in.expect("the password is right").tokens;
            assert!(world.check(&tokens).await.is_ok());
        }
    }
}

pub async fn of_100_parallel_refreshes_there_is_one_successor<S: Store>(store: S) {
    let world = World::new(store);
    let first = world.signed_in().await;
    let refreshed = race(100, |_| world.refresh(&first.tokens)).await;
    let successors: Vec<_> =
        refreshed.into_iter().map(|refreshed| refreshed.expect("the token is fresh")).collect();
    let session = world.stored(first.session.id).await;
    assert_eq!((session.generation, session.version), (1, first.session.version.next()));
    for successor in &successors {
        assert_eq!(texts(&successor.tokens), texts(&successors[0].tokens));
        assert_eq!(successor.session, session);
    }
    assert_eq!(world.check(&first.tokens).await, Err(Refusal::InvalidToken));
    assert_eq!(world.check(&successors[0].tokens).await, Ok(session));
    assert!(world.refresh(&successors[0].tokens).await.is_ok());
}

pub async fn a_refresh_token_that_returns_after_the_grace_ends_its_session_once<S: Store>(
    store: S,
) {
    let world = World::new(store);
    let first = world.signed_in().await;
    let second = world.refresh(&first.tokens).await.expect("the token is fresh");
    world.clock.advance(Policy::default().refresh_grace);
    let outcomes = race(50, |_| world.refresh(&first.tokens)).await;
    assert_eq!(count(&outcomes, &Refusal::RevokedToken), 50);
    let ended = world.stored(first.session.id).await.ended.expect("the session was ended");
    assert_eq!(ended.reason, EndReason::RefreshReused);
    world.assert_dead(&second.tokens).await;
    let events = world.events().await;
    let reused = Event::RefreshReused { generation: 0, current: 1 };
    assert_eq!(events.iter().filter(|event| **event == reused).count(), 1);
}

/// A logout that comes after the refresh holds a token that is spent, and is told so.
pub async fn after_a_logout_no_token_works_however_many_were_refreshing<S: Store>(store: S) {
    let world = World::new(store);
    world.register(ADA).await.expect("the address is free");
    for round in 0..20 {
        let first = world.sign_in(ADA).await.expect("the password is right");
        let late = async {
            for _ in 0..round {
                let_others_go_on().await;
            }
            world.logout(&first.tokens).await
        };
        let refreshes = race(5, |_| world.refresh(&first.tokens));
        let (logged_out, refreshed) = join(late, refreshes).await;
        let successor = refreshed.into_iter().find_map(Result::ok).map(|it| it.tokens);
        if let Err(refusal) = logged_out {
            assert_eq!(refusal, Refusal::InvalidToken);
            let successor = successor.as_ref().expect("only a refresh makes the token invalid");
            assert_eq!(world.logout(successor).await, Ok(()));
        }
        world.assert_dead(&first.tokens).await;
        if let Some(successor) = successor {
            world.assert_dead(&successor).await;
        }
    }
}

pub async fn logging_out_everywhere_ends_every_session<S: Store>(store: S) {
    let world = World::new(store);
    let (first, second) = (world.signed_in().await, world.sign_in(ADA).await.expect("right"));
    let ben = "ben@example.com";
    world.register(ben).await.expect("the address is free");
    let his = world.sign_in(ben).await.expect("the password is right");
    // Sessions that are in use: what a store remembers of their owner must not outlive this.
    for tokens in [&first.tokens, &second.tokens, &his.tokens] {
        assert!(world.check(tokens).await.is_ok());
    }
    assert_eq!(world.logout_all(&first.tokens).await, Ok(()));
    world.assert_dead(&first.tokens).await;
    world.assert_dead(&second.tokens).await;
    assert!(world.check(&his.tokens).await.is_ok(), "of this user only");
    assert!(world.sign_in(ADA).await.is_ok());
}

pub async fn what_was_signed_in_before_logging_out_everywhere_is_dead_however_it_raced<S: Store>(
    store: S,
) {
    let world = World::new(store);
    world.register(ADA).await.expect("the address is free");
    for round in 0..10 {
        let before = race(3, |_| world.sign_in(ADA)).await;
        let before: Vec<_> = before.into_iter().map(|it| it.expect("right").tokens).collect();
        let late = async {
            for _ in 0..round * 2 {
                let_others_go_on().await;
            }
            world.logout_all(&before[0]).await
        };
        let refreshes = race(6, |n| world.refresh(&before[1 + n as usize % 2]));
        let logins = race(3, |_| world.sign_in(ADA));
        let (logged_out, refreshed, signed_in) = join3(late, refreshes, logins).await;
        assert_eq!(logged_out, Ok(()));
        for tokens in &before {
            world.assert_dead(tokens).await;
        }
        for refreshed in refreshed.into_iter().flatten() {
            world.assert_dead(&refreshed.tokens).await;
        }
        for signed_in in signed_in {
            let SignedIn { user, tokens, .. } = signed_in.expect("the password is right");
            let now = world.store().user(user.id).await.expect("the user is there").epoch;
            assert_eq!(world.check(&tokens).await.is_ok(), user.epoch == now);
        }
    }
}

pub async fn of_100_parallel_uses_of_a_reset_link_one_sets_the_password<S: Store>(store: S) {
    let world = World::new(store);
    let first = world.signed_in().await;
    let asked = world.auth.request_password_reset(ADA, &Client::unknown()).await;
    assert_eq!(refusal_of(asked), Ok(()));
    let [link] = &world.mail().await[..] else { panic!("one message") };
    let token = link.token.as_ref().expect("a link");
    let outcomes = race(100, |n| {
        let new_password = phrase(n).as_str().into();
        let request = ResetPassword { token: token.clone(), new_password };
        let world = &world;
        async move { refusal_of(world.auth.reset_password(request, &Client::unknown()).await) }
    });
    let outcomes = outcomes.await;
    assert_eq!(count(&outcomes, &Refusal::InvalidToken), 99);
    let winner = outcomes.iter().position(Result::is_ok).expect("one sets the password");
    world.assert_dead(&first.tokens).await;
    assert!(world.sign_in(ADA).await.is_err());
    let winner = phrase(winner.try_into().expect("at most 100"));
    assert!(world.login(Login::new(ADA, winner.as_str().into())).await.is_ok());
    let notices = world.mail().await.into_iter().map(|message| message.kind);
    let notices = notices.filter(|kind| *kind == MessageKind::PasswordChanged).count();
    assert_eq!(notices, 1);
}

fn phrase(number: u32) -> String {
    format!("phrase number {number} of all")
}

pub async fn of_100_parallel_creations_of_api_keys_as_many_are_made_as_the_policy_allows<
    S: Store,
>(
    store: S,
) {
    let world = World::with(store, Policy { api_keys: 3, ..Policy::default() });
    let tokens = world.signed_in().await.tokens;
    let (mut granted, mut full) = (Vec::new(), 0);
    // Who meets too many others is told to try again, and does.
    while full < 100 {
        let outcomes = race(100, |_| async {
            let request = CreateApiKey::new("any");
            let access = tokens.access.expose();
            let made = world.auth.create_api_key(access, request, &Client::unknown()).await;
            refusal_of(made)
        });
        for outcome in outcomes.await {
            match outcome {
                Ok((_, text)) => granted.push(text),
                Err(Refusal::TooMany { most: 3 }) => full += 1,
                Err(refusal) => assert_eq!(refusal, Refusal::Busy),
            }
        }
    }
    assert_eq!(granted.len(), 3);
    for text in &granted {
        assert!(
            world.auth.authenticate_api_key(text.expose(), None, &Client::unknown()).await.is_ok()
        );
    }
    assert_eq!(world.logout_all(&tokens).await, Ok(()));
    for text in &granted {
        let used = refusal_of(
            world.auth.authenticate_api_key(text.expose(), None, &Client::unknown()).await,
        );
        assert_eq!(used.map(drop), Err(Refusal::RevokedToken));
    }
}

pub async fn of_50_parallel_acceptances_the_last_seat_goes_to_one<S: Store>(store: S) {
    let world = World::new(store);
    let here = Client::unknown();
    let invited = world.auth.admin().invite(Invite::open(1), &here).await;
    let invited = refusal_of(invited).expect("a request that is fit");
    let token = invited.token.expect("an open invitation");
    let outcomes = race(50, |n| {
        let request = AcceptInvitation {
            token: token.clone(),
            email: Some(format!("user-{n}@example.com")),
            password: RIGHT.into(),
            profile: Default::default(),
        };
        async { refusal_of(world.auth.accept_invitation(request, &here).await) }
    });
    let outcomes = outcomes.await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(count(&outcomes, &Refusal::InvalidToken), 49);
    let winner = outcomes.iter().position(Result::is_ok).expect("there is one");
    assert!(world.sign_in(&format!("user-{winner}@example.com")).await.is_ok());
    let stored = world.store().invitation(invited.invitation.id).await.expect("it is there");
    assert_eq!(stored.taken, 1);
}
