//! What happened to one's own account, over HTTP.

use axum::Router;
use serde_json::Value;
use testudo::Duration;

use crate::support::{Answer, EMAIL, Site, get};

fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_reads_their_own_trail_a_page_at_a_time_and_nobody_elses() {
    let site = Site::new().await;
    let app: Router = site.testudo.routes();
    // Events of one moment are in no order of their own.
    site.advance(Duration::from_secs(1));
    let access = site.login().await.access;
    let access = access.expose().as_str();
    let all = events(&get(&app, "/audit", Some(access)).await);
    let kinds: Vec<_> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user_login", "user_created"]);
    assert_eq!(all[0]["details"]["methods"][0], "pwd");
    assert!(all[0]["session"].is_string() && all[0]["details"].get("type").is_none());
    let first = events(&get(&app, "/audit?limit=1", Some(access)).await);
    assert_eq!(first, all[..1]);
    let before = format!("/audit?limit=1&before={}", all[0]["id"].as_str().unwrap());
    assert_eq!(events(&get(&app, &before, Some(access)).await), all[1..]);

    let grace = testudo::flow::RegisterUser::new("grace@example.com", "correct horse 2".into());
    let here = testudo::Client::unknown();
    site.testudo.auth().register_user(grace, &here).await.unwrap();
    assert_eq!(events(&get(&app, "/audit", Some(access)).await), all, "hers are not {EMAIL}'s");
}

#[tokio::test]
async fn a_query_that_asks_for_nothing_sensible_is_told_to_users_only() {
    let site = Site::new().await;
    let app: Router = site.testudo.routes();
    let access = site.login().await.access;
    for query in ["limit=0", "limit=101", "limit=x", "before=x", "limit=1&limit=2&limit="] {
        let path = format!("/audit?{query}");
        let refused = get(&app, &path, Some(access.expose())).await;
        assert_eq!(refused.problem(), (422, "validation_failed".to_owned()), "{query}");
        let refused = get(&app, &path, None).await;
        assert_eq!(refused.problem(), (401, "unauthenticated".to_owned()), "{query}");
        let refused = get(&app, &path, Some("tda_made-up")).await;
        assert_eq!(refused.problem(), (401, "invalid_token".to_owned()), "{query}");
    }
}
