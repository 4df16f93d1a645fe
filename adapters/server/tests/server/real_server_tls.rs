//! A Redis that takes TLS only from those who trust the authority that its operator names.

use std::path::Path;

use rcgen::CertifiedKey;
use testudo_test_servers::{Options, RedisCluster, unique_name};

use crate::support::{Site, complaint};

/// A cluster that shows the certificate in `certificate.pem`.
fn cluster_in(directory: &Path) -> RedisCluster {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    std::fs::write(path("certificate.pem"), cert.pem()).unwrap();
    std::fs::write(path("key.pem"), signing_key.serialize_pem()).unwrap();
    let options = Options::throwaway()
        .argument("--tls-cert-file")
        .argument(path("certificate.pem"))
        .argument("--tls-key-file")
        .argument(path("key.pem"))
        .argument("--tls-ca-cert-file")
        .argument(path("certificate.pem"));
    RedisCluster::start_with_tls(&options).unwrap()
}

#[test]
fn the_authority_of_a_redis_is_named_in_its_url() {
    let site = Site::on_sqlite("it names its stores itself");
    let cluster = cluster_in(&site.path("."));
    let nodes = cluster.tls_url().replace("rediss://", "");
    let sweep = |parameter: &str| {
        let prefix = unique_name();
        // Redis lets in its default user with any password, unless one is set.
        let url = format!("rediss-cluster://default:hunter2@{nodes}?prefix={prefix}{parameter}");
        site.run(&["sweep", "--database", &url], "")
    };
    let swept = sweep("&ssl-ca=certificate.pem");
    assert!(swept.status.success(), "{swept:?}");
    for (parameter, reason) in [
        ("", "UnknownIssuer"),
        ("&ssl-ca=missing.pem", "missing.pem cannot be read"),
        ("&ssl-ca=key.pem", "key.pem holds no certificate in PEM"),
        ("&ssl-ca=", "ssl-ca=PATH"),
    ] {
        let refused = complaint(&sweep(parameter));
        assert!(refused.contains(reason), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
