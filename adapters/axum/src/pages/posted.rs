//! A form that was sent. There is no other way to read one, and this one looks at its token.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::Pages;
use super::browser::Browser;
use super::failure::Failure;
use crate::body::{is_of_type, read_in_time};
use crate::csrf;
use crate::next::safe_next;
use crate::problem::{Code, Problem};

/// A form of this site's that a browser sent.
pub(super) struct Posted {
    pub(super) browser: Browser,
    pub(super) form: Typed,
}

/// What was filled in, wiped when dropped.
#[derive(Default)]
pub(super) struct Typed(BTreeMap<String, Zeroizing<String>>);

/// The field of the token.
const CSRF: &str = "csrf";

impl FromRequest<Pages> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, pages: &Pages) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, pages).await?;
        if csrf::check_form(&parts.headers, browser.cookies()).is_err() {
            return Err(foreign(&browser));
        }
        // What says nothing of its type is a form without fields, at best: it lacks the token.
        let has_type = parts.headers.contains_key(CONTENT_TYPE);
        if has_type && !is_of_type("application/x-www-form-urlencoded", &parts.headers) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(browser.fail_as(&Problem::malformed_as(status, "expected a form")));
        }
        let body = read_in_time(body).await.map_err(|problem| browser.fail_as(&problem))?;
        let form = Typed::read(&body).map_err(|problem| browser.fail_as(&problem))?;
        if !browser.made(form.text(CSRF)) {
            return Err(outdated(&browser, parts.uri.path(), &form));
        }
        Ok(Self { browser, form })
    }
}

/// Whatever is wrong with where a form comes from, the answer is the same.
fn foreign(browser: &Browser) -> Failure {
    browser.fail_as(&Problem::new(Code::Forbidden, "expected a form of this site, in this browser"))
}

/// Who clicks twice on a button that signs them in or out sends the second form when the first has done it.
fn outdated(browser: &Browser, path: &str, form: &Typed) -> Failure {
    match (path, browser.visit()) {
        ("/signin" | "/signup", Some(_)) if browser.made_before_sign_in(form.text(CSRF)) => {
            Failure::from(match form.next() {
                Some(next) => browser.go_to(&next),
                None => browser.go("/account"),
            })
        }
        ("/signout", None) => Failure::from(browser.go("/signin?notice=signed-out")),
        _ => foreign(browser),
    }
}

impl Typed {
    /// Which of two values would count depends on who reads them, so a field stands there once.
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            let value = Zeroizing::new(value.into_owned());
            if fields.insert(name.into_owned(), value).is_some() {
                return Err(Problem::new(Code::Malformed, "expected each field once"));
            }
        }
        Ok(Self(fields))
    }

    /// The text of a field; an empty one where there is none.
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.get(field).map_or("", |text| text.as_str())
    }

    /// Whether a field is there: a box that was ticked, a button that was pressed.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Where to go after signing in.
    pub(super) fn next(&self) -> Option<String> {
        safe_next(self.text("next"))
    }
}
