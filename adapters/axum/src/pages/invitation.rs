//! `/invitation?token=…`

use testudo::Secret;
use testudo::flow::AcceptInvitation;
use testudo::model::JsonObject;
use testudo::onboarding::{Field, FieldType};
use testudo::password::Password;

use super::browser::{Answer, Browser};
use super::letter::require_token;
use super::plain::Plain;
use super::posted::Posted;
use super::reset::new_password;
use super::trouble::Trouble;

/// Looks at nothing: the token is spent by the form.
pub(super) async fn show(browser: Browser) -> Answer {
    let token = require_token(&browser)?;
    page(&fields(&browser), &token).show(&browser)
}

pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let (token, email) = (form.text("token"), form.text("email").trim());
    let request = AcceptInvitation {
        token: Secret::new(token.to_owned()),
        email: (!email.is_empty()).then(|| email.to_owned()),
        password: Password::from(form.text("password")),
        profile: JsonObject::new(),
    };
    match browser.auth().accept_invitation(request, &browser.client).await {
        Ok(()) => Ok(browser.go("/signin?notice=invited")),
        Err(error) => {
            let trouble = Trouble::of(error, &browser)?;
            page(&fields(&browser), token).show_again(&browser, &form, &trouble)
        }
    }
}

fn fields(browser: &Browser) -> [Field; 2] {
    let password = new_password(browser);
    let password = Field { name: "password".to_owned(), label: "Password".to_owned(), ..password };
    let email = Field::required("email", FieldType::Email, "E-mail address");
    [email.optional(), password]
}

const fn page<'a>(fields: &'a [Field], token: &'a str) -> Plain<'a> {
    Plain {
        title: "Accept your invitation",
        description: "Choose a password for your account. If the invitation came to you by mail, you may leave the address \
                      empty: it is the one that the letter went to.",
        path: "/invitation",
        fields,
        token: Some(token),
        button: "Create the account",
        is_grave: false,
    }
}
