//! Nothing is sent in the clear, to a stranger, or on the word of one.

use testudo_driver::Courier as _;
use testudo_smtp::SmtpCourier;

use super::server::{Misdeed, SmtpServer, Tls};
use super::{courier, good, letter};

#[tokio::test]
async fn a_server_that_offers_no_starttls_is_sent_nothing() {
    let server = SmtpServer::start(Tls::Never, good);
    let error = courier(&server, Tls::Upgrade).deliver(&letter(1)).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert!(server.heard().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"));
}

#[tokio::test]
async fn a_server_that_refuses_starttls_is_sent_nothing() {
    let refuse = |_, line: &str| (line == "STARTTLS").then_some(Misdeed::Answer("454 not now\r\n"));
    let server = SmtpServer::start(Tls::Upgrade, refuse);
    courier(&server, Tls::Upgrade).deliver(&letter(1)).await.unwrap_err();
    assert!(
        !server.heard().iter().any(|line| line.starts_with("MAIL") || line.starts_with("AUTH"))
    );
}

/// Response injection: all answers that the letter could need stand behind the one to STARTTLS, in the clear.
#[tokio::test]
async fn answers_that_were_put_in_front_of_tls_deliver_nothing() {
    const INJECTED: &str = "220 go on\r\n250-mail.test\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 ok\r\n250 ok\r\n\
        354 go on\r\n250 taken over\r\n";
    let inject = |_, line: &str| match line {
        "STARTTLS" => Some(Misdeed::Answer(INJECTED)),
        "." => Some(Misdeed::Silence),
        _ => None,
    };
    let server = SmtpServer::start(Tls::Upgrade, inject);
    let delivered = courier(&server, Tls::Upgrade).deliver(&letter(1)).await;
    assert!(delivered.is_err(), "it counts as delivered, and the server has {:?}", server.taken());
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn one_byte_that_was_put_in_front_of_tls_ends_the_connection() {
    let inject = |_, line: &str| (line == "STARTTLS").then_some(Misdeed::Answer("220 go on\r\n2"));
    let server = SmtpServer::start(Tls::Upgrade, inject);
    courier(&server, Tls::Upgrade).deliver(&letter(1)).await.unwrap_err();
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_sent_nothing() {
    for (scheme, query, tls) in
        [("smtp", "?tls=starttls", Tls::Upgrade), ("smtps", "", Tls::Implicit)]
    {
        let server = SmtpServer::start(tls, good);
        let url = format!("{scheme}://ada:hunter2@localhost:{}{query}", server.address.port());
        let sender = "no-reply@example.org".parse().unwrap();
        let courier = SmtpCourier::new(url.parse().unwrap(), sender).unwrap();
        let error = courier.deliver(&letter(1)).await.unwrap_err();
        assert!(!error.is_permanent() && error.to_string().contains("certificate"), "{error}");
        assert!(server.taken().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_of_no_use() {
    for tls in [Tls::Upgrade, Tls::Implicit] {
        let server = SmtpServer::start_for("mail.example.net", tls, good);
        let error = courier(&server, tls).deliver(&letter(1)).await.unwrap_err();
        assert!(!error.is_permanent(), "{error}");
        assert!(server.taken().is_empty());
    }
}
