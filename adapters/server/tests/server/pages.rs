//! Pages beside the JSON interface.

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site};

fn see(server: &Server, path: &str) -> Answer {
    Request::new("GET", path).header("accept", "text/html").send(server.address)
}

#[test]
fn pages_are_there_unless_they_are_turned_off_and_change_nothing_of_the_rest() {
    let site = Site::with_user();
    for (options, is_on) in
        [(&[][..], true), (&["--pages", "on"], true), (&["--pages", "off"], false)]
    {
        let server = site.serve(options);
        for path in ["/", "/signup", "/signin", "/forgot", "/reset?token=x", "/verify?token=x"] {
            let page = see(&server, path);
            assert_eq!(page.status, if is_on { 200 } else { 404 }, "{path}");
            let kind = if is_on { "text/html; charset=utf-8" } else { "application/problem+json" };
            assert_eq!(page.header("content-type"), Some(kind), "{path}");
            assert_eq!(page.body.contains("<h1>"), is_on, "{path}");
        }
        assert_eq!(see(&server, "/healthz").json()["status"], "ok");
        let unknown = see(&server, "/auth/nothing");
        assert_eq!(unknown.json()["code"], "not_found");
        let unknown = Request::new("GET", "/nothing").send(server.address);
        assert_eq!(unknown.json()["code"], "not_found", "for programs");
        let signed_in = server.login(EMAIL, PASSWORD);
        assert!(signed_in.json()["access_token"].is_string());
        assert_eq!(signed_in.header("set-cookie"), None, "the JSON interface has no cookies");
    }
}

#[test]
fn cookies_and_links_are_those_of_the_public_url() {
    let site = Site::new();
    for (options, cookie, link) in [
        (&[][..], "testudo_browser=", "/signin"),
        (&["--public-url", "http://id.example.com"], "testudo_browser=", "/signin"),
        (&["--public-url", "https://id.example.com"], "__Host-testudo_browser=", "/signin"),
        (&["--public-url", "https://example.com/id/"], "__Host-testudo_browser=", "/id/signin"),
    ] {
        let page = see(&site.serve(options), "/");
        assert!(page.header("set-cookie").unwrap().starts_with(cookie), "{options:?}");
        assert!(
            page.body.contains(&format!("href=\"{link}\"").replace("/id/", "&#x2f;id/")),
            "{}",
            page.body
        );
    }
}

#[test]
fn a_form_is_taken_from_where_the_server_listens_and_from_nowhere_else() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let own = format!("http://{}", server.address);
    let by_name = format!("http://localhost:{}", server.address.port());
    for (origin, expected) in
        [(&*own, 303), (&*by_name, 303), ("https://evil.example", 403), ("http://127.0.0.1", 403)]
    {
        let page = see(&server, "/signin");
        let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let token =
            page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = format!("csrf={token}&email=ada%40example.com&password=correct+horse+battery");
        let answer = Request::new("POST", "/signin")
            .header("origin", origin)
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send(server.address);
        assert_eq!(answer.status, expected, "{origin}");
    }
}
