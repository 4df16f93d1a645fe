//! `/signout`

use testudo_driver::AuthError;

use super::browser::Answer;
use super::posted::Posted;

/// Ends the session, and takes its tokens from the browser.
pub(super) async fn submit(Posted { browser, .. }: Posted) -> Answer {
    if let Some(visit) = browser.visit() {
        match browser.auth().logout(visit.token(), &browser.client).await {
            // It is over, whoever ended it.
            Ok(()) | Err(AuthError::Refused(_)) => {}
            Err(fault) => return Err(browser.fail(fault)),
        }
    }
    browser.leave_to("/signin?notice=signed-out")
}
