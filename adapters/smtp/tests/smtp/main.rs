//! Letters go to a mail server on this machine that does right, or wrong in all the ways that there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

mod encryption;
mod mishaps;
mod server;
mod what_arrives;

use testudo::message::MessageKind;
use testudo::{Secret, Timestamp};
use testudo_driver::Letter;
use testudo_smtp::SmtpCourier;

use server::{SmtpServer, Tls};

/// A letter, told from others by its number.
fn letter(number: u64) -> Letter {
    let id = format!("018f6b1e-5b8a-7c3d-9e2f-{number:012x}");
    Letter {
        id: id.parse().unwrap(),
        to: "ada@example.com".to_owned(),
        kind: MessageKind::PasswordReset,
        subject: "Reset your password".to_owned(),
        text: Secret::new(format!(
            "letter {number}\n.\n..\nhttps://id.example.com/reset?token=tdl_x\n"
        )),
        html: Some(Secret::new(format!("<p>letter {number}</p>"))),
        code: None,
        token: None,
        link: None,
        created_at: Timestamp::from_millis(1_700_000_000_000),
    }
}

/// A courier to that server, which it trusts, with a password where there is TLS.
fn courier(server: &SmtpServer, tls: Tls) -> SmtpCourier {
    let port = server.address.port();
    let url = match tls {
        Tls::Never => format!("smtp://127.0.0.1:{port}"),
        Tls::Upgrade => format!("smtp://ada:hunter2@localhost:{port}?tls=starttls"),
        Tls::Implicit => format!("smtps://ada:hunter2@localhost:{port}"),
    };
    let sender = "Exämple <no-reply@example.org>".parse().unwrap();
    let courier = SmtpCourier::new(url.parse().unwrap(), sender).unwrap();
    courier.trusting(server.certificate.as_bytes()).unwrap()
}

/// A server that does right.
const fn good(_: usize, _: &str) -> Option<server::Misdeed> {
    None
}
