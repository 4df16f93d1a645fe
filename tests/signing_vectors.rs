//! What tortoise-auth signed is taken, and what is signed here is the same to the byte.
//!
//! `tests/vectors/signing/generate.py` made the texts and the verdicts with the package itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic")]

use serde::Deserialize;
use testudo::signing::{
    Dated, SignatureError, Signer, SigningSecrets, TimestampSigner, make_token, verify_token,
};
use testudo::{Duration, Timestamp};

/// A text that the package signed.
#[derive(Deserialize)]
struct Signed {
    made_by: String,
    secret: String,
    separator: String,
    value: String,
    /// What the clock said, if anybody asked it.
    millis: Option<u64>,
    signed: String,
}

/// What the package said to a text.
#[derive(Deserialize)]
struct Verdict {
    about: String,
    signed: String,
    millis: u64,
    max_age_millis: Option<u64>,
    says: String,
    value: Option<String>,
}

const SECRET: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";

fn all_signed() -> Vec<Signed> {
    serde_json::from_str(include_str!("vectors/signing/signed.json")).unwrap()
}

fn all_verdicts() -> Vec<Verdict> {
    serde_json::from_str(include_str!("vectors/signing/verdicts.json")).unwrap()
}

fn secrets(texts: &[&str]) -> SigningSecrets {
    SigningSecrets::inherited(texts.iter().map(|text| (*text).to_owned().into())).unwrap()
}

impl Signed {
    /// Signs the value of the vector as it was signed.
    fn again(&self, secrets: &SigningSecrets) -> String {
        let now = self.millis.map(Timestamp::from_millis);
        match (&*self.made_by, now) {
            ("Signer", None) => {
                Signer::new(secrets).with_separator(&self.separator).unwrap().sign(&self.value)
            }
            ("TimestampSigner", Some(now)) => TimestampSigner::new(secrets)
                .with_separator(&self.separator)
                .unwrap()
                .sign(&self.value, now),
            ("make_token", Some(now)) => make_token(&self.value, secrets, now),
            (other, _) => panic!("{other} is not known here"),
        }
    }

    /// Reads the text of the vector as its kind.
    fn read(&self, secrets: &SigningSecrets) -> Result<&str, SignatureError> {
        match (&*self.made_by, self.millis.map(Timestamp::from_millis)) {
            ("make_token", Some(now)) => verify_token(&self.signed, secrets, now, Duration::ZERO),
            (_, Some(now)) => TimestampSigner::new(secrets)
                .with_separator(&self.separator)
                .unwrap()
                .unsign(&self.signed, now, Duration::ZERO),
            (_, None) => {
                Signer::new(secrets).with_separator(&self.separator).unwrap().unsign(&self.signed)
            }
        }
    }
}

#[test]
fn the_same_bytes_are_signed_here() {
    let all = all_signed();
    assert!(all.len() > 150, "only {} vectors", all.len());
    for vector in all {
        let signed = vector.again(&secrets(&[&vector.secret]));
        assert_eq!(signed, vector.signed, "{}", vector.made_by);
    }
}

#[test]
fn what_the_package_signed_is_taken_under_its_secret_and_no_other() {
    for vector in all_signed() {
        let read = |list: &[&str]| vector.read(&secrets(list)).map(str::to_owned);
        assert_eq!(read(&[&vector.secret]).as_ref(), Ok(&vector.value), "{}", vector.signed);
        let rotated = read(&["a newer one", &vector.secret, "an older one"]);
        assert_eq!(rotated.as_ref(), Ok(&vector.value), "{}", vector.signed);
        assert_eq!(read(&["another"]), Err(SignatureError::BadSignature), "{}", vector.signed);
    }
}

#[test]
fn the_second_of_signing_is_read() {
    for vector in all_signed() {
        let Some(millis) = vector.millis else { continue };
        let secrets = secrets(&[&vector.secret]);
        let signer = TimestampSigner::new(&secrets).with_separator(&vector.separator).unwrap();
        let signed_at = Timestamp::from_millis(millis / 1000 * 1000);
        let dated = Dated { value: &vector.value, signed_at };
        assert_eq!(signer.unsign_of_any_age(&vector.signed), Ok(dated), "{}", vector.signed);
    }
}

#[test]
fn every_verdict_is_that_of_the_package_but_for_times_that_nobody_writes() {
    let all = all_verdicts();
    assert!(all.len() > 80, "only {} verdicts", all.len());
    let secrets = secrets(&[SECRET]);
    let mut stricter = 0;
    for vector in &all {
        let read = read_as_told(vector, &secrets);
        // The package reads times that it does not write: signs, spaces, `_`, zeros, padding, and
        // moments before 1970 and after 9999.
        if vector.about.contains(": time ") {
            assert_eq!(read, Err(SignatureError::Malformed), "{}", vector.about);
            stricter += usize::from(vector.says != "bad");
            continue;
        }
        let says = match read {
            Ok(_) => "value",
            Err(SignatureError::Malformed | SignatureError::BadSignature) => "bad",
            Err(SignatureError::Expired { .. }) => "expired",
            Err(SignatureError::FromTheFuture { .. }) => "future",
            Err(other) => panic!("{other} is not known here"),
        };
        // A signature that is not ASCII raises a TypeError there.
        let expected = vector.says.replace("crash", "bad");
        assert_eq!(says, expected, "{} {}", vector.about, vector.signed);
        assert_eq!(read.ok(), vector.value.as_deref(), "{}", vector.about);
    }
    assert!(stricter > 10, "only {stricter} verdicts differ");
}

/// Reads the text as the package did.
fn read_as_told<'v>(
    vector: &'v Verdict,
    secrets: &SigningSecrets,
) -> Result<&'v str, SignatureError> {
    if vector.about.starts_with("Signer: ") {
        return Signer::new(secrets).unsign(&vector.signed);
    }
    let Some(max_age) = vector.max_age_millis.map(Duration::from_millis) else {
        let dated = TimestampSigner::new(secrets).unsign_of_any_age(&vector.signed);
        return dated.map(|dated| dated.value);
    };
    verify_token(&vector.signed, secrets, Timestamp::from_millis(vector.millis), max_age)
}
