//! HTTP/1.1 by hand, so that a test can send anything.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A request, to be sent on a connection of its own.
pub(crate) struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: testudo\r\nconnection: close\r\n");
        Self { head, body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a body and its length; nothing says what it is.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-length", &length)
    }

    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Method and path.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/").next().unwrap_or_default()
    }

    pub(crate) fn send(&self, to: SocketAddr) -> Answer {
        let mut connection = connect(to);
        // A server that has refused early may not read to the end.
        let _ = self.write_to(&mut connection);
        Answer::read(connection)
    }

    /// The same where the server may be gone, or fall silent for longer than this.
    pub(crate) fn try_send(&self, to: SocketAddr, patience: Duration) -> std::io::Result<Answer> {
        let mut connection = TcpStream::connect_timeout(&to, patience)?;
        connection.set_read_timeout(Some(patience))?;
        connection.set_write_timeout(Some(patience))?;
        self.write_to(&mut connection)?;
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes)?;
        let answer = std::str::from_utf8(&bytes).ok().and_then(Answer::parse);
        let whole = answer.filter(|answer| {
            let length = answer.header("content-length").map_or(Ok(0), str::parse::<usize>);
            length.is_ok_and(|length| answer.body.len() >= length)
        });
        whole.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }

    pub(crate) fn write_to(&self, connection: &mut TcpStream) -> std::io::Result<()> {
        let mut bytes = format!("{}\r\n", self.head).into_bytes();
        bytes.extend_from_slice(&self.body);
        connection.write_all(&bytes)
    }
}

pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(to).expect("the server takes connections");
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    connection.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    connection
}

/// The names in an object, sorted: in which order they stand is no promise.
pub(crate) fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.status, self.body)
    }
}

impl Answer {
    /// Reads until the server closes the connection.
    pub(crate) fn read(mut connection: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let end = connection.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("answers are UTF-8");
        Self::parse(&text).unwrap_or_else(|| panic!("no answer: {end:?}, {text:?}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.map(|line| line.split_once(": "));
        let named = |(name, value): (&str, &str)| (name.to_lowercase(), value.to_owned());
        let headers = headers.map(|header| header.map(named)).collect::<Option<_>>()?;
        Some(Self { status, headers, body: body.to_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text field of the body.
    pub(crate) fn text(&self, field: &str) -> String {
        let json = self.json();
        json[field].as_str().unwrap_or_else(|| panic!("no {field} in {json}")).to_owned()
    }

    /// Holds it against the contract for errors, whichever it is.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        let json = self.json();
        assert_eq!((self.status, json["code"].as_str()), (status, Some(code)), "{json}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert!(self.header("x-request-id").is_some_and(|id| id.len() == 16));
        assert_eq!(json["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {json}");
        }
        assert_eq!(json["errors"].is_array(), status == 422, "{json}");
        let wait = json["retry_after"].as_u64();
        assert_eq!(wait.map(|wait| wait.to_string()).as_deref(), self.header("retry-after"));
        assert_eq!(wait.is_some(), matches!(status, 429 | 500 | 503), "{json}");
        let challenge = self.header("www-authenticate");
        match (status, code) {
            (401, "invalid_token" | "expired_token" | "revoked_token") => {
                assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
            }
            (401, _) => assert_eq!(challenge, Some("Bearer")),
            _ => assert_ne!(challenge, Some("Bearer")),
        }
    }
}
