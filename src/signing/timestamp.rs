//! Signed values that say when they were signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{SignatureError, Signer, SigningSecrets, UnfitSeparator};
use crate::time::{Duration, Timestamp};

/// Signs texts together with the second in which it does: `value:time:signature`.
///
/// The time is seconds since 1970 as decimal digits, these in base64url without padding. It is signed
/// with the value.
///
/// ```
/// use testudo::signing::{SignatureError, SigningSecrets, TimestampSigner};
/// use testudo::{Duration, Timestamp};
///
/// let secrets = SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
/// let signer = TimestampSigner::new(&secrets);
/// let (now, hour) = (Timestamp::from_millis(1_700_000_000_000), Duration::from_secs(3600));
/// let signed = signer.sign("ada", now);
/// assert_eq!(signer.unsign(&signed, now + hour, hour), Ok("ada"));
/// let late = now + Duration::from_secs(3601);
/// assert_eq!(signer.unsign(&signed, late, hour), Err(SignatureError::Expired { ended_at: late }));
/// # Ok::<(), testudo::signing::SigningSecretsError>(())
/// ```
///
/// # Security
///
/// As [`Signer`]: it does not say what a value is for. What it signed can be presented any number of
/// times until it expires.
#[derive(Clone, Copy, Debug)]
pub struct TimestampSigner<'s>(Signer<'s>);

/// A value, and when it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated<'v> {
    /// What was signed.
    pub value: &'v str,
    /// The second in which it was.
    pub signed_at: Timestamp,
}

impl<'s> TimestampSigner<'s> {
    /// Signs with the newest of these secrets, and takes what any of them signed.
    #[must_use]
    pub const fn new(secrets: &'s SigningSecrets) -> Self {
        Self(Signer::new(secrets))
    }

    /// With another separator than `:`, as [`Signer::with_separator`].
    ///
    /// # Errors
    ///
    /// [`UnfitSeparator`] for one that may occur in a signature.
    pub fn with_separator(self, separator: &'s str) -> Result<Self, UnfitSeparator> {
        self.0.with_separator(separator).map(Self)
    }

    /// The value, the second of `now` and the signature of both.
    #[must_use]
    pub fn sign(&self, value: &str, now: Timestamp) -> String {
        self.0.sign(&self.0.join(value, &print_seconds(seconds(now))))
    }

    /// The value, if it was signed no longer than `max_age` ago.
    ///
    /// Ages are whole seconds, and the bound is within: with a `max_age` of 60 s a value counts
    /// until the 60th second after that of its signing is over.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Malformed`] when there is no time or it is not written as it is signed here,
    /// [`SignatureError::BadSignature`], [`SignatureError::Expired`], and
    /// [`SignatureError::FromTheFuture`] when the second of its signing is after that of `now`.
    ///
    /// # Security
    ///
    /// No difference of clocks is allowed for. Who signs and who verifies on different machines keeps
    /// their clocks together, or tells [`SignatureError::FromTheFuture`] as "try again".
    pub fn unsign<'v>(
        &self,
        signed: &'v str,
        now: Timestamp,
        max_age: Duration,
    ) -> Result<&'v str, SignatureError> {
        let Dated { value, signed_at } = self.unsign_of_any_age(signed)?;
        let age = seconds(now)
            .checked_sub(seconds(signed_at))
            .ok_or(SignatureError::FromTheFuture { signed_at })?;
        if age > max_age.as_secs() {
            let counted = Duration::from_secs(max_age.as_secs().saturating_add(1));
            return Err(SignatureError::Expired { ended_at: signed_at + counted });
        }
        Ok(value)
    }

    /// The value and when it was signed, however long ago or far ahead that is.
    ///
    /// ```
    /// use testudo::Timestamp;
    /// use testudo::signing::{Dated, SigningSecrets, TimestampSigner};
    ///
    /// let secrets =
    ///     SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
    /// let signer = TimestampSigner::new(&secrets);
    /// let signed_at = Timestamp::from_millis(1_700_000_000_000);
    /// let signed = signer.sign("ada", signed_at);
    /// assert_eq!(signer.unsign_of_any_age(&signed), Ok(Dated { value: "ada", signed_at }));
    /// # Ok::<(), testudo::signing::SigningSecretsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignatureError::Malformed`] and [`SignatureError::BadSignature`], as
    /// [`TimestampSigner::unsign`].
    pub fn unsign_of_any_age<'v>(&self, signed: &'v str) -> Result<Dated<'v>, SignatureError> {
        let (value, time) = self.0.split_last(self.0.unsign(signed)?)?;
        let signed_at = parse_seconds(time).ok_or(SignatureError::Malformed)?;
        Ok(Dated { value, signed_at })
    }
}

/// A value signed at `now`, with the separator `:`: [`TimestampSigner::sign`] in one call.
///
/// ```
/// use testudo::signing::{SigningSecrets, make_token, verify_token};
/// use testudo::{Duration, Timestamp};
///
/// let secrets = SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let token = make_token("ada@example.com", &secrets, now);
/// assert_eq!(verify_token(&token, &secrets, now, Duration::from_days(1)), Ok("ada@example.com"));
/// # Ok::<(), testudo::signing::SigningSecretsError>(())
/// ```
#[must_use]
pub fn make_token(value: &str, secrets: &SigningSecrets, now: Timestamp) -> String {
    TimestampSigner::new(secrets).sign(value, now)
}

/// The value of a token that was made no longer than `max_age` ago: [`TimestampSigner::unsign`] in
/// one call.
///
/// # Errors
///
/// As [`TimestampSigner::unsign`].
///
/// # Security
///
/// A token of [`make_token`] does not say what it is for; see [`Signer`].
pub fn verify_token<'v>(
    token: &'v str,
    secrets: &SigningSecrets,
    now: Timestamp,
    max_age: Duration,
) -> Result<&'v str, SignatureError> {
    TimestampSigner::new(secrets).unsign(token, now, max_age)
}

const fn seconds(moment: Timestamp) -> u64 {
    moment.as_millis() / 1000
}

fn print_seconds(seconds: u64) -> String {
    URL_SAFE_NO_PAD.encode(seconds.to_string())
}

/// The digits of [`Timestamp::MAX`], 12 of them, in base64.
const MAX_TIME_CHARS: usize = 16;

/// Reads what [`print_seconds`] writes, and nothing else: no sign, space, leading zero or padding,
/// and no moment that cannot be told.
fn parse_seconds(text: &str) -> Option<Timestamp> {
    if text.len() > MAX_TIME_CHARS {
        return None;
    }
    let digits = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let seconds: u64 = digits.parse().ok()?;
    let moment = Timestamp::from_millis(seconds.checked_mul(1000)?);
    (print_seconds(self::seconds(moment)) == text).then_some(moment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets() -> SigningSecrets {
        SigningSecrets::new(["wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe".to_owned().into()]).unwrap()
    }

    const SIGNED_AT: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(SIGNED_AT.as_millis().checked_add_signed(millis).unwrap())
    }

    #[test]
    fn a_value_counts_until_the_second_of_its_greatest_age_is_over() {
        let secrets = secrets();
        let signed = make_token("ada", &secrets, at(999));
        let verify = |millis, max_age| verify_token(&signed, &secrets, at(millis), max_age);
        let minute = Duration::from_secs(60);
        assert_eq!(verify(0, minute), Ok("ada"));
        assert_eq!(verify(60_000, minute), Ok("ada"));
        assert_eq!(verify(60_999, minute), Ok("ada"));
        let expired = Err(SignatureError::Expired { ended_at: at(61_000) });
        assert_eq!(verify(61_000, minute), expired);
        assert_eq!(verify(9_000_000, minute), expired);
    }

    #[test]
    fn with_no_greatest_age_at_all_a_value_counts_in_its_own_second() {
        let secrets = secrets();
        let signed = make_token("ada", &secrets, SIGNED_AT);
        let verify = |millis| verify_token(&signed, &secrets, at(millis), Duration::ZERO);
        assert_eq!(verify(999), Ok("ada"));
        assert_eq!(verify(1000), Err(SignatureError::Expired { ended_at: at(1000) }));
    }

    #[test]
    fn parts_of_a_second_are_no_age() {
        let secrets = secrets();
        let signed = make_token("ada", &secrets, SIGNED_AT);
        let max_age = Duration::from_millis(1999);
        let verify = |millis| verify_token(&signed, &secrets, at(millis), max_age);
        assert_eq!(verify(1999), Ok("ada"));
        assert_eq!(verify(2000), Err(SignatureError::Expired { ended_at: at(2000) }));
    }

    #[test]
    fn a_value_of_a_second_to_come_is_refused_whatever_its_greatest_age() {
        let secrets = secrets();
        let signed = make_token("ada", &secrets, SIGNED_AT);
        for max_age in [Duration::ZERO, Duration::from_millis(u64::MAX)] {
            assert_eq!(
                verify_token(&signed, &secrets, at(-1), max_age),
                Err(SignatureError::FromTheFuture { signed_at: SIGNED_AT })
            );
        }
        let dated = Dated { value: "ada", signed_at: SIGNED_AT };
        assert_eq!(TimestampSigner::new(&secrets).unsign_of_any_age(&signed), Ok(dated));
    }

    #[test]
    fn nothing_overflows_at_the_ends_of_time() {
        let secrets = secrets();
        let (first, last) = (Timestamp::from_millis(0), Timestamp::MAX);
        let ages = [Duration::ZERO, Duration::from_days(1), Duration::from_millis(u64::MAX)];
        for max_age in ages {
            for moment in [first, last] {
                let signed = make_token("", &secrets, moment);
                assert_eq!(verify_token(&signed, &secrets, moment, max_age), Ok(""));
            }
        }
        let [oldest, newest] = [first, last].map(|moment| make_token("", &secrets, moment));
        let [_, _, forever] = ages;
        assert_eq!(verify_token(&oldest, &secrets, last, forever), Ok(""));
        assert!(verify_token(&newest, &secrets, first, forever).is_err());
    }

    #[test]
    fn times_that_are_not_written_as_here_are_malformed_though_genuinely_signed() {
        let secrets = secrets();
        let beyond = (Timestamp::MAX.as_millis() / 1000 + 1).to_string();
        let nines = "9".repeat(5000);
        let digits = [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "1_0",
            "01",
            "00",
            "1.0",
            "1e3",
            "0x1",
            "١",
            "one",
            &beyond,
            &nines,
            "18446744073709551615",
            "18446744073709551616",
        ];
        let encoded = digits.map(|digits| URL_SAFE_NO_PAD.encode(digits));
        let raw = ["MTAw=", "MTA==", "MT Aw", "MTA!w", "MTAx\n", "M", "MR", "é", "1700000000"];
        for time in encoded.iter().map(String::as_str).chain(raw) {
            let signed = Signer::new(&secrets).sign(&format!("ada:{time}"));
            let signer = TimestampSigner::new(&secrets);
            let refused = Err(SignatureError::Malformed);
            assert_eq!(signer.unsign(&signed, SIGNED_AT, Duration::from_days(1)), refused);
            assert_eq!(
                signer.unsign_of_any_age(&signed),
                refused.map(|value| Dated { value, signed_at: SIGNED_AT })
            );
        }
    }

    #[test]
    fn a_value_without_a_time_is_malformed_and_a_changed_one_is_not_looked_at() {
        let secrets = secrets();
        let day = Duration::from_days(1);
        let undated = Signer::new(&secrets).sign("ada");
        let refused = |text: &str| verify_token(text, &secrets, SIGNED_AT, day).unwrap_err();
        assert_eq!(refused(&undated), SignatureError::Malformed);
        let signed = make_token("ada", &secrets, SIGNED_AT);
        let later = print_seconds(seconds(SIGNED_AT) + 1);
        let moved = signed.replace(&print_seconds(seconds(SIGNED_AT)), &later);
        assert_ne!(signed, moved);
        assert_eq!(refused(&moved), SignatureError::BadSignature);
        assert_eq!(refused("ada:MTAw:"), SignatureError::BadSignature);
        assert_eq!(refused(""), SignatureError::Malformed);
    }

    proptest! {
        #[test]
        fn times_are_read_as_they_are_written(millis in 0..=Timestamp::MAX.as_millis()) {
            let text = print_seconds(millis / 1000);
            let read = parse_seconds(&text).unwrap();
            prop_assert_eq!(read.as_millis(), millis / 1000 * 1000);
        }

        #[test]
        fn a_text_is_a_time_only_if_it_is_written_so(text in "[A-Za-z0-9_=-]{0,20}|M[A-Z][A-Zwxyz]{0,4}") {
            if let Some(read) = parse_seconds(&text) {
                prop_assert_eq!(print_seconds(seconds(read)), text);
            }
        }

        #[test]
        fn values_of_any_text_and_age_are_read_back(value: String, age in 0u64..1_000_000) {
            let secrets = secrets();
            let signed = make_token(&value, &secrets, SIGNED_AT);
            let now = SIGNED_AT + Duration::from_secs(age);
            let max_age = Duration::from_secs(age);
            prop_assert_eq!(verify_token(&signed, &secrets, now, max_age), Ok(&*value));
        }
    }
}
