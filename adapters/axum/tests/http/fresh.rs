//! What wants a fresh sign-in.

use axum::Router;
use axum::routing::any;
use testudo::model::Method;
use testudo::{Client, Duration};
use testudo_axum::require_fresh;

use crate::support::{Site, get};

#[tokio::test]
async fn a_sign_in_is_fresh_for_so_long_and_no_refresh_makes_it_so_again() {
    let site = Site::new().await;
    let fresh = require_fresh(&site.testudo, Duration::from_minutes(5)).by(Method::Password);
    let app: Router = Router::new().route("/", any(async || "done")).layer(fresh);
    let tokens = site.login().await;
    assert_eq!(get(&app, "/", None).await.problem(), (401, "unauthenticated".to_owned()));
    site.advance(Duration::from_minutes(5));
    assert_eq!(get(&app, "/", Some(tokens.access.expose())).await.body, "done");
    site.advance(Duration::from_millis(1));
    let stale = get(&app, "/", Some(tokens.access.expose())).await;
    assert_eq!(stale.problem(), (403, "step_up_required".to_owned()));
    let refresh = tokens.refresh.expose();
    let next = site.testudo.auth().refresh(refresh, &Client::unknown()).await.unwrap().tokens;
    let refreshed = get(&app, "/", Some(next.access.expose())).await;
    assert_eq!(refreshed.problem(), (403, "step_up_required".to_owned()));
    let again = site.login().await;
    assert_eq!(get(&app, "/", Some(again.access.expose())).await.body, "done");
}
