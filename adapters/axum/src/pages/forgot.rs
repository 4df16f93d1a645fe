//! `/forgot`

use std::time::Duration;

use testudo::onboarding::{Field, FieldType};
use testudo_tokio::no_sooner;

use super::browser::{Answer, Browser};
use super::plain::{Plain, message};
use super::posted::Posted;
use super::trouble::Trouble;

pub(super) async fn show(browser: Browser) -> Answer {
    page(&fields()).show(&browser)
}

/// When the answer comes: an account has a row more to write than none.
const ANSWERED_AFTER: Duration = Duration::from_millis(25);

/// The same answer whether or not there is such an account.
pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let asked = browser.auth().request_password_reset(form.text("email").trim(), &browser.client);
    match no_sooner(ANSWERED_AFTER, asked).await {
        Ok(()) => message(
            &browser,
            "Look into your mail",
            "If there is an account with this address, a letter with a link is on its way. The link works for a short \
             while. If none arrives, look among unwanted mail.",
        ),
        Err(error) => {
            let trouble = Trouble::of(error, &browser)?;
            page(&fields()).show_again(&browser, &form, &trouble)
        }
    }
}

fn fields() -> [Field; 1] {
    [Field::required("email", FieldType::Email, "E-mail address").placeholder("you@example.com")]
}

const fn page(fields: &[Field]) -> Plain<'_> {
    Plain {
        title: "Forgot your password?",
        description: "Enter the e-mail address of your account. You get a letter with a link to choose a new password.",
        path: "/forgot",
        fields,
        token: None,
        button: "Send the link",
        is_grave: false,
    }
}
