//! What goes wrong on the way is told, and touches no other letter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use testudo_driver::Courier as _;

use super::server::{Misdeed, SmtpServer, Tls};
use super::{courier, good, letter};

/// The lines at which something can go wrong, and whether a refusal there is of the letter.
const STAGES: [(&str, bool); 7] = [
    ("(connected)", false),
    ("EHLO", false),
    ("AUTH", false),
    ("MAIL", false),
    ("RCPT", true),
    ("DATA", true),
    (".", true),
];

fn at(stage: &'static str, misdeed: Misdeed) -> impl Fn(usize, &str) -> Option<Misdeed> {
    move |_, line| line.starts_with(stage).then_some(misdeed)
}

#[tokio::test]
async fn a_refusal_of_the_letter_is_permanent_with_5xx_and_temporary_with_4xx_or_of_the_sender() {
    let refusals = [
        ("550-5.1.1 <ada@example.com> is unknown\r\n550 5.1.1 see\r\n", true),
        ("451 4.7.1 ada@example.com: later\r\n", false),
    ];
    for (stage, of_the_letter) in STAGES {
        for (answer, is_5xx) in refusals {
            let server = SmtpServer::start(Tls::Implicit, at(stage, Misdeed::Answer(answer)));
            let error = courier(&server, Tls::Implicit).deliver(&letter(1)).await.unwrap_err();
            assert_eq!(error.is_permanent(), of_the_letter && is_5xx, "{stage} {answer}: {error}");
            assert!(error.to_string().contains(answer.get(..3).unwrap()), "{stage}: {error}");
            assert!(!error.to_string().contains("ada@"), "{stage}: {error}");
            assert!(server.taken().is_empty());
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_talks_nonsense_anywhere_has_not_delivered() {
    let misdeeds =
        [Misdeed::HangUp, Misdeed::Answer("nonsense\r\n"), Misdeed::Answer("250-x\r\n251 y\r\n")];
    for (stage, _) in STAGES {
        for misdeed in misdeeds {
            let server = SmtpServer::start(Tls::Never, at(stage, misdeed));
            let delivered = courier(&server, Tls::Never).deliver(&letter(1)).await;
            if stage == "AUTH" {
                delivered.unwrap();
                continue;
            }
            let error = delivered.unwrap_err();
            assert!(!error.is_permanent(), "{stage} {misdeed:?}: {error}");
            assert!(server.taken().is_empty());
        }
    }
}

#[tokio::test]
async fn answers_that_are_out_of_step_deliver_nothing() {
    for twice in ["EHLO", "MAIL", "RCPT"] {
        // Two answers to one line: all that follows is off by one.
        let server =
            SmtpServer::start(Tls::Never, at(twice, Misdeed::Answer("250 ok\r\n250 ok\r\n")));
        let error = courier(&server, Tls::Never).deliver(&letter(1)).await.unwrap_err();
        assert!(!error.is_permanent() && server.taken().is_empty(), "{twice}: {error}");
    }
}

#[tokio::test]
async fn a_silent_server_takes_its_time_and_no_more_and_the_next_letter_arrives_whole() {
    for (stage, _) in STAGES.into_iter().filter(|(stage, _)| *stage != "AUTH") {
        let server = SmtpServer::start(Tls::Upgrade, move |connection, line: &str| {
            (connection == 0 && line.starts_with(stage)).then_some(Misdeed::Silence)
        });
        let courier = courier(&server, Tls::Upgrade).with_timeout(Duration::from_millis(300));
        let error = courier.deliver(&letter(1)).await.unwrap_err();
        assert!(!error.is_permanent(), "{stage}: {error}");
        let courier = courier.with_timeout(Duration::from_secs(30));
        courier.deliver(&letter(2)).await.unwrap();
        assert_only_letter_2(&server, stage);
    }
}

#[tokio::test]
async fn a_delivery_that_is_dropped_anywhere_leaves_nothing_to_the_next() {
    for (stage, _) in STAGES.into_iter().filter(|(stage, _)| *stage != "AUTH") {
        let reached = Arc::new(AtomicBool::new(false));
        let reach = Arc::clone(&reached);
        let server = SmtpServer::start(Tls::Never, move |connection, line: &str| {
            let here = connection == 0 && line.starts_with(stage);
            reach.fetch_or(here, Ordering::SeqCst);
            here.then_some(Misdeed::Silence)
        });
        let courier = courier(&server, Tls::Never);
        let first = letter(1);
        let gone_that_far = async {
            while !reached.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = courier.deliver(&first) => panic!("{stage}: it came to an end"),
            () = gone_that_far => {}
        }
        courier.deliver(&letter(2)).await.unwrap();
        assert_only_letter_2(&server, stage);
    }
}

fn assert_only_letter_2(server: &SmtpServer, stage: &str) {
    let [mail] = server.taken().try_into().unwrap();
    assert_eq!(mail.connection, 1, "{stage}: the connection was used again");
    assert_eq!(mail.to, ["<ada@example.com>"], "{stage}");
    assert!(mail.content.contains("letter 2") && !mail.content.contains("letter 1"), "{stage}");
}

#[tokio::test]
async fn a_server_that_hung_up_between_two_letters_costs_no_attempt() {
    let server = SmtpServer::start(Tls::Never, at(".", Misdeed::HangUpAfter));
    let courier = courier(&server, Tls::Never);
    for number in 0..3 {
        courier.deliver(&letter(number)).await.unwrap();
    }
    let connections: Vec<_> = server.taken().iter().map(|mail| mail.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

#[tokio::test]
async fn two_deliveries_at_once_have_a_connection_each() {
    let server = SmtpServer::start(Tls::Never, good);
    let courier = courier(&server, Tls::Never);
    let (one, two) = (letter(1), letter(2));
    let (one, two) = tokio::join!(courier.deliver(&one), courier.deliver(&two));
    one.unwrap();
    two.unwrap();
    let taken = server.taken();
    assert_eq!(taken.len(), 2);
    assert_ne!(taken[0].connection, taken[1].connection);
}

#[tokio::test]
async fn where_no_server_is_nothing_is_permanent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut nowhere = SmtpServer::start(Tls::Never, good);
    nowhere.address.set_port(port);
    let error = courier(&nowhere, Tls::Upgrade).deliver(&letter(1)).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
}
