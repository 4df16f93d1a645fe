//! What happened to one's own account.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use testudo::flow::EventPage;
use url::form_urlencoded;

use crate::Testudo;
use crate::credentials::Presented;
use crate::problem::{Code, Problem, WrongField};
use crate::views::AuditView;

/// `GET /auth/audit`
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    params(
        ("before" = Option<String>, Query, description = "The id of the last event of the page before"),
        ("limit" = Option<u32>, Query, description = "How many at most; 100 if it is not said", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "What happened, newest first", body = AuditView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::ValidationFailed]))),
)]
pub(super) async fn list(
    State(testudo): State<Testudo>,
    presented: Presented,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let page = match page(query.as_deref().unwrap_or_default()) {
        Ok(page) => page,
        Err(errors) => {
            // Who has no token learns nothing of what a right question would be.
            let authenticated = testudo.auth().authenticate(presented.token()).await;
            authenticated.map_err(|no| testudo.problem(no))?;
            return Err(Problem::invalid(errors));
        }
    };
    let listed = testudo.auth().list_events(presented.token(), page).await;
    let events = listed.map_err(|no| testudo.problem(no))?;
    Ok(Json(AuditView::from(events.as_slice())).into_response())
}

/// The page that a query asks for. Names that are not known are passed over.
fn page(query: &str) -> Result<EventPage, Vec<WrongField>> {
    let (mut page, mut errors) = (EventPage::default(), Vec::new());
    let wrong = |field: &'static str, message: &str| WrongField::new(field, "invalid", message);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "before" => match value.parse() {
                Ok(id) if page.before.is_none() => page.before = Some(id),
                _ => errors.push(wrong("before", "expected one id of an event")),
            },
            "limit" => match value.parse() {
                Ok(limit) if (1..=100).contains(&limit) => page.limit = limit,
                _ => errors.push(wrong("limit", "expected a whole number from 1 to 100")),
            },
            _ => {}
        }
    }
    if errors.is_empty() { Ok(page) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f";

    #[test]
    fn a_page_is_read_from_the_query() {
        assert_eq!(page(""), Ok(EventPage::default()));
        let expected = EventPage { before: ID.parse().ok(), limit: 7, ..EventPage::default() };
        assert_eq!(page(&format!("limit=7&other=%00&before={ID}")), Ok(expected));
    }

    #[test]
    fn all_that_is_wrong_with_a_query_is_told() {
        let wrong = page("limit=0&before=x&limit=101&limit=-1").unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["limit", "before", "limit", "limit"]);
        assert!(page(&format!("before={ID}&before={ID}")).is_err(), "which of two would count?");
    }
}
