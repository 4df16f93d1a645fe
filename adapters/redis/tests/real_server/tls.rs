//! TLS, to a server and to a cluster: the certificate is looked at.

use std::path::PathBuf;

use rcgen::{CertifiedKey, KeyPair};
use testudo_redis::{OpenError, RedisOptions, RedisStore};
use testudo_test_servers::{Options, Redis, RedisCluster, unique_name};

use crate::faults::is_there;
use crate::fixtures::{commit, inserting, user};
use crate::support::{as_cluster, run};

/// A certificate that vouches for itself, in files as long as this lives.
struct Certificate {
    signed: CertifiedKey<KeyPair>,
    directory: PathBuf,
}

impl Certificate {
    fn of(host: &str) -> Self {
        let signed = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let directory = std::env::temp_dir().join(unique_name());
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("certificate.pem"), signed.cert.pem()).unwrap();
        std::fs::write(directory.join("key.pem"), signed.signing_key.serialize_pem()).unwrap();
        Self { signed, directory }
    }

    /// For a server that shows it.
    fn options(&self) -> Options {
        let path = |name: &str| self.directory.join(name).display().to_string();
        Options::throwaway()
            .argument("--tls-cert-file")
            .argument(path("certificate.pem"))
            .argument("--tls-key-file")
            .argument(path("key.pem"))
            .argument("--tls-ca-cert-file")
            .argument(path("certificate.pem"))
            .argument("--tls-auth-clients")
            .argument("no")
    }

    /// For a store that trusts it.
    fn trusting(&self) -> RedisOptions {
        RedisOptions::new().trust(self.signed.cert.pem())
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn works(store: &RedisStore) {
    let ada = user("ada@example.com");
    commit(store, inserting(&ada)).await;
    assert!(is_there(store, &ada).await.unwrap());
}

fn assert_unavailable(opened: Result<RedisStore, OpenError>) {
    assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
}

#[test]
fn over_tls_the_certificate_of_a_server_is_looked_at() {
    run(async {
        let certificate = Certificate::of("localhost");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = certificate.options().argument("--tls-port").argument(port.to_string());
        let _server = Redis::start_with(&options).unwrap();

        let address = format!("rediss://localhost:{port}");
        assert_unavailable(RedisStore::open(&address).await);
        works(&certificate.trusting().open(&address).await.unwrap()).await;
        let other_name = format!("rediss://127.0.0.1:{port}");
        assert_unavailable(certificate.trusting().open(&other_name).await);
    });
}

/// Of each node, also of those that are learnt from the first.
#[test]
fn over_tls_the_certificates_of_a_cluster_are_looked_at() {
    run(async {
        let (good, other) = (Certificate::of("127.0.0.1"), Certificate::of("127.0.0.1"));
        let cluster = RedisCluster::start_with_tls(&good.options()).unwrap();
        let address = as_tls_cluster(&cluster.tls_url());
        assert_unavailable(RedisStore::open(&address).await);
        assert_unavailable(other.trusting().open(&address).await);
        // Where there is no TLS, it is not spoken.
        let plain = as_cluster(cluster.url()).replace("redis-cluster", "rediss-cluster");
        assert_unavailable(good.trusting().open(&plain).await);

        let first = as_tls_cluster(cluster.tls_url().split(',').next().unwrap());
        for (place, address) in [address, first].into_iter().enumerate() {
            let options = good.trusting().prefix(format!("{place}")).buckets(64);
            works(&options.open(&address).await.unwrap()).await;
        }
    });
}

#[test]
fn what_is_no_certificate_in_pem_is_refused_before_anything_is_connected_to() {
    run(async {
        let key = KeyPair::generate().unwrap().serialize_pem();
        let broken = "-----BEGIN CERTIFICATE-----\n7031\n-----END CERTIFICATE-----\n".to_owned();
        for pem in [String::new(), "no certificate".to_owned(), key, broken] {
            for address in ["rediss://localhost:1", "rediss-cluster://localhost:1"] {
                let opened = RedisOptions::new().trust(pem.clone()).open(address).await;
                assert!(matches!(opened, Err(OpenError::Certificates)), "{pem}: {opened:?}");
            }
        }
    });
}

/// The address that a store takes, of a cluster whose nodes are named one by one.
fn as_tls_cluster(urls: &str) -> String {
    format!("rediss-cluster://{}", urls.replace("rediss://", ""))
}
