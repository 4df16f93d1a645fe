//! `/reset?token=…`

use testudo::Secret;
use testudo::flow::ResetPassword;
use testudo::onboarding::{Field, FieldType, Validation};
use testudo::password::Password;

use super::browser::{Answer, Browser};
use super::letter::require_token;
use super::plain::Plain;
use super::posted::Posted;
use super::trouble::Trouble;

/// Looks at nothing: the token is spent by the form.
pub(super) async fn show(browser: Browser) -> Answer {
    let token = require_token(&browser)?;
    page(&[new_password(&browser)], &token).show(&browser)
}

pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let token = form.text("token");
    let request = ResetPassword {
        token: Secret::new(token.to_owned()),
        new_password: Password::from(form.text("new_password")),
    };
    match browser.auth().reset_password(request, &browser.client).await {
        Ok(()) => Ok(browser.go("/signin?notice=reset")),
        Err(error) => {
            let trouble = Trouble::of(error, &browser)?;
            page(&[new_password(&browser)], token).show_again(&browser, &form, &trouble)
        }
    }
}

/// The field of a new password.
pub(super) fn new_password(browser: &Browser) -> Field {
    let rules = Validation {
        min_length: browser.auth().settings().validators().min_length(),
        ..Validation::default()
    };
    Field::required("new_password", FieldType::Password, "New password").validation(rules)
}

const fn page<'a>(fields: &'a [Field], token: &'a str) -> Plain<'a> {
    Plain {
        title: "Choose a new password",
        description: "Choose a password that you use nowhere else. All your sessions end, and you sign in with the new one.",
        path: "/reset",
        fields,
        token: Some(token),
        button: "Set the new password",
        is_grave: false,
    }
}
