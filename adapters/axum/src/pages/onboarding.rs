//! Steps, one after the other. Nothing here knows one by name: what is shown comes from its hint.

use axum::http::StatusCode;
use axum::response::Response;
use testudo::flow::SignedIn;
use testudo::onboarding::{Advance, ClientHint, OnboardingResult, OnboardingState};
use testudo::{Refusal, Secret};
use testudo_driver::AuthError;

use super::browser::{Answer, Browser, with_query};
use super::data::data;
use super::failure::Failure;
use super::posted::{Posted, Typed};
use super::step;
use super::trouble::Trouble;
use crate::cookies::Kind;

/// Where the steps lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To an account.
    SignUp,
    /// Into one.
    SignIn,
}

impl Way {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::SignUp => "/signup",
            Self::SignIn => "/signin",
        }
    }

    const fn cookie(self) -> Kind {
        match self {
            Self::SignUp => Kind::SignUp,
            Self::SignIn => Kind::SignIn,
        }
    }

    /// Its page, which remembers where to go in the end.
    fn page(self, next: Option<&str>) -> String {
        match next {
            Some(next) => with_query(self.path(), &[("next", next)]),
            None => self.path().to_owned(),
        }
    }

    /// How far this browser is on it.
    pub(super) fn token(self, browser: &Browser) -> Option<Secret<String>> {
        browser.cookies().find(browser.headers(), self.cookie()).ok().flatten()
    }
}

/// Shows the step that comes next, if this browser is on its way. It changes nothing.
pub(super) async fn resume(browser: &Browser, way: Way) -> Result<Option<Response>, Failure> {
    let Some(token) = way.token(browser) else { return Ok(None) };
    let result = match browser.auth().resume_onboarding(token.expose(), &browser.client).await {
        Ok(result) => result,
        Err(error) => {
            return Err(Failure::from(lost(browser, way, browser.next().as_deref(), error)?));
        }
    };
    let Some(hint) = result.hint() else { return Ok(None) };
    let next = browser.next();
    step::show(browser, step::Shown::new(way, hint, next.as_deref())).map(Some)
}

/// Takes what was said to the current step.
pub(super) async fn go_on(posted: &Posted, way: Way, token: &Secret<String>) -> Answer {
    let Posted { browser, form } = posted;
    let next = form.next();
    let next = next.as_deref();
    let auth = browser.auth();
    let known = match auth.resume_onboarding(token.expose(), &browser.client).await {
        Ok(result) => result,
        Err(error) => return lost(browser, way, next, error),
    };
    let Some(hint) = known.hint().filter(|hint| hint.step_name == form.text("step")) else {
        // The form was sent twice, or is of a step that is behind.
        return Ok(browser.go(&way.page(next)));
    };
    let request = match said(hint, form) {
        Ok(request) => request.at(hint.step_name.clone()),
        Err(trouble) => return again(browser, way, hint, form, &trouble),
    };
    match auth.advance_onboarding(token.expose(), request, &browser.client).await {
        Ok(result) => arrive(browser, way, result, form).await,
        Err(error) => refused(browser, way, hint, form, error),
    }
}

/// What a form says: leave it out, begin it again, or what was filled in.
fn said(hint: &ClientHint, form: &Typed) -> Result<Advance, Trouble> {
    if form.has("skip") {
        return Ok(Advance::skip());
    }
    if form.has("again") {
        return Ok(Advance::with(testudo::onboarding::Answers::default()));
    }
    data(&hint.fields, form).map(Advance::with).map_err(Trouble::with)
}

/// So many phases without a field are passed through at once: more than there are.
const MOST_EMPTY_PHASES: usize = 8;

/// Goes where an answer of the engine's leads. Where there is nothing to fill in and nothing to choose, it goes on.
pub(super) async fn arrive(
    browser: &Browser,
    way: Way,
    mut result: OnboardingResult,
    form: &Typed,
) -> Answer {
    let next = form.next();
    let next = next.as_deref();
    for _ in 0..MOST_EMPTY_PHASES {
        let OnboardingState::InProgress { hint } = &result.state else { break };
        if !hint.fields.is_empty() || hint.skippable || hint.revealed.is_some() {
            break;
        }
        let request = Advance::with(testudo::onboarding::Answers::default());
        let request = request.at(hint.step_name.clone());
        let token = result.session_token.expose();
        match browser.auth().advance_onboarding(token, request, &browser.client).await {
            Ok(further) => result = further,
            Err(error) => {
                let response = refused(browser, way, hint, form, error)?;
                return remembering(browser, way, &result.session_token, response);
            }
        }
    }
    let token = result.session_token;
    match result.state {
        OnboardingState::Completed(signed_in) => enter(browser, way, *signed_in, next).await,
        OnboardingState::InProgress { hint } if hint.revealed.is_some() => {
            let response = step::show(browser, step::Shown::new(way, &hint, next))?;
            remembering(browser, way, &token, response)
        }
        OnboardingState::InProgress { .. } => {
            remembering(browser, way, &token, browser.go(&way.page(next)))
        }
        OnboardingState::Error { hint, errors } => {
            let response = again(browser, way, &hint, form, &Trouble::with(errors))?;
            remembering(browser, way, &token, response)
        }
    }
}

fn again(
    browser: &Browser,
    way: Way,
    hint: &ClientHint,
    form: &Typed,
    trouble: &Trouble,
) -> Answer {
    let next = form.next();
    let shown = step::Shown::new(way, hint, next.as_deref()).again(form, trouble);
    step::show(browser, shown).map(|response| trouble.tell(response))
}

/// What the engine says against a step is shown with it; what is no matter of the step's, elsewhere.
fn refused(
    browser: &Browser,
    way: Way,
    hint: &ClientHint,
    form: &Typed,
    error: AuthError,
) -> Answer {
    match error {
        AuthError::Refused(
            Refusal::OnboardingUnknown
            | Refusal::OnboardingExpired
            | Refusal::OnboardingComplete
            | Refusal::OnboardingMoved,
        ) => lost(browser, way, form.next().as_deref(), error),
        _ => again(browser, way, hint, form, &Trouble::of(error, browser)?),
    }
}

/// There is no such way any more: it begins again.
fn lost(browser: &Browser, way: Way, next: Option<&str>, error: AuthError) -> Answer {
    let notice = match error {
        AuthError::Refused(Refusal::OnboardingMoved) => return Ok(browser.go(&way.page(next))),
        AuthError::Refused(Refusal::OnboardingUnknown | Refusal::OnboardingExpired) => "expired",
        AuthError::Refused(Refusal::OnboardingComplete) => "complete",
        error => return Err(browser.fail(error)),
    };
    let values: Vec<_> =
        [("notice", notice)].into_iter().chain(next.map(|next| ("next", next))).collect();
    let path = if notice == "complete" { "/signin" } else { way.path() };
    forgetting(browser, way, browser.go(&with_query(path, &values)))
}

/// Begins again, from the first form.
pub(super) fn start_over(browser: &Browser, way: Way, next: Option<&str>) -> Answer {
    forgetting(browser, way, browser.go(&way.page(next)))
}

/// Lets somebody in. The session that the browser had before ends (ASVS 5.0 7.2.4).
pub(super) async fn enter(
    browser: &Browser,
    way: Way,
    signed_in: SignedIn,
    next: Option<&str>,
) -> Answer {
    if let Some(before) = browser.visit() {
        // It may be over already. If the store does not answer now, it ends by itself.
        let _ = browser.auth().logout(before.token(), &browser.client).await;
    }
    let mut response = match next {
        Some(next) => browser.go_to(next),
        None => browser.go("/account"),
    };
    let set = browser.testudo().set_cookies(&mut response, &signed_in);
    set.map_err(|problem| browser.fail_as(&problem))?;
    if way.token(browser).is_some() { forgetting(browser, way, response) } else { Ok(response) }
}

fn remembering(
    browser: &Browser,
    way: Way,
    token: &Secret<String>,
    mut response: Response,
) -> Answer {
    let is_known = way.token(browser).is_some_and(|known| known.expose() == token.expose());
    if !is_known && response.status() != StatusCode::SERVICE_UNAVAILABLE {
        let kept = browser.cookies().keep(&mut response, way.cookie(), token.expose());
        kept.map_err(|problem| browser.fail_as(&problem))?;
    }
    Ok(response)
}

fn forgetting(browser: &Browser, way: Way, mut response: Response) -> Answer {
    let forgotten = browser.cookies().forget(&mut response, way.cookie());
    forgotten.map_err(|problem| browser.fail_as(&problem))?;
    Ok(response)
}
