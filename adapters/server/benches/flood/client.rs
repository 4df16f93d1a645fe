//! A client: one connection that is kept, and the requests that are sent on it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

/// A request as it goes over the wire.
pub(crate) struct Request(String);

impl Request {
    pub(crate) fn me(access_token: &str) -> Self {
        let authorization = format!("authorization: Bearer {access_token}");
        Self(format!("GET /auth/me HTTP/1.1\r\nhost: testudo\r\n{authorization}\r\n\r\n"))
    }

    /// Somebody else, from elsewhere, for each number.
    pub(crate) fn login(number: u32) -> Self {
        let from = Ipv4Addr::from_bits(0x0a00_0000 + number);
        Self::login_as(&format!("nobody-{number}@example.com"), "a guess at a password", from)
    }

    pub(crate) fn login_as(email: &str, password: &str, from: Ipv4Addr) -> Self {
        let body = serde_json::json!({"email": email, "password": password}).to_string();
        let length = body.len();
        Self(format!(
            "POST /auth/login HTTP/1.1\r\nhost: testudo\r\nx-forwarded-for: {from}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }
}

pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_nodelay(true).unwrap();
        Self { connection: BufReader::new(connection), body: Vec::new() }
    }

    /// Sends a request, reads the whole answer and gives its status.
    pub(crate) fn ask(&mut self, request: &Request) -> u16 {
        self.connection.get_mut().write_all(request.0.as_bytes()).unwrap();
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        self.body.resize(length, 0);
        self.connection.read_exact(&mut self.body).unwrap();
        status
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.connection.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
