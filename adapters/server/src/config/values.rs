//! The types of option values. Each is read from a text, whose errors say what was expected.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use testudo::event::{EventKind, NotAnEventKind};
use testudo_smtp::{Sender, SmtpUrl};
use testudo_webhooks::{Endpoint, NotAnEndpoint};

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            "expected an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned()
        })
    }
}

/// Where mail goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Mail {
    /// To standard output.
    #[default]
    Console,
    /// To files in a directory.
    Directory(PathBuf),
    /// To a mail server.
    Smtp(SmtpUrl),
}

impl FromStr for Mail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "console" if text == "console" => Ok(Self::Console),
            "dir" if !rest.is_empty() => Ok(Self::Directory(PathBuf::from(rest))),
            "dir" => Err("expected a path after dir:, such as dir:mail".to_owned()),
            "smtp" | "smtps" => text.parse().map(Self::Smtp).map_err(|error| format!("{error}")),
            _ => Err("expected console, dir:PATH, smtps://… or smtp://…".to_owned()),
        }
    }
}

/// Who mail is from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct MailFrom(pub(crate) Sender);

impl FromStr for MailFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: testudo_smtp::SenderError| error.to_string())
    }
}

/// The kind of tokens that are issued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Tokens {
    /// Random, looked up with each request.
    #[default]
    Opaque,
    /// Signed and recorded, looked up with each request.
    Jwt,
    /// Signed for access, random for refresh; recorded.
    Hybrid,
}

impl FromStr for Tokens {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "opaque" => Ok(Self::Opaque),
            "jwt" => Ok(Self::Jwt),
            "hybrid" => Ok(Self::Hybrid),
            _ => Err("expected opaque, jwt or hybrid".to_owned()),
        }
    }
}

/// Who issues signed tokens, or whom they are for: any text that is not empty, compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct JwtName(pub(crate) String);

impl FromStr for JwtName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 256 || text.contains(char::is_control) {
            return Err("expected a name or URL of 1 to 256 bytes".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// The origin, and perhaps a path, under which users reach the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected a URL such as https://id.example.com".to_owned();
        let url: axum::http::Uri = text.parse().map_err(|_| expected())?;
        let is_web = matches!(url.scheme_str(), Some("http" | "https"));
        let is_plain = url.query().is_none() && !text.contains(['#', '@']);
        if is_web && is_plain && url.host().is_some_and(|host| !host.is_empty()) {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(expected())
        }
    }
}

impl PublicUrl {
    /// The host, unless it is an address.
    pub(super) fn domain(&self) -> Option<String> {
        let url: axum::http::Uri = self.0.parse().ok()?;
        let host = url.host()?.to_owned();
        let is_address = host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[');
        (!is_address).then_some(host)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Words that no new password may be, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ContextWords(pub(crate) Vec<String>);

impl FromStr for ContextWords {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Self(words.map(str::to_owned).collect()))
    }
}

/// What API keys may be used for, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Scopes(pub(crate) Vec<String>);

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scopes = text.split(',').map(str::trim).filter(|scope| !scope.is_empty());
        Ok(Self(scopes.map(str::to_owned).collect()))
    }
}

/// Where events are sent, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Webhooks(pub(crate) Vec<Endpoint>);

impl FromStr for Webhooks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut endpoints = Vec::new();
        for url in text.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            let endpoint = url.parse().map_err(|error: NotAnEndpoint| error.to_string())?;
            if endpoints.contains(&endpoint) {
                return Err("expected each URL once".to_owned());
            }
            endpoints.push(endpoint);
        }
        Ok(Self(endpoints))
    }
}

/// Which events are sent, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct WebhookEvents(pub(crate) Vec<EventKind>);

impl FromStr for WebhookEvents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let kinds: Result<_, NotAnEventKind> = names.map(str::parse).collect();
        kinds.map(Self).map_err(|error| error.to_string())
    }
}

/// Who may invite others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Invitations {
    /// Nobody.
    #[default]
    Nobody,
    /// Every user whose address is verified.
    Users,
}

impl FromStr for Invitations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "nobody" => Ok(Self::Nobody),
            "users" => Ok(Self::Users),
            _ => Err("expected nobody or users".to_owned()),
        }
    }
}

/// Whether there are pages for browsers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Pages {
    /// There are.
    #[default]
    On,
    /// There is JSON alone.
    Off,
}

impl FromStr for Pages {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("expected on or off".to_owned()),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json".to_owned()),
        }
    }
}

/// The file is read by the same rules as the command line.
macro_rules! from_file {
    ($($name:ty),+) => {
        $(impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        })+
    };
}

from_file!(
    ListenAddress,
    Mail,
    MailFrom,
    Tokens,
    JwtName,
    PublicUrl,
    ContextWords,
    Scopes,
    Invitations,
    Pages,
    LogFormat,
    WebhookEvents,
    Webhooks
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_web_address_without_credentials_or_query() {
        assert!("https://id.example.com/".parse::<PublicUrl>().is_ok());
        for wrong in
            ["", "id.example.com", "ftp://a.b", "https://", "https://a.b?x=1", "https://u@h"]
        {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong:?} was taken");
        }
    }
}
