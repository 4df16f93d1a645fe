//! A connection to a mail server.

use std::fmt;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use testudo_driver::UndeliveredError;
use tokio::net::TcpStream;

use crate::mail::Mail;
use crate::sender::Sender;
use crate::until_tls::UntilTls;
use crate::url::{Encryption, SmtpUrl};

/// A connection over which letters go, one after the other.
pub(crate) struct Connection(AsyncSmtpConnection);

/// At which point of a delivery something went wrong.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Connecting,
    SigningIn,
    Sender,
    Recipient,
    Content,
}

impl Connection {
    /// Connects, encrypts and signs in.
    pub(crate) async fn open(
        url: &SmtpUrl,
        tls: &TlsParameters,
        sender: &Sender,
    ) -> Result<Self, UndeliveredError> {
        let own_name = ClientId::Domain(sender.domain().to_owned());
        let mut connection = connect(url, tls, &own_name).await?;
        if let Some((user, password)) = url.credentials() {
            let credentials = Credentials::new(user.clone(), password.expose().clone());
            let signed_in = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            signed_in.map_err(Stage::SigningIn.failed())?;
        }
        Ok(Self(connection))
    }

    /// Whether the server still answers. One that hung up meanwhile has lost nothing.
    pub(crate) async fn answers(&mut self) -> bool {
        self.0.command(Noop).await.is_ok_and(|response| response.has_code(250))
    }

    /// Sends a mail to its one recipient, and returns when the server has taken it over.
    ///
    /// # Security
    ///
    /// Each answer is held against its question: 354 is the answer to DATA and to nothing else, so that
    /// answers that are off by some never make a delivery.
    pub(crate) async fn send(
        &mut self,
        sender: &Sender,
        mail: &Mail,
    ) -> Result<(), UndeliveredError> {
        let parameters = self.parameters(sender, mail)?;
        let from = Some(sender.mailbox().email.clone());
        let sent = self.0.command(MailFrom::new(from, parameters)).await;
        sent.map_err(Stage::Sender.failed())?;
        let sent = self.0.command(Rcpt::new(mail.to.clone(), Vec::new())).await;
        sent.map_err(Stage::Recipient.failed())?;
        let sent = self.0.command(Data).await.map_err(Stage::Content.failed())?;
        if !sent.has_code(354) {
            return Err(out_of_step());
        }
        let sent = self.0.message(mail.content.expose()).await.map_err(Stage::Content.failed())?;
        if sent.has_code(250) { Ok(()) } else { Err(out_of_step()) }
    }

    /// What the server must know of what is not plain ASCII (RFC 6531, RFC 6152).
    fn parameters(
        &self,
        sender: &Sender,
        mail: &Mail,
    ) -> Result<Vec<MailParameter>, UndeliveredError> {
        let mut parameters = Vec::new();
        let server = self.0.server_info();
        let is_ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
        if !is_ascii(&mail.to) || !is_ascii(&sender.mailbox().email) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                let reason = "the mail server takes no addresses beyond ASCII";
                return Err(UndeliveredError::permanent(reason));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.content.expose().is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                let reason = "the mail server takes no mail beyond ASCII";
                return Err(UndeliveredError::permanent(reason));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connection")
    }
}

async fn connect(
    url: &SmtpUrl,
    tls: &TlsParameters,
    own_name: &ClientId,
) -> Result<AsyncSmtpConnection, UndeliveredError> {
    let server = (url.host(), url.port());
    let implicit = match url.encryption() {
        Encryption::Implicit => Some(tls.clone()),
        Encryption::None => None,
        Encryption::StartTls => {
            let stream = TcpStream::connect(server).await;
            let stream = stream.map_err(|error| Stage::Connecting.because(&error))?;
            return start_tls(stream, tls, own_name).await.map_err(Stage::Connecting.failed());
        }
    };
    let connected = AsyncSmtpConnection::connect_tokio1(server, None, own_name, implicit, None);
    connected.await.map_err(Stage::Connecting.failed())
}

async fn start_tls(
    stream: TcpStream,
    tls: &TlsParameters,
    own_name: &ClientId,
) -> Result<AsyncSmtpConnection, Error> {
    let stream = Box::new(UntilTls::new(stream));
    let mut connection = AsyncSmtpConnection::connect_with_transport(stream, own_name).await?;
    connection.starttls(tls.clone(), own_name).await?;
    Ok(connection)
}

fn out_of_step() -> UndeliveredError {
    UndeliveredError::new("the mail server's answers are out of step")
}

impl Stage {
    /// What is told of a failure: nothing that the server says once it knows the letter.
    fn failed(self) -> impl FnOnce(Error) -> UndeliveredError {
        move |error| {
            let Some(code) = error.status() else {
                // What it could not make sense of may be what the server says of the letter.
                return match self {
                    Self::Connecting => self.because(&error),
                    _ => self.because(&"the connection broke"),
                };
            };
            let reason = self.because(&format_args!("the mail server answered {code}"));
            if self.is_of_the_letter() && error.is_permanent() {
                UndeliveredError::permanent(reason)
            } else {
                reason
            }
        }
    }

    /// Temporary, for a reason that becomes one line.
    fn because(self, reason: &dyn fmt::Display) -> UndeliveredError {
        let text = format!("{self}: {reason}");
        let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        UndeliveredError::new(line.take(300).collect::<String>())
    }

    /// A refusal of this side or of its sender says nothing about the letter: the next one, or this one
    /// after the configuration was mended, may well be taken.
    const fn is_of_the_letter(self) -> bool {
        matches!(self, Self::Recipient | Self::Content)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connecting => "cannot connect to the mail server",
            Self::SigningIn => "cannot sign in to the mail server",
            Self::Sender => "the sender was not taken",
            Self::Recipient => "the recipient was not taken",
            Self::Content => "the content was not taken",
        })
    }
}
