//! The page of a step, whichever it is.

use axum::http::StatusCode;
use minijinja::{Value, context};
use testudo::onboarding::{ClientHint, Revealed};

use super::browser::{Answer, Browser};
use super::fields::Form;
use super::onboarding::Way;
use super::posted::Typed;
use super::trouble::Trouble;

/// A step on its way to the page.
pub(super) struct Shown<'a> {
    way: Way,
    hint: &'a ClientHint,
    next: Option<&'a str>,
    again: Option<(&'a Typed, &'a Trouble)>,
}

impl<'a> Shown<'a> {
    pub(super) const fn new(way: Way, hint: &'a ClientHint, next: Option<&'a str>) -> Self {
        Self { way, hint, next, again: None }
    }

    /// Once more, with what was typed and what is wrong with it.
    pub(super) const fn again(self, typed: &'a Typed, trouble: &'a Trouble) -> Self {
        Self { again: Some((typed, trouble)), ..self }
    }
}

/// Shows a step.
pub(super) fn show(browser: &Browser, shown: Shown<'_>) -> Answer {
    let Shown { way, hint, next, again } = shown;
    let form = Form::new("step", &hint.fields).knowing(&hint.extra);
    let (form, status) = match again {
        Some((typed, trouble)) => (form.again(typed, trouble), trouble.status),
        None => (form, StatusCode::OK),
    };
    let context = context! {
        page => way.path().trim_start_matches('/'),
        next,
        step => hint.step_name.as_str(),
        description => hint.description.as_str(),
        form => form.view(),
        skippable => hint.skippable,
        again => text(hint, "again"),
        wait => hint.extra.get("resend_after").and_then(serde_json::Value::as_u64).unwrap_or_default(),
        links => links(hint),
        seed => seed(hint),
        codes => codes(hint),
    };
    browser.show_as(status, "step.html", &hint.title, context)
}

fn text<'a>(hint: &'a ClientHint, name: &str) -> Option<&'a str> {
    hint.extra.get(name).and_then(serde_json::Value::as_str)
}

/// What else can be read about a step: whatever of `extra` is called `…_url` and leads to the web.
fn links(hint: &ClientHint) -> Vec<Value> {
    let link = |(name, value): (&String, &serde_json::Value)| {
        let (about, url) = (name.strip_suffix("_url")?, value.as_str()?);
        let is_web =
            url.starts_with("https://") || url.starts_with("http://") || url.starts_with('/');
        is_web.then(|| context! { label => super::trouble::title(about), url })
    };
    hint.extra.iter().filter_map(link).collect()
}

fn seed(hint: &ClientHint) -> Option<Value> {
    let Some(Revealed::Totp(seed)) = &hint.revealed else { return None };
    Some(seed_view(seed))
}

/// The seed of an authenticator app as its page shows it.
pub(super) fn seed_view(seed: &testudo::onboarding::RevealedSeed) -> Value {
    context! {
        // A picture that this library drew: it is no text of anybody's.
        picture => Value::from_safe_string(seed.qr_svg.expose().clone()),
        key => in_groups(seed.secret.expose()),
        uri => seed.provisioning_uri.expose().as_str(),
    }
}

fn codes(hint: &ClientHint) -> Option<Vec<Value>> {
    let Some(Revealed::RecoveryCodes(codes)) = &hint.revealed else { return None };
    Some(codes.iter().map(|code| code.expose().as_str().into()).collect())
}

/// Groups of four are easier to type. Apps pass over the spaces.
fn in_groups(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
