//! Pages for browsers, without JavaScript: to register, to sign in, and to look after one's account.

mod account;
mod asset;
mod browser;
mod data;
mod failure;
mod fields;
mod forgot;
mod headers;
mod home;
mod invitation;
mod letter;
mod missing;
mod notice;
mod onboarding;
mod plain;
mod posted;
mod reset;
mod sign_in;
mod sign_out;
mod sign_up;
mod step;
mod templates;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use minijinja::Environment;

use self::asset::Style;
use crate::Testudo;
use crate::cookies::Cookies;
use crate::renew::renew;

impl Testudo {
    /// The ready pages: `/`, `/signup`, `/signin`, `/signout`, `/account`, `/forgot` and `/reset`, and those that letters
    /// link to. To be merged into a router, or nested anywhere; [`Letters`](testudo_driver::Letters) then begin with
    /// the same path.
    ///
    /// They are plain forms, which work without a line of JavaScript, and show whatever an onboarding step asks for,
    /// the application's own included: no page is to be written for one. Tokens are in these cookies and nowhere else,
    /// whether or not [`Testudo::with_cookies`] was said; what was makes routes of your own know who is signed in.
    ///
    /// ```
    /// # use axum::Router;
    /// # use testudo_axum::{Cookies, NotAnOrigin, Testudo};
    /// # fn app(testudo: Testudo) -> Result<Router, NotAnOrigin> {
    /// let cookies = Cookies::for_origin("https://app.example.com")?;
    /// let app = Router::new().merge(testudo.pages(cookies)).nest("/auth", testudo.routes());
    /// # Ok(app)
    /// # }
    /// ```
    ///
    /// What is at no path is answered by a page, or for programs by a [`Problem`](crate::Problem); say
    /// [`Router::fallback`] after merging to answer it yourself.
    ///
    /// # Security
    ///
    /// Every form has a token of its own, bound to the browser and to its session (ASVS 5.0 3.5.1). The policy for
    /// contents allows no script at all. Put nothing around the pages that adds any.
    pub fn pages<S: Clone + Send + Sync + 'static>(&self, cookies: Cookies) -> Router<S> {
        self.pages_below("", cookies)
    }

    /// The same, where a proxy in front takes a path such as `/id` away: links begin with it, and routes do not.
    pub fn pages_below<S: Clone + Send + Sync + 'static>(
        &self,
        path: &str,
        cookies: Cookies,
    ) -> Router<S> {
        let base = path.trim_end_matches('/').to_owned();
        let testudo = self.clone().with_cookies(cookies.clone());
        let style = Style::new();
        let asset = get(asset::show);
        let router = router().route(&style.path(), asset);
        let environment = templates::load();
        let pages =
            Pages { shared: Arc::new(Shared { base, testudo, cookies, style, environment }) };
        router
            .fallback(missing::page)
            .method_not_allowed_fallback(missing::method)
            .layer(from_fn_with_state(pages.shared.testudo.clone(), renew))
            .layer(from_fn(headers::add))
            .with_state(pages)
    }
}

/// What is answered by whom. Whatever changes something is a POST, and takes a [`posted::Posted`].
fn router() -> Router<Pages> {
    Router::new()
        .route("/", get(home::show))
        .route("/signup", get(sign_up::show).post(sign_up::submit))
        .route("/signin", get(sign_in::show).post(sign_in::submit))
        .route("/signout", post(sign_out::submit))
        .route("/forgot", get(forgot::show).post(forgot::submit))
        .route("/reset", get(reset::show).post(reset::submit))
        .route("/invitation", get(invitation::show).post(invitation::submit))
        .merge(letter::router())
        .merge(account::router())
}

/// What all pages are made with. Cheap to clone.
#[derive(Clone)]
struct Pages {
    shared: Arc<Shared>,
}

struct Shared {
    /// What is before every path, for browsers.
    base: String,
    testudo: Testudo,
    cookies: Cookies,
    style: Style,
    environment: Environment<'static>,
}

impl FromRef<Pages> for Testudo {
    fn from_ref(pages: &Pages) -> Self {
        pages.shared.testudo.clone()
    }
}
