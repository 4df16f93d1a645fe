//! A browser, and what it is answered.

use axum::extract::{FromRequestParts, NestedPath};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minijinja::{Value, context};
use testudo::model::{Session, SessionId, User};
use testudo::token::csrf;
use testudo::{Client, Secret};
use testudo_driver::AuthError;
use tracing::error;
use url::form_urlencoded;

use super::Pages;
use super::failure::Failure;
use crate::client::request_client;
use crate::cookies::{Cookies, Kind};
use crate::next::safe_next;
use crate::problem::Problem;
use crate::renew::Renewed;
use crate::testudo::{SharedAuth, Testudo};

pub(super) type Answer = Result<Response, Failure>;

/// Who looks at a page.
pub(super) struct Browser {
    pages: Pages,
    /// Where the pages are nested; nothing, at the root.
    base: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    pub(super) client: Client,
    /// A random text that this browser alone has.
    nonce: String,
    is_new: bool,
    /// Who is signed in.
    visit: Option<Visit>,
    /// Whether it has an access token that is no good.
    is_refused: bool,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Visit {
    token: Secret<String>,
    pub(super) session: Session,
    pub(super) user: User,
}

impl Visit {
    pub(super) fn token(&self) -> &str {
        self.token.expose()
    }
}

impl FromRequestParts<Pages> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Failure> {
        let testudo = &pages.shared.testudo;
        let client = request_client(parts, testudo).await;
        let nested = NestedPath::from_request_parts(parts, &()).await.ok();
        let nested = nested.as_ref().map_or("", |nested| nested.as_str().trim_end_matches('/'));
        let nonce = nonce(&parts.headers, &pages.shared.cookies);
        let is_new = nonce.is_none();
        let query = parts.uri.query().unwrap_or_default();
        let mut browser = Self {
            pages: pages.clone(),
            base: format!("{}{nested}", pages.shared.base),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
            client,
            nonce: match nonce {
                Some(nonce) => nonce,
                None => new_nonce().map_err(|problem| Failure::bare(&problem))?,
            },
            is_new,
            visit: None,
            is_refused: false,
        };
        let renewed = parts.extensions.get::<Renewed>().map(|Renewed(token)| token.clone());
        // Cookies of which one stands there twice are nobody's.
        let token = renewed.or_else(|| browser.cookies().access(&parts.headers).ok().flatten());
        if let Some(token) = token {
            browser.recognise(token).await?;
        }
        Ok(browser)
    }
}

impl Browser {
    async fn recognise(&mut self, token: Secret<String>) -> Result<(), Failure> {
        match self.auth().authenticate_user(token.expose()).await {
            Ok((session, user)) => self.visit = Some(Visit { token, session, user }),
            Err(AuthError::Refused(_)) => self.is_refused = true,
            Err(fault) => return Err(self.fail(fault)),
        }
        Ok(())
    }

    pub(super) fn testudo(&self) -> &Testudo {
        &self.pages.shared.testudo
    }

    pub(super) fn auth(&self) -> &SharedAuth {
        self.testudo().auth()
    }

    pub(super) fn cookies(&self) -> &Cookies {
        &self.pages.shared.cookies
    }

    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Who is signed in, if somebody is.
    pub(super) const fn visit(&self) -> Option<&Visit> {
        self.visit.as_ref()
    }

    /// Who is signed in. Nobody is sent to sign in, and back to `path`.
    pub(super) fn require(&self, path: &str) -> Result<&Visit, Failure> {
        self.visit().ok_or_else(|| Failure::from(self.go(&self.sign_in_for(path))))
    }

    /// What the address says after the question mark.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where to go after signing in, if the address says so.
    pub(super) fn next(&self) -> Option<String> {
        self.query("next").and_then(safe_next)
    }

    /// The address of a page.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The page on which to sign in for another.
    fn sign_in_for(&self, path: &str) -> String {
        with_query("/signin", &[("next", &self.path(path))])
    }

    /// The page on which to sign in once more for what another one does.
    pub(super) fn sign_in_again_for(&self, path: &str) -> String {
        with_query("/signin", &[("next", &self.path(path)), ("again", "true")])
    }

    /// Whether a text is the token of a form of this browser.
    pub(super) fn made(&self, token: &str) -> bool {
        self.made_for(self.visit().map(|visit| visit.session.id), token)
    }

    /// Whether it is one of a form that was shown before somebody signed in.
    pub(super) fn made_before_sign_in(&self, token: &str) -> bool {
        self.made_for(None, token)
    }

    fn made_for(&self, session: Option<SessionId>, token: &str) -> bool {
        let keys = self.auth().settings().keys();
        !self.is_new && csrf::is_form_token(&self.nonce, session, token, keys)
    }

    /// Shows a page.
    pub(super) fn show(&self, template: &str, title: &str, context: Value) -> Answer {
        self.show_as(StatusCode::OK, template, title, context)
    }

    /// Shows a page with another status.
    pub(super) fn show_as(
        &self,
        status: StatusCode,
        template: &str,
        title: &str,
        context: Value,
    ) -> Answer {
        let html = self.render(template, title, context).map_err(|error| {
            error!(template, ?error, "a page cannot be written");
            Failure::bare(&Problem::internal())
        })?;
        Ok(self.settled((status, Html(html)).into_response()))
    }

    fn render(
        &self,
        template: &str,
        title: &str,
        context: Value,
    ) -> Result<String, minijinja::Error> {
        let settings = self.auth().settings();
        let session = self.visit().map(|visit| visit.session.id);
        let token = csrf::form_token(&self.nonce, session, settings.keys());
        let common = context! {
            title,
            base => self.base.as_str(),
            home => if self.base.is_empty() { "/" } else { self.base.as_str() },
            service => settings.service_name(),
            style => self.pages.shared.style.name(),
            csrf => token.expose().as_str(),
            signed_in => self.visit().map(|visit| visit.user.email.as_str().to_owned()),
        };
        let template = self.pages.shared.environment.get_template(template)?;
        template.render(context! { ..common, ..context })
    }

    /// Sends to another page.
    pub(super) fn go(&self, path: &str) -> Response {
        self.go_to(&self.path(path))
    }

    /// Sends to an address on this site.
    pub(super) fn go_to(&self, address: &str) -> Response {
        match HeaderValue::try_from(address) {
            Ok(address) => {
                self.settled((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response())
            }
            Err(_) => Problem::internal().into_response(),
        }
    }

    /// Sends to another page, and takes from the browser whatever it has of who was signed in.
    pub(super) fn leave_to(&self, path: &str) -> Answer {
        let mut response = self.go(path);
        let cleared = self.testudo().clear_cookies(&mut response);
        // The page that comes next then sets another. Chromium keeps pages to go back to, even those that are not to
        // be stored, until a page changes a cookie: what was seen signed in is not seen again.
        let forgotten = cleared.and_then(|()| self.cookies().forget(&mut response, Kind::Browser));
        forgotten.map_err(|problem| self.fail_as(&problem))?;
        Ok(response)
    }

    /// Says what kept a request from being carried out, on a page of its own.
    pub(super) fn fail(&self, error: AuthError) -> Failure {
        self.fail_as(&self.testudo().problem(error))
    }

    /// The same.
    pub(super) fn fail_as(&self, problem: &Problem) -> Failure {
        let (title, text) = super::failure::words(problem);
        let shown = self.show_as(problem.status(), "message.html", title, context! { text });
        let mut response = match shown {
            Ok(response) => response,
            Err(failure) => return failure,
        };
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Failure::from(response)
    }

    /// Has the browser keep what it needs, and forget what is worth nothing.
    fn settled(&self, mut response: Response) -> Response {
        let kept = if self.is_new {
            self.cookies().keep(&mut response, Kind::Browser, &self.nonce)
        } else {
            Ok(())
        };
        // The next request is refreshed, if the session goes on.
        let forgotten = if self.is_refused {
            self.cookies().forget(&mut response, Kind::Access)
        } else {
            Ok(())
        };
        match kept.and(forgotten) {
            Ok(()) => response,
            Err(problem) => problem.into_response(),
        }
    }
}

/// A path with values that may be anything.
pub(super) fn with_query(path: &str, values: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(values).finish();
    format!("{path}?{query}")
}

const NONCE_BYTES: usize = 32;

/// What the browser's cookie says, if it is one that was made here.
fn nonce(headers: &HeaderMap, cookies: &Cookies) -> Option<String> {
    let found = cookies.find(headers, Kind::Browser).ok().flatten()?.expose().clone();
    let bytes = URL_SAFE_NO_PAD.decode(&found).ok()?;
    (bytes.len() == NONCE_BYTES).then_some(found)
}

fn new_nonce() -> Result<String, Problem> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        error!(%error, "the operating system gives no randomness");
        Problem::internal()
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
