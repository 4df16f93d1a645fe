//! `exp`, `nbf` and `iat`, to the second and to the millisecond.

use serde_json::json;
use testudo::token::jwt::{JwtError, Profile, verify};
use testudo::{Duration, Timestamp};

use crate::support::{NOW, access, at, header, keys, payload, refusal, signed, with};

fn seen(payload: serde_json::Value, leeway: u64, now: Timestamp) -> Option<JwtError> {
    let profile = access().leeway(Duration::from_secs(leeway));
    verify(&signed(header(), payload), &profile, keys().verifying(), now).err()
}

#[test]
fn a_token_is_valid_strictly_before_exp_and_from_nbf_on() {
    let (exp, nbf) = (NOW + 900, NOW + 100);
    let token = || with(payload(), json!({"exp": exp, "nbf": nbf, "iat": NOW}));
    for leeway in [0, 1, 30, 60] {
        for (now, expected) in [
            (nbf - leeway - 1, Some(JwtError::NotYetValid)),
            (nbf - leeway, None),
            (nbf - leeway + 1, None),
            (nbf, None),
            (exp - 1, None),
            (exp + leeway - 1, None),
            (exp + leeway, Some(JwtError::Expired)),
            (exp + leeway + 1, Some(JwtError::Expired)),
            (exp + 315_360_000, Some(JwtError::Expired)),
        ] {
            assert_eq!(seen(token(), leeway, at(now)), expected, "leeway {leeway}, now {now}");
        }
    }
}

#[test]
fn the_boundaries_hold_to_the_millisecond() {
    let token = || with(payload(), json!({"exp": NOW + 900, "nbf": NOW + 100}));
    let millis = |seconds: u64, by: i64| {
        Timestamp::from_millis((seconds * 1000).checked_add_signed(by).unwrap())
    };
    assert_eq!(seen(token(), 0, millis(NOW + 900, -1)), None);
    assert_eq!(seen(token(), 0, millis(NOW + 900, 0)), Some(JwtError::Expired));
    assert_eq!(seen(token(), 0, millis(NOW + 100, -1)), Some(JwtError::NotYetValid));
    assert_eq!(seen(token(), 0, millis(NOW + 100, 0)), None);
}

#[test]
fn a_token_from_the_future_is_refused_beyond_the_leeway() {
    for (leeway, now, expected) in [
        (0, NOW - 1, Some(JwtError::IssuedInFuture)),
        (0, NOW, None),
        (30, NOW - 31, Some(JwtError::IssuedInFuture)),
        (30, NOW - 30, None),
        (0, NOW - 3600, Some(JwtError::IssuedInFuture)),
        (60, 0, Some(JwtError::IssuedInFuture)),
    ] {
        assert_eq!(seen(payload(), leeway, at(now)), expected, "leeway {leeway}, now {now}");
    }
}

#[test]
fn leeway_is_bounded() {
    let profile = access().leeway(Duration::from_days(365));
    assert_eq!(profile, access().leeway(Profile::MAX_LEEWAY));
    assert_eq!(seen(payload(), u64::MAX, at(NOW + 900 + 60)), Some(JwtError::Expired));
}

#[test]
fn a_moment_is_a_whole_number_of_seconds() {
    for claim in ["exp", "nbf", "iat"] {
        for value in
            ["1.5", "1700000000.0", "1e9", "\"1700000000\"", "-1", "true", "[]", "null", "{}"]
        {
            let payload = with(payload(), json!({ claim: "HERE" }));
            let payload = payload.to_string().replace("\"HERE\"", value);
            assert_eq!(refusal(&signed(header(), payload)), JwtError::Claims, "{claim}: {value}");
        }
    }
}

#[test]
fn the_end_of_time_is_no_way_around() {
    for exp in ["253402207200", "253402207201", "18446744073709551615", "18446744073709551616"] {
        let payload = with(payload(), json!({"exp": "HERE"})).to_string().replace("\"HERE\"", exp);
        let taken =
            verify(&signed(header(), payload), &access(), keys().verifying(), at(NOW)).is_ok();
        assert_eq!(taken, exp == "253402207200", "{exp}");
    }
    let last = with(payload(), json!({"exp": 253_402_207_200u64}));
    assert_eq!(seen(last, 60, Timestamp::MAX), Some(JwtError::Expired));
}
