//! The courier: connections that are kept between letters, and never after a mishap.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use testudo_driver::{Courier, Letter, UndeliveredError};
use tokio::time::{Instant, timeout};

use crate::connection::Connection;
use crate::mail::Mail;
use crate::sender::Sender;
use crate::url::SmtpUrl;

/// Carries letters to a mail server, each to its one recipient.
///
/// A letter is delivered when the server said that it took it over. What the server refuses for good (5xx
/// to the recipient or the content) is permanent; all else is tried again.
///
/// The connection is kept for the next letter. One whose delivery failed, took too long or was dropped is
/// closed: nothing of one letter ever reaches another.
///
/// # Security
///
/// A certificate must be one that the system trusts, or that [`SmtpCourier::trusting`] named, and be the
/// host's. There is no way around that but `?tls=none`.
pub struct SmtpCourier {
    url: SmtpUrl,
    sender: Sender,
    tls: TlsParameters,
    timeout: Duration,
    idle: Mutex<Option<(Connection, Instant)>>,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS to the mail server cannot be set up: {0}")]
pub struct TlsError(#[from] lettre::transport::smtp::Error);

impl SmtpCourier {
    /// How long one delivery may take, from connecting to the server's last word, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(50);

    /// For how long a connection is kept when there is nothing to send: servers hang up after minutes.
    const KEPT: Duration = Duration::from_secs(30);

    /// A courier to this server, from this sender. It connects with the first letter.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(url: SmtpUrl, sender: Sender) -> Result<Self, TlsError> {
        let tls = TlsParameters::builder(url.host().to_owned()).build_rustls()?;
        Ok(Self { url, sender, tls, timeout: Self::TIMEOUT, idle: Mutex::new(None) })
    }

    /// The same that trusts one more authority: a certificate in PEM.
    ///
    /// # Errors
    ///
    /// When that is no certificate.
    pub fn trusting(self, certificate: &[u8]) -> Result<Self, TlsError> {
        let certificate = Certificate::from_pem(certificate)?;
        let tls = TlsParameters::builder(self.url.host().to_owned());
        let tls = tls.add_root_certificate(certificate).build_rustls()?;
        Ok(Self { tls, ..self })
    }

    /// The same with another time for one delivery. A worker that gives up earlier has its way.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The connection belongs to the delivery until that has succeeded: whatever ends it before, ends the
    /// connection as well.
    async fn send(&self, mail: &Mail) -> Result<(), UndeliveredError> {
        let mut connection = self.connection().await?;
        connection.send(&self.sender, mail).await?;
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((connection, Instant::now()));
        Ok(())
    }

    async fn connection(&self) -> Result<Connection, UndeliveredError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((mut connection, since)) = idle
            && since.elapsed() < Self::KEPT
            && connection.answers().await
        {
            return Ok(connection);
        }
        Connection::open(&self.url, &self.tls, &self.sender).await
    }
}

impl Courier for SmtpCourier {
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        let mail = Mail::of(letter, &self.sender).map_err(UndeliveredError::permanent)?;
        match timeout(self.timeout, self.send(&mail)).await {
            Ok(sent) => sent,
            Err(_) => Err(UndeliveredError::new("the mail server took too long")),
        }
    }
}

impl std::fmt::Debug for SmtpCourier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, sender, timeout, .. } = self;
        out.debug_struct("SmtpCourier")
            .field("url", url)
            .field("sender", sender)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}
