//! Reading addresses.

use std::time::Duration;

use redis::cluster::ClusterClientBuilder;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::link::{ANSWER, CONNECT, Target};
use crate::open_error::OpenError;

/// How long TCP waits for the other side to take what was sent, before the connection counts as lost.
const USER_TIMEOUT: Duration = Duration::from_secs(10);

/// What an address leads to. No error repeats any of it.
pub(crate) fn target(address: &str, authority: Option<&[u8]>) -> Result<Target, OpenError> {
    let (scheme, rest) = address.split_once("://").ok_or(OpenError::Address("it has no scheme"))?;
    if rest.contains(['?', '#']) {
        // Among them would be leave to accept any certificate.
        return Err(OpenError::Address("it has options, and there are none"));
    }
    match scheme {
        "redis" => server(&format!("redis://{rest}"), None),
        "rediss" => {
            provide_cryptography();
            server(&format!("rediss://{rest}"), certificates(authority)?)
        }
        "redis-cluster" => cluster("redis", rest, None),
        "rediss-cluster" => {
            provide_cryptography();
            cluster("rediss", rest, certificates(authority)?)
        }
        _ => Err(OpenError::Address("its scheme is not known")),
    }
}

fn server(address: &str, certificates: Option<TlsCertificates>) -> Result<Target, OpenError> {
    let info = info(address)?;
    let client = match certificates {
        None => Client::open(info).map_err(|_| OpenError::Address("it leads nowhere"))?,
        Some(given) => Client::build_with_tls(info, given).map_err(|_| OpenError::Certificates)?,
    };
    Ok(Target::Server(Box::new(client)))
}

/// One credential, and then nodes separated by commas, from any of which the others are learnt.
fn cluster(
    scheme: &str,
    rest: &str,
    certificates: Option<TlsCertificates>,
) -> Result<Target, OpenError> {
    let (credential, nodes) = match rest.rsplit_once('@') {
        Some((credential, nodes)) => (format!("{credential}@"), nodes),
        None => (String::new(), rest),
    };
    let nodes = nodes.strip_suffix('/').unwrap_or(nodes);
    if nodes.contains('/') {
        return Err(OpenError::Address("a cluster has no numbered databases"));
    }
    let nodes = nodes.split(',').map(|node| info(&format!("{scheme}://{credential}{node}")));
    let mut builder = ClusterClientBuilder::new(nodes.collect::<Result<Vec<_>, _>>()?)
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(CONNECT)
        .response_timeout(ANSWER)
        .tcp_settings(tcp())
        // What is tried again, and when, is decided in one place, and not there.
        .retries(0);
    let is_given = certificates.is_some();
    if let Some(given) = certificates {
        builder = builder.certs(given);
    }
    builder.build().map(Box::new).map(Target::Cluster).map_err(|_| {
        if is_given { OpenError::Certificates } else { OpenError::Address("it leads nowhere") }
    })
}

fn info(address: &str) -> Result<ConnectionInfo, OpenError> {
    let info = address
        .into_connection_info()
        .map_err(|_| OpenError::Address("it is not of the form of a URL"))?;
    let settings = info.redis_settings().clone();
    // The third version of the protocol tells that a connection is lost before it is used again.
    let settings = settings.set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings).set_tcp_settings(tcp()))
}

fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(USER_TIMEOUT)
}

/// The client takes a text without any for an authority that signs nothing.
fn certificates(authority: Option<&[u8]>) -> Result<Option<TlsCertificates>, OpenError> {
    let Some(pem) = authority else { return Ok(None) };
    let first = CertificateDer::pem_slice_iter(pem).next();
    if !matches!(first, Some(Ok(_))) {
        return Err(OpenError::Certificates);
    }
    Ok(Some(TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) }))
}

/// Rustls asks for one provider in the process; another one that is there already stays.
fn provide_cryptography() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_and_clusters_are_read() {
        for address in [
            "redis://localhost",
            "redis://ada:secret%40@localhost:6380/3",
            "redis://:secret@[::1]:6379",
            "rediss://cache.example.com",
        ] {
            assert!(matches!(target(address, None), Ok(Target::Server(_))), "{address}");
        }
        for address in [
            "redis-cluster://a:7000,b:7001,[::1]:7002",
            "redis-cluster://ada:secret@a:7000,b:7001/",
            "rediss-cluster://a:7000",
        ] {
            assert!(matches!(target(address, None), Ok(Target::Cluster(_))), "{address}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_repeated() {
        for address in [
            "",
            "localhost",
            "http://ada:s3cr3t@localhost",
            "redis://ada:s3cr3t@local host",
            "redis://ada:s3cr3t@localhost:port",
            "redis://ada:s3cr3t@localhost/s3cr3t",
            "rediss://ada:s3cr3t@localhost/#insecure",
            "redis-cluster://ada:s3cr3t@a:7000,b:s3cr3t",
            "redis-cluster://ada:s3cr3t@a:7000/3",
            "redis-cluster://",
            "redis-cluster://ada:s3cr3t@a:7000,",
            "redis-cluster://a:7000,,b:7000",
        ] {
            let Err(error) = target(address, None) else { panic!("{address} was taken") };
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
        }
    }
}
