//! Where webhooks go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// The URL of a receiver: `https`, or `http` on this machine.
///
/// Prints without its path and query, which may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// A text is no place to send webhooks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an https URL without credentials, such as https://example.com/hooks (http on this machine only)"
)]
#[non_exhaustive]
pub struct NotAnEndpoint;

impl Endpoint {
    /// The URL, whole.
    pub(crate) fn url(&self) -> Url {
        self.0.clone()
    }

    /// A name of at most 64 bytes that tells this endpoint from others and nothing else: for the consumer of its
    /// events.
    #[must_use]
    pub fn name(&self) -> String {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(self.0.as_str());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("webhook:{hex}")
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let url: Url = text.parse().map_err(|_| NotAnEndpoint)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let address: Option<IpAddr> = host.parse().ok();
        let is_here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if is_safe && !has_credentials && url.fragment().is_none() {
            Ok(Self(url))
        } else {
            Err(NotAnEndpoint)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for fit in [
            "https://a.example/h?k=1",
            "http://localhost:1/h",
            "http://127.0.0.1",
            "http://[::1]:8/",
        ] {
            assert!(fit.parse::<Endpoint>().is_ok(), "{fit}");
        }
        for unfit in [
            "",
            "a.example",
            "http://a.example/",
            "ftp://a.example/",
            "https://u:p@a.example/",
            "https://a/#x",
        ] {
            assert_eq!(unfit.parse::<Endpoint>(), Err(NotAnEndpoint), "{unfit}");
        }
    }

    #[test]
    fn an_endpoint_shows_no_path_and_is_named_by_all_of_it() {
        let endpoint: Endpoint = "https://a.example/hunter2?key=hunter2".parse().unwrap();
        assert_eq!(
            format!("{endpoint} {endpoint:?}"),
            "https://a.example Endpoint(https://a.example)"
        );
        let other: Endpoint = "https://a.example/hunter3?key=hunter2".parse().unwrap();
        assert_ne!(endpoint.name(), other.name());
        assert!(endpoint.name().len() <= 64 && !endpoint.name().contains("hunter2"));
    }
}
