//! The laws of signed claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::keys::KeyRing;
use crate::model::{Epoch, UserId};
use crate::time::{Duration, Timestamp};

const NEW: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
const OLD: &str = "Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn ring(secrets: &str) -> KeyRing {
    KeyRing::parse(secrets).unwrap()
}

/// Any claim that counts at [`NOW`].
fn claims() -> impl Strategy<Value = Claim> {
    let account = prop::option::of((any::<u128>(), any::<u64>()));
    let expiry = NOW.as_millis() + 1..=Timestamp::MAX.as_millis();
    ("\\PC{0,60}", account, expiry).prop_map(|(text, account, expiry)| {
        let claim = Claim::new(text, Timestamp::from_millis(expiry)).unwrap();
        match account {
            Some((user, epoch)) => claim.about(user_id(user), Epoch::new(epoch)),
            None => claim,
        }
    })
}

fn user_id(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn a_claim() -> Claim {
    let claim = Claim::new("ada@example.com", NOW + Duration::from_minutes(30)).unwrap();
    claim.about(user_id(7), Epoch::new(3))
}

fn fields(claim: &Claim) -> (Option<Account>, String, Timestamp) {
    (claim.account(), claim.text().to_owned(), claim.expires_at())
}

fn sign<P: ClaimPurpose>(claim: Claim) -> String {
    PurposeSigner::<P>::new(&ring(NEW)).sign(claim).expose().clone()
}

fn verify<P: ClaimPurpose>(token: &str) -> Result<Claim, SignatureError> {
    let read = PurposeSigner::<P>::new(&ring(NEW)).verify(token, NOW);
    read.map(|signed| signed.claim().clone())
}

type Sign = fn(Claim) -> String;
type Verify = fn(&str) -> Result<Claim, SignatureError>;

const PURPOSES: [(Sign, Verify); 5] = [
    (sign::<PasswordReset>, verify::<PasswordReset>),
    (sign::<EmailVerification>, verify::<EmailVerification>),
    (sign::<EmailChange>, verify::<EmailChange>),
    (sign::<Invitation>, verify::<Invitation>),
    (sign::<Unsubscribe>, verify::<Unsubscribe>),
];

/// The bytes of a token, and the token of some bytes.
fn body(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.strip_prefix("tdl_").unwrap()).unwrap()
}

fn token(body: &[u8]) -> String {
    format!("tdl_{}", URL_SAFE_NO_PAD.encode(body))
}

proptest! {
    #[test]
    fn what_is_signed_for_a_purpose_is_read_back_for_it_and_for_no_other(claim in claims()) {
        for (signed_for, (sign, _)) in PURPOSES.iter().enumerate() {
            let token = sign(claim.clone());
            for (read_for, (_, verify)) in PURPOSES.iter().enumerate() {
                let read = verify(&token).map(|read| fields(&read));
                let expected = if signed_for == read_for {
                    Ok(fields(&claim))
                } else {
                    Err(SignatureError::BadSignature)
                };
                prop_assert_eq!(read, expected);
            }
        }
    }

    #[test]
    fn a_token_is_printed_as_the_text_that_it_was_read_from(claim in claims()) {
        let text = sign::<Invitation>(claim);
        let read = super::token::Token::parse(&text).unwrap();
        let printed = read.print();
        prop_assert_eq!(printed.expose(), &text);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn a_changed_bit_of_the_body_is_noticed(
        claim in claims(),
        at: prop::sample::Index,
        bit in 0..8,
    ) {
        let mut body = body(&sign::<PasswordReset>(claim));
        let at = at.index(body.len());
        body[at] ^= 1u8 << bit;
        prop_assert!(verify::<PasswordReset>(&token(&body)).is_err());
    }

    #[test]
    fn a_changed_bit_of_the_text_is_noticed(
        claim in claims(),
        at: prop::sample::Index,
        bit in 0..8,
    ) {
        let mut text = sign::<PasswordReset>(claim).into_bytes();
        let at = at.index(text.len());
        text[at] ^= 1u8 << bit;
        if let Ok(text) = String::from_utf8(text) {
            prop_assert!(verify::<PasswordReset>(&text).is_err());
        }
    }

    #[test]
    fn bytes_may_not_move_between_the_fields(claim in claims(), other in claims()) {
        let [one, two] = [claim, other].map(|claim| body(&sign::<EmailChange>(claim)));
        prop_assume!(one != two);
        let ring = ring(NEW);
        let is_taken = |body: &[u8]| {
            PurposeSigner::<EmailChange>::new(&ring).verify(&token(body), NOW).is_ok()
        };
        // Everything of the one before a cut, and everything of the other behind it.
        for cut in 0..=one.len().min(two.len()) {
            let spliced = [&one[..cut], &two[cut..]].concat();
            if spliced != one && spliced != two {
                prop_assert!(!is_taken(&spliced));
            }
        }
        // The fields of the one under the signature of the other.
        let (fields, _) = one.split_last_chunk::<32>().unwrap();
        let (_, mac) = two.split_last_chunk::<32>().unwrap();
        let swapped = [fields, mac].concat();
        if swapped != two {
            prop_assert!(!is_taken(&swapped));
        }
    }

    #[test]
    fn an_account_is_never_read_as_text_nor_text_as_an_account(claim in claims()) {
        let mut body = body(&sign::<Unsubscribe>(claim));
        body[16] ^= 1;
        prop_assert!(verify::<Unsubscribe>(&token(&body)).is_err());
    }

    #[test]
    fn no_text_makes_the_reader_panic_or_is_taken(text in "(tdl_)?[A-Za-z0-9_-]{0,200}|\\PC*") {
        prop_assert!(verify::<PasswordReset>(&text).is_err());
    }
}

#[test]
fn fields_of_one_length_that_change_places_are_refused() {
    let swap = |one: (usize, usize), other: (usize, usize)| {
        let mut body = body(&sign::<PasswordReset>(a_claim()));
        let (first, second) = (body[one.0..one.1].to_vec(), body[other.0..other.1].to_vec());
        assert_ne!(first, second);
        body[one.0..one.1].copy_from_slice(&second);
        body[other.0..other.1].copy_from_slice(&first);
        verify::<PasswordReset>(&token(&body)).unwrap_err()
    };
    let (key, expiry, user_end, epoch) = ((0, 8), (8, 16), (25, 33), (33, 41));
    assert_eq!(swap(user_end, epoch), SignatureError::BadSignature);
    assert_eq!(swap(expiry, epoch), SignatureError::BadSignature);
    assert_eq!(swap(key, epoch), SignatureError::BadSignature);
    let text = (41, 49);
    assert_eq!(swap(epoch, text), SignatureError::BadSignature);
    assert_eq!(swap(expiry, text), SignatureError::Malformed, "letters are no time");
}

#[test]
fn a_claim_counts_strictly_before_it_expires() {
    let ring = ring(NEW);
    let signer = PurposeSigner::<PasswordReset>::new(&ring);
    let end = a_claim().expires_at();
    let token = signer.sign(a_claim());
    let verify = |millis| signer.verify(token.expose(), Timestamp::from_millis(millis));
    assert!(verify(end.as_millis() - 1).is_ok());
    for late in [end.as_millis(), end.as_millis() + 1, u64::MAX] {
        assert_eq!(verify(late).unwrap_err(), SignatureError::Expired { ended_at: end });
    }
}

#[test]
fn a_ring_takes_what_its_keys_signed_and_signs_with_the_newest() {
    let (old, both, new) = (ring(OLD), ring(&format!("{NEW},{OLD}")), ring(NEW));
    let takes = |ring: &KeyRing, token: &str| {
        PurposeSigner::<Invitation>::new(ring).verify(token, NOW).map(|_| ())
    };
    let signed =
        |ring: &KeyRing| PurposeSigner::<Invitation>::new(ring).sign(a_claim()).expose().clone();
    assert_eq!(signed(&both), signed(&new));
    assert_eq!(takes(&both, &signed(&old)), Ok(()));
    assert_eq!(takes(&new, &signed(&old)), Err(SignatureError::BadSignature));
    // To name another key of the ring does not help.
    let mut renamed = body(&signed(&old));
    renamed[..8].copy_from_slice(&body(&signed(&new))[..8]);
    assert_eq!(takes(&both, &token(&renamed)), Err(SignatureError::BadSignature));
}

#[test]
fn cut_extended_recased_and_encoded_claims_are_refused() {
    let text = sign::<PasswordReset>(a_claim());
    let variants = [
        text.get(..text.len() - 1).unwrap().to_owned(),
        text.get(4..).unwrap().to_owned(),
        format!("{text}A"),
        format!("{text}AAAA"),
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        text.to_uppercase(),
        text.to_lowercase(),
        text.replacen("tdl_", "tda_", 1),
        text.replacen("tdl_", "tdl%5F", 1),
        format!("tdl_{text}"),
        format!("{text}{}", "A".repeat(1_000_000)),
        "tdl_".to_owned(),
        String::new(),
    ];
    for variant in variants {
        assert!(verify::<PasswordReset>(&variant).is_err(), "{variant:.99?} was taken");
    }
}

#[test]
fn expiries_that_cannot_be_told_and_other_markers_are_malformed() {
    let genuine = body(&sign::<PasswordReset>(a_claim()));
    let mut late = genuine.clone();
    late[8..16].copy_from_slice(&(Timestamp::MAX.as_millis() + 1).to_be_bytes());
    let mut marked = genuine.clone();
    marked[16] = 2;
    let mut no_text = genuine.clone();
    no_text[41] = 0xFF;
    let short = vec![0; 48];
    for body in [late, marked, no_text, short] {
        let refused = verify::<PasswordReset>(&token(&body)).unwrap_err();
        assert_eq!(refused, SignatureError::Malformed);
    }
}

#[test]
fn the_longest_text_is_signed_and_read_and_a_longer_one_is_none() {
    let longest = "é".repeat(Claim::MAX_TEXT_BYTES / 2);
    let claim = |text: &str| Claim::new(text, Timestamp::MAX);
    let token = sign::<Invitation>(claim(&longest).unwrap().about(user_id(1), Epoch::FIRST));
    assert_eq!(verify::<Invitation>(&token).unwrap().text(), longest);
    assert_eq!(claim(&format!("{longest}!")).unwrap_err(), ClaimTooLong);
}

#[test]
fn a_claim_prints_without_its_text() {
    let ring = ring(NEW);
    let signer = PurposeSigner::<PasswordReset>::new(&ring);
    let token = signer.sign(a_claim());
    let signed = signer.verify(token.expose(), NOW).unwrap();
    for shown in [format!("{signed:?}"), format!("{token:?}"), format!("{signer:?}")] {
        assert!(shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains("ada") && !shown.contains("tdl_"), "{shown}");
    }
    assert!(format!("{signed:?}").contains("PasswordReset"));
}

/// Links that are out must go on working. Another implementation made this one.
#[test]
fn the_format_does_not_change() {
    let token = sign::<PasswordReset>(a_claim());
    let expected = "tdl__WTh1wP7jx0AAAGL0ADfQAEAAAAAAAAAAAAAAAAAAAAHAAAAAAAAAANhZGFAZXhhbXBsZS5jb234\
        2KnLseT2jOuEp585pBoIevspkgA8uvKDxeSu7vVBCw";
    assert_eq!(token, expected);
}
