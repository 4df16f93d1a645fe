//! Invitations, API keys, and other services.

use testudo::Secret;
use testudo::flow::{
    AcceptInvitation, ApiKeyPage, CreateApiKey, InvitationPage, Invite, accept_invitation,
    authenticate_api_key, authenticate_service, create_api_key, invite, list_api_keys,
    list_invitations, revoke_api_key, revoke_invitation,
};
use testudo::model::{ApiKeyId, InvitationId};
use testudo::service::ServiceTokens;
use testudo::testing::World;

use super::{ADA, BOB, Flow, PASSWORD, Scenario, flow, said, scenario, signed_in};

pub(super) fn flows() -> Vec<Flow> {
    vec![
        flow(
            "invite",
            "Invites one address, or whoever has the link.",
            [inviting(|| Invite::bound(BOB)), inviting(|| Invite::open(2))],
        ),
        flow(
            "list_invitations",
            "Shows whom somebody invited.",
            [scenario(
                signed_in,
                |access, world, _| {
                    let page = InvitationPage::default();
                    list_invitations(access.expose(), page, world.settings(), world.now())
                },
                |_| "the invitations",
            )],
        ),
        flow(
            "revoke_invitation",
            "Takes an invitation back.",
            [scenario(
                invited,
                |(access, id, _), _, env| revoke_invitation(access.expose(), *id, env),
                said("taken back"),
            )],
        ),
        flow(
            "accept_invitation",
            "Makes an account and takes a seat in the same commit.",
            [accepting(BOB), accepting(ADA)],
        ),
        flow(
            "create_api_key",
            "Makes a key, while there is room for it.",
            [scenario(
                signed_in,
                |access, _, env| create_api_key(access.expose(), CreateApiKey::new("any"), env),
                |_| "the key, this once",
            )],
        ),
        flow(
            "list_api_keys",
            "Shows a user's keys.",
            [scenario(
                with_key,
                |(access, ..), world, _| {
                    let page = ApiKeyPage::default();
                    list_api_keys(access.expose(), page, world.settings(), world.now())
                },
                |_| "the keys",
            )],
        ),
        flow(
            "revoke_api_key",
            "Ends a key.",
            [scenario(
                with_key,
                |(access, id, _), _, env| revoke_api_key(access.expose(), *id, env),
                said("it has ended"),
            )],
        ),
        flow(
            "authenticate_api_key",
            "Finds the owner of a key, within its scopes.",
            [scenario(
                with_key,
                |(_, _, text), _, env| authenticate_api_key(text.expose(), None, env),
                |_| "the key",
            )],
        ),
        flow(
            "authenticate_service",
            "Lets another service in by a token of the configuration.",
            [service(SERVICE), service("another")],
        ),
    ]
}

fn inviting(request: fn() -> Invite) -> Scenario {
    scenario(
        signed_in,
        move |access, _, env| invite(access.expose(), request(), env),
        |_| "an invitation",
    )
}

fn invited() -> (World, (Secret<String>, InvitationId, Secret<String>)) {
    let (mut world, access) = signed_in();
    let open = world.run(|env| invite(access.expose(), Invite::open(2), env)).unwrap();
    (world, (access, open.invitation.id, open.token.unwrap()))
}

fn accepting(email: &'static str) -> Scenario {
    scenario(
        invited,
        move |(_, _, token), _, env| {
            let request = AcceptInvitation {
                token: token.clone(),
                email: Some(email.to_owned()),
                password: PASSWORD.into(),
                profile: Default::default(),
            };
            accept_invitation(request, env)
        },
        said("accepted, whoever it is"),
    )
}

fn with_key() -> (World, (Secret<String>, ApiKeyId, Secret<String>)) {
    let (mut world, access) = signed_in();
    let request = CreateApiKey::new("any");
    let (key, text) = world.run(|env| create_api_key(access.expose(), request, env)).unwrap();
    (world, (access, key.id, text))
}

const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";

fn service(token: &'static str) -> Scenario {
    scenario(
        || (super::with_ada(), SERVICE.parse::<ServiceTokens>().unwrap()),
        move |tokens, _, env| authenticate_service(token, None, tokens, env),
        |_| "let in",
    )
}
