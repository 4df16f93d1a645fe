//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::RequestPartsExt as _;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use testudo::Client;

use tracing::warn;

use crate::Testudo;

/// The client of a request, as far as it is known: what flows want to be told.
///
/// # Security
///
/// Its address is that of the connection's other end (axum's [`ConnectInfo`] of a [`SocketAddr`]), or what the
/// outermost of [`Testudo::trusted_proxies`] saw.
#[derive(Clone, Debug)]
pub struct RequestClient(pub Client);

impl<S: Send + Sync> FromRequestParts<S> for RequestClient
where
    Testudo: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(request_client(parts, &Testudo::from_ref(state)).await))
    }
}

/// The client of a request, for who has no state at hand.
pub(crate) async fn request_client(parts: &mut Parts, testudo: &Testudo) -> Client {
    let peer = parts.extract::<ConnectInfo<SocketAddr>>().await.ok();
    let peer = peer.map(|ConnectInfo(peer)| peer.ip());
    let mut client = Client::unknown();
    match address(peer, &parts.headers, testudo.trusted_proxies) {
        Some(ip) => client = client.with_ip(ip),
        None => testudo.tell_once(|| {
            warn!(
                "nobody says where requests come from: there are no limits for each network; \
                   serve with into_make_service_with_connect_info::<SocketAddr>()"
            );
        }),
    }
    if let Some(agent) = parts.headers.get(header::USER_AGENT) {
        client = client.with_user_agent(&String::from_utf8_lossy(agent.as_bytes()));
    }
    client
}

/// The address that the outermost trusted proxy saw: the `trusted`-th entry of `X-Forwarded-For`,
/// counted from the right, because each proxy adds the address of its own peer at the end and
/// everything further left is the client's to invent (ASVS 5.0 4.1.3).
///
/// Where there is no such entry, or it is no address, the peer is the client: then the limits per
/// network are too strict, never too lax.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: usize) -> Option<IpAddr> {
    let Some(place) = trusted.checked_sub(1) else { return peer };
    let lines = headers.get_all("x-forwarded-for").iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let entry = lines.iter().rev().flat_map(|line| line.rsplit(',')).nth(place);
    entry.and_then(|entry| parse(entry.trim())).or(peer)
}

/// Some proxies write the port, too.
fn parse(entry: &str) -> Option<IpAddr> {
    let with_port = || entry.parse().map(|address: SocketAddr| address.ip());
    entry.parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(lines: &[&'static str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let peer = IpAddr::from([192, 0, 2, 1]);
        address(Some(peer), &headers, trusted).unwrap().to_string()
    }

    #[test]
    fn without_trusted_proxies_the_header_is_ignored() {
        assert_eq!(seen(&["203.0.113.9"], 0), "192.0.2.1");
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let lines = ["198.51.100.1, 203.0.113.9", "203.0.113.10,2001:db8::1"];
        assert_eq!(seen(&lines, 1), "2001:db8::1");
        assert_eq!(seen(&lines, 2), "203.0.113.10");
        assert_eq!(seen(&lines, 3), "203.0.113.9");
        assert_eq!(seen(&lines, 4), "198.51.100.1");
    }

    #[test]
    fn a_port_beside_the_address_is_left_out() {
        assert_eq!(seen(&["203.0.113.9:4711"], 1), "203.0.113.9");
        assert_eq!(seen(&["[2001:db8::1]:4711"], 1), "2001:db8::1");
    }

    #[test]
    fn what_is_no_address_means_the_peer() {
        for line in ["", "unknown", "203.0.113.9, ", "1.2.3", "203.0.113.9;"] {
            assert_eq!(seen(&[line], 1), "192.0.2.1", "{line:?}");
        }
        assert_eq!(seen(&["203.0.113.9"], 2), "192.0.2.1");
        assert_eq!(seen(&[], 1), "192.0.2.1");
    }
}
