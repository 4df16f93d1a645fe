//! The flows, and what each may grant.

use testudo::command::{Guard, LegacyVerdict, PasswordVerdict, Write};
use testudo::event::{Event, EventKind, EventRecord};
use testudo::flow;
use testudo::flow::admin::{self, Imported, UserPage};
use testudo::flow::{ApiKeyPage, EventPage, InvitationPage, Invited};
use testudo::model::{ApiKeyId, ApiKeyState, InvitationId, Method, User};
use testudo::service::ServiceTokens;

use super::links;
use super::onboarding;
use super::requests::SCOPE;
use super::sessions;
use super::trial::Trial;

/// Runs a flow and holds what it ends with against the law.
pub(crate) type Run = fn(&mut Trial<'_>);

/// Every flow of `testudo::flow` and of its module `admin`, by its name there. New ones come last: the
/// first byte of a seed is a place in this list.
pub(crate) const FLOWS: &[(&str, Run)] = &[
    ("login", login),
    ("refresh", sessions::refresh),
    ("logout", sessions::logout),
    ("logout_all", sessions::logout_all),
    ("register_user", register_user),
    ("authenticate", sessions::authenticate),
    ("authenticate_user", sessions::authenticate_user),
    ("change_password", change_password),
    ("list_sessions", sessions::list_sessions),
    ("revoke_session", sessions::revoke_session),
    ("sweep", sweep),
    ("activate", activate),
    ("deactivate", deactivate),
    ("end_session", sessions::end_session),
    ("end_sessions", sessions::end_sessions),
    ("import_users", import_users),
    ("find_user", find_user),
    ("list_users", list_users),
    ("set_password", set_password),
    ("user_sessions", sessions::user_sessions),
    ("request_password_reset", links::request_password_reset),
    ("reset_password", links::reset_password),
    ("send_password_reset", links::send_password_reset),
    ("request_email_verification", links::request_email_verification),
    ("verify_email", links::verify_email),
    ("request_email_change", links::request_email_change),
    ("change_email", links::change_email),
    ("undo_email_change", links::undo_email_change),
    ("close_account", links::close_account),
    ("reopen_account", links::reopen_account),
    ("reopen_account", links::reopen_account_by_administrator),
    ("unsubscribe", links::unsubscribe),
    ("unsubscribe_token", links::unsubscribe_token),
    ("create_api_key", create_api_key),
    ("list_api_keys", list_api_keys),
    ("revoke_api_key", revoke_api_key),
    ("authenticate_api_key", authenticate_api_key),
    ("user_api_keys", user_api_keys),
    ("admin::revoke_api_key", admin_revoke_api_key),
    ("invite", invite),
    ("list_invitations", list_invitations),
    ("revoke_invitation", revoke_invitation),
    ("accept_invitation", accept_invitation),
    ("admin::invite", admin_invite),
    ("admin::list_invitations", admin_list_invitations),
    ("admin::revoke_invitation", admin_revoke_invitation),
    ("list_events", list_events),
    ("admin::list_events", admin_list_events),
    ("authenticate_service", authenticate_service),
    ("external_login", onboarding::external_login),
    ("start_onboarding", onboarding::start),
    ("advance_onboarding", onboarding::advance),
    ("resume_onboarding", onboarding::resume),
    ("begin_totp", onboarding::begin_totp),
    ("confirm_totp", onboarding::confirm_totp),
    ("remove_totp", onboarding::remove_totp),
    ("replace_recovery_codes", onboarding::replace_recovery_codes),
    ("second_factors", onboarding::second_factors),
    ("reset_second_factor", onboarding::reset_second_factor),
    ("end_other_sessions", onboarding::end_other_sessions),
    ("update_profile", onboarding::update_profile),
];

/// Panics while a function that the flows' modules give out has no row above.
pub(crate) fn assert_complete() {
    assert_all_have_rows(include_str!("../../../src/flow/mod.rs"));
    assert_all_have_rows(include_str!("../../../src/flow/admin/mod.rs"));
}

fn assert_all_have_rows(declared: &str) {
    let given_out = declared.split(';').filter_map(|item| item.trim().strip_prefix("pub use "));
    for names in given_out.filter_map(|path| path.split_once("::")).map(|(_, names)| names) {
        let names = names.split(['{', '}', ',']).map(str::trim);
        for name in names.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
        {
            assert!(FLOWS.iter().any(|(row, _)| *row == name), "{name} has no row in FLOWS");
        }
    }
}

/// A sign-in goes on only with a right password of the active account that was found.
fn login(trial: &mut Trial<'_>) {
    let (request, env) = (trial.login_request(), trial.env());
    let Some(sign_in) = trial.grant(flow::login(request, env)) else { return };
    let record = &trial.record;
    let found = record.user.as_ref().expect("nobody was found");
    if found.password.is_usable() {
        assert!(matches!(record.verdict, Some(PasswordVerdict::Valid { .. })));
    } else {
        assert!(found.password.is_legacy() && record.legacy == Some(LegacyVerdict::Right));
    }
    onboarding::assert_sign_in(trial, &sign_in, Method::Password);
}

/// The password changes with a right current one, and takes its own session along.
fn change_password(trial: &mut Trial<'_>) {
    let (token, request, env) = (trial.access_token(), trial.change_of_password(), trial.env());
    if trial.grant(flow::change_password(&token, request, env)).is_none() {
        return;
    }
    assert!(matches!(trial.record.verdict, Some(PasswordVerdict::Valid { .. })));
    let session = trial.record.live_session().expect("the session was ended").clone();
    let (was, user) = replaced_user(trial);
    assert!(user.epoch > was.epoch && user.password != was.password && !user.must_change_password);
    let batch = trial.record.accepted().expect("nothing was committed");
    let carries = |write: &Write| {
        matches!(write, Write::ReplaceSession { session: new, was } if new.id == session.id
            && *was == session.version && new.epoch == user.epoch && new.ended.is_none())
    };
    assert!(batch.writes.iter().any(carries), "its own session is not carried over");
    assert_eq!(batch.messages.len(), 1, "its owner is told");
}

fn sweep(trial: &mut Trial<'_>) {
    trial.now = trial.moment();
    let (batch, now) = (trial.choices.any(), trial.now);
    trial.run(flow::sweep(batch, Trial::settings().policy(), now));
    // It goes on as long as a batch comes back full.
    assert!(trial.record.questions >= 1);
}

fn activate(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    let Some(user) = trial.grant(admin::activate(key, env)) else { return };
    assert!(user.is_active);
    if let Some((was, replaced)) = changed_user(trial) {
        assert!(!was.is_active && replaced == user && user.epoch == was.epoch);
    }
}

/// All sessions are dead with the batch that closes the account.
fn deactivate(trial: &mut Trial<'_>) {
    let (key, env) = (trial.user_key(), trial.env());
    let Some(user) = trial.grant(admin::deactivate(key, env)) else { return };
    assert!(!user.is_active);
    if let Some((was, replaced)) = changed_user(trial) {
        assert!(was.is_active && replaced == user && user.epoch > was.epoch);
    }
}

/// An account is told to be made when the batch that adds it was accepted.
fn import_users(trial: &mut Trial<'_>) {
    let (accounts, env) = (trial.accounts(), trial.env());
    let count = accounts.len();
    let Some(outcome) = trial.grant(admin::import_users(accounts, env)) else { return };
    assert_eq!(outcome.len(), count);
    let created = outcome.iter().filter_map(|imported| match imported {
        Imported::Created(id) => Some(*id),
        Imported::Exists | Imported::Refused(_) => None,
    });
    let added = trial.record.accepted().into_iter().flat_map(|batch| &batch.writes);
    let added = added.map(|write| match write {
        Write::InsertUser(user) => user.id,
        other => panic!("an import writes {other:?}"),
    });
    assert!(created.eq(added), "other accounts were committed");
}

fn find_user(trial: &mut Trial<'_>) {
    let key = trial.user_key();
    let found = trial.grant(admin::find_user(key));
    assert_eq!(found, trial.record.user);
}

fn list_users(trial: &mut Trial<'_>) {
    let limit = trial.choices.any();
    trial.run(admin::list_users(UserPage { after: None, limit }));
    assert!(trial.record.batch.is_none());
}

fn set_password(trial: &mut Trial<'_>) {
    let (request, env) = (trial.password_to_set(), trial.env());
    let must_change = request.must_change;
    if trial.grant(admin::set_password(request, env)).is_some() {
        let (was, user) = replaced_user(trial);
        assert!(user.epoch > was.epoch && user.must_change_password == must_change);
        let batch = trial.record.accepted().expect("nothing was committed");
        assert_eq!(batch.messages.len(), 1, "its owner is told");
    }
}

/// A key is told with the batch that adds it, while there is room for it, and only after a fresh sign-in.
fn create_api_key(trial: &mut Trial<'_>) {
    let (token, request, env) = (trial.access_token(), trial.api_key_request(), trial.env());
    let Some((key, _)) = trial.grant(flow::create_api_key(&token, request, env)) else { return };
    let (was, user) = replaced_user(trial);
    assert!(trial.record.live_session().is_some(), "the session was ended");
    let batch = trial.record.accepted().expect("nothing was committed");
    let adds = |write: &Write| matches!(write, Write::InsertApiKey(new) if **new == key);
    assert!(batch.writes.iter().any(adds), "another key was committed");
    assert!(key.scopes.iter().all(|scope| scope == SCOPE), "a scope that nobody declared");
    assert_eq!((key.user, key.epoch, user.epoch), (was.id, was.epoch, was.epoch));
}

fn list_api_keys(trial: &mut Trial<'_>) {
    let (token, limit) = (trial.access_token(), trial.choices.any());
    trial.now = trial.moment();
    let (now, page) = (trial.now, ApiKeyPage { before: None, limit });
    if trial.grant(flow::list_api_keys(&token, page, &Trial::settings(), now)).is_some() {
        let session = trial.record.live_session().expect("the session was ended");
        assert!(now < session.access_expires_at, "the token had expired");
    }
    assert!(trial.record.batch.is_none());
}

/// A key is revoked with the batch that does so; it is never somebody else's.
fn revoke_api_key(trial: &mut Trial<'_>) {
    let (token, id, env) = (trial.access_token(), trial.choices.any(), trial.env());
    let id = ApiKeyId::from_uuid(uuid::Uuid::from_u128(id));
    if trial.grant(flow::revoke_api_key(&token, id, env)).is_some() {
        let session = trial.record.live_session().expect("the session was ended");
        let found = trial.record.api_key.as_ref().expect("no key was found");
        assert_eq!(found.key.user, session.user, "somebody else's");
        assert_revokes_key(trial);
    }
}

/// A request is admitted by the secret of a key that counts, within its scopes; that it was writes nothing
/// but when.
fn authenticate_api_key(trial: &mut Trial<'_>) {
    let text = trial.api_key_text();
    let scope = if trial.choices.any() { Some(trial.scope()) } else { None };
    let env = trial.env();
    let now = trial.now;
    let admitted = trial.grant(flow::authenticate_api_key(&text, scope.as_deref(), env));
    if let Some((batch, _)) = &trial.record.batch {
        assert!(batch.guards.is_empty());
        match batch.writes[..] {
            [Write::TouchApiKey { at, .. }] if at == now => {
                assert!(admitted.is_some() && batch.events.is_empty());
            }
            [] => {
                let refused =
                    |record: &EventRecord| record.event.kind() == EventKind::ApiKeyRefused;
                assert!(admitted.is_none() && batch.events.iter().all(refused));
                assert_eq!((batch.events.len(), trial.record.allowed), (1, 1), "it is counted");
            }
            _ => panic!("it writes more than when the key was used"),
        }
    }
    let Some(key) = admitted else { return };
    let found = trial.record.api_key.as_ref().expect("no key was found");
    assert_eq!((Some(key.digest), &key), (trial.key_digest, &found.key));
    assert_eq!(key.state(&found.standing, now), ApiKeyState::Live);
    assert!(scope.is_none_or(|scope| key.scopes.contains(&scope)), "beyond its scopes");
}

fn user_api_keys(trial: &mut Trial<'_>) {
    let (key, limit) = (trial.user_key(), trial.choices.any());
    trial.now = trial.moment();
    let now = trial.now;
    trial.grant(admin::user_api_keys(key, ApiKeyPage { before: None, limit }, now));
    assert!(trial.record.batch.is_none());
}

fn admin_revoke_api_key(trial: &mut Trial<'_>) {
    let (id, env) = (trial.choices.any(), trial.env());
    let id = ApiKeyId::from_uuid(uuid::Uuid::from_u128(id));
    if trial.grant(admin::revoke_api_key(id, env)).is_some() {
        assert_revokes_key(trial);
    }
}

fn assert_revokes_key(trial: &Trial<'_>) {
    let found = &trial.record.api_key.as_ref().expect("no key was found").key;
    let batch = trial.record.accepted().expect("nothing was committed");
    assert!(batch.writes.iter().any(|write| {
        matches!(write, Write::ReplaceApiKey { key, was } if key.id == found.id
            && *was == found.version && key.revoked_at.is_some())
    }));
}

/// Who invites was verified, and the link is told to its inviter or mailed, never both.
fn invite(trial: &mut Trial<'_>) {
    let (token, request, env) = (trial.access_token(), trial.invitation_request(), trial.env());
    let Some(invited) = trial.grant(flow::invite(&token, request, env)) else { return };
    let (was, user) = replaced_user(trial);
    assert!(was.is_verified && user.epoch == was.epoch);
    assert_eq!(invited.invitation.invited_by, Some(was.id));
    let open = trial.record.invitations.iter().filter(|it| it.is_open(trial.now)).count();
    assert!(open < 20, "more are open than any policy here allows");
    assert_invites(trial, &invited);
}

fn admin_invite(trial: &mut Trial<'_>) {
    let (request, env) = (trial.invitation_request(), trial.env());
    let Some(invited) = trial.grant(admin::invite(request, env)) else { return };
    assert_eq!(invited.invitation.invited_by, None);
    assert_invites(trial, &invited);
}

fn assert_invites(trial: &Trial<'_>, Invited { invitation, token }: &Invited) {
    let batch = trial.record.accepted().expect("nothing was committed");
    let adds =
        |write: &Write| matches!(write, Write::InsertInvitation(new) if **new == *invitation);
    assert!(batch.writes.iter().any(adds), "another invitation was committed");
    assert_eq!(
        (token.is_none(), batch.messages.len()),
        match invitation.email {
            Some(_) => (true, 1),
            None => (false, 0),
        }
    );
}

fn list_invitations(trial: &mut Trial<'_>) {
    let (token, limit) = (trial.access_token(), trial.choices.any());
    trial.now = trial.moment();
    let (now, page) = (trial.now, InvitationPage { before: None, limit });
    if trial.grant(flow::list_invitations(&token, page, &Trial::settings(), now)).is_some() {
        let session = trial.record.live_session().expect("the session was ended");
        assert!(now < session.access_expires_at, "the token had expired");
    }
    assert!(trial.record.batch.is_none());
}

fn admin_list_invitations(trial: &mut Trial<'_>) {
    let limit = trial.choices.any();
    trial.run(admin::list_invitations(None, InvitationPage { before: None, limit }));
    assert!(trial.record.batch.is_none());
}

/// An invitation is taken back with the batch that does so; it is never somebody else's.
fn revoke_invitation(trial: &mut Trial<'_>) {
    let (token, id, env) = (trial.access_token(), trial.choices.any(), trial.env());
    let id = InvitationId::from_uuid(uuid::Uuid::from_u128(id));
    if trial.grant(flow::revoke_invitation(&token, id, env)).is_some() {
        let session = trial.record.live_session().expect("the session was ended");
        let found = trial.record.invitation.as_ref().expect("no invitation was found");
        assert_eq!(found.invited_by, Some(session.user), "somebody else's");
        assert_takes_back(trial);
    }
}

fn admin_revoke_invitation(trial: &mut Trial<'_>) {
    let (id, env) = (trial.choices.any(), trial.env());
    let id = InvitationId::from_uuid(uuid::Uuid::from_u128(id));
    if trial.grant(admin::revoke_invitation(id, env)).is_some() {
        assert_takes_back(trial);
    }
}

fn assert_takes_back(trial: &Trial<'_>) {
    let found = trial.record.invitation.as_ref().expect("no invitation was found");
    let batch = trial.record.accepted().expect("nothing was committed");
    assert!(batch.writes.iter().any(|write| {
        matches!(write, Write::ReplaceInvitation { invitation, was } if invitation.id == found.id
            && *was == found.version && invitation.revoked_at.is_some())
    }));
}

/// An account is made with a seat of an invitation that counts, and is verified only where its address was
/// invited.
fn accept_invitation(trial: &mut Trial<'_>) {
    let (request, env) = (trial.acceptance(), trial.env());
    if trial.grant(flow::accept_invitation(request, env)).is_none() {
        return;
    }
    let found = trial.record.invitation.as_ref().expect("no invitation was found");
    assert!(found.is_open(trial.now) && Some(found.expires_at) == trial.invited_until);
    let batch = trial.record.accepted().expect("nothing was committed");
    match &batch.writes[..] {
        [] => assert!(found.email.is_none() && batch.messages.len() == 1),
        [Write::InsertUser(user), Write::ReplaceInvitation { invitation, was }] => {
            assert_eq!((invitation.taken, *was), (found.taken + 1, found.version));
            let bound = found.email.as_ref().map(|email| email.key());
            assert!(bound.is_none_or(|bound| bound == user.email.key()));
            assert_eq!(user.is_verified, bound.is_some());
            assert_eq!(batch.guards.len(), usize::from(found.invited_by.is_some()));
        }
        other => panic!("accepting writes {other:?}"),
    }
}

/// As [`replaced_user`]; none where they were already what they were to be, and that is sure to last.
pub(crate) fn changed_user(trial: &Trial<'_>) -> Option<(User, User)> {
    let batch = trial.record.accepted().expect("nothing was committed");
    if !batch.writes.is_empty() {
        return Some(replaced_user(trial));
    }
    let found = trial.record.user.as_ref().expect("nobody was found");
    assert_eq!(batch.guards, [Guard::UserEpoch { id: found.id, epoch: found.epoch }]);
    assert!(batch.events.is_empty() && batch.messages.is_empty());
    None
}

/// The user that was found last and what the accepted batch makes of it, at the version that was read.
pub(crate) fn replaced_user(trial: &Trial<'_>) -> (User, User) {
    let found = trial.record.user.clone().expect("nobody was found");
    let replaced = replacement_of(&found, trial);
    (found, replaced)
}

/// What the accepted batch makes of a user, at the version that was read.
pub(crate) fn replacement_of(found: &User, trial: &Trial<'_>) -> User {
    let batch = trial.record.accepted().expect("nothing was committed");
    let replaced = batch.writes.iter().find_map(|write| match write {
        Write::ReplaceUser { user, was } if *was == found.version && user.id == found.id => {
            Some(User::clone(user))
        }
        _ => None,
    });
    replaced.expect("the user is not guarded by the version read")
}

/// There is an account when the batch that adds it was accepted.
fn register_user(trial: &mut Trial<'_>) {
    let (request, env) = (trial.registration(), trial.env());
    let Some(user) = trial.grant(flow::register_user(request, env)) else { return };
    let batch = trial.record.accepted().expect("nothing was committed");
    let adds = |write: &Write| matches!(write, Write::InsertUser(new) if **new == user);
    assert!(batch.writes.iter().any(adds), "another account was committed");
}

/// Events are listed to a live session, and say of nobody else whether they have an account.
fn list_events(trial: &mut Trial<'_>) {
    let (token, page) = (trial.access_token(), event_page(trial));
    trial.now = trial.moment();
    let now = trial.now;
    let listed = trial.grant(flow::list_events(&token, page, &Trial::settings(), now));
    assert!(trial.record.batch.is_none());
    let Some(listed) = listed else { return };
    let session = trial.record.live_session().expect("the session was ended");
    assert!(now < session.access_expires_at, "the token had expired");
    let tells = |record: &EventRecord| {
        matches!(record.event, Event::EmailChangeRequested { taken: Some(_), .. })
    };
    assert!(!listed.iter().any(tells), "it says whether an address has an account");
}

fn admin_list_events(trial: &mut Trial<'_>) {
    let user = trial.choices.any::<bool>().then(|| trial.genuine.user.id);
    let page = event_page(trial);
    trial.run(admin::list_events(user, page));
    assert!(trial.record.batch.is_none());
}

fn event_page(trial: &mut Trial<'_>) -> EventPage {
    let kinds = EventKind::ALL.iter().copied().take(usize::from(trial.choices.way(4))).collect();
    let since = trial.choices.any::<bool>().then(|| trial.moment());
    let until = trial.choices.any::<bool>().then(|| trial.moment());
    EventPage { kinds, since, until, before: None, limit: trial.choices.any() }
}

/// A service is let in by its token and by nothing else. What is recorded of others was counted.
fn authenticate_service(trial: &mut Trial<'_>) {
    const TOKEN: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    let is_right = trial.choices.any::<bool>();
    let text = if is_right { TOKEN.to_owned() } else { trial.choices.any::<String>() };
    let name = trial.choices.any::<String>().parse().ok();
    let tokens: ServiceTokens = TOKEN.parse().expect("a token");
    let env = trial.env();
    let granted = trial.grant(flow::authenticate_service(&text, name, &tokens, env));
    assert_eq!(granted.is_some(), is_right || text == TOKEN);
    if let Some((batch, _)) = &trial.record.batch {
        assert!(batch.writes.is_empty() && batch.guards.is_empty() && batch.messages.is_empty());
        assert_eq!(granted.is_some(), trial.record.allowed == 0, "it was not counted");
    }
}
