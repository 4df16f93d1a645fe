//! Over TLS the certificate is looked at, and nothing is said to whom it does not belong.

use std::path::Path;

use sqlx::Row;
use testudo_test_servers::MariaDb;
use testudo_test_servers::proxy::Direction;

use crate::laws::certificates::Certificates;
use crate::mysql::fixtures::{behind_proxy, commit, inserting, raw, user};
use crate::mysql::{MySqlStore, OpenError};

/// The same server at another name, for a user with a password that nobody may see.
fn url(server: &str, host: &str, mode: &str, root: Option<&Path>) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_username("pat").unwrap();
    url.set_password(Some("hunter7031")).unwrap();
    url.query_pairs_mut().clear().append_pair("ssl-mode", mode);
    if let Some(root) = root {
        url.query_pairs_mut().append_pair("ssl-ca", root.to_str().unwrap());
    }
    url.into()
}

/// What is said of a server that is not trusted.
async fn refusal(url: &str) -> String {
    let error = MySqlStore::open(url).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(matches!(error, OpenError::Untrusted(_)), "{shown}");
    assert!(!shown.contains("hunter7031"), "{shown}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_looked_at_where_that_was_asked_for() {
    let certificates = Certificates::new();
    let server = MariaDb::start_with(&certificates.options()).unwrap();
    let (right, foreign) = (certificates.right(), certificates.foreign());
    let at = |host: &str, mode: &str, root| url(server.url(), host, mode, root);
    let plain = MySqlStore::open(server.url()).await.unwrap();
    raw(&plain, "CREATE USER pat@'%' IDENTIFIED BY 'hunter7031'; GRANT ALL ON test.* TO pat@'%'")
        .await;

    let trusting = at("localhost", "VERIFY_IDENTITY", Some(&right));
    let store = MySqlStore::open(&trusting).await.unwrap();
    commit(&store, inserting(&user("ada@example.com"))).await;
    let status = sqlx::query("SHOW SESSION STATUS LIKE 'Ssl_version'");
    let status = status.fetch_one(&mut store.database.apart().await).await.unwrap();
    let version = status.try_get_unchecked::<String, _>(1).unwrap();
    assert!(version.starts_with("TLS"), "{version}");

    for root in [Some(&*foreign), None] {
        for mode in ["VERIFY_IDENTITY", "VERIFY_CA"] {
            let refused = refusal(&at("localhost", mode, root)).await;
            assert!(refused.contains("invalid peer certificate"), "{refused}");
        }
    }
    let refused = refusal(&at("127.0.0.1", "VERIFY_IDENTITY", Some(&right))).await;
    assert!(refused.contains("not valid for name \"127.0.0.1\""), "{refused}");
    // Whoever has the authority's word may be anybody, if so wanted; and without a question there is no answer.
    MySqlStore::open(&at("127.0.0.1", "VERIFY_CA", Some(&right))).await.unwrap();
    MySqlStore::open(&at("localhost", "REQUIRED", None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_told_nothing() {
    let server = MariaDb::start().unwrap();
    let (proxy, behind) = behind_proxy(server.url());
    for mode in ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
        let refused = refusal(&url(&behind, "127.0.0.1", mode, None)).await;
        assert!(refused.contains("does not support TLS"), "{refused}");
        assert_eq!(proxy.passed(Direction::Requests), 0);
    }
}
