//! Over TLS the certificate is looked at, and nothing is said to whom it does not belong.

use std::path::Path;

use testudo_test_servers::Postgres;
use testudo_test_servers::proxy::Direction;

use super::super::{OpenError, PostgresStore};
use crate::laws::certificates::Certificates;
use crate::laws::fixtures::{behind_proxy, commit, inserting, user};

/// The same server at another name, under a password that nobody may see.
fn url(server: &str, host: &str, mode: &str, root: Option<&Path>) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_password(Some("hunter7031")).unwrap();
    url.query_pairs_mut().clear().append_pair("sslmode", mode);
    if let Some(root) = root {
        url.query_pairs_mut().append_pair("sslrootcert", root.to_str().unwrap());
    }
    url.into()
}

/// What is said of a server that is not trusted.
async fn refusal(url: &str) -> String {
    let error = PostgresStore::open(url).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(matches!(error, OpenError::Untrusted(_)), "{shown}");
    assert!(!shown.contains("hunter7031"), "{shown}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_looked_at_where_that_was_asked_for() {
    let certificates = Certificates::new();
    let server = Postgres::start_with(&certificates.options()).unwrap();
    let (right, foreign) = (certificates.right(), certificates.foreign());
    let at = |host: &str, mode: &str, root| url(server.url(), host, mode, root);

    let trusting = at("localhost", "verify-full", Some(&right));
    let store = PostgresStore::open(&trusting).await.unwrap();
    commit(&store, inserting(&user("ada@example.com"))).await;
    let is_encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let mut connection = store.database.apart().await;
    assert!(sqlx::query_scalar::<_, bool>(is_encrypted).fetch_one(&mut connection).await.unwrap());

    for root in [Some(&*foreign), None] {
        for mode in ["verify-full", "verify-ca"] {
            let refused = refusal(&at("localhost", mode, root)).await;
            assert!(refused.contains("invalid peer certificate"), "{refused}");
        }
    }
    let refused = refusal(&at("127.0.0.1", "verify-full", Some(&right))).await;
    assert!(refused.contains("not valid for name \"127.0.0.1\""), "{refused}");
    // Whoever has the authority's word may be anybody, if so wanted; and without a question there is no answer.
    PostgresStore::open(&at("127.0.0.1", "verify-ca", Some(&right))).await.unwrap();
    PostgresStore::open(&at("localhost", "require", None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_told_nothing() {
    let server = Postgres::start().unwrap();
    let (proxy, behind) = behind_proxy(server.url());
    for mode in ["require", "verify-ca", "verify-full"] {
        let before = proxy.passed(Direction::Requests);
        let refused = refusal(&url(&behind, "127.0.0.1", mode, None)).await;
        assert!(refused.contains("does not support TLS"), "{refused}");
        let asked = proxy.passed(Direction::Requests) - before;
        assert_eq!(asked, 8, "whether it speaks TLS, and no more");
    }
}
