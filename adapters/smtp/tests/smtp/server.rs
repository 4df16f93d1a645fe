//! A mail server for tests: it speaks SMTP with TLS, keeps what it takes over, and misbehaves on demand.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does instead of what is right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Misdeed {
    /// Answers this, byte for byte, and goes on as if that were its usual answer.
    Answer(&'static str),
    /// Answers nothing, until the client hangs up.
    Silence,
    /// Hangs up.
    HangUp,
    /// Does what is right, and hangs up after its answer.
    HangUpAfter,
}

/// How connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    Never,
    Upgrade,
    Implicit,
}

/// A mail that was taken over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivery {
    /// The number of the connection that it came over, from 0.
    pub(crate) connection: usize,
    pub(crate) encrypted: bool,
    /// What was sent as AUTH PLAIN.
    pub(crate) signed_in: Option<String>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and body, without the dots that were stuffed.
    pub(crate) content: String,
}

impl Delivery {
    /// The value of a header that stands on one line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.content.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Decides, by the number of the connection and the line that came: a command, `(connected)` before the
/// greeting, `.` for the end of the content.
type Temper = dyn Fn(usize, &str) -> Option<Misdeed> + Send + Sync;

pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    /// The certificate that it shows, in PEM.
    pub(crate) certificate: String,
    taken: Arc<Mutex<Vec<Delivery>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    pub(crate) fn start(
        tls: Tls,
        temper: impl Fn(usize, &str) -> Option<Misdeed> + Send + Sync + 'static,
    ) -> Self {
        Self::start_for("localhost", tls, temper)
    }

    /// With a certificate for that name.
    pub(crate) fn start_for(
        name: &str,
        tls: Tls,
        temper: impl Fn(usize, &str) -> Option<Misdeed> + Send + Sync + 'static,
    ) -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![cert.der().clone()],
                PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            certificate: cert.pem(),
            taken: Arc::default(),
            heard: Arc::default(),
        };
        let (config, temper) = (Arc::new(config), Arc::new(temper));
        let (taken, heard) = (Arc::clone(&server.taken), Arc::clone(&server.heard));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut talk = Talk {
                    number,
                    tls,
                    config: Arc::clone(&config),
                    temper: Arc::clone(&temper) as Arc<Temper>,
                    taken: Arc::clone(&taken),
                    heard: Arc::clone(&heard),
                    delivery: Delivery { connection: number, ..Delivery::default() },
                };
                let Ok(stream) = stream else { continue };
                thread::spawn(move || talk.begin(stream));
            }
        });
        server
    }

    /// What it took over so far, in this order.
    pub(crate) fn taken(&self) -> Vec<Delivery> {
        self.taken.lock().unwrap().clone()
    }

    /// All command lines so far, and nothing of the contents.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// One connection.
struct Talk {
    number: usize,
    tls: Tls,
    config: Arc<ServerConfig>,
    temper: Arc<Temper>,
    taken: Arc<Mutex<Vec<Delivery>>>,
    heard: Arc<Mutex<Vec<String>>>,
    delivery: Delivery,
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// Whether the conversation goes on, and how.
enum Next {
    Line,
    Content,
    Encrypt,
    End,
}

impl Talk {
    fn begin(&mut self, stream: TcpStream) {
        let clear = stream.try_clone().unwrap();
        if self.tls == Tls::Implicit {
            let _ = self.encrypted(stream, true);
        } else if matches!(self.converse(clear, true), Ok(Next::Encrypt)) {
            let _ = self.encrypted(stream, false);
        }
    }

    fn encrypted(&mut self, stream: TcpStream, greets: bool) -> io::Result<Next> {
        self.delivery.encrypted = true;
        let connection = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        self.converse(StreamOwned::new(connection, stream), greets)
    }

    fn converse(&mut self, wire: impl Wire, greets: bool) -> io::Result<Next> {
        let mut wire = BufReader::new(wire);
        if greets {
            let next = self.answer(&mut wire, "(connected)", "220 ready\r\n", Next::Line)?;
            if !matches!(next, Next::Line) {
                return Ok(next);
            }
        }
        loop {
            let mut line = String::new();
            if wire.read_line(&mut line)? == 0 {
                return Ok(Next::End);
            }
            let line = line.trim_end().to_owned();
            self.heard.lock().unwrap().push(line.clone());
            let (usual, next) = self.usual(&line);
            match self.answer(&mut wire, &line, usual, next)? {
                Next::Line => {}
                Next::Content => {
                    self.delivery.content = content(&mut wire)?;
                    let next = self.answer(&mut wire, ".", "250 taken over\r\n", Next::Line)?;
                    if !matches!(next, Next::Line) {
                        return Ok(next);
                    }
                }
                other => return Ok(other),
            }
        }
    }

    fn usual(&mut self, line: &str) -> (&'static str, Next) {
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            return match (self.tls, self.delivery.encrypted) {
                (Tls::Upgrade, false) => ("250-mail.test\r\n250 STARTTLS\r\n", Next::Line),
                _ => (
                    "250-mail.test\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
                    Next::Line,
                ),
            };
        }
        if upper == "STARTTLS" && self.tls == Tls::Upgrade {
            return ("220 go on\r\n", Next::Encrypt);
        }
        if upper.starts_with("AUTH PLAIN ") {
            self.delivery.signed_in = line.get(11..).map(str::to_owned);
            return ("235 welcome\r\n", Next::Line);
        }
        if upper.starts_with("MAIL FROM:") {
            self.delivery.from = line.get(10..).unwrap().to_owned();
            self.delivery.to.clear();
            return ("250 ok\r\n", Next::Line);
        }
        if upper.starts_with("RCPT TO:") {
            self.delivery.to.push(line.get(8..).unwrap().to_owned());
            return ("250 ok\r\n", Next::Line);
        }
        match upper.as_str() {
            "DATA" => ("354 go on\r\n", Next::Content),
            "NOOP" | "RSET" => ("250 ok\r\n", Next::Line),
            "QUIT" => ("221 bye\r\n", Next::End),
            _ => ("502 what?\r\n", Next::Line),
        }
    }

    /// Answers as usual, or as its temper has it. What was taken over is kept before that is said.
    fn answer(
        &self,
        wire: &mut BufReader<impl Wire>,
        line: &str,
        usual: &str,
        next: Next,
    ) -> io::Result<Next> {
        let misdeed = (self.temper)(self.number, line);
        let answer = match misdeed {
            None | Some(Misdeed::HangUpAfter) => usual,
            Some(Misdeed::Answer(answer)) => answer,
            Some(Misdeed::HangUp) => return Ok(Next::End),
            Some(Misdeed::Silence) => {
                // Until the client hangs up.
                return io::copy(wire, &mut io::sink()).map(|_| Next::End);
            }
        };
        if line == "." && answer.starts_with("250 ") {
            self.taken.lock().unwrap().push(self.delivery.clone());
        }
        wire.get_mut().write_all(answer.as_bytes())?;
        wire.get_mut().flush()?;
        match (misdeed, next) {
            (Some(Misdeed::HangUpAfter), _) => Ok(Next::End),
            // What was refused does not happen.
            (Some(_), Next::Content | Next::Encrypt) if answer.starts_with(['4', '5']) => {
                Ok(Next::Line)
            }
            (_, next) => Ok(next),
        }
    }
}

/// Up to the line with a single dot.
fn content(wire: &mut BufReader<impl Wire>) -> io::Result<String> {
    let mut content = String::new();
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
