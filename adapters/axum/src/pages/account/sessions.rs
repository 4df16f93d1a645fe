//! Ending sessions.

use testudo::Refusal;
use testudo::model::SessionId;
use testudo_driver::AuthError;

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::Answer;
use crate::pages::posted::Posted;

/// Ends one session. Who ends the one that they are in is signed out.
pub(super) async fn end(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    let ended = match form.text("session").parse::<SessionId>() {
        Ok(id) => browser.auth().revoke_session(visit.token(), id, &browser.client).await,
        Err(_) => Err(Refusal::NotFound.into()),
    };
    match ended {
        // It is over already, or nobody's.
        Ok(()) | Err(AuthError::Refused(Refusal::NotFound)) => {
            Ok(browser.go("/account?notice=session-ended"))
        }
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Sessions, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}

/// Ends all sessions but the one that asks.
pub(super) async fn end_others(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    match browser.auth().end_other_sessions(visit.token(), &browser.client).await {
        Ok(()) => Ok(browser.go("/account?notice=others-ended")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Sessions, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}
