//! Records to test with: ordinary ones, and such with the least and the most in every field.

use testudo::event::{Event, EventRecord};
use testudo::model::{
    AcceptedTerms, AttemptKey, AttemptLimit, Digest, Email, EmailKey, EndReason, Ended, Epoch,
    EventId, JsonObject, LinkSerial, Method, PreviousEmail, Session, SessionId, TotpFactor, User,
    UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::{Client, Duration, KeyId, Timestamp};

/// When the tests take place.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// The largest number that SQL can hold, and the largest that a store must.
pub(super) const MOST: u64 = i64::MAX.unsigned_abs();

/// The limit on guesses at an account, as policies have it.
pub(super) const ACCOUNT: AttemptLimit = AttemptLimit {
    attempts: 5,
    window: Duration::from_secs(300),
    lock: Duration::from_secs(600),
    hard_stop: Some(100),
};

/// Texts that are often taken for each other: by case, by normalisation, by white space, by what a
/// collation ignores or folds, by wildcards, and by what stands beyond a prefix.
pub(super) fn lookalikes() -> Vec<String> {
    let local_parts = [
        "ada",
        "ADA",
        "Ada",
        "\u{e0}da",
        "a\u{300}da",
        "\u{ff41}da",
        "ad\u{430}",
        "ada\u{200b}",
        "ada\u{ad}",
        " ada",
        "stra\u{df}e",
        "strasse",
        "i\u{307}",
        "\u{131}",
        "ad_",
        "ad%",
        "%",
        "*",
        "ada'--",
        "ada\\",
        "\u{1f422}",
    ];
    let long = "a".repeat(Email::MAX_BYTES - "@example.com".len());
    let addresses = local_parts.iter().map(|local| format!("{local}@example.com"));
    let endings = ["ada@example.com ", "ada@example.co", "ada@example.com\u{301}"];
    addresses
        .chain(endings.map(str::to_owned))
        .chain([format!("{long}@example.com"), format!("{long}@example.con")])
        .collect()
}

pub(super) fn user_id(number: u32) -> UserId {
    uuid("00", number).parse().expect("an id")
}

pub(super) fn session_id(number: u32) -> SessionId {
    uuid("80", number).parse().expect("an id")
}

pub(super) fn event_id(number: u32) -> EventId {
    uuid("ff", number).parse().expect("an id")
}

/// Ids in no order, so that no store finds records sorted by chance.
pub(super) fn uuid(first_byte: &str, number: u32) -> String {
    let scattered = number.wrapping_mul(0x9e37_79b9) >> 8;
    format!("{first_byte}{scattered:06x}-0000-7000-8000-{number:012x}")
}

pub(super) fn email(key: &str) -> Email {
    Email::from_stored(format!(" {key} as typed"), EmailKey::from_stored(key.to_owned()))
}

/// The counter of the account with this address.
pub(super) fn account(address: &str) -> AttemptKey {
    AttemptKey::login_account(&EmailKey::from_stored(address.to_owned()))
}

/// An ordinary user, just registered.
pub(super) fn user(number: u32) -> User {
    let email = email(&format!("user-{number}@example.com"));
    let hash = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA";
    User::new(user_id(number), email, PasswordHash::from_stored(hash.into()), NOW)
}

/// The record that replaces `user`.
pub(super) fn next_user(user: &User) -> User {
    User { version: user.version.next(), ..user.clone() }
}

/// Users with ordinary, the least and the most in every field.
pub(super) fn users() -> [User; 3] {
    let ordinary = User {
        reset_serial: LinkSerial::new(6),
        previous_email: Some(PreviousEmail {
            email: email("ada@old.example.com"),
            until: NOW + Duration::from_secs(5),
        }),
        closes_at: Some(NOW + Duration::from_secs(6)),
        totp: Some(totp(7)),
        recovery_codes: recovery_codes(7),
        terms: Some(terms("2026-11")),
        last_login: Some(NOW + Duration::from_secs(1)),
        joined_at: NOW + Duration::from_secs(2),
        created_at: NOW + Duration::from_secs(3),
        updated_at: NOW + Duration::from_secs(4),
        profile: object([("name", r#""Ada""#), ("age", "36")]),
        epoch: Epoch::new(5),
        ..user(1)
    };
    let least = User {
        id: "00000000-0000-0000-0000-000000000000".parse().expect("an id"),
        email: Email::from_stored(String::new(), EmailKey::from_stored("@".into())),
        password: PasswordHash::from_stored(format!("!{:032x}", 7)),
        is_active: false,
        previous_email: Some(PreviousEmail {
            email: Email::from_stored(String::new(), EmailKey::from_stored("@".into())),
            until: Timestamp::from_millis(0),
        }),
        closes_at: Some(Timestamp::from_millis(0)),
        totp: Some(TotpFactor {
            sealed_seed: Vec::new(),
            last_step: 0,
            enrolled_at: Timestamp::from_millis(0),
        }),
        recovery_codes: vec![Digest::from_bytes([0; 32])],
        terms: Some(AcceptedTerms { version: String::new(), at: Timestamp::from_millis(0) }),
        last_login: Some(Timestamp::from_millis(0)),
        joined_at: Timestamp::from_millis(0),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(2),
        ..user(2)
    };
    let most = User {
        id: "ffffffff-ffff-ffff-ffff-ffffffffffff".parse().expect("an id"),
        email: Email::from_stored(
            "\u{1f422} \"Ad\u{e0}\" 'O\u{2019}Neill' A\u{300}\\\u{202e}".into(),
            EmailKey::from_stored(format!("{}@example.com", "\u{1f422}".repeat(60))),
        ),
        password: PasswordHash::from_stored("x".repeat(1000)),
        is_verified: true,
        must_change_password: true,
        reset_serial: LinkSerial::new(MOST),
        totp: Some(TotpFactor {
            sealed_seed: (0..=u8::MAX).collect(),
            last_step: MOST,
            enrolled_at: Timestamp::MAX,
        }),
        recovery_codes: vec![Digest::from_bytes([0xff; 32]); User::MAX_RECOVERY_CODES],
        terms: Some(AcceptedTerms { version: "\u{1f422}".repeat(16), at: Timestamp::MAX }),
        last_login: Some(Timestamp::MAX),
        joined_at: Timestamp::MAX,
        created_at: Timestamp::MAX,
        updated_at: Timestamp::MAX,
        profile: everything_json_can_say(),
        epoch: Epoch::new(MOST),
        version: Version::new(MOST),
        ..user(3)
    };
    [ordinary, least, most]
}

/// An ordinary authenticator app.
pub(super) fn totp(number: u8) -> TotpFactor {
    let (last_step, enrolled_at) = (56_666_666, NOW + Duration::from_secs(number.into()));
    TotpFactor { sealed_seed: vec![number; 61], last_step, enrolled_at }
}

/// So many recovery codes, in no order.
pub(super) fn recovery_codes(count: u8) -> Vec<Digest> {
    (0..count).map(|number| Digest::of(&[number])).collect()
}

/// Terms that were accepted [`NOW`].
pub(super) fn terms(version: &str) -> AcceptedTerms {
    AcceptedTerms { version: version.to_owned(), at: NOW }
}

/// An ordinary session of `owner`, just begun.
pub(super) fn session(number: u32, owner: &User) -> Session {
    Session {
        id: session_id(number),
        user: owner.id,
        epoch: owner.epoch,
        methods: vec![Method::Password],
        auth_time: NOW,
        client: Client::unknown(),
        created_at: NOW,
        refreshed_at: NOW,
        idle_timeout: Duration::from_days(1),
        expires_at: NOW + Duration::from_days(7),
        access_expires_at: NOW + Duration::from_minutes(15),
        generation: 0,
        chain_key: KeyId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]),
        refresh_digest: Digest::of(&number.to_be_bytes()),
        access_digest: Digest::of(&number.to_le_bytes()),
        claims: JsonObject::new(),
        ended: None,
        version: Version::FIRST,
    }
}

/// The record that replaces `session`.
pub(super) fn next_session(session: &Session) -> Session {
    Session { version: session.version.next(), ..session.clone() }
}

/// Sessions of `owner` with ordinary, the least and the most in every field.
pub(super) fn sessions(owner: &User) -> [Session; 3] {
    let ordinary = Session {
        auth_time: NOW + Duration::from_secs(1),
        client: Client::unknown().with_ip(ip("192.0.2.1")).with_user_agent("curl/8.5.0"),
        created_at: NOW + Duration::from_secs(2),
        refreshed_at: NOW + Duration::from_secs(3),
        generation: 4,
        claims: object([("tenant", "7"), ("scope", r#"["read","write"]"#)]),
        ended: Some(Ended { at: NOW + Duration::from_secs(5), reason: EndReason::SignedOut }),
        ..session(1, owner)
    };
    let least = Session {
        id: "00000000-0000-0000-0000-000000000000".parse().expect("an id"),
        epoch: Epoch::FIRST,
        methods: Vec::new(),
        auth_time: Timestamp::from_millis(0),
        client: Client::unknown().with_ip(ip("::")),
        created_at: Timestamp::from_millis(1),
        refreshed_at: Timestamp::from_millis(2),
        idle_timeout: Duration::ZERO,
        expires_at: Timestamp::from_millis(3),
        access_expires_at: Timestamp::from_millis(4),
        chain_key: KeyId::from_bytes([0; 8]),
        refresh_digest: Digest::from_bytes([0; 32]),
        access_digest: Digest::from_bytes([0; 32]),
        ended: Some(Ended { at: Timestamp::from_millis(0), reason: EndReason::RefreshReused }),
        ..session(2, owner)
    };
    let most = Session {
        id: "ffffffff-ffff-ffff-ffff-ffffffffffff".parse().expect("an id"),
        epoch: Epoch::new(MOST),
        auth_time: Timestamp::MAX,
        client: Client::unknown()
            .with_ip(ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))
            .with_user_agent(&"\u{1f422}".repeat(Client::MAX_USER_AGENT)),
        created_at: Timestamp::MAX,
        refreshed_at: Timestamp::MAX,
        idle_timeout: Duration::from_millis(MOST),
        expires_at: Timestamp::MAX,
        access_expires_at: Timestamp::MAX,
        generation: u32::MAX,
        chain_key: KeyId::from_bytes([0xff; 8]),
        refresh_digest: Digest::from_bytes([0xff; 32]),
        access_digest: Digest::from_bytes([0xff; 32]),
        claims: everything_json_can_say(),
        version: Version::new(MOST),
        ..session(3, owner)
    };
    [ordinary, least, most]
}

/// An event that concerns nobody.
pub(super) fn event(number: u32, event: Event) -> EventRecord {
    let client = Client::unknown();
    EventRecord { id: event_id(number), at: NOW, user: None, session: None, client, event }
}

/// A JSON object from its members, each given as JSON.
pub(super) fn object<const N: usize>(members: [(&str, &str); N]) -> JsonObject {
    members.into_iter().map(|(name, json)| (name.to_owned(), json.parse().expect("JSON"))).collect()
}

pub(super) fn everything_json_can_say() -> JsonObject {
    object([
        ("", "null"),
        ("empty", r#"[{}, [], ""]"#),
        ("nested", r#"{"a": [1, {"b": [true, false, null, {"c": {}}]}]}"#),
        ("numbers", "[0, -1, 0.5, 1e-7, 18446744073709551615, -9223372036854775808]"),
        ("text", r#""\u0000\t\n \"'\\ %_ \u00e0 a\u0300 \ud83d\udc22""#),
        ("\u{e0} \u{1f511}.$'\"", "1"),
        ("long", &format!("\"{}\"", "\u{e0}".repeat(50_000))),
    ])
}

fn ip(text: &str) -> std::net::IpAddr {
    text.parse().expect("an address")
}
