//! A browser: it keeps cookies, sends forms, and goes where it is sent.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::form_urlencoded;

use crate::html::{Form, Tag, forms, tags};

pub(crate) const ORIGIN: &str = "https://app.example.com";

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").unwrap()
    }

    pub(crate) fn heading(&self) -> String {
        let tags = tags(&self.body);
        let headings: Vec<_> = tags.iter().filter(|tag| tag.name == "h1").collect();
        let [heading] = headings.as_slice() else { panic!("expected one h1: {self:?}") };
        heading.text.clone()
    }

    /// The form that sends to `action`; where there are several, the first.
    pub(crate) fn form(&self, action: &str) -> Form {
        let found = forms(&self.body).into_iter().find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form for {action}: {}", self.body))
    }

    pub(crate) fn tags(&self) -> Vec<Tag> {
        tags(&self.body)
    }

    /// What is wrong, by the fields' names.
    pub(crate) fn errors(&self) -> BTreeMap<String, String> {
        let tags = self.tags();
        let described = tags.iter().filter(|tag| tag.has("aria-invalid") && tag.has("name"));
        let error = |tag: &Tag| {
            let id = tag.get("aria-describedby").unwrap();
            let text = tags.iter().find(|other| other.get("id") == Some(id)).unwrap();
            (tag.get("name").unwrap().to_owned(), text.text.clone())
        };
        described.map(error).collect()
    }
}

/// A browser, and the site that it looks at.
#[derive(Clone)]
pub(crate) struct Browser {
    app: Router,
    pub(crate) jar: BTreeMap<String, String>,
    /// What it says of where its requests come from.
    pub(crate) says: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub(crate) fn new(app: &Router) -> Self {
        let says = vec![("sec-fetch-site", "same-origin"), ("accept", "text/html,*/*;q=0.8")];
        Self { app: app.clone(), jar: BTreeMap::new(), says }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Sends these fields, and no others.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    /// Fills in a form of a page and sends it.
    pub(crate) async fn submit(
        &mut self,
        page: &Page,
        action: &str,
        fill: &[(&str, &str)],
    ) -> Page {
        let mut values = page.form(action).values();
        for (name, value) in fill {
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        let fields: Vec<_> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &fields).await
    }

    /// Opens a page, fills in its form and sends it.
    pub(crate) async fn fill(&mut self, path: &str, action: &str, fill: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        self.submit(&page, action, fill).await
    }

    /// Goes where it is sent, until it is there.
    pub(crate) async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..5 {
            if page.status != 303 {
                return page;
            }
            let location = page.location().to_owned();
            page = self.get(&location).await;
        }
        panic!("sent in a circle: {page:?}");
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies: Vec<_> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; "));
        let request =
            self.says.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        for line in parts.headers.get_all("set-cookie") {
            let (pair, flags) = line.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if flags.ends_with("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Page { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}
