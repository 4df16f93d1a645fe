//! So many requests from a network.

use axum::Router;
use axum::routing::any;
use testudo::Duration;
use testudo::model::AttemptLimit;
use testudo_axum::{RequestClient, Testudo, limit};

use crate::support::{Site, get, get_from};

const LIMIT: AttemptLimit = AttemptLimit {
    attempts: 2,
    window: Duration::from_secs(60),
    lock: Duration::ZERO,
    hard_stop: Some(3),
};

fn app(testudo: &Testudo) -> Router {
    let route =
        |name| Router::new().route("/", any(async || "done")).layer(limit(testudo, LIMIT, name));
    Router::new().nest("/search", route("search")).nest("/export", route("export"))
}

#[tokio::test]
async fn a_network_is_let_through_so_often_and_told_when_to_come_again() {
    let site = Site::new().await;
    let app = app(&site.testudo);
    for window in 0..3 {
        for _ in 0..2 {
            assert_eq!(get_from(&app, "/search", "2001:db8::1").await.status, 200, "{window}");
        }
        site.advance(Duration::from_secs(20));
        let refused = get_from(&app, "/search", "2001:db8::ffff:2").await;
        assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
        assert_eq!(refused.header("retry-after"), Some("40"));
        assert_eq!(get_from(&app, "/search", "2001:db8:0:1::1").await.status, 200);
        site.advance(Duration::from_secs(40));
    }
    for _ in 0..2 {
        assert_eq!(get_from(&app, "/export", "2001:db8::1").await.status, 200);
    }
    assert_eq!(get_from(&app, "/export", "2001:db8::1").await.status, 429);
}

#[tokio::test]
async fn where_nobody_says_who_asks_nobody_is_limited() {
    let site = Site::new().await;
    for _ in 0..5 {
        assert_eq!(get(&app(&site.testudo), "/search", None).await.status, 200);
    }
}

#[tokio::test]
async fn only_trusted_proxies_say_where_a_request_comes_from() {
    let site = Site::new().await;
    let show = async |RequestClient(client): RequestClient| {
        client.ip().map_or_else(String::new, |ip| ip.to_string())
    };
    for (proxies, expected) in [(0, "192.0.2.1"), (1, "203.0.113.9"), (2, "198.51.100.7")] {
        let testudo = site.testudo.clone().trusted_proxies(proxies);
        let app = Router::new().route("/", any(show)).with_state(testudo);
        let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 4711));
        let request = axum::http::Request::get("/")
            .header("x-forwarded-for", "10.0.0.1, 198.51.100.7, 203.0.113.9")
            .extension(axum::extract::ConnectInfo(peer));
        let request = request.body(axum::body::Body::empty()).unwrap();
        assert_eq!(crate::support::send(&app, request).await.body, expected, "{proxies}");
    }
}
