//! Where a request comes from.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What is known of the client that makes a request. All of it is optional and none of it is trusted
/// for more than limits per address and the user's own list of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Client {
    /// The most characters of a user agent that are kept.
    pub const MAX_USER_AGENT: usize = 256;

    /// Nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { ip: None, user_agent: None }
    }

    /// With the address of the peer. An IPv4 address in IPv6 form becomes IPv4, so that one client
    /// has one address.
    ///
    /// # Security
    ///
    /// Take it from the connection, or from a header only as far as trusted proxies wrote it: limits
    /// per address are worth no more than this value.
    #[must_use]
    pub fn with_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip.to_canonical());
        self
    }

    /// With what the client calls itself, cut to [`Client::MAX_USER_AGENT`] characters and freed of
    /// control and formatting characters that could forge log lines.
    #[must_use]
    pub fn with_user_agent(mut self, agent: &str) -> Self {
        let kept = agent.chars().filter(|c| !c.is_control() && !is_invisible(*c));
        let agent: String = kept.take(Self::MAX_USER_AGENT).collect();
        self.user_agent = (!agent.is_empty()).then_some(agent);
        self
    }

    /// The address of the peer.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// What the client calls itself.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

/// Line separators, bidirectional controls and zero-width characters.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_cannot_forge_log_lines_or_fill_the_store() {
        let client = Client::unknown().with_user_agent("curl\r\nroot signed in\u{202E}\u{2028}!");
        assert_eq!(client.user_agent(), Some("curlroot signed in!"));
        let long = Client::unknown().with_user_agent(&"é".repeat(1000));
        assert_eq!(long.user_agent().map(|agent| agent.chars().count()), Some(256));
    }

    #[test]
    fn an_ipv4_client_has_one_address_in_both_textual_forms() {
        let mapped = Client::unknown().with_ip("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(mapped, Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    }
}
