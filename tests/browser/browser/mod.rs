//! A browser, used as a person uses it: by what is written on the page.

mod accessible;
mod law;
mod looks;
mod processes;
mod qr;

pub(crate) use accessible::Role;
pub(crate) use qr::scan;

use std::time::{Duration, Instant};

use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::{By, Cookie, WebDriver, WebElement};

use processes::Processes;

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    Allowed,
    Blocked,
}

/// A Chromium with a profile of its own. Dropping it ends it.
///
/// Every page that it comes to is held against the law of all pages.
pub(crate) struct Browser {
    session: WebDriver,
    scripts: Scripts,
    _processes: Processes,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        Self::start_with(Scripts::Allowed).await
    }

    pub(crate) async fn start_with(scripts: Scripts) -> Self {
        let (processes, session) = Processes::start(scripts).await;
        Self { session, scripts, _processes: processes }
    }

    /// Types an address.
    pub(crate) async fn open(&self, url: &str) {
        self.session.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        self.arrived().await;
    }

    /// Puts the cursor into the address bar and presses Enter.
    pub(crate) async fn reload_by_address(&self) {
        let address = self.session.current_url().await.unwrap();
        self.open(address.as_str()).await;
    }

    pub(crate) async fn back(&self) {
        self.session.back().await.unwrap();
        self.arrived().await;
    }

    /// Follows a link, and waits for what it leads to.
    pub(crate) async fn follow(&self, link: &str) {
        let link = self.the(Role::Link, link).await;
        self.leave(async || link.click().await).await;
    }

    /// Presses a button, and waits for the next page.
    pub(crate) async fn press(&self, button: &str) {
        let button = self.the(Role::Button, button).await;
        self.leave(async || button.click().await).await;
    }

    /// Replaces what is in a field.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.the(Role::Field, label).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Ticks a box that is not ticked.
    pub(crate) async fn tick(&self, label: &str) {
        let tick = self.the(Role::Field, label).await;
        assert!(!tick.is_selected().await.unwrap(), "{label} is ticked already");
        tick.click().await.unwrap();
    }

    /// Shows what is folded away.
    pub(crate) async fn unfold(&self, summary: &str) {
        self.the(Role::Button, summary).await.click().await.unwrap();
    }

    /// Chooses from a list.
    pub(crate) async fn choose(&self, label: &str, choice: &str) {
        self.the(Role::Field, label).await.send_keys(choice).await.unwrap();
    }

    /// Does something that leads to another page, and waits for that one.
    pub(crate) async fn leave(&self, act: impl AsyncFnOnce() -> WebDriverResult<()>) {
        let page = self.session.find(By::Tag("html")).await.unwrap();
        act().await.unwrap();
        self.until("another page", async || is_gone(&page).await).await;
        self.arrived().await;
    }

    /// The path that the address bar shows, without the query.
    pub(crate) async fn path(&self) -> String {
        self.session.current_url().await.unwrap().path().to_owned()
    }

    /// What the first heading says.
    pub(crate) async fn heading(&self) -> String {
        self.session.find(By::Tag("h1")).await.unwrap().text().await.unwrap()
    }

    /// All that a person can read.
    pub(crate) async fn text(&self) -> String {
        self.session.find(By::Tag("body")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn shows(&self, text: &str) -> bool {
        self.text().await.contains(text)
    }

    pub(crate) async fn cookies(&self) -> Vec<Cookie> {
        self.session.get_all_cookies().await.unwrap()
    }

    /// Elements that a CSS selector finds, for what has no name to be found by.
    pub(crate) async fn all(&self, selector: &str) -> Vec<WebElement> {
        self.session.find_all(By::Css(selector)).await.unwrap()
    }

    /// The session with the driver, for what is not done every day.
    pub(crate) fn session(&self) -> &WebDriver {
        &self.session
    }

    /// Waits until something is so.
    async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !is_so().await {
            if begun.elapsed() > PATIENCE {
                panic!("no {what}, but {:?}", self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// How long a page may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

impl Drop for Browser {
    fn drop(&mut self) {
        // The process is killed: nothing is left that could be closed in an orderly way.
        let _ = self.session.clone().leak();
    }
}

async fn is_gone(element: &WebElement) -> bool {
    let Err(error) = element.tag_name().await else { return false };
    matches!(
        &*error,
        WebDriverErrorInner::StaleElementReference(_) | WebDriverErrorInner::NoSuchElement(_)
    )
}
