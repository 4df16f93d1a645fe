//! A server that lies: who looks for what must not be has to find it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long an honest answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stands before an honest server and answers for it. Whoever comes is told so until it is dropped.
pub(crate) struct Liar {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
}

/// A request, and who answers it honestly.
pub(crate) struct Asked {
    /// All of it.
    pub(crate) text: String,
    server: SocketAddr,
}

/// An answer, or none: then the connection is closed.
pub(crate) type Told = Option<String>;

impl Liar {
    pub(crate) fn before(
        server: SocketAddr,
        lie: impl Fn(&Asked) -> Told + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, lie) = (Arc::clone(&over), Arc::new(lie));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let lie = Arc::clone(&lie);
                thread::spawn(move || answer(client, server, &*lie));
            }
        });
        Self { address, over }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl Asked {
    /// Whether it begins so: method and path.
    pub(crate) fn is(&self, line: &str) -> bool {
        self.text.starts_with(&format!("{line} "))
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// What the server says; nothing where it is gone.
    pub(crate) fn truth(&self) -> Told {
        let mut server = TcpStream::connect(self.server).ok()?;
        server.set_read_timeout(Some(PATIENCE)).ok()?;
        server.write_all(self.text.as_bytes()).ok()?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).ok()?;
        Some(answer).filter(|answer| !answer.is_empty())
    }
}

/// An answer of this status, with these headers and a body of JSON.
pub(crate) fn saying(status: u16, headers: &str, body: &str) -> Told {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status} As It Were\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

fn answer(mut client: TcpStream, server: SocketAddr, lie: &dyn Fn(&Asked) -> Told) {
    let Some(text) = read(&mut client) else { return };
    if let Some(answer) = lie(&Asked { text, server }) {
        let _ = client.write_all(answer.as_bytes());
    }
}

/// A whole request.
fn read(client: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(Some(0), |length| length.parse().ok())? {
                return Some(text.into_owned());
            }
        }
        let read = client.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
}
