//! Signed values, and tokens of claims.
//!
//! Law: no text is taken that was not signed, and none panics. What was signed is read back, at every
//! moment and with every separator that is taken; a genuine signature on a time that is written in
//! any other way than here makes it no time. A claim is read back for its own purpose and refused for
//! another, and so is its token with any bit changed.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testudo::model::{Epoch, UserId};
use testudo::signing::{
    Claim, EmailChange, Invitation, PurposeSigner, SignatureError, Signer, SigningSecrets,
    TimestampSigner,
};
use testudo::{Duration, KeyRing, Timestamp};
use uuid::Uuid;

const SECRET: &str = "a secret of tests, and of nothing else";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    text: &'a str,
    value: &'a str,
    time: &'a str,
    separator: &'a str,
    now: u64,
    max_age: u64,
    account: Option<([u8; 16], u64)>,
    change: (usize, u8),
}

fuzz_target!(|input: Input| {
    let secrets = SigningSecrets::new([SECRET.to_owned().into()]).expect("a secret");
    texts(&input, &secrets);
    times(&input, &secrets);
    claims(&input, &KeyRing::new([SECRET.as_bytes().to_vec().into()]).expect("a key"));
});

/// Plain values, and texts that nobody signed.
fn texts(input: &Input, secrets: &SigningSecrets) {
    let Ok(signer) = Signer::new(secrets).with_separator(input.separator) else {
        assert!(input.separator.is_ascii());
        return;
    };
    assert!(signer.unsign(input.text).is_err(), "{:?} was not signed", input.text);
    let signed = signer.sign(input.value);
    assert_eq!(signer.unsign(&signed), Ok(input.value));
    if let Some(changed) = changed(&signed, input.change) {
        assert!(signer.unsign(&changed).is_err(), "{changed:?} was taken");
    }
}

/// Values with a time, which may be anything.
fn times(input: &Input, secrets: &SigningSecrets) {
    let (now, max_age) = (Timestamp::from_millis(input.now), Duration::from_millis(input.max_age));
    let signer = TimestampSigner::new(secrets);
    assert!(signer.unsign(input.text, now, max_age).is_err());
    assert_eq!(signer.unsign(&signer.sign(input.value, now), now, max_age), Ok(input.value));

    let odd = Signer::new(secrets).sign(&format!("{}:{}", input.value, input.time));
    match signer.unsign_of_any_age(&odd) {
        Ok(dated) => {
            assert_eq!(signer.sign(dated.value, dated.signed_at), odd, "a time is written once");
            let age = (now.as_millis() / 1000).checked_sub(dated.signed_at.as_millis() / 1000);
            let counts = age.is_some_and(|age| age <= max_age.as_secs());
            assert_eq!(signer.unsign(&odd, now, max_age).is_ok(), counts);
        }
        Err(error) => assert_eq!(error, SignatureError::Malformed),
    }
}

/// Claims, and tokens that nobody signed.
fn claims(input: &Input, keys: &KeyRing) {
    let (signer, other) =
        (PurposeSigner::<Invitation>::new(keys), PurposeSigner::<EmailChange>::new(keys));
    let now = Timestamp::from_millis(input.now);
    assert!(signer.verify(input.text, now).is_err());
    assert!(signer.verify(&format!("tdl_{}", input.text), now).is_err());

    let expires_at = now + Duration::from_millis(input.max_age);
    let Ok(mut claim) = Claim::new(input.value, expires_at) else {
        assert!(input.value.len() > Claim::MAX_TEXT_BYTES);
        return;
    };
    if let Some((user, epoch)) = input.account {
        claim = claim.about(UserId::from_uuid(Uuid::from_bytes(user)), Epoch::new(epoch));
    }
    let token = signer.sign(claim.clone());
    match signer.verify(token.expose(), now) {
        Ok(read) => {
            assert_eq!(read.claim().text(), input.value);
            assert_eq!(read.claim().account(), claim.account());
            assert_eq!(read.claim().expires_at(), expires_at);
            assert!(now < expires_at);
        }
        Err(error) => {
            assert_eq!(error, SignatureError::Expired { ended_at: expires_at });
            assert!(now >= expires_at);
        }
    }
    let refused = |token: &str| signer.verify(token, Timestamp::from_millis(0)).is_err();
    assert_eq!(
        other.verify(token.expose(), now).expect_err("another purpose"),
        SignatureError::BadSignature
    );
    if let Some(changed) = changed(token.expose(), input.change) {
        assert!(refused(&changed), "{changed} was taken");
    }
}

/// The text with one bit changed, if it is a text still.
fn changed(text: &str, (at, bit): (usize, u8)) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.checked_rem(bytes.len())?;
    bytes[at] ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}
