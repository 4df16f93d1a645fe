//! A page that is one form, and needs nothing else.

use axum::http::StatusCode;
use minijinja::{Value, context};
use testudo::onboarding::Field;

use super::browser::{Answer, Browser};
use super::fields::Form;
use super::posted::Typed;
use super::trouble::Trouble;

/// One form, with a word before it.
pub(super) struct Plain<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) path: &'a str,
    pub(super) fields: &'a [Field],
    /// What the letter's link carries, to be sent on.
    pub(super) token: Option<&'a str>,
    pub(super) button: &'a str,
    /// Whether what it does cannot be taken back.
    pub(super) is_grave: bool,
}

impl Plain<'_> {
    pub(super) fn show(&self, browser: &Browser) -> Answer {
        let notice = browser.query("notice").and_then(super::notice::words);
        self.show_as(StatusCode::OK, browser, Form::new("form", self.fields), notice)
    }

    /// Shows it once more, with what was typed and what is wrong with it.
    pub(super) fn show_again(&self, browser: &Browser, typed: &Typed, trouble: &Trouble) -> Answer {
        let form = Form::new("form", self.fields).again(typed, trouble);
        self.show_as(trouble.status, browser, form, None).map(|response| trouble.tell(response))
    }

    fn show_as(
        &self,
        status: StatusCode,
        browser: &Browser,
        form: Form<'_>,
        notice: Option<&str>,
    ) -> Answer {
        let context: Value = context! {
            description => self.description,
            page => self.path.trim_start_matches('/'),
            token => self.token,
            button => self.button,
            is_grave => self.is_grave,
            form => form.view(),
            notice,
        };
        browser.show_as(status, "form.html", self.title, context)
    }
}

/// A page that says something, and leads on.
pub(super) fn message(browser: &Browser, title: &str, text: &str) -> Answer {
    browser.show("message.html", title, context! { text })
}
