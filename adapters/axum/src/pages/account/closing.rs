//! Closing the account.

use super::refused::trouble;
use crate::pages::browser::{Answer, Browser};
use crate::pages::plain::Plain;
use crate::pages::posted::Posted;

const PATH: &str = "/account/close";

pub(super) async fn show(browser: Browser) -> Answer {
    browser.require(PATH)?;
    PAGE.show(&browser)
}

/// Closes it, and takes the tokens from the browser.
pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require(PATH)?;
    match browser.auth().close_account(visit.token(), &browser.client).await {
        Ok(_) => browser.leave_to("/signin?notice=closed"),
        Err(error) => {
            let trouble = trouble(error, &browser, PATH)?;
            PAGE.show_again(&browser, &form, &trouble)
        }
    }
}

const PAGE: Plain<'static> = Plain {
    title: "Close your account",
    description: "Nobody can use the account from now on, and all sessions end. After a while it is removed for good; until \
                  then the link in the letter that you get opens it again.",
    path: PATH,
    fields: &[],
    token: None,
    button: "Close the account",
    is_grave: true,
};
