//! What holds for all claims and all changes.

use proptest::prelude::*;
use serde_json::Value;
use testudo::Timestamp;
use testudo::token::jwt::{Claims, issue, verify};

use crate::support::{access, keys, token, verified};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|object| object.into_iter().collect()),
        ]
    })
}

prop_compose! {
    fn any_claims()(
        subject in any::<String>(),
        id in any::<String>(),
        issued_at in 0u64..=200_000_000_000,
        lifetime in 1u64..=50_000_000_000,
        starts_later in any::<Option<u16>>(),
        extra in proptest::collection::btree_map(".{0,6}", json(), 0..5),
    ) -> Claims {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
        Claims {
            subject,
            id,
            issued_at: at(issued_at),
            expires_at: at(issued_at + lifetime),
            not_before: starts_later.map(|by| at(issued_at.saturating_sub(u64::from(by)))),
            extra: extra.into_iter().collect(),
        }
    }
}

proptest! {
    #[test]
    fn what_is_issued_is_read_back(claims in any_claims()) {
        let profile = access().issuer("us").audience("them");
        if let Ok(token) = issue(&claims, &profile, keys().signing()) {
            let read = verify(token.expose(), &profile, keys().verifying(), claims.issued_at);
            prop_assert_eq!(read.unwrap().into_claims(), claims);
        }
    }

    #[test]
    fn a_changed_byte_is_refused(at in any::<prop::sample::Index>(), by in 1u8..128) {
        let mut changed = token().into_bytes();
        let at = at.index(changed.len());
        changed[at] = (changed[at] + by) % 128;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert!(verified(&changed).is_err(), "{}", changed);
    }

    #[test]
    fn no_text_is_taken_or_makes_the_parser_panic(text in "\\PC{0,80}(\\.\\PC{0,80}){0,3}") {
        prop_assert!(verified(&text).is_err());
    }
}

#[test]
fn every_cut_and_every_inserted_byte_is_refused() {
    let token = token();
    for at in 0..token.len() {
        assert!(verified(&token[..at]).is_err(), "{at}");
        for byte in ["A", ".", "=", " ", "\0"] {
            let changed = format!("{}{byte}{}", &token[..at], &token[at..]);
            assert!(verified(&changed).is_err(), "{changed}");
        }
    }
}
