//! Which mail server, and how to reach it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use testudo::Secret;
use url::{Host, Url};

/// A mail server: `smtp://[user:password@]host[:port]`, or `smtps://…`.
///
/// | URL | what it means | port |
/// |---|---|---|
/// | `smtps://host` | TLS from the first byte | 465 |
/// | `smtp://host` | TLS by STARTTLS, without which nothing is sent | 587 |
/// | `smtp://localhost`, or an address of this machine | no TLS: nothing leaves it; `?tls=starttls` asks for it all the same | 25 |
/// | `smtp://host?tls=none` | no TLS: for a server behind another protection | 25 |
///
/// User and password are percent-encoded where they hold `@`, `:`, `/` or `%`.
///
/// # Security
///
/// Prefer `smtps://`: there is nothing in the clear that could be meddled with (RFC 8314). `Debug` and
/// `Display` leave the password out, and errors repeat nothing of the URL.
#[derive(Clone)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<(String, Secret<String>)>,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte on (RFC 8314).
    Implicit,
    /// TLS after STARTTLS (RFC 3207). A server that does not offer it is sent nothing.
    StartTls,
    /// None.
    None,
}

/// A text is not the URL of a mail server. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SmtpUrlError(&'static str);

const SHAPE: SmtpUrlError =
    SmtpUrlError("expected smtps://user:password@host:port or smtp://user:password@host:port");

impl SmtpUrl {
    /// How the connection is encrypted.
    #[must_use]
    pub const fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// Whether the server is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) const fn credentials(&self) -> Option<&(String, Secret<String>)> {
        self.credentials.as_ref()
    }
}

impl FromStr for SmtpUrl {
    type Err = SmtpUrlError;

    fn from_str(text: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let host = match url.host().ok_or(SHAPE)? {
            Host::Domain("") => return Err(SHAPE),
            Host::Domain(name) => name.to_ascii_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpUrlError("expected nothing after the host and port but ?tls=none"));
        }
        let encryption = encryption(&url, is_loopback(&host))?;
        let default_port = match encryption {
            Encryption::Implicit => 465,
            Encryption::StartTls => 587,
            Encryption::None => 25,
        };
        let port = url.port().unwrap_or(default_port);
        let url = Self { host, port, encryption, credentials: credentials(&url)? };
        if url.encryption == Encryption::None && url.credentials.is_some() && !url.is_loopback() {
            return Err(SmtpUrlError(
                "a password is not sent to another machine without TLS: leave out ?tls=none, or the password",
            ));
        }
        Ok(url)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn encryption(url: &Url, is_here: bool) -> Result<Encryption, SmtpUrlError> {
    match (url.scheme(), url.query()) {
        ("smtps", None) => Ok(Encryption::Implicit),
        ("smtp", None) if is_here => Ok(Encryption::None),
        ("smtp", None | Some("tls=starttls")) => Ok(Encryption::StartTls),
        ("smtp", Some("tls=none")) => Ok(Encryption::None),
        ("smtp", Some(_)) => {
            Err(SmtpUrlError("expected no parameter but ?tls=starttls or ?tls=none"))
        }
        ("smtps", Some(_)) => Err(SmtpUrlError("smtps:// takes no parameters")),
        _ => Err(SHAPE),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret<String>)>, SmtpUrlError> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| SHAPE)?;
        // SASL PLAIN separates by NUL (RFC 4616).
        if text.contains('\0') { Err(SHAPE) } else { Ok(text.into_owned()) }
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(SmtpUrlError("expected a user before the password")),
        (_, None) => Err(SmtpUrlError("expected a password after the user")),
        (user, Some(password)) => Ok(Some((decoded(user)?, Secret::new(decoded(password)?)))),
    }
}

impl fmt::Display for SmtpUrl {
    /// Without user and password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, end) = match (self.encryption, self.is_loopback()) {
            (Encryption::Implicit, _) => ("smtps", ""),
            (Encryption::StartTls, false) | (Encryption::None, true) => ("smtp", ""),
            (Encryption::StartTls, true) => ("smtp", "?tls=starttls"),
            (Encryption::None, false) => ("smtp", "?tls=none"),
        };
        let Self { host, port, .. } = self;
        if host.contains(':') {
            write!(out, "{scheme}://[{host}]:{port}{end}")
        } else {
            write!(out, "{scheme}://{host}:{port}{end}")
        }
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SmtpUrl({self})")
    }
}

impl PartialEq for SmtpUrl {
    /// Whether both lead to one server as one user, with the same password.
    fn eq(&self, other: &Self) -> bool {
        let same_user = match (&self.credentials, &other.credentials) {
            (None, None) => true,
            (Some((user, password)), Some((other, others))) => {
                user == other && password.same_as(others)
            }
            _ => false,
        };
        same_user
            && (&self.host, self.port, self.encryption)
                == (&other.host, other.port, other.encryption)
    }
}

impl Eq for SmtpUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_reached_with_tls_unless_it_is_said_otherwise() {
        for (text, shown) in [
            ("smtps://mail.example.com", "smtps://mail.example.com:465"),
            ("smtp://Mail.example.com/", "smtp://mail.example.com:587"),
            ("smtp://mail.example.com?tls=starttls", "smtp://mail.example.com:587"),
            ("smtp://mail.example.com?tls=none", "smtp://mail.example.com:25?tls=none"),
            ("smtp://localhost?tls=none", "smtp://localhost:25"),
            ("smtp://u:p@[::1]:1025", "smtp://[::1]:1025"),
            ("smtp://u:p@127.0.0.1?tls=starttls", "smtp://127.0.0.1:587?tls=starttls"),
        ] {
            assert_eq!(text.parse::<SmtpUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn user_and_password_are_decoded_and_shown_nowhere() {
        let url: SmtpUrl = "smtps://ada%40x:hun%3Ater%2F2@mail.example.com".parse().unwrap();
        let (user, password) = url.credentials().unwrap();
        assert_eq!((user.as_str(), password.expose().as_str()), ("ada@x", "hun:ter/2"));
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("hun") && !shown.contains("ada"), "{shown}");
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "smtp:",
            "smtp://",
            "smtp:mail.example.com",
            "mail.hunter2.com",
            "http://hunter2.com",
            "smtp://hunter2@host",
            "smtp://:hunter2@host",
            "smtp://u:hunter2@host:99999",
            "smtp://u:hunter2@host/path",
            "smtp://u:hunter2@host#x",
            "smtp://u:hunter2@host?tls=maybe",
            "smtps://u:hunter2@host?tls=none",
            "smtp://u:hunter2@mail.example.com?tls=none",
            "smtp://u:hunter2%00@host",
        ] {
            let error = wrong.parse::<SmtpUrl>().expect_err(wrong).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
