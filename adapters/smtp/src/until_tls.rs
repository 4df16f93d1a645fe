//! A connection of which nobody reads ahead before TLS begins.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Gives one byte at a time until TLS begins, and afterwards whatever there is.
///
/// # Security
///
/// Answers of the server are read into a buffer that survives STARTTLS. Whoever sits in between could put
/// answers to all that follows behind the one to STARTTLS, in the clear, and have a letter count as delivered
/// that never was (*response injection*: CVE-2011-0411 and, for clients, NO STARTTLS 2021). With one byte at a
/// time the buffer is empty at the end of each line, and what came too early meets the TLS handshake, which
/// fails of it.
#[derive(Debug)]
pub(crate) struct UntilTls {
    stream: TcpStream,
    tls_began: bool,
}

/// What a ClientHello begins with (RFC 8446, section 5.1: handshake), and no SMTP command does.
const HANDSHAKE: u8 = 22;

impl UntilTls {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self { stream, tls_began: false }
    }
}

impl AsyncTokioStream for UntilTls {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for UntilTls {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.tls_began || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UntilTls {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.tls_began |= bytes.first() == Some(&HANDSHAKE);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
