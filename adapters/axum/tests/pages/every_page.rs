//! What holds for every page.

use crate::browser::{Browser, Page};
use crate::site::{EMAIL, PASSWORD, Site};

/// A browser in each state, and what it sees at each path.
async fn all_pages(site: &Site) -> Vec<(String, Page)> {
    let mut pages = Vec::new();
    let owing = {
        let mut browser = site.browser();
        let page = browser.fill("/signup", "/signup", &[("email", "eve@example.com")]).await;
        assert_eq!(page.status, 303);
        browser
    };
    for mut browser in [site.browser(), owing, site.signed_in().await] {
        for path in site.paths() {
            for query in ["", "?token=tdl_made-up&next=/account&notice=reset"] {
                let at = format!("{path}{query}");
                pages.push((at.clone(), browser.get(&at).await));
            }
        }
        pages.push(("/nothing".to_owned(), browser.get("/nothing").await));
    }
    assert!(pages.len() > 60, "{}", pages.len());
    pages
}

#[tokio::test]
async fn every_page_tells_the_browser_to_run_nothing_to_keep_nothing_and_to_tell_nobody() {
    let site = Site::with_user().await;
    for (path, page) in all_pages(&site).await {
        let policy = page.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self' data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|it| it == part), "{path}: {policy}");
        }
        assert!(!policy.contains("script") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        let is_style = path.starts_with("/assets/");
        let caching = if is_style { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(page.header("cache-control"), Some(caching), "{path}");
    }
}

#[tokio::test]
async fn every_page_has_one_heading_landmarks_a_language_and_a_title_that_names_the_service() {
    let site = Site::with_user().await;
    let mut seen = 0;
    for (path, page) in all_pages(&site).await {
        if page.status == 303 || path.starts_with("/assets/") {
            continue;
        }
        seen += 1;
        let tags = page.tags();
        let one = |name: &str| {
            let found: Vec<_> = tags.iter().filter(|tag| tag.name == name).collect();
            assert_eq!(found.len(), 1, "{path}: {name}");
            found[0].clone()
        };
        assert_eq!(one("html").get("lang"), Some("en"));
        assert_eq!(one("main").get("id"), Some("main"));
        one("header");
        let title = tags.iter().find(|tag| tag.name == "title").unwrap();
        assert_eq!(title.text, format!("{} · Example", page.heading()), "{path}");
        assert!(tags.iter().any(|tag| tag.get("href") == Some("#main")), "{path}: a skip link");
        for tag in &tags {
            assert!(
                !["script", "style", "iframe", "object"].contains(&tag.name.as_str()),
                "{path}"
            );
            assert!(!tag.has("style"), "{path}: {tag:?}");
            let handler = tag.attributes.keys().find(|name| name.starts_with("on"));
            assert!(handler.is_none(), "{path}: {tag:?}");
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn every_control_has_a_label_and_every_id_is_there_once() {
    let site = Site::with_user().await;
    for (path, page) in all_pages(&site).await {
        let tags = page.tags();
        let mut ids: Vec<_> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{path}");
        for tag in tags.iter().filter(|tag| matches!(tag.name.as_str(), "input" | "select")) {
            if tag.get("type") == Some("hidden") || tag.has("hidden") {
                continue;
            }
            let id = tag.get("id").unwrap_or_else(|| panic!("{path}: {tag:?}"));
            let labels = tags.iter().filter(|label| label.get("for") == Some(id));
            let labels: Vec<_> = labels.map(|label| label.text.trim()).collect();
            assert!(labels.len() == 1 && !labels[0].is_empty(), "{path}: {tag:?} {labels:?}");
        }
    }
}

#[tokio::test]
async fn no_page_holds_a_token_of_a_session() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let mut pages = vec![browser.get("/account").await];
    let mut other = site.browser();
    let page = other.fill("/signup", "/signup", &[("email", "eve@example.com")]).await;
    pages.push(other.follow(page).await);
    for browser in [&browser, &other] {
        assert!(browser.jar.len() >= 2, "{:?}", browser.jar.keys());
        for (name, value) in &browser.jar {
            for page in &pages {
                assert!(!page.body.contains(value.as_str()), "{name} stands in {}", page.body);
            }
        }
    }
}

#[tokio::test]
async fn cookies_are_for_this_host_and_for_no_script() {
    let site = Site::with_user().await;
    let mut browser = site.browser();
    let begun = browser.get("/signup").await;
    let started = browser.submit(&begun, "/signup", &[("email", "eve@example.com")]).await;
    let signed_in =
        browser.fill("/signin", "/signin", &[("email", EMAIL), ("password", PASSWORD)]).await;
    let mut seen = Vec::new();
    for page in [begun, started, signed_in] {
        for line in page.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.starts_with("__Host-testudo_"), "{line}");
            for flag in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(line.split("; ").any(|it| it == flag), "{line}");
            }
            assert!(!line.contains("Domain"), "{line}");
            seen.push(line.split('=').next().unwrap().to_owned());
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[tokio::test]
async fn what_is_nowhere_is_a_page_for_people_and_a_problem_for_programs() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = browser.get("/nothing").await;
    assert_eq!((page.status, page.heading().as_str()), (404, "Page not found"));
    let page = browser.get("/signout").await;
    assert_eq!(page.status, 405);
    assert_eq!(page.heading(), "Page not found");
    browser.says = vec![("accept", "application/json")];
    for (path, status) in [("/nothing", 404), ("/signout", 405)] {
        let page = browser.get(path).await;
        assert_eq!(page.status, status);
        assert_eq!(page.header("content-type"), Some("application/problem+json"), "{path}");
    }
    browser.says = vec![("accept", "text/html")];
    let page = browser.get("/auth/nothing").await;
    assert_eq!(page.header("content-type"), Some("application/problem+json"), "the JSON routes");
}

#[tokio::test]
async fn an_address_puts_no_words_of_its_own_on_a_page() {
    let site = Site::new();
    let mut browser = site.browser();
    let plain = browser.get("/signin").await.body;
    for notice in ["Call+0900+123456", "%3Cscript%3E", "", "reset2"] {
        assert_eq!(browser.get(&format!("/signin?notice={notice}")).await.body, plain, "{notice}");
    }
    assert_ne!(browser.get("/signin?notice=reset").await.body, plain);
}

#[tokio::test]
async fn links_begin_with_a_path_that_a_proxy_takes_away() {
    let site = Site::with_user().await;
    let cookies = testudo_axum::Cookies::for_origin(crate::browser::ORIGIN).unwrap();
    let app: axum::Router = site.testudo.pages_below("/id/", cookies);
    let mut browser = Browser::new(&app);
    let page = browser.get("/signin").await;
    let token = page.form("/id/signin").values()["csrf"].clone();
    let fields = [("csrf", token.as_str()), ("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(browser.post("/signin", &fields).await.location(), "/id/account");
}

#[tokio::test]
async fn pages_work_wherever_they_are_nested() {
    let site = Site::with_user().await;
    let cookies = testudo_axum::Cookies::for_origin(crate::browser::ORIGIN).unwrap();
    let app = axum::Router::new().nest("/id", site.testudo.pages(cookies));
    let mut browser = Browser::new(&app);
    let home = browser.get("/id").await;
    assert!(home.tags().iter().any(|tag| tag.get("href") == Some("/id")), "the way back");
    let style = home.tags().into_iter().find(|tag| tag.get("rel") == Some("stylesheet")).unwrap();
    let style = browser.get(style.get("href").unwrap()).await;
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    let fill = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.fill("/id/signin", "/id/signin", &fill).await;
    assert_eq!(page.location(), "/id/account");
    assert_eq!(browser.follow(page).await.heading(), "Your account");
    let mut nobody = Browser::new(&app);
    assert_eq!(nobody.get("/id/account").await.location(), "/id/signin?next=%2Fid%2Faccount");
}
