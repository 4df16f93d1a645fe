//! What arrives, and to whom.

use testudo::Secret;
use testudo_driver::{Courier as _, Letter};

use super::server::{SmtpServer, Tls};
use super::{courier, good, letter};

#[tokio::test]
async fn a_letter_arrives_as_text_and_html_under_every_encryption() {
    for tls in [Tls::Never, Tls::Upgrade, Tls::Implicit] {
        let server = SmtpServer::start(tls, good);
        courier(&server, tls).deliver(&letter(7)).await.unwrap();
        let [mail] = server.taken().try_into().unwrap();
        assert_eq!(mail.encrypted, tls != Tls::Never);
        // base64 of "\0ada\0hunter2"
        let signed_in = (tls != Tls::Never).then(|| "AGFkYQBodW50ZXIy".to_owned());
        assert_eq!(mail.signed_in, signed_in);
        assert_eq!(mail.from, "<no-reply@example.org>");
        assert_eq!(mail.to, ["<ada@example.com>"]);
        let id = "<018f6b1e-5b8a-7c3d-9e2f-000000000007@example.org>";
        assert_eq!(mail.header("Message-ID"), Some(id));
        assert_eq!(mail.header("Date"), Some("Tue, 14 Nov 2023 22:13:20 +0000"));
        assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(mail.header("Subject"), Some("Reset your password"));
        assert_eq!(mail.header("To"), Some("ada@example.com"));
        assert_eq!(mail.header("From"), Some("=?utf-8?b?RXjDpG1wbGU=?= <no-reply@example.org>"));
        assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"));
        let content = &mail.content;
        assert!(content.contains("letter 7\r\n.\r\n..\r\nhttps://"), "{content}");
        assert!(content.contains("<p>letter 7</p>"), "{content}");
        assert!(content.is_ascii());
    }
}

#[tokio::test]
async fn a_letter_without_html_is_one_part() {
    let server = SmtpServer::start(Tls::Never, good);
    courier(&server, Tls::Never).deliver(&Letter { html: None, ..letter(1) }).await.unwrap();
    let mail = &server.taken()[0];
    assert!(mail.header("Content-Type").unwrap().starts_with("text/plain"));
}

#[tokio::test]
async fn letters_go_over_one_connection_while_it_lasts() {
    let server = SmtpServer::start(Tls::Upgrade, good);
    let courier = courier(&server, Tls::Upgrade);
    for number in 0..5 {
        courier.deliver(&letter(number)).await.unwrap();
    }
    let connections: Vec<_> = server.taken().iter().map(|mail| mail.connection).collect();
    assert_eq!(connections, [0; 5]);
}

#[tokio::test]
async fn addresses_beyond_ascii_arrive_in_the_form_that_servers_know() {
    let server = SmtpServer::start(Tls::Never, good);
    let courier = courier(&server, Tls::Never);
    for to in ["ada@exämple.com", "zoë@example.com"] {
        courier.deliver(&Letter { to: to.to_owned(), ..letter(1) }).await.unwrap();
    }
    let taken = server.taken();
    assert_eq!(taken[0].to, ["<ada@xn--exmple-cua.com>"]);
    assert_eq!(taken[1].to, ["<zoë@example.com>"]);
    assert!(
        taken[1].from.ends_with("SMTPUTF8 BODY=8BITMIME") || taken[1].from.ends_with("SMTPUTF8")
    );
}

#[tokio::test]
async fn what_is_not_one_plain_address_or_subject_is_refused_for_good_and_sends_nothing() {
    let server = SmtpServer::start(Tls::Never, good);
    let courier = courier(&server, Tls::Never);
    for to in [
        "",
        "ada",
        "ada@example.com, eve@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "Ada <ada@example.com>",
        "ada@example.com>\r\nRCPT TO:<eve@example.com",
        "ada\r\nBcc: eve@example.com\r\n@example.com",
        "ada@example.com\r\n",
        "ada@example.com\u{202e}",
        "\u{202e}ada@example.com",
        "\"ada\r\n\"@example.com",
        "<b>@example.com",
    ] {
        let refused = courier.deliver(&Letter { to: to.to_owned(), ..letter(1) }).await;
        let error = refused.expect_err(to);
        assert!(error.is_permanent(), "{to:?}");
        assert!(!error.to_string().contains("ada"), "{error}");
    }
    for subject in ["Hello\r\nBcc: eve@example.com", "Hello\nyou", "Hello\u{202e}you", "a\0b"] {
        let unfit = Letter { subject: subject.to_owned(), ..letter(1) };
        assert!(courier.deliver(&unfit).await.unwrap_err().is_permanent());
    }
    assert_eq!(server.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_stays_a_body_whatever_it_holds() {
    let server = SmtpServer::start(Tls::Never, good);
    let text =
        "one\r\n.\r\nMAIL FROM:<eve@example.com>\r\n--boundary\nBcc: eve@example.com\n\u{202e}x\n";
    let letter = Letter { text: Secret::new(text.to_owned()), ..letter(1) };
    courier(&server, Tls::Never).deliver(&letter).await.unwrap();
    let [mail] = server.taken().try_into().unwrap();
    assert_eq!(mail.to, ["<ada@example.com>"]);
    assert_eq!(mail.header("Bcc"), None);
}

#[tokio::test]
async fn a_courier_shows_no_password() {
    let server = SmtpServer::start(Tls::Implicit, good);
    let shown = format!("{:?}", courier(&server, Tls::Implicit));
    assert!(!shown.contains("hunter2") && !shown.contains("ada"), "{shown}");
}
