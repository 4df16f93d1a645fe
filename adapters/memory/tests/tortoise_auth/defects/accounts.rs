//! The accounts that onboarding makes.

use testudo::command::UserKey;
use testudo::flow::RegisterUser;
use testudo::message::MessageKind;
use testudo::model::Email;
use testudo::onboarding::Onboarding;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::{Client, Policy, Refusal};

use crate::service::{ADA, PASSWORD, Service, accepted, errors, json, refusal, registration};

/// There the first step makes an account, with which anybody signs in at once: all steps after it may be left out.
#[test]
fn nobody_signs_in_before_the_last_step() {
    let service = Service::new();
    let (token, _) = service.sent(ADA);
    assert_eq!(service.sign_in(ADA).unwrap_err(), Refusal::InvalidCredentials);
    let code = service.mailed_code();
    accepted(service.advance(&token, json!({ "code": code })));
    assert_eq!(service.sign_in(ADA).unwrap_err(), Refusal::InvalidCredentials);
    assert!(service.skip(&token).unwrap().completed().is_some());
    assert!(service.sign_in(ADA).unwrap().signed_in().is_ok());
}

/// There it is started for one address, and any other may be registered in it.
#[test]
fn the_address_that_is_registered_is_the_one_that_it_was_started_for() {
    let service = Service::new();
    let token = service.begin(ADA);
    let other = registration("other@example.com");
    assert_eq!(errors(service.advance(&token, other)), ["other_email"]);
    accepted(service.advance(&token, registration("ADA@example.com")));
}

/// There: `Email already taken`.
#[test]
fn a_taken_address_looks_like_a_free_one_and_its_owner_is_told() {
    let service = Service::of_steps(["register", "verify_email"]);
    service.verified(ADA);
    let (mut taken, mut free) = (Vec::new(), Vec::new());
    for (email, shown) in [(ADA, &mut taken), ("ben@example.com", &mut free)] {
        let token = service.begin(email);
        for data in [registration(email), json!({}), json!({"code": "00000x"})] {
            let result = service.advance(&token, data).unwrap();
            let hint = result.hint().unwrap();
            let said = format!("{hint:?} {} {:?}", hint.description, hint.extra);
            let said = said.replace(email, "…");
            shown.push((said, result.errors().to_vec(), result.completed_steps.clone()));
        }
    }
    assert_eq!(taken, free);
    assert_eq!(service.count_mail(MessageKind::RegistrationOfTaken), 1);
}

#[test]
fn a_taken_address_is_told_where_the_application_wants_it_as_in_tortoise_auth() {
    let policy = Policy { tell_taken_addresses: true, ..Policy::default() };
    let onboarding = Onboarding::standard().sign_up(["register", "verify_email"]);
    let service = Service::with(policy, onboarding);
    service.verified(ADA);
    let token = service.begin(ADA);
    assert_eq!(errors(service.advance(&token, registration(ADA))), ["email_taken"]);
}

/// There `A@example.com` and `a@example.com` are two accounts.
#[test]
fn an_address_in_another_spelling_is_the_same_account() {
    let service = Service::of_steps(["register", "verify_email"]);
    service.verified(ADA);
    let (token, _) = (service.registered("ADA@Example.com"), ());
    accepted(service.advance(&token, json!({})));
    assert_eq!(service.count_mail(MessageKind::RegistrationOfTaken), 1);
    assert!(service.sign_in(" ADA@EXAMPLE.com").is_ok());
}

/// There the step calls the validators without the user, so that the address will do as a password.
#[test]
fn the_rules_for_passwords_know_the_address() {
    let service = Service::new();
    let email = "longname@example.com";
    let token = service.begin(email);
    for password in [email, "longname1"] {
        let data = json!({"email": email, "password": password, "password_confirm": password});
        assert!(!errors(service.advance(&token, data)).is_empty(), "{password}");
    }
}

/// There whoever registers an address first has it, proved or not, and its owner reads that it is taken.
#[test]
fn an_address_that_somebody_else_left_unverified_goes_to_who_verifies_it() {
    let service = Service::of_steps(["register", "verify_email"]);
    let squatted = RegisterUser::new(ADA, "a phrase of the squatter's".into());
    let squatter =
        smol::block_on(refusal(service.auth.register_user(squatted, &Client::unknown())));
    let squatter = squatter.unwrap();
    let (_, done) = service.verified(ADA);
    let hers = done.completed().unwrap().user;
    assert_ne!(hers.id, squatter.id, "by which the application may know the squatter");
    let gone = smol::block_on(service.auth.admin().find_user(UserKey::Id(squatter.id)));
    assert!(gone.is_err(), "and nothing that was issued before is of any use");
    assert!(service.sign_in(ADA).unwrap().signed_in().is_ok(), "by the password of who verified");
    let login = testudo::flow::Login::new(ADA, "a phrase of the squatter's".into());
    let theirs = smol::block_on(refusal(service.auth.login(login, &Client::unknown())));
    assert_eq!(theirs.unwrap_err(), Refusal::InvalidCredentials);
}

/// There a list becomes the text `['a', 'list']`, and a declared field is any attribute of the model.
#[test]
fn only_declared_fields_of_their_type_get_into_the_profile() {
    let onboarding = Onboarding::standard()
        .with_step(Profile::new([ProfileField::text("name", "Your name")]))
        .sign_up(["register", "verify_email", "profile"]);
    let service = Service::with(Policy::default(), onboarding);
    let (token, _) = service.verified(ADA);
    for wrong in [json!(["a", "list"]), json!(7), json!({}), json!("x".repeat(201)), json!("  ")] {
        assert!(!errors(service.advance(&token, json!({ "name": wrong }))).is_empty(), "{wrong}");
    }
    let data =
        json!({"name": "Ada", "role": "admin", "is_active": false, "email": "x@example.com"});
    let user = accepted(service.advance(&token, data)).completed().unwrap().user;
    assert_eq!(user.profile.keys().collect::<Vec<_>>(), ["name"]);
    assert_eq!((user.is_active, user.email.as_str()), (true, ADA));
}

/// There tokens are issued for a user who was deactivated meanwhile, and for one who was deleted.
#[test]
fn who_was_deactivated_meanwhile_is_not_let_in() {
    let service = Service::new();
    let seed = service.enrolled(ADA);
    let token = service.sign_in(ADA).unwrap().owing().unwrap().session_token;
    let email: Email = ADA.parse().unwrap();
    let key = UserKey::Email(email.key().clone());
    let admin = service.auth.admin();
    smol::block_on(refusal(admin.deactivate(key, &Client::unknown()))).unwrap();
    let code = service.code_of(&seed);
    let refused = service.advance(&token, json!({ "code": code })).unwrap_err();
    assert_eq!(refused, Refusal::OnboardingUnknown);
}

/// There the account is saved first, without a password, and its password after that.
#[test]
fn account_and_password_are_made_in_one_commit() {
    let service = Service::of_steps(["register", "verify_email"]);
    service.verified(ADA);
    let user = service.user(ADA).unwrap();
    assert_eq!(user.version, testudo::model::Version::FIRST, "it was written once");
    assert!(user.password.is_usable());
    assert!(!user.password.as_stored().contains(PASSWORD));
}
