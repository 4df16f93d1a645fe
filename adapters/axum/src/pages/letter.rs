//! What letters link to, where one button is all there is: a GET shows it, and the button sends the token.

use axum::Router;
use axum::routing::{MethodRouter, get};
use testudo::Client;
use testudo_driver::AuthError;

use super::Pages;
use super::browser::{Answer, Browser};
use super::failure::Failure;
use super::plain::{Plain, message};
use super::posted::Posted;
use super::trouble::Trouble;
use crate::testudo::SharedAuth;

/// What a link in a letter is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Verify,
    EmailChange,
    EmailUndo,
    Reopen,
    Unsubscribe,
}

const ALL: [Letter; 5] =
    [Letter::Verify, Letter::EmailChange, Letter::EmailUndo, Letter::Reopen, Letter::Unsubscribe];

pub(super) fn router() -> Router<Pages> {
    ALL.into_iter()
        .fold(Router::new(), |router, letter| router.route(letter.path(), letter.route()))
}

/// What the link carries. Where it carries nothing, its reader is told so.
pub(super) fn require_token(browser: &Browser) -> Result<String, Failure> {
    match browser.query("token").filter(|token| !token.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => {
            let text =
                "The link is not complete. Open it once more from the letter, or copy all of it.";
            message(browser, "Something is missing", text).and_then(|page| Err(Failure::from(page)))
        }
    }
}

impl Letter {
    const fn path(self) -> &'static str {
        match self {
            Self::Verify => "/verify",
            Self::EmailChange => "/email-change",
            Self::EmailUndo => "/email-undo",
            Self::Reopen => "/reopen",
            Self::Unsubscribe => "/unsubscribe",
        }
    }

    fn route(self) -> MethodRouter<Pages> {
        get(async move |browser: Browser| self.show(&browser))
            .post(async move |posted: Posted| self.submit(posted).await)
    }

    fn show(self, browser: &Browser) -> Answer {
        let token = require_token(browser)?;
        self.page(&token).show(browser)
    }

    async fn submit(self, Posted { browser, form }: Posted) -> Answer {
        let token = form.text("token");
        match self.spend(browser.auth(), token, &browser.client).await {
            Ok(()) => Ok(browser.go(self.then(&browser))),
            Err(error) => {
                let trouble = Trouble::of(error, &browser)?;
                self.page(token).show_again(&browser, &form, &trouble)
            }
        }
    }

    async fn spend(self, auth: &SharedAuth, token: &str, client: &Client) -> Result<(), AuthError> {
        match self {
            Self::Verify => auth.verify_email(token, client).await,
            Self::EmailChange => auth.change_email(token, client).await,
            Self::EmailUndo => auth.undo_email_change(token, client).await,
            Self::Reopen => auth.reopen_account(token, client).await,
            Self::Unsubscribe => auth.unsubscribe(token, client).await.map(drop),
        }
    }

    /// Where it goes on.
    const fn then(self, browser: &Browser) -> &'static str {
        match (self, browser.visit()) {
            (Self::Verify, Some(_)) => "/account?notice=verified",
            (Self::Verify, None) => "/signin?notice=verified",
            (Self::EmailChange, _) => "/signin?notice=moved",
            (Self::EmailUndo, _) => "/forgot?notice=restored",
            (Self::Reopen, _) => "/signin?notice=reopened",
            (Self::Unsubscribe, Some(_)) => "/account?notice=unsubscribed",
            (Self::Unsubscribe, None) => "/signin?notice=unsubscribed",
        }
    }

    const fn page(self, token: &str) -> Plain<'_> {
        let (title, description, button) = match self {
            Self::Verify => (
                "Verify your e-mail address",
                "Press the button to show that this address is yours.",
                "Verify the address",
            ),
            Self::EmailChange => (
                "Move to your new address",
                "Press the button to have your account under the new e-mail address from now on. All sessions end, and you \
                 sign in with the new address.",
                "Move the account",
            ),
            Self::EmailUndo => (
                "Take your account back",
                "Press the button to have your account under its former e-mail address again. All sessions end, and the \
                 password works no longer: you choose a new one.",
                "Take it back",
            ),
            Self::Reopen => (
                "Open your account again",
                "Press the button to have your account back as it was.",
                "Open the account",
            ),
            Self::Unsubscribe => (
                "No more mail of this kind",
                "Press the button to get no more of it.",
                "Unsubscribe",
            ),
        };
        let (path, fields, is_grave) = (self.path(), &[], false);
        Plain { title, description, path, fields, token: Some(token), button, is_grave }
    }
}
